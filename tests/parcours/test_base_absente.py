"""PostgreSQL ou le courtier absents : les services attendent sans être relancés, rien ne se perd ni ne se double."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from contracts.messages import Data
from services.exploitation.composition import SERVICES, projections, spec
from services.exploitation.plateforme import Plateforme, demarrer
from services.exploitation.sante import bilan_de_sante
from services.socle import bases
from services.socle.presence import Patience, Presence
from services.socle.replay import compare, replay
from services.socle.server import EmbeddedServer
from services.socle.settings import Settings
from services.socle.testing_server import Postgres
from tests.parcours.histoire import SESSION, etapes, jouer
from tests.parcours.terminal import PARCHEMIN, environnement
from tests.rejeu.etats import DE_REGROUPEMENT, base, journaux

ABSENTE = "BASE_ABSENTE"
LONGTEMPS = 120.0
OUVERTURE = ("ouverture", "inscriptions")


def reglages(dossier: Path, **autres: Any) -> Settings:
    voulus: dict[str, Any] = {"clock_tolerance": 1e9, "clock_lag": 0, "nats_url": "", **autres}
    return Settings(donnees=dossier, sessions=(SESSION,), **voulus)


@pytest.fixture
def presences(monkeypatch: pytest.MonkeyPatch) -> list[Presence]:
    """Tout ce qui se connecte à PostgreSQL, pour en compter les essais."""
    vues: list[Presence] = []

    class Vue(Presence):
        def __post_init__(self) -> None:
            vues.append(self)

    monkeypatch.setattr(bases, "Presence", Vue)
    return vues


async def vrai(fait: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGTEMPS):
        while not fait():  # noqa: ASYNC110 - ce qui est attendu se passe ailleurs
            await asyncio.sleep(0.05)


@contextmanager
def mort(postgres: Postgres) -> Iterator[Callable[[], None]]:
    """PostgreSQL tué ; ce qui est rendu le relance, au plus tard à la sortie."""
    mort = True

    def revenir() -> None:
        nonlocal mort
        postgres.start()
        mort = False

    postgres.kill()
    try:
        yield revenir
    finally:
        if mort:
            postgres.start()


# Tué en pleine histoire ----------------------------------------------------------------------------------------------


class Tueur:
    """Donne les commandes ; à certaines, tue PostgreSQL d'abord, insiste pendant qu'il manque, puis le relance.

    Les premières demandes vont droit au service, qui répond ce qu'il en est ; la dernière attend, comme au terminal.
    """

    def __init__(self, plateforme: Plateforme, postgres: Postgres, mortelles: set[str]) -> None:
        self._plateforme, self._postgres, self._mortelles = plateforme, postgres, mortelles
        self.pendant: list[str | None] = []

    async def __call__(self, ligne: Mapping[str, Any]) -> Data:
        if ligne["id"] in self._mortelles:
            await asyncio.to_thread(self._postgres.kill)
            self.pendant += [await self._sans_attendre(ligne) for _ in range(20)]
            attendue = asyncio.create_task(self._plateforme.commander_brut(ligne))
            await asyncio.to_thread(self._postgres.start)
            await attendue
        async with asyncio.timeout(LONGTEMPS):
            while (reponse := await self._plateforme.commander_brut(ligne)).get("code") == ABSENTE:
                pass
            return reponse

    async def _sans_attendre(self, ligne: Mapping[str, Any]) -> str | None:
        service, _, nom = ligne["commande"].partition(".")
        chemin = f"cmd.{self._plateforme.settings.academie}.{service}.{nom}"
        reponse: Data = orjson.loads((await self._plateforme.nc.request(chemin, orjson.dumps(ligne), timeout=30)).data)
        return reponse.get("code")


async def test_tue_trois_fois_en_pleine_histoire_rien_ne_se_perd_ni_ne_se_double(
    tmp_path: Path, postgres: Postgres, presences: list[Presence]
) -> None:
    urls = {"db_url": postgres.database(), "coffre_url": postgres.database()}
    toutes = [ligne["id"] for lignes in etapes().values() for ligne in lignes]
    inscription = etapes()["inscriptions"][1]["id"]
    with capture_logs() as dits:
        async with demarrer(reglages(tmp_path / "donnees", **urls)) as plateforme:
            tueur = Tueur(plateforme, postgres, {inscription, toutes[len(toutes) // 2], toutes[-5]})
            await jouer(tueur, attendre=lambda: plateforme.stabiliser(LONGTEMPS))
            await plateforme.stabiliser(LONGTEMPS)
            assert (await bilan_de_sante(plateforme.settings))["ok"]
            await _tout_y_est_une_fois(plateforme.settings, tmp_path)
    assert set(tueur.pendant) <= {ABSENTE, None}
    assert ABSENTE in tueur.pendant, "une inscription veut une clé : sans coffre, elle se refuse"
    _dits_une_fois(dits, 3)


async def _tout_y_est_une_fois(settings: Settings, dossier: Path) -> None:
    """Chaque décision est au journal une fois, et chaque modèle de lecture dit ce que le journal dit."""
    async with journaux(settings) as [journal]:
        fin = (await journal.identity()).last_seq
        faites = Counter[tuple[str, str]]()
        async for lot in journal.read(0, stop_at=fin):
            faites.update((one.subject, one.commandeid) for one in lot)
        assert [one for one, fois in faites.items() if fois > 1] == []
        for nom in SERVICES:
            with base(settings.database_url(nom)) as vive, base(f"sqlite:///{dossier}/{nom}.db") as ailleurs:
                for projection in projections(nom):
                    await replay(projection, registry=spec(nom).registry, sources=[journal], engine=ailleurs)
                    verdict = compare(vive, ailleurs, projection)
                    assert verdict.equal, (nom, projection.label, verdict.differences[:3])
                    assert verdict.rows[0] > 0 or f"{nom}.{projection.label}" in DE_REGROUPEMENT, projection.label


def _dits_une_fois(dits: list[Any], pertes: int) -> None:
    """Une ligne quand la base se perd, une quand elle revient, par service ; et pas d'autre bruit."""
    par_base: dict[str, list[str]] = {}
    for one in dits:
        if one["event"] in ("base_perdue", "base_retrouvee"):
            par_base.setdefault(one["base"], []).append(one["event"])
    assert "inscription" in par_base
    for nom, suite in par_base.items():
        assert suite == ["base_perdue", "base_retrouvee"] * (len(suite) // 2), (nom, suite)
        assert len(suite) // 2 <= pertes, (nom, suite)
    bruit = Counter(one["event"] for one in dits if one["log_level"] in ("warning", "error", "critical"))
    del bruit["base_perdue"]
    assert bruit.total() <= 5, bruit


# Absents au départ ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def en_route(settings: Settings) -> AsyncIterator[asyncio.Event]:
    """Les services, partis pour attendre sans fin ; l'événement dit qu'ils ont fait ce qu'on leur demande d'abord."""
    fait, fin = asyncio.Event(), asyncio.Event()

    async def servir() -> None:
        async with demarrer(settings, SERVICES, Patience(math.inf)) as plateforme:
            await jouer(plateforme.commander_brut, OUVERTURE, attendre=lambda: plateforme.stabiliser(LONGTEMPS))
            assert (await bilan_de_sante(settings))["ok"]
            fait.set()
            await fin.wait()

    tache = asyncio.create_task(servir())
    try:
        yield fait
    finally:
        if not fait.is_set():
            tache.cancel()
        fin.set()
        await tache


async def test_absents_au_depart_ils_sont_attendus_l_un_puis_l_autre(
    tmp_path: Path, postgres: Postgres, presences: list[Presence]
) -> None:
    courtier = reglages(tmp_path / "courtier")
    async with EmbeddedServer(courtier) as serveur:
        adresse = serveur.endpoint.url
    url = postgres.database()
    settings = reglages(
        tmp_path / "donnees", nats_url=adresse, nats_secrets=courtier.secrets_file, db_url=url, coffre_url=url,
        connect_timeout=1.0,
    )  # fmt: skip
    async with AsyncExitStack() as pile:
        revenir = pile.enter_context(mort(postgres))
        dits = pile.enter_context(capture_logs())
        courtier_ici = await pile.enter_async_context(AsyncExitStack())
        fait = await pile.enter_async_context(en_route(settings))
        await vrai(lambda: "demarrage_en_attente" in [one["event"] for one in dits])
        assert not presences, "le courtier d'abord"
        await courtier_ici.enter_async_context(EmbeddedServer(courtier))
        await vrai(lambda: "base_perdue" in [one["event"] for one in dits])
        debut = time.monotonic()
        await asyncio.sleep(1.0)
        essais, duree = sum(one.attempts for one in presences), time.monotonic() - debut
        assert essais <= 10 + duree / 0.1
        assert not fait.is_set()
        await asyncio.to_thread(revenir)
        async with asyncio.timeout(LONGTEMPS):
            await fait.wait()
    evenements = Counter(one["event"] for one in dits)
    assert (evenements["base_perdue"], evenements["base_retrouvee"]) == (1, 1)
    assert (evenements["demarrage_en_attente"], evenements["demarrage_repris"]) == (1, 1)


def test_un_arret_demande_pendant_l_attente_est_un_arret_ordinaire(tmp_path: Path) -> None:
    variables = environnement(tmp_path) | {
        "PARCHEMIN_DB_URL": "postgresql://personne@127.0.0.1:9/rien", "PARCHEMIN_LOG_FORMAT": "json",
    }  # fmt: skip
    environ = {**os.environ, **{nom: str(valeur) for nom, valeur in variables.items()}}
    process = subprocess.Popen(
        [PARCHEMIN, "servir", "conformite"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        for ligne in process.stderr:
            if "base_perdue" in ligne:
                break
        process.terminate()
        sortie, erreurs = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, sortie) == (0, ""), erreurs
    assert "Traceback" not in erreurs
