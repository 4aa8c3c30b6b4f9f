"""Ce qu'un partenaire partage, vu du terminal : mis de côté, repris, écarté ; les lectures s'en refont, égales.

La lecture des candidats ne montre que l'académie : on lui demande ici de montrer aussi les partenaires.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from services.exploitation.cli import app
from services.exploitation.plateforme import client, demarrer
from services.exploitation.rejeu import JournalNonSuivi
from services.inscription.projections.candidats import Candidats
from services.socle import jsapi
from services.socle.enveloppe import Context, encode
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.server import EmbeddedServer
from services.socle.settings import Settings
from services.socle.subjects import exchange_name, stream_name, subject
from tests.parcours.histoire import ACADEMIE, BASILE, DIPLOME, SESSION, inscription

PARTENAIRE = "mayotte"
LIEU = exchange_name(ACADEMIE, SESSION)
LECTURE = "candidats_v3"
NOM = "inscription.inscription_modifiee.v1"
LE = datetime.fromisoformat("2026-05-06T08:00:00+02:00")
DONNEES = {"candidat": BASILE.numero, "modes": inscription(BASILE)["modes"]}
MAUVAIS, DERRIERE = 2, 3


@dataclass
class Terminal:
    """`parchemin`, dans ce processus : l'essai y a changé ce que montre une lecture."""

    settings: Settings

    def __call__(self, *mots: object, code: int = 0, **autres: Any) -> Result:
        settings = self.settings.model_copy(update=autres)
        with capture_logs():  # que rien ne règle ici, et qui iraient avec ce que la commande rend
            rendu = CliRunner().invoke(app, [str(mot) for mot in mots], obj=settings)
        assert rendu.exit_code == code, rendu.output + repr(rendu.exception)
        return rendu

    def json(self, *mots: object, code: int = 0) -> Any:
        return json.loads(self(*mots, "--json", code=code).stdout)


def sujet(agregat: str) -> str:
    return subject(PARTENAIRE, SESSION, DIPLOME, "inscription", agregat)


def message(rang: int, donnees: Any) -> tuple[bytes, dict[str, str]]:
    contexte = Context(str(uuid.uuid4()), "main:1", "gestionnaire", LE, "essai")
    faits = [(str(uuid.uuid4()), NOM, donnees)]
    return encode(subject=sujet("candidature-1"), context=contexte, rang=rang, precedent="", events=faits)


async def preparer(settings: Settings) -> None:
    """Le journal d'un partenaire, ce qu'il en partage ici, et le service qui le lit."""
    async with client(settings, "provision") as nc:
        for academie in (ACADEMIE, PARTENAIRE):
            await provision(nc, academie, [SESSION])
        sources = [{"name": stream_name(PARTENAIRE, SESSION)}]
        await jsapi.call(nc, f"STREAM.CREATE.{LIEU}", {"name": LIEU, "storage": "file", "sources": sources}, 5.0)
    async with client(settings, "inscription") as nc:
        for rang, donnees in enumerate((DONNEES, {**DONNEES, "candidat": {"nom": "Yrrbéline"}}, DONNEES), 1):
            body, headers = message(rang, donnees)
            await nc.jetstream().publish(sujet("candidature-1"), body, headers=headers)
        async with Journal(nc, LIEU) as recus, asyncio.timeout(60):
            assert [lot async for lot in recus.read(stop_at=DERRIERE)]
    async with demarrer(settings, ["inscription"]) as plateforme:
        await plateforme.services["inscription"].projector.wait_for(LIEU, DERRIERE, 60)


@pytest.fixture
def parchemin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setattr(Candidats, "exchanged", True)
    settings = Settings(donnees=tmp_path / "donnees", sessions=(SESSION,), echanges=(SESSION,), clock_lag=0)
    with EmbeddedServer(settings):
        asyncio.run(preparer(settings))
        yield Terminal(settings)


def test_le_message_d_un_partenaire_se_voit_se_reprend_s_ecarte_et_la_lecture_s_en_refait(parchemin: Terminal) -> None:
    vise = ("inscription", LECTURE, LIEU, MAUVAIS)
    [une] = parchemin.json("stationnes", "lister")
    assert (une["journal"], une["position"], une["derriere"]) == (LIEU, MAUVAIS, 1)
    assert une["code"] == "MESSAGE_MALFORME"
    vu = parchemin("stationnes", "montrer", *vise, "--json")
    assert (json.loads(vu.stdout)["enveloppe"]["types"], "Yrrbéline" in vu.output) == ([NOM], False)

    [encore] = parchemin.json("stationnes", "reessayer", *vise, code=1)
    assert (encore["reprises"], encore["arret"]["code"]) == (0, "MESSAGE_MALFORME")
    [ecarte] = parchemin.json("stationnes", "ecarter", *vise, "--motif", "vu avec le partenaire")
    assert [un["type"] for un in ecarte["evenements"]] == ["exploitation.message_ecarte.v1"]
    assert parchemin.json("stationnes", "montrer", *vise)["essais"][-1]["motif"] == "vu avec le partenaire"
    [suite] = parchemin.json("stationnes", "reessayer", "--agregat", sujet("candidature-1"))
    assert (suite["reprises"], suite["arret"]) == (1, None)
    assert parchemin.json("stationnes", "lister") == []

    [rejeu] = parchemin.json("rejouer", LECTURE)
    assert (rejeu["egal"], rejeu["lignes"] > 0) == (True, True)
    parchemin("rejouer", LECTURE, "--agregat", sujet("candidature-1"))
    [place] = parchemin.json("rejouer", LECTURE, "--en-place")
    assert (place["egal"], place["basculee"]) == (True, True)
    sans = parchemin("rejouer", LECTURE, code=1, echanges=())
    assert isinstance(sans.exception, JournalNonSuivi)


def test_un_lieu_que_rien_ne_partage_est_refuse(parchemin: Terminal) -> None:
    autre = exchange_name(ACADEMIE, "2024")
    parchemin("stationnes", "ecarter", "inscription", LECTURE, autre, MAUVAIS, "--motif", "x", code=1)
    assert [une["etat"] for une in parchemin.json("stationnes", "lister")] == ["stationne"]
