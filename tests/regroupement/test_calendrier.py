"""A member without a calendar of its own follows that of its pilot, told in its own legal time (BTS-G03)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.commandes.inscription import EmettreConvocation, EnregistrerAutorisation
from contracts.evenements.inscription import ConvocationEmise
from contracts.messages import Refus
from contracts.requetes import VoirCandidature, VoirSession
from contracts.vocabulaire import Calendrier, Ecrit
from tests.regroupement.academies import BASILE, MEMBRE, PARAMETRES, PILOTE, VALEURS, ordre, question, regrouper, relier
from tests.regroupement.test_accueil_et_transfert import AVANT, Vivante, installer

REUNION = ZoneInfo("Indian/Reunion")
DEBUT = datetime(2026, 6, 8, 9, 0, tzinfo=ZoneInfo("Europe/Paris"))  # 11 h at La Réunion
NATIONAL = Calendrier(reference="circulaire 2026-12", ecrits=(Ecrit(moment="UG1", debut=DEBUT, loge=60),))
AUTRE = NATIONAL.model_copy(update={"ecrits": (Ecrit(moment="UG1", debut=DEBUT + timedelta(days=1), loge=60),)})


async def _deux(racine: Path, sien: Calendrier | None) -> dict[str, Vivante]:
    found = {nom: Vivante(nom, racine) for nom in (PILOTE, MEMBRE)}
    await found[PILOTE].ouvrir(VALEURS, PARAMETRES.model_copy(update={"calendrier": NATIONAL}))
    la_bas = {"fuseau": REUNION.key, "calendrier": sien}
    await found[MEMBRE].ouvrir(VALEURS, PARAMETRES.model_copy(update=la_bas))
    await regrouper(found)
    relier(found.values())
    membre = found[MEMBRE]
    await membre.accueille(BASILE)
    await installer(membre, BASILE)
    systeme = ordre(MEMBRE, "systeme", AVANT, candidat=BASILE)
    await membre.inscription.ordonner(EnregistrerAutorisation(**systeme, autorise=True, regle="CAP26-I03"))
    return found


@pytest.fixture
async def membre(tmp_path: Path) -> AsyncIterator[Vivante]:
    found = await _deux(tmp_path, None)
    yield found[MEMBRE]
    for one in found.values():
        one.fermer()


async def convoquer(membre: Vivante, instant: datetime) -> list[str]:
    envoi: dict[str, Any] = ordre(MEMBRE, "gestionnaire", AVANT, candidat=BASILE, date=instant)
    return await membre.inscription.ordonner(EmettreConvocation(**envoi))


async def test_bts_g03_sans_calendrier_propre_on_suit_celui_de_la_pilote(membre: Vivante) -> None:
    vue = await membre.inscription.demander(VoirSession(**question(MEMBRE)))
    assert vue["calendrier_de_la_pilote"]["reference"] == NATIONAL.reference
    with pytest.raises(Refus) as refus:
        await convoquer(membre, DEBUT)  # the time of loge has begun
    assert refus.value.regle == "BTS-G03"
    assert await convoquer(membre, DEBUT - timedelta(minutes=60)) == [ConvocationEmise.NAME]


async def test_bts_g03_il_se_dit_dans_l_heure_legale_d_ici(membre: Vivante) -> None:
    await convoquer(membre, DEBUT - timedelta(minutes=90))
    vu = await membre.inscription.demander(VoirCandidature(**question(MEMBRE), candidat=BASILE))
    [ecrit] = vu["ecrits"]
    assert (ecrit["debut"], ecrit["debut"].tzinfo, ecrit["debut"].hour) == (DEBUT, REUNION, 11)


async def test_bts_g03_qui_a_son_calendrier_le_garde(tmp_path: Path) -> None:
    found = await _deux(tmp_path, AUTRE)
    vue = await found[MEMBRE].inscription.demander(VoirSession(**question(MEMBRE)))
    assert "calendrier_de_la_pilote" not in vue
    assert await convoquer(found[MEMBRE], DEBUT) == [ConvocationEmise.NAME]
    for one in found.values():
        one.fermer()
