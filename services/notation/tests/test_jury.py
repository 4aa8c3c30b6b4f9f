"""Where the jury stands is what the journal says, in its order; never the date that an order carries."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.evenements.deliberation import (
    CandidatRattache,
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryReconvoque,
    NatureDecision,
    TransfertApresCloture,
    TransfertSuivi,
)
from contracts.messages import Event, Refus
from contracts.vocabulaire import Decision, Membre, Profil
from services.communs.testing import base, projeter
from services.notation.domain.bordereau import deposer
from services.notation.domain.bordereau import initial as lot_vide
from services.notation.domain.jury import EtatJury, etat_du_jury
from services.notation.projections.jurys import Jurys
from services.notation.shell.app import Shell
from services.notation.tests.donnees import ALICE, BASILE, OUVERT, etant_donne, session
from services.notation.tests.faits import fait_lu
from services.notation.tests.test_bordereau import deposer as depot
from services.notation.tests.test_shell import OUVERTE
from services.socle.service import Environment

CLOS = JuryClos(
    jury="J1",
    decisions={ALICE: Decision.AJOURNE},
    presents=("PRO1",),
    preside_par="PRO1",
    journal="JOURNAL_NORMANDIE_2026",
    position=90,
    regle="DC-CAP22",
)
RECONVOQUE = JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur d'addition", regle="AMB-54")
CONSTITUE = JuryConstitue(
    jury="J1",
    arrete="arrêté du 2 juin 2026",
    membres=(Membre(id="PRO1", profil=Profil.PROFESSIONNEL),),
    president="PRO1",
    vice_president="PRO1",
    candidats=(ALICE,),
    regle="DC-CAP22",
)


def decidee(candidat: str = ALICE, nature: NatureDecision = NatureDecision.INITIALE) -> DecisionPrise:
    vide: dict[str, Any] = {"points": "0", "coefficients": "0", "lignes": (), "regles": (), "explication": ()}
    ou = {"journal": CLOS.journal, "position": 80, "reglement": "CAP-OSRCL-2026", "nature": nature}
    return DecisionPrise(jury="J1", candidat=candidat, decision=Decision.AJOURNE, **vide, **ou)


REDECIDEE = decidee(nature=NatureDecision.RECTIFICATIVE)


@pytest.mark.parametrize(
    ("histoire", "etat"),
    [
        ([], EtatJury.A_VENIR),
        ([decidee()], EtatJury.A_VENIR),  # décidé, mais la séance continue : le jury redécide avant de clore
        ([decidee(), CLOS], EtatJury.CLOS),
        ([decidee(), CLOS, RECONVOQUE], EtatJury.RECONVOQUE),
        ([decidee(), CLOS, RECONVOQUE, decidee(BASILE, NatureDecision.COMPLEMENTAIRE)], EtatJury.RECONVOQUE),
        ([decidee(), CLOS, RECONVOQUE, REDECIDEE], EtatJury.CLOS),
        ([decidee(), CLOS, RECONVOQUE, REDECIDEE, RECONVOQUE], EtatJury.RECONVOQUE),
    ],
)
def test_amb_54_l_etat_du_jury_suit_l_ordre_du_journal(histoire: list[Event], etat: EtatJury) -> None:
    assert etat_du_jury(ALICE, histoire) is etat


def test_amb_55_le_meme_numero_d_une_autre_academie_ne_fige_rien_ici() -> None:
    ailleurs = CONSTITUE.model_copy(update={"origines": {ALICE: "caen"}})
    assert etat_du_jury(ALICE, [ailleurs, decidee(), CLOS]) is EtatJury.A_VENIR
    assert etat_du_jury(ALICE, [CONSTITUE, decidee(), CLOS]) is EtatJury.CLOS


def test_amb_55_le_jury_fige_la_ou_il_suit_le_candidat_et_la_seulement() -> None:
    ailleurs = CONSTITUE.model_copy(update={"origines": {ALICE: "caen"}})
    venu = TransfertSuivi(jury="J1", candidat=ALICE, de="caen", vers="rouen", regle="AMB-55")
    parti = venu.model_copy(update={"de": "rouen", "vers": "lille", "origine": "lille"})
    tard = TransfertApresCloture(jury="J1", candidat=ALICE, academie="caen", vers="rouen", regle="AMB-55")
    assert etat_du_jury(ALICE, [ailleurs, venu]) is EtatJury.A_VENIR
    assert etat_du_jury(ALICE, [ailleurs, venu, CLOS]) is EtatJury.CLOS
    assert etat_du_jury(ALICE, [CONSTITUE, parti, CLOS]) is EtatJury.A_VENIR
    assert etat_du_jury(ALICE, [ailleurs, CLOS, tard]) is EtatJury.CLOS
    assert etat_du_jury(ALICE, [ailleurs, CLOS, tard, RECONVOQUE]) is EtatJury.RECONVOQUE
    assert etat_du_jury(BASILE, [CONSTITUE, parti, CLOS]) is EtatJury.CLOS


def test_amb_54_reuni_pour_un_autre_il_reste_clos_pour_celui_ci() -> None:
    assert etat_du_jury(BASILE, [decidee(BASILE), CLOS, RECONVOQUE]) is EtatJury.CLOS


def test_amb_54_le_depot_d_un_lot_refuse_les_candidats_d_un_jury_clos() -> None:
    releves = {ALICE: etant_donne(OUVERT).state}
    with pytest.raises(Refus) as refus:
        deposer(depot((ALICE, "12")), lot_vide, releves, session(), {ALICE: EtatJury.CLOS})
    assert [one["regle"] for one in refus.value.donnees["lignes"]] == ["AMB-54"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", [[CandidatRattache(candidat=ALICE, jury="J1")], []])
def test_amb_54_le_jury_se_lit_par_la_place_du_candidat_sinon_par_sa_nomination(tmp_path: Path, place: Any) -> None:
    engine = base(tmp_path, Jurys())
    projeter(engine, Jurys(), [] if place else [fait_lu(CONSTITUE)])
    journal: dict[str, list[Event]] = {"session": [OUVERTE], f"place-{ALICE}": place, "jury-J1": [CLOS]}

    async def events(session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        return journal.get(aggregate, [])

    env = SimpleNamespace(engine=engine, settings=SimpleNamespace(academie="normandie"), events=events, exchanges={})
    command: Any = SimpleNamespace(session="2026", diplome="cap_osrcl", candidat=ALICE)
    looked = asyncio.run(Shell(cast(Environment, env)).releve(command))
    assert looked["jury"] is EtatJury.CLOS
    command.candidat = BASILE
    assert asyncio.run(Shell(cast(Environment, env)).releve(command))["jury"] is EtatJury.A_VENIR
    engine.dispose()
