"""Un contrôle qui ferme une épreuve, et non l'examen : ce que la convocation en retient."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from contracts.commandes.inscription import EmettreConvocation, EnregistrerAutorisation
from contracts.droits import Role
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.evenements.inscription import AutorisationEnregistree, ConvocationEmise, InscriptionAnnulee
from contracts.vocabulaire import Categorie
from services.communs.testing import fait_du_journal
from services.inscription.domain import candidature
from services.inscription.domain.candidature import Convoquee
from services.inscription.shell.reactions import enregistrer_autorisation
from services.inscription.tests.diplomes import AFFECTE, BTS, LYCEE, MC, TP, Examen, a
from services.inscription.tests.donnees import LE, NUMERO

INDIVIDUEL = BTS.inscrit(Categorie.INDIVIDUEL)
TOUTES = ("E1", "E2", "E3", "E4", "E5", "E6")


def issue(autorise: bool, *epreuves: str, regle: str = "BTS-C03") -> AutorisationEnregistree:
    return AutorisationEnregistree(candidat=NUMERO, autorise=autorise, regle=regle, epreuves=epreuves)


def enregistrer(autorise: bool, *epreuves: str, regle: str = "BTS-C03") -> EnregistrerAutorisation:
    champs = {"candidat": NUMERO, "autorise": autorise, "regle": regle, "epreuves": epreuves}
    return EnregistrerAutorisation.model_validate({**champs, **BTS.qui(Role.SYSTEME)})


def convoquer(examen: Examen = BTS) -> EmettreConvocation:
    return EmettreConvocation(candidat=NUMERO, date=a(6).replace(year=examen.session.annee), **examen.qui())


def convocation(*epreuves: str) -> ConvocationEmise:
    return ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=epreuves, le=a(6))


def test_bts_c03_le_dossier_refuse_d_une_epreuve_ne_ferme_qu_elle() -> None:
    BTS.candidat(INDIVIDUEL).when(enregistrer(False, "E4")).then(issue(False, "E4"))
    ferme = (INDIVIDUEL, AFFECTE, issue(False, "E4"))
    BTS.candidat(*ferme).when(convoquer()).then(convocation("E1", "E2", "E3", "E5", "E6"))


def test_bts_c04_dc_bts08_la_convocation_deja_emise_se_refait_sans_elle() -> None:
    deja = (INDIVIDUEL, AFFECTE, convocation(*TOUTES), issue(False, "E4"))
    assert isinstance(BTS.candidat(*deja).state, Convoquee)
    BTS.candidat(*deja).when(convoquer()).then(convocation("E1", "E2", "E3", "E5", "E6"))


def test_bts_c01_une_epreuve_refusee_puis_acceptee_se_convoque() -> None:
    BTS.candidat(INDIVIDUEL, issue(False, "E4", "E6")).when(enregistrer(True, "E4")).then(issue(True, "E4"))
    revue = (INDIVIDUEL, AFFECTE, issue(False, "E4", "E6"), issue(True, "E4"))
    BTS.candidat(*revue).when(convoquer()).then(convocation("E1", "E2", "E3", "E4", "E5"))


def test_une_issue_deja_connue_ne_se_repete_pas() -> None:
    BTS.candidat(INDIVIDUEL).when(enregistrer(True, "E4")).then_nothing()
    BTS.candidat(INDIVIDUEL, issue(False, "E4")).when(enregistrer(False, "E4")).then_nothing()
    BTS.candidat(INDIVIDUEL, issue(False, "E4")).when(enregistrer(False, "E4", regle="BTS-C04")).then(
        issue(False, "E4", regle="BTS-C04")
    )
    annulee = InscriptionAnnulee(candidat=NUMERO, motif="désistement")
    BTS.candidat(INDIVIDUEL, annulee).when(enregistrer(False, "E4")).then_nothing()


def test_bts_c01_un_examen_controle_epreuve_par_epreuve_n_attend_pas_une_autorisation_d_ensemble() -> None:
    BTS.candidat(INDIVIDUEL, AFFECTE).when(convoquer()).then(convocation(*TOUTES))
    individuel = MC.inscrit(Categorie.INDIVIDUEL)
    [emise] = MC.candidat(individuel, AFFECTE).when(convoquer(MC)).events()
    assert emise.epreuves == ("E1", "E2", "E3")


def test_tp_c01_un_examen_controle_en_entier_l_attend() -> None:
    titre = (TP.inscrit(Categorie.VAE), AFFECTE)
    TP.candidat(*titre).when(convoquer(TP)).then_refused("CONTROLE_ATTENDU")
    TP.candidat(*titre, issue(False, regle="TP-C01")).when(convoquer(TP)).then_refused("TP-C01")


@pytest.mark.parametrize(
    ("fait", "attendu"),
    [
        (DossierDeclareConforme(candidat=NUMERO, regle="BTS-C01", epreuves=("E4",)), (True, ("E4",))),
        (
            DossierDeclareNonConforme(
                candidat=NUMERO, regle="BTS-C03", motifs=("depot",), epreuves=("E6",), effet="non_valide"
            ),
            (False, ("E6",)),
        ),
        (DossierDeclareNonConforme(candidat=NUMERO, regle="TP-C01", motifs=("depot",)), (False, ())),
    ],
)
def test_le_service_apprend_quelles_epreuves_le_controle_ouvre_ou_ferme(fait: Any, attendu: Any) -> None:
    [commande] = enregistrer_autorisation(fait_du_journal(fait, 7, academie="clermont", le=LE))
    assert isinstance(commande, EnregistrerAutorisation)
    assert (commande.autorise, commande.epreuves) == attendu


def test_quel_que_soit_l_ordre_des_deux_controles_le_candidat_sait_ce_qu_il_passe() -> None:
    for ordre in permutations([enregistrer(False, "E4"), enregistrer(True, "E6"), enregistrer(False, "E4")]):
        etat = BTS.candidat(INDIVIDUEL, AFFECTE).state
        for commande in ordre:
            for event in candidature.decide(commande, etat, BTS.session):
                etat = candidature.evolve(etat, event)
        assert etat.fiche.fermees == {"E4": "BTS-C03"}
