"""The five services on a cluster, each with its own key; and two instances of one service side by side."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg import sql

from services.exploitation.base.etats import migrer_tout
from services.exploitation.composition import SERVICES, projections
from services.exploitation.lecture import lire
from services.exploitation.plateforme import Plateforme, client, demarrer
from services.exploitation.rejeu import rejouer
from services.socle import jsapi
from services.socle.connection import connect
from services.socle.provision import provision
from services.socle.settings import ROOT, Settings
from services.socle.testing_postgres import Postgres
from tests.durables import durables as crees
from tests.grappe.grappe import Grappe, eventuellement
from tests.parcours.test_arrets_brutaux import commander, inscription, ouverture

FLUX = "JOURNAL_NORMANDIE_2026"


@pytest.fixture
async def grappe(tmp_path: Path) -> AsyncIterator[Grappe]:
    """A cluster of this test's own: its journal holds nothing else."""
    with Grappe(tmp_path / "grappe") as grappe:
        await grappe.prete()
        nc = await connect(grappe.settings, "provision")
        await provision(nc, "normandie", ["2026"], 3)
        await nc.close()
        yield grappe


async def test_les_cinq_services_tournent_chacun_avec_sa_cle(grappe: Grappe, tmp_path: Path) -> None:
    settings = grappe.settings.model_copy(update={"donnees": tmp_path, "sessions": ("2026",)})
    async with demarrer(settings) as plateforme:
        await commander(plateforme, ouverture())
        await commander(plateforme, inscription(1))
        await plateforme.stabiliser(300)
        async with client(settings, "exploitation") as ops:
            told = await jsapi.call(ops, f"CONSUMER.LIST.{FLUX}", None, 10)
    durables = {un["name"] for un in told["consumers"] if un["config"].get("durable_name")}
    source = yaml.safe_load((ROOT / "deploy" / "nats" / "droits.yaml").read_text("utf-8"))["durables"]
    assert set(source) == set(SERVICES)
    prevus = {un for siens in source.values() for un in siens}
    assert durables <= prevus
    assert durables == {un for one in SERVICES for un in crees(one, partage=False)}, "ici il n'y a pas de partenaires"


@contextmanager
def instance(service: str, settings: Settings, trace: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`parchemin servir <service>` in a process of its own, as a container runs it."""
    environnement = {
        **os.environ,
        "PARCHEMIN_DONNEES": str(settings.donnees),
        "PARCHEMIN_NATS_URL": settings.nats_url,
        "PARCHEMIN_NATS_CA": str(settings.nats_ca),
        # Its own key, and no other.
        f"PARCHEMIN_NATS_CLE_{service.upper()}": str(settings.seed_file(service)),
        "PARCHEMIN_DB_URL": settings.db_url,
        "PARCHEMIN_COFFRE_URL": settings.coffre_url,
        "PARCHEMIN_SESSIONS": ",".join(settings.sessions),
        "PARCHEMIN_PROVISIONNEMENT": "false",
        "PARCHEMIN_CLOCK_LAG": "0",
        "PARCHEMIN_LOG_LEVEL": "DEBUG",
        "PARCHEMIN_CONNECT_TIMEOUT": "30",
    }
    with trace.open("ab") as sortie:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.exploitation", "servir", service],
            env=environnement, stdout=sortie, stderr=sortie,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _dits(trace: Path, event: str) -> int:
    """How many lines of the log say this."""
    lignes = (ligne for ligne in trace.read_text("utf-8").splitlines(keepends=True) if ligne.startswith("{"))
    return sum(json.loads(ligne)["event"] == event for ligne in lignes if ligne.endswith("\n"))


@pytest.mark.chaos
async def test_deux_instances_d_un_service_se_partagent_le_travail_sans_rien_faire_deux_fois(
    grappe: Grappe, postgres: Postgres, tmp_path: Path
) -> None:
    settings = _settings(grappe, postgres, tmp_path)
    noms = ["inscription", "inscription", "conformite", "conformite"]
    traces = [tmp_path / f"{rang}-{nom}.log" for rang, nom in enumerate(noms)]
    with ExitStack() as pile:
        process = [pile.enter_context(instance(*un)) for un in zip(noms, [settings] * 4, traces, strict=True)]
        async with client(settings) as nc:
            plateforme = Plateforme(settings, nc, {}, ("inscription", "conformite"))
            await eventuellement(lambda: _pretes(traces), "les quatre instances sont prêtes", 300)
            await commander(plateforme, ouverture())
            await asyncio.gather(*(commander(plateforme, inscription(numero)) for numero in range(1, 61)))
            assert all(_dits(trace, "commande") > 0 for trace in traces[:2]), "une porte n'a rien reçu"
            process[0].kill()  # one of each goes, in the middle
            process[2].kill()
            await asyncio.gather(*(commander(plateforme, inscription(numero)) for numero in range(61, 91)))
            await plateforme.stabiliser(300)
            await _verifier(plateforme, 90)
        modeles = [f"{nom}.{une.name}" for nom in ("inscription", "conformite") for une in projections(nom)]
        assert [one.egal async for one in rejouer(settings, *modeles)] == [True] * len(modeles)


async def _pretes(traces: list[Path]) -> bool:
    return all(_dits(trace, "plateforme_prete") for trace in traces)


async def _verifier(plateforme: Plateforme, nombre: int) -> None:
    """Each candidate registered once, and one file opened for each by the reaction that two instances share."""
    comptes: Counter[tuple[str, str]] = Counter()
    async for entree in lire(plateforme.settings):
        for fait in entree.faits:
            if "candidat" in fait.donnees:
                comptes[fait.evenement, fait.donnees["candidat"]] += 1
    for evenement in ("inscription.candidat_inscrit.v2", "conformite.dossier_ouvert.v2"):
        vus = {candidat: fois for (nom, candidat), fois in comptes.items() if nom == evenement}
        assert len(vus) == nombre, evenement
        assert set(vus.values()) == {1}, evenement


def _settings(grappe: Grappe, postgres: Postgres, dossier: Path) -> Settings:
    """A database per service."""
    with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connexion:
        for nom in (*SERVICES, "coffre"):
            connexion.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"instances_{nom}")))
    racine = postgres.url.rpartition("/")[0]
    settings = grappe.settings.model_copy(
        update={
            "donnees": dossier,
            "sessions": ("2026",),
            "db_url": racine + "/instances_{service}",
            "coffre_url": racine + "/instances_coffre",
        }
    )
    migrer_tout(settings, ["coffre"])
    return settings
