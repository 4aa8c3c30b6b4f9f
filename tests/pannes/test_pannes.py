"""Aucune panne ne perd, ne double ni ne laisse à moitié ce qui est acquitté ; et l'essai qui doit perdre perd."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

import pytest
import pytest_asyncio

from tests.pannes.atelier import Atelier, Panne, atelier, jouer
from tests.pannes.catalogue import COURTES, PANNES
from tests.pannes.lieu import ENSEMBLE, preparer
from tests.pannes.processus import attendre

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRAINE = int(os.environ.get("PARCHEMIN_GRAINE", "20260601"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ou() -> AsyncIterator[Atelier]:
    async with atelier(GRAINE) as un:
        yield un


async def eprouver(
    panne: Panne, ou: Atelier, tours: int, record_property: Callable[[str, object], None], *, courte: bool = False
) -> None:
    compte = await jouer(panne, ou, tours, courte=courte)
    for nom, valeur in asdict(compte).items():
        record_property(nom, valeur)
    print(f"graine {GRAINE}", compte)
    if compte.obstacle is not None:
        pytest.skip(compte.obstacle)
    assert compte.bon, (compte.echec, compte.notes)
    assert compte.tours == tours
    assert compte.acquittees > 0


@pytest.mark.chaos
@pytest.mark.parametrize("panne", COURTES, ids=lambda one: one.nom)
async def test_quelques_fois(panne: Panne, ou: Atelier, record_property: Callable[[str, object], None]) -> None:
    await eprouver(panne, ou, panne.courts, record_property, courte=True)


async def test_un_service_qui_attend_le_courtier_s_arrete_quand_on_le_lui_demande(tmp_path: Path) -> None:
    async with AsyncExitStack() as pile:
        lieu = await preparer(pile, tmp_path, ENSEMBLE, postgres=False)
        (un,) = lieu.services
        un.lancer()
        await attendre(lambda: un.dit("demarrage_en_attente"), "il n'attend pas")
        un.signaler(signal.SIGTERM)
        await attendre(lambda: not un.vivant, "il ne s'arrête pas")
        assert un.code == 0


@pytest.mark.chaos
@pytest.mark.parametrize("panne", PANNES, ids=lambda one: one.nom)
async def test_autant_de_fois_qu_il_faut(
    panne: Panne, ou: Atelier, record_property: Callable[[str, object], None]
) -> None:
    await eprouver(panne, ou, panne.tours, record_property)
