"""Two académies that share an exam: the pilot, and one that accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.regroupement.academies import MEMBRE, PILOTE, Academie, regrouper, relier
from tests.regroupement.entieres import Moule


@pytest.fixture
async def academies(tmp_path: Path) -> AsyncIterator[dict[str, Academie]]:
    """Opened, grouped, and each told what the other has said."""
    found = {nom: Academie(nom, tmp_path) for nom in (PILOTE, MEMBRE)}
    for one in found.values():
        await one.ouvrir()
    await regrouper(found)
    relier(found.values())
    yield found
    for one in found.values():
        one.fermer()


@pytest.fixture(scope="module")
def moule(tmp_path_factory: pytest.TempPathFactory) -> Moule:
    """Three académies with their inscription service."""
    found = Moule(tmp_path_factory.mktemp("moule"))
    asyncio.run(found.preparer())
    return found


@pytest.fixture
def pilote(academies: dict[str, Academie]) -> Academie:
    return academies[PILOTE]


@pytest.fixture
def membre(academies: dict[str, Academie]) -> Academie:
    return academies[MEMBRE]
