"""Une commande et ce qu'elle entraîne dans un autre service : une seule trace, des parents aux enfants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.exploitation.plateforme import Plateforme, client, demarrer
from services.socle.enveloppe import context_of
from services.socle.journal import Journal
from services.socle.subjects import stream_name
from services.socle.tracing import Tracing
from tests.parcours.histoire import ACADEMIE, ALICE, SESSION, etapes
from tests.parcours.test_donnees_personnelles import fuites
from tests.parcours.test_surveillance import reglages

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEHORS = f"00-{'a' * 32}-{'b' * 16}-01"
TRACE = "a" * 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tracee(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Plateforme, list[ReadableSpan]]]:
    """La session ouverte, un candidat inscrit sous une trace venue du dehors, et ce que les autres en ont fait."""
    exporter = InMemorySpanExporter()
    settings = reglages(tmp_path_factory.mktemp("traces"), http_port=0)
    with Tracing(settings, exporter):
        async with demarrer(settings) as plateforme:
            for ordre in etapes()["ouverture"]:
                assert (await plateforme.commander_brut(ordre))["ok"]
            await plateforme.stabiliser()
            inscrire = next(one for one in etapes()["inscriptions"] if one["candidat"] == ALICE.numero)
            chemin = f"cmd.{ACADEMIE}.inscription.inscrire_candidat"
            corps = orjson.dumps(inscrire)
            reponse = await plateforme.nc.request(chemin, corps, timeout=10, headers={"traceparent": DEHORS})
            assert orjson.loads(reponse.data)["ok"]
            # Refusée : son erreur est dite, pas ce qu'elle contient.
            encore = {"id": "autre-0001", "candidat": "N26Z0001", "categorie": "individuel", "etablissement": None}
            await plateforme.nc.request(chemin, orjson.dumps({**inscrire, **encore}), timeout=10)
            await plateforme.stabiliser()
            yield plateforme, list(exporter.get_finished_spans())


def de(spans: list[ReadableSpan]) -> dict[int, ReadableSpan]:
    return {one.context.span_id: one for one in spans if f"{one.context.trace_id:032x}" == TRACE}


def ancetres(une: ReadableSpan, toutes: dict[int, ReadableSpan]) -> list[ReadableSpan]:
    lignee = [une]
    while lignee[-1].parent is not None and lignee[-1].parent.span_id in toutes:
        lignee.append(toutes[lignee[-1].parent.span_id])
    return lignee


def service(une: ReadableSpan) -> Any:
    return (une.attributes or {})["parchemin.service"]


async def test_la_reaction_d_un_autre_service_est_dans_la_meme_trace(
    tracee: tuple[Plateforme, list[ReadableSpan]],
) -> None:
    toutes = de(tracee[1])
    ailleurs = [one for one in toutes.values() if one.name.startswith("commande ") and service(one) != "inscription"]
    assert ailleurs
    for une in ailleurs:
        lignee = ancetres(une, toutes)
        assert [one.name.split()[0] for one in lignee[:2]] == ["commande", "reaction"]
        racine = lignee[-1]
        assert (racine.name, service(racine)) == ("commande inscription.inscrire_candidat", "inscription")
        assert racine.parent is not None
        assert racine.parent.span_id == int("b" * 16, 16)
        enfants = [one.name for one in toutes.values() if one.parent and one.parent.span_id == racine.context.span_id]
        assert {"charger", "decider", "ajouter"} <= set(enfants)


async def test_les_evenements_portent_leur_trace_et_leur_conversation(
    tracee: tuple[Plateforme, list[ReadableSpan]],
) -> None:
    plateforme, _ = tracee
    services, conversations = set(), set()
    async with (
        client(plateforme.settings, "exploitation") as nc,
        Journal(nc, stream_name(ACADEMIE, SESSION), plateforme.settings.bounds) as journal,
    ):
        async for batch in journal.read(0, follow=False):
            for stored in batch:
                context = context_of(stored.envelopes[0])
                if (context.traceparent or "")[3:35] == TRACE:
                    services.add(stored.subject.split(".")[4])
                    conversations.add(context.correlationid)
    assert len(services) > 1
    assert len(conversations) == 1


async def test_les_projections_ont_leurs_lots(tracee: tuple[Plateforme, list[ReadableSpan]]) -> None:
    lots = [one for one in tracee[1] if one.name == "projections"]
    assert {service(one) for one in lots} >= {"inscription", "conformite", "notation"}


async def test_aucune_donnee_personnelle_dans_les_traces(tracee: tuple[Plateforme, list[ReadableSpan]]) -> None:
    refusees = [one for one in tracee[1] if (one.attributes or {}).get("parchemin.issue") == "refusee"]
    assert refusees
    for une in tracee[1]:
        assert not fuites(une.to_json().encode()), une.name
        assert ALICE.numero not in une.to_json(), une.name
