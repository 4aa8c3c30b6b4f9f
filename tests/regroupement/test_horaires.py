"""Whatever is cut, killed and asked meanwhile, the académies end with the same facts, each conflict with one winner.

Real brokers and services, one process for each académie; PARCHEMIN_HORAIRES tells how many schedules (50).
The schedules are hypothesis's; they are played one after the other on académies that go on living, as they would.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.regroupement.vivantes import MAYOTTE, REUNION, TOUTES, Monde, ouvrir_monde

COMBIEN = int(os.environ.get("PARCHEMIN_HORAIRES", "50"))
CANDIDATS = st.integers(min_value=0, max_value=11)
GESTES = st.one_of(
    st.tuples(st.just("couper"), st.sampled_from([REUNION, MAYOTTE])),
    st.tuples(st.just("retablir"), st.sampled_from([REUNION, MAYOTTE])),
    st.tuples(st.just("tuer"), st.sampled_from(TOUTES)),
    st.tuples(st.just("inscrire"), st.sampled_from(TOUTES)),
    st.tuples(st.just("ouvrir_centre"), st.sampled_from(TOUTES)),
    st.tuples(st.sampled_from(["noter", "demander", "demander", "transmettre"]), CANDIDATS),
    st.tuples(st.sampled_from(["transferer", "repondre", "repondre"]), CANDIDATS),
    st.tuples(st.just("attendre"), st.sampled_from([0.2, 2.0])),
)
HORAIRES = st.lists(GESTES, min_size=4, max_size=14)


def horaires(combien: int) -> list[list[tuple[str, Any]]]:
    """That many schedules, always the same."""
    found: list[list[tuple[str, Any]]] = []

    @settings(
        max_examples=combien,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(HORAIRES)
    def retenir(horaire: list[tuple[str, Any]]) -> None:
        found.append(horaire)

    retenir()
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def monde(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Monde]:
    racine: Path = tmp_path_factory.mktemp("academies")
    async with ouvrir_monde(racine) as made:
        yield made


async def jouer(monde: Monde, horaire: list[tuple[str, Any]]) -> None:
    for geste, quoi in horaire:
        await monde.faire(geste, quoi)
    await monde.revenir()
    ecarts = await monde.ecarts()
    assert not ecarts, (horaire, ecarts)


@pytest.mark.chaos
@pytest.mark.asyncio(loop_scope="module")
async def test_cinquante_horaires_de_coupures_finissent_d_accord(monde: Monde):
    for rang, horaire in enumerate(horaires(COMBIEN)):
        async with asyncio.timeout(600):
            await jouer(monde, horaire)
        print(f"horaire {rang + 1} : {len(horaire)} gestes, d'accord", flush=True)
