"""Le relevé suit son candidat dans une autre académie : clos là où il part, repris entier là où il arrive."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from contracts.commandes.releve import FermerAcces
from contracts.commandes.transfert import ReprendreReleve, TransfererReleve
from contracts.droits import check_rights
from contracts.evenements.inscription import DispenseAccordee
from contracts.evenements.transfert import CandidatTransfere, ReleveRepris, ReleveTransfere
from services.communs.histoire import Histoire
from services.communs.testing import fait_du_journal
from services.communs.transfert import REPRISE
from services.notation.domain import releve
from services.notation.shell.reactions import suivre_candidature
from services.notation.shell.reactions_accueil import reprendre_releve
from services.notation.tests.donnees import ALICE, LE, OUVERT, SYSTEME, fait, saisie, saisir, session
from services.notation.tests.faits import fait_lu
from services.notation.tests.test_accueil import chez_lui, ecarte, recevoir
from services.socle.spec import Given, Spec

LYON = "lyon"
PARTI = ReleveTransfere(candidat=ALICE, vers=LYON)
CHEZ_LYON = replace(session(), academie=LYON)
NOTE = saisie("UG1", "12")
HISTOIRE = Histoire(f"releve-{ALICE}", (OUVERT, NOTE, PARTI), 3, "t")
SOURCE = ReleveRepris(candidat=ALICE, origine="normandie", agregat=f"releve-{ALICE}", rang=3, tete="t")
REPRENDRE = fait(ReprendreReleve, origine="normandie", par=SYSTEME)
TRANSFERER = fait(TransfererReleve, vers=LYON, par=SYSTEME)


def a_lyon(*history: Any, histoire: Histoire = HISTOIRE, accepte: bool = True) -> Given[Any]:
    decide = partial(releve.decide, session=CHEZ_LYON, histoire=histoire, accepte=accepte)
    return Spec(decide, releve.evolve, releve.initial).given(*history)


def test_tr_g01_un_releve_parti_ne_change_plus() -> None:
    chez_lui(OUVERT).when(TRANSFERER).then(PARTI)
    chez_lui(OUVERT, PARTI).when(TRANSFERER).then_nothing()
    chez_lui(OUVERT, PARTI).when(saisir("UG1", "12")).then_refused("CANDIDAT_TRANSFERE")
    chez_lui(OUVERT, PARTI).when(recevoir()).then(ecarte("12", "CANDIDAT_TRANSFERE"))  # somebody must see it
    chez_lui(OUVERT, PARTI).when(fait(FermerAcces, regle="CAP26-I05", par=SYSTEME)).then_nothing()


def test_tr_g01_le_releve_est_repris_entier_et_continue_la_ou_il_en_etait() -> None:
    a_lyon().when(REPRENDRE).then(SOURCE, OUVERT, NOTE)
    a_lyon(SOURCE, OUVERT, NOTE).when(REPRENDRE).then_nothing()
    a_lyon(SOURCE, OUVERT, NOTE).when(saisir("UG1", "12")).then_nothing()
    a_lyon(OUVERT, PARTI).when(REPRENDRE).then(SOURCE, OUVERT, NOTE)


@pytest.mark.parametrize(
    ("connu", "code"),
    [
        ({"accepte": False}, "TRANSFERT_NON_ACCEPTE"),
        ({"histoire": replace(HISTOIRE, events=(OUVERT, NOTE))}, "HISTOIRE_INCOMPLETE"),
        ({"histoire": Histoire(f"releve-{ALICE}")}, "HISTOIRE_INCOMPLETE"),
    ],
)
def test_tr_g01_rien_n_est_repris_sans_accord_ni_cloture(connu: Any, code: str) -> None:
    a_lyon(**connu).when(REPRENDRE).then_refused(code)


def test_le_depart_du_candidat_clot_le_releve_et_l_arrivee_le_reprend() -> None:
    depart = fait_lu(CandidatTransfere(candidat=ALICE, vers=LYON, regle="TR-G01"))
    [clos] = suivre_candidature(depart)
    assert isinstance(clos, TransfererReleve)
    check_rights(clos, "normandie")
    parti = fait_du_journal(PARTI, 3, academie="normandie", le=LE)
    [ordre] = reprendre_releve(parti, LYON)
    assert isinstance(ordre, ReprendreReleve)
    assert (ordre.origine, ordre.par.id, ordre.par.academie) == ("normandie", REPRISE, LYON)
    check_rights(ordre, LYON)
    assert reprendre_releve(parti, "grenoble") == []


def test_ce_qui_est_repris_n_est_pas_appris_une_seconde_fois() -> None:
    dispense = DispenseAccordee(candidat=ALICE, epreuve="UG1", regle="DC-CAP20", motif="diplôme de même niveau")
    assert len(suivre_candidature(fait_lu(dispense))) == 1
    assert suivre_candidature(fait_lu(dispense, acteur=REPRISE)) == []
