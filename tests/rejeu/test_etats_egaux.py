"""L'histoire des parcours, vivante, rejouée du journal, de l'archive, après restauration : le même état partout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from services.exploitation.composition import SERVICES
from services.exploitation.plateforme import demarrer
from services.socle.testing_server import Postgres
from tests.parcours import histoire
from tests.rejeu.etats import PROVENANCES, Repris, base, exiger_lignes, exiger_memes_etats, provenances, reglages

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def racontee(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Repris]:
    """L'histoire, jouée sur la plateforme entière."""
    dossier = tmp_path_factory.mktemp("racontee")
    ici = reglages(dossier / "ici", [histoire.SESSION])
    ici = ici.model_copy(update={"clock_tolerance": 1e9, "clock_lag": 0.0})
    async with AsyncExitStack() as pile:
        plateforme = await pile.enter_async_context(demarrer(ici))
        await histoire.jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
        racines = (dossier / "archive", dossier / "partielle")
        sources = await provenances(pile, ici, racines, reglages(dossier / "la", [histoire.SESSION]))
        vives = {nom: pile.enter_context(base(ici.database_url(nom))) for nom in SERVICES}
        yield Repris(vives, sources)


@pytest.mark.parametrize("provenance", PROVENANCES)
async def test_le_meme_etat_dans_sqlite(racontee: Repris, provenance: str, tmp_path: Path) -> None:
    lignes = await exiger_memes_etats(
        racontee.vives, racontee.sources[provenance], lambda nom: f"sqlite:///{tmp_path}/{nom}.db"
    )
    exiger_lignes(lignes)


@pytest.mark.parametrize("provenance", PROVENANCES)
async def test_le_meme_etat_dans_postgresql(racontee: Repris, provenance: str, postgres: Postgres) -> None:
    await exiger_memes_etats(racontee.vives, racontee.sources[provenance], lambda _: postgres.database())
