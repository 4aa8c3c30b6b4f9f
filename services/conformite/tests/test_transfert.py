"""Le dossier suit son candidat dans une autre académie : clos là où il part, repris entier là où il arrive."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from contracts.commandes.transfert import ReprendreDossier, TransfererDossier
from contracts.droits import Role, check_rights
from contracts.evenements.transfert import CandidatTransfere, DossierRepris, DossierTransfere
from contracts.messages import Acteur
from services.communs.histoire import Histoire
from services.communs.transfert import REPRISE
from services.conformite.domain import transfert
from services.conformite.domain.etats import Autorise
from services.conformite.shell.reactions import des_partenaires, reprendre_dossier, suivre_candidature
from services.conformite.tests.donnees import ALICE, NOVEMBRE, controler, deposer, ouvrir, semaines, session
from services.conformite.tests.faits import fait, inscrit
from services.socle.spec import Given, Spec

LYON = "lyon"
PARTI = DossierTransfere(candidat=ALICE, vers=LYON)
DEPOT = deposer("A1", semaines(14))


def ordre(classe: Any, academie: str = "rouen", **champs: Any) -> Any:
    par = Acteur(id="systeme:conformite", role=Role.SYSTEME, academie=academie)
    return classe(candidat=ALICE, le=NOVEMBRE, par=par, session="2026", diplome="cap_osrcl", **champs)


TRANSFERER = ordre(TransfererDossier, vers=LYON)
REPRENDRE = ordre(ReprendreDossier, LYON, origine="rouen")


def ici(*history: Any) -> Given[Any]:
    decide = partial(transfert.decide, session=session())
    return Spec(decide, transfert.evolve, transfert.initial).given(*history)


def vecu() -> list[Any]:
    """Ce qui arrive à un dossier : ouvert, une attestation, une décision."""
    events: list[Any] = []
    for commande in (ouvrir(), DEPOT, controler()):
        events += ici(*events).when(commande).events()
    return events


HISTOIRE = Histoire(f"dossier-{ALICE}", (*vecu(), PARTI), 4, "t")
SOURCE = DossierRepris(candidat=ALICE, origine="rouen", agregat=f"dossier-{ALICE}", rang=4, tete="t")


def a_lyon(*history: Any, histoire: Histoire = HISTOIRE, accepte: bool = True) -> Given[Any]:
    decide = partial(transfert.decide, session=replace(session(), academie=LYON), histoire=histoire, accepte=accepte)
    return Spec(decide, transfert.evolve, transfert.initial).given(*history)


def test_tr_g01_un_dossier_parti_ne_change_plus() -> None:
    ici(*vecu()).when(TRANSFERER).then(PARTI)
    ici(*vecu(), PARTI).when(TRANSFERER).then_nothing()
    ici(*vecu(), PARTI).when(deposer("A2", semaines(3))).then_refused("CANDIDAT_TRANSFERE")
    ici(*vecu(), PARTI).when(ouvrir()).then_nothing()


def test_tr_g01_le_dossier_est_repris_entier_et_sa_decision_avec_lui() -> None:
    a_lyon().when(REPRENDRE).then(SOURCE, *vecu())
    a_lyon(SOURCE, *vecu()).when(REPRENDRE).then_nothing()
    a_lyon(SOURCE, *vecu()).when(DEPOT).then_nothing()
    etat = transfert.initial
    for event in (SOURCE, *vecu()):
        etat = transfert.evolve(etat, event)
    assert isinstance(etat.etat, Autorise)


@pytest.mark.parametrize(
    ("connu", "code"),
    [
        ({"accepte": False}, "TRANSFERT_NON_ACCEPTE"),
        ({"histoire": replace(HISTOIRE, events=tuple(vecu()))}, "HISTOIRE_INCOMPLETE"),
    ],
)
def test_tr_g01_rien_n_est_repris_sans_accord_ni_cloture(connu: Any, code: str) -> None:
    a_lyon(**connu).when(REPRENDRE).then_refused(code)


def test_le_depart_du_candidat_clot_le_dossier_et_l_arrivee_le_reprend() -> None:
    [clos] = suivre_candidature(fait(CandidatTransfere(candidat=ALICE, vers=LYON, regle="TR-G01")))
    assert isinstance(clos, TransfererDossier)
    check_rights(clos, "rouen")
    [repris] = reprendre_dossier(fait(PARTI), LYON)
    assert isinstance(repris, ReprendreDossier)
    assert (repris.origine, repris.par.id, repris.par.academie) == ("rouen", REPRISE, LYON)
    check_rights(repris, LYON)
    assert reprendre_dossier(fait(PARTI), "nantes") == []
    [reaction] = des_partenaires(LYON)
    assert (reaction.exchanged, reaction.own) == (True, False)


def test_ce_qui_est_repris_n_est_pas_appris_une_seconde_fois() -> None:
    appris = fait(inscrit())
    assert len(suivre_candidature(appris)) == 1
    assert suivre_candidature(replace(appris, context=replace(appris.context, acteur=REPRISE))) == []
