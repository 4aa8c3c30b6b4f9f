"""Une histoire au hasard, vivante, rejouée du journal, de l'archive, après restauration : le même état partout.

La même graine (PARCHEMIN_GRAINE, dite par le test) refait la même histoire.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from services.exploitation.banc import banc
from services.exploitation.composition import SERVICES
from services.socle.server import EmbeddedServer
from services.socle.testing_server import Postgres
from tests.rejeu.etats import (
    DE_L_ARCHIVE,
    DES_DEUX,
    DU_JOURNAL,
    RESTAURE,
    Repris,
    exiger_lignes,
    exiger_memes_etats,
    provenances,
    refaire,
    reglages,
    sceller,
)
from tests.rejeu.hasard import Histoire, jouer_au_hasard, sessions

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENEMENTS, BEAUCOUP = 1_000, 100_000
GRAINE = int(os.environ.get("PARCHEMIN_GRAINE", "20260601"))
PATIENCE = 30.0  # secondes : rien ne manque ici, un serveur lent n'est pas un serveur muet
PART_ACCEPTEE = 0.5  # refus et actes faits : ni une suite de refus, ni une histoire sans accroc


async def _au_hasard(dossier: Path, evenements: int, pile: AsyncExitStack) -> tuple[Histoire, Repris]:
    """Jouée sur le banc, puis mise dans un vrai journal en passant par une archive."""
    joue = await pile.enter_async_context(banc(*sessions()))
    histoire = await jouer_au_hasard(joue, evenements, GRAINE)
    for messages in histoire.messages.values():
        sceller(dossier / "banc", messages)
    ici = reglages(dossier / "ici", sessions(), PATIENCE)
    await refaire(ici, dossier / "banc")
    await pile.enter_async_context(EmbeddedServer(ici))
    racines = (dossier / "archive", dossier / "partielle")
    sources = await provenances(pile, ici, racines, reglages(dossier / "la", sessions(), PATIENCE))
    return histoire, Repris({nom: joue.base(nom) for nom in SERVICES}, sources)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasard(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Histoire, Repris]]:
    async with AsyncExitStack() as pile:
        yield await _au_hasard(tmp_path_factory.mktemp("hasard"), EVENEMENTS, pile)


def exiger_melange(histoire: Histoire, evenements: int, record_property: Callable[[str, object], None]) -> None:
    """Assez d'événements, de toutes les sessions et de chaque service, et une juste part de refus."""
    compte = {
        "graine": GRAINE,
        "evenements": histoire.evenements,
        "messages": sum(map(len, histoire.messages.values())),
        "acceptees": histoire.faites.total(),
        "refusees": histoire.refusees.total(),
        "codes_de_refus": len(histoire.refus),
    }
    for nom, valeur in compte.items():
        record_property(nom, valeur)
    print(compte)
    assert histoire.evenements >= evenements
    assert PART_ACCEPTEE <= histoire.part_acceptee < 1
    assert all(histoire.messages.values())
    assert {one.partition(".")[0] for one in histoire.faites} == set(SERVICES)
    assert histoire.faites["publication.publier_resultats"] > 0


async def test_elle_melange_faits_et_refus(
    hasard: tuple[Histoire, Repris], record_property: Callable[[str, object], None]
) -> None:
    exiger_melange(hasard[0], EVENEMENTS, record_property)


@pytest.mark.parametrize("provenance", [DE_L_ARCHIVE, RESTAURE])
async def test_le_meme_etat_dans_sqlite(hasard: tuple[Histoire, Repris], provenance: str, tmp_path: Path) -> None:
    repris = hasard[1]
    lignes = await exiger_memes_etats(
        repris.vives, repris.sources[provenance], lambda nom: f"sqlite:///{tmp_path}/{nom}.db"
    )
    exiger_lignes(lignes)


@pytest.mark.parametrize("provenance", [DU_JOURNAL, DES_DEUX])
async def test_le_meme_etat_dans_postgresql(
    hasard: tuple[Histoire, Repris], provenance: str, postgres: Postgres
) -> None:
    repris = hasard[1]
    await exiger_memes_etats(repris.vives, repris.sources[provenance], lambda _: postgres.database())


@pytest.mark.chaos
async def test_cent_mille_evenements_ont_le_meme_etat_de_partout_et_dans_les_deux_bases(
    tmp_path: Path, postgres: Postgres, record_property: Callable[[str, object], None]
) -> None:
    async with AsyncExitStack() as pile:
        histoire, repris = await _au_hasard(tmp_path, BEAUCOUP, pile)
        exiger_melange(histoire, BEAUCOUP, record_property)
        for rang, sources in enumerate(repris.sources.values()):

            def fichier(nom: str, rang: int = rang) -> str:
                return f"sqlite:///{tmp_path}/{rang}-{nom}.db"

            await exiger_memes_etats(repris.vives, sources, fichier)
            await exiger_memes_etats(repris.vives, sources, lambda _: postgres.database())
