"""Des académies dont les programmes n'ont pas le même âge se comprennent, ou s'attendent, sans s'arrêter."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from contracts.commandes.inscription import OuvrirCentre
from contracts.evenements import REGISTRE, conformite, deliberation, inscription, notation, publication
from contracts.evenements.inscription import CentreOuvert
from contracts.messages import Data, Registry
from contracts.requetes import VoirRegroupement
from contracts.vocabulaire import TypeCentre
from services.inscription.shell.app import SPEC
from services.inscription.tests.donnees import LYCEE
from services.inscription.tests.federation import Academie, Federation
from services.socle import parking
from services.socle.testing import Bench

AILLEURS = "0760120G"
MODULES = (inscription, conformite, notation, deliberation, publication)


class CentreOuvertV2(CentreOuvert):
    """Le même fait dans un programme à venir : il dit aussi les salles."""

    NAME: ClassVar[str] = "inscription.centre_ouvert.v2"
    salles: int


def _vers_v2(data: Data) -> Data:
    return {**data, "salles": 1}


A_VENIR = replace(
    SPEC,
    registry=Registry(
        [CentreOuvertV2 if one is CentreOuvert else one for one in REGISTRE.events],
        {
            **{nom: etape for module in MODULES for nom, etape in module.ETAPES.items()},
            "inscription.centre_ouvert.v1": _vers_v2,
        },
    ),
)
"""Le programme qui connaît une version de plus."""


@pytest.fixture
async def federation(journal: Bench, tmp_path: Path) -> AsyncIterator[Federation]:
    async with AsyncExitStack() as stack:
        made = Federation(journal, tmp_path, stack, uuid.uuid4().hex[:6])
        await made.ouvrir("pilote", "reunion", programmes={"pilote": A_VENIR})
        yield made


def centre_v2(code: str) -> CentreOuvertV2:
    return CentreOuvertV2(centre=code, type=TypeCentre.PRINCIPAL, salles=12, places_accueil=3)


async def centres(chez: Academie, de: Academie) -> dict[str, int | None]:
    """Ceux d'une académie, vus d'une autre, et leurs places d'accueil."""
    dit = await chez.demander(VoirRegroupement)
    [elle] = [one for one in dit["academies"] if one["academie"] == de.nom]
    return {one["centre"]: one["places_accueil"] for one in elle["centres"]}


async def vus(chez: Academie, de: Academie, *codes: str) -> None:
    async def tous() -> bool:
        return set(await centres(chez, de)) == {*codes}

    await chez.jusque(tous)


async def test_un_programme_plus_recent_lit_ce_que_dit_un_plus_ancien(federation: Federation) -> None:
    """L'événement ancien est porté à la version d'aujourd'hui, dans ce qui se lit et dans ce qui se décide."""
    pilote, reunion = federation["pilote"], federation["reunion"]
    await federation.regrouper("pilote", "reunion")
    await reunion.ordonner(OuvrirCentre, centre=LYCEE, type=TypeCentre.PRINCIPAL, places_accueil=5)
    await vus(pilote, reunion, LYCEE)
    assert await centres(pilote, reunion) == {LYCEE: 5}
    where = (reunion.nom, "2026", "cap_osrcl", "inscription", "session")
    [lu] = [one for one in await pilote.service.environment.told(*where) if isinstance(one, CentreOuvert)]
    assert isinstance(lu, CentreOuvertV2)
    assert lu.salles == 1


async def test_un_programme_plus_ancien_met_de_cote_le_plus_recent_et_le_prend_a_sa_mise_a_niveau(
    federation: Federation,
) -> None:
    pilote, reunion = federation["pilote"], federation["reunion"]
    await federation.regrouper("pilote", "reunion")
    await pilote.ecrire(centre_v2(LYCEE), "centres-neufs")

    def stationnes() -> list[str]:
        return [one.code for one in parking.list_parked(reunion.service.environment.engine, "inscription")]

    await reunion.jusque(lambda: "VERSION_INCONNUE" in stationnes())
    # Ce que dit la pilote ailleurs, et ce que fait cette académie, ne l'attendent pas.
    await pilote.ordonner(OuvrirCentre, centre=AILLEURS, type=TypeCentre.PRINCIPAL)
    await vus(reunion, pilote, AILLEURS)
    await reunion.inscrire("2600000001")
    assert stationnes() == ["VERSION_INCONNUE"]

    await reunion.demarrer(A_VENIR)

    await vus(reunion, pilote, AILLEURS, LYCEE)
    assert stationnes() == []


async def test_ce_qui_suit_un_evenement_plus_recent_attend_derriere_lui(federation: Federation) -> None:
    """Le même agrégat se lit dans l'ordre : sans la version inconnue, ce qui la suit ne serait pas vrai."""
    pilote, reunion = federation["pilote"], federation["reunion"]
    await federation.regrouper("pilote", "reunion")
    await pilote.ecrire(centre_v2(LYCEE), "centres-neufs")
    await pilote.ecrire(CentreOuvert(centre=AILLEURS, type=TypeCentre.PRINCIPAL), "centres-neufs", rang=2)

    def stationnes() -> list[str]:
        return [one.code for one in parking.list_parked(reunion.service.environment.engine, "inscription")]

    await reunion.jusque(lambda: stationnes() == ["VERSION_INCONNUE", parking.WAITING])
    await vus(reunion, pilote)
    await reunion.demarrer(A_VENIR)
    await vus(reunion, pilote, LYCEE, AILLEURS)
