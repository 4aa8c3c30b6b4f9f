"""Le titre professionnel : chaque compétence acquise ou non, jamais une note."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.bordereau import DeposerBordereau, LigneBordereau
from contracts.commandes.notation import HarmoniserNote, RectifierNote, RemplirGrille, SaisirNote, SaisirSecondeFois
from contracts.commandes.releve import OuvrirReleve, ReporterAcquis
from contracts.evenements.notation import CompetenceEvaluee, ResultatArrete
from contracts.evenements.releve import AcquisReporte
from contracts.messages import Command, Refus
from contracts.reglement import load_all
from contracts.vocabulaire import Categorie, EtatResultat
from services.notation.domain import bordereau
from services.notation.tests.diplomes import (
    AU_BTS,
    AU_TP,
    TP,
    absence,
    apres,
    arreter,
    bts,
    conclure,
    evaluer,
    ouverte,
    releve,
    resultat,
    suspecter,
    tp,
)
from services.notation.tests.donnees import ALICE, CORRECTEUR, ENS, GESTIONNAIRE, SECOND, fait

CCP1 = ("S1", "S2", "S3")
ACQUIS = AcquisReporte(candidat=ALICE, epreuve="CCP1", regle="TP-I05")


def dit(donne: Any, epreuve: str = "CCP1") -> ResultatArrete:
    found = resultat(donne, epreuve)
    assert found is not None
    return found


def evaluees(*acquises: bool) -> list[Command]:
    return [evaluer("CCP1", situation, acquise) for situation, acquise in zip(CCP1, acquises, strict=True)]


@pytest.mark.parametrize(
    "commande",
    [
        fait(SaisirNote, epreuve="CCP1", situation="S1", note=Decimal(14)),
        fait(SaisirNote, epreuve="CCP1", note=Decimal(14)),
        fait(SaisirNote, epreuve="EF", note=Decimal(14)),
        fait(SaisirSecondeFois, epreuve="CCP1", situation="S1", note=Decimal(14)),
        fait(HarmoniserNote, epreuve="CCP1", situation="S1", note=Decimal(14), motif="écart"),
        fait(RectifierNote, epreuve="CCP1", situation="S1", note=Decimal(14), motif="erreur"),
        fait(RemplirGrille, epreuve="CCP1", situation="S1", criteres={"C1": 3}, commission=(ENS,), note=Decimal(14)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_cl_110_amb_28_aucune_note_ne_se_porte_a_une_competence(commande: Command) -> None:
    refus = tp(AU_TP).when(commande).then_refused("AMB-28")
    assert "jamais" in refus.detail


def test_cl_110_amb_28_un_bordereau_de_notes_est_refuse_en_bloc() -> None:
    ligne = LigneBordereau(candidat=ALICE, note=Decimal(14))
    depot = fait(DeposerBordereau, lot="L1", epreuve="CCP1", situation="S1", lignes=(ligne,), par=CORRECTEUR)
    with pytest.raises(Refus) as refus:
        bordereau.deposer(depot, bordereau.initial, {ALICE: tp(AU_TP).state}, ouverte(TP))
    assert refus.value.regle == "AMB-28"


def test_tp_n13_une_competence_se_dit_acquise_ou_non_criteres_vus_compris() -> None:
    tp(AU_TP).when(evaluer("CCP1", "S1", True, criteres=7, lot="L1")).then(
        CompetenceEvaluee(
            candidat=ALICE,
            epreuve="CCP1",
            situation="S1",
            acquise=True,
            criteres=7,
            lot="L1",
            auteur="cor1",
            regle="AMB-28",
        )
    )


@pytest.mark.parametrize(
    ("epreuve", "situation", "criteres"), [("CCP1", "S1", 7), ("CCP1", "S2", 9), ("CCP2", "S2", 8)]
)
def test_tp_n13_jamais_plus_de_criteres_que_la_competence_n_en_a(epreuve: str, situation: str, criteres: int) -> None:
    tp(AU_TP).when(evaluer(epreuve, situation, criteres=criteres)).then_kinds(CompetenceEvaluee)
    tp(AU_TP).when(evaluer(epreuve, situation, criteres=criteres + 1)).then_refused("TP-N13")


def test_tp_n13_cinquante_trois_criteres_en_sept_competences() -> None:
    epreuves = load_all()[TP].epreuves
    criteres = [one.criteres for code in ("CCP1", "CCP2") for one in epreuves[code].situations.values()]
    assert criteres == [7, 9, 9, 6, 8, 7, 7]


def test_tp_n14_une_competence_transversale_n_a_pas_de_decision_propre() -> None:
    tp(AU_TP).when(evaluer("CCP1", "S9")).then_refused("SITUATION_INCONNUE")


def test_amb_28_l_unite_est_acquise_quand_toutes_ses_competences_le_sont() -> None:
    found = dit(apres(tp(AU_TP), *evaluees(True, True, True), arreter("CCP1")))
    assert (found.etat, found.note, found.note_brute) == (EtatResultat.ACQUISE, None, None)
    assert found.situations == {"S1": "acquise", "S2": "acquise", "S3": "acquise"}
    assert (found.regle, "TP-N13" in found.regles) == ("AMB-28", True)


def test_amb_28_une_seule_competence_non_acquise_et_l_unite_ne_l_est_pas() -> None:
    found = dit(apres(tp(AU_TP), *evaluees(True, False, True), arreter("CCP1")))
    assert (found.etat, found.situations["S2"]) == (EtatResultat.NON_ACQUISE, "non_acquise")


def test_tp_n13_toutes_les_competences_sont_vues_avant_d_arreter() -> None:
    apres(tp(AU_TP), evaluer("CCP1", "S1")).when(arreter("CCP1")).then_refused("TR-N01")
    tp(AU_TP).when(evaluer("CCP1", None)).then_refused("SITUATION_REQUISE")


def test_tp_n08_l_entretien_final_se_dit_acquis_en_entier() -> None:
    found = dit(apres(tp(AU_TP), evaluer("EF", None), arreter("EF")), "EF")
    assert (found.etat, found.situations) == (EtatResultat.ACQUISE, {})


def test_amb_28_une_epreuve_notee_ne_se_dit_pas_acquise() -> None:
    bts(AU_BTS).when(evaluer("E1", None)).then_refused("EPREUVE_NOTEE")


def test_amb_28_qui_evalue_se_corrige_puis_le_service_seul() -> None:
    donne = apres(tp(AU_TP), *evaluees(True, True, True))
    donne.when(evaluer("CCP1", "S2", False)).then_kinds(CompetenceEvaluee)
    donne.when(evaluer("CCP1", "S2", False, par=SECOND)).then_refused("NOTE_DEJA_SAISIE")
    arrete = apres(donne, arreter("CCP1"))
    arrete.when(evaluer("CCP1", "S2", False)).then_refused("TR-N01")
    corrige = evaluer("CCP1", "S2", False, par=GESTIONNAIRE)
    [_, redit] = arrete.when(corrige).then_kinds(CompetenceEvaluee, ResultatArrete)
    assert redit.etat is EtatResultat.NON_ACQUISE


def test_amb_28_un_meme_lot_reprend_l_evaluation() -> None:
    donne = apres(tp(AU_TP), evaluer("CCP1", "S1", True, lot="L1"))
    donne.when(evaluer("CCP1", "S1", False, lot="L1", par=SECOND)).then_kinds(CompetenceEvaluee)


def test_amb_28_absent_a_une_competence_l_unite_est_sans_note() -> None:
    donne = apres(tp(AU_TP), absence("CCP1"), arreter("CCP1"))
    found = dit(donne)
    assert (found.etat, found.note) == (EtatResultat.ABSENT_INJUSTIFIE, None)
    donne.when(evaluer("CCP1", "S1")).then_refused("CANDIDAT_ABSENT")
    presents = [evaluer("CCP1", situation, par=GESTIONNAIRE) for situation in CCP1]
    assert dit(apres(donne, *presents)).etat is EtatResultat.ACQUISE


def test_amb_28_une_competence_evaluee_par_erreur_devient_une_absence_par_le_service() -> None:
    donne = apres(tp(AU_TP), evaluer("EF", None))
    centre = GESTIONNAIRE.model_copy(update={"role": "chef_centre"})
    donne.when(absence("EF", par=centre)).then_refused("NOTE_DEJA_SAISIE")
    assert dit(apres(donne, absence("EF"), arreter("EF")), "EF").etat is EtatResultat.ABSENT_INJUSTIFIE


# Les unités déjà acquises ------------------------------------------------------------------------------------------

CAPITALISATION = releve(TP, Categorie.CAPITALISATION, unites=("EF",))


def test_tp_i05_un_acquis_reporte_vaut_l_unite_sans_note() -> None:
    reporter = fait(ReporterAcquis, epreuve="CCP1", regle="TP-I05")
    [reporte, arrete] = tp(CAPITALISATION).when(reporter).events()
    assert reporte == ACQUIS
    assert (arrete.etat, arrete.note, arrete.regle) == (EtatResultat.ACQUISE, None, "TP-I05")
    tp(CAPITALISATION, reporte, arrete).when(reporter).then_nothing()


def test_tp_i05_un_acquis_appris_avant_l_inscription_est_dit_a_l_ouverture() -> None:
    ouvrir = fait(OuvrirReleve, categorie=Categorie.CAPITALISATION, reglement=TP, modes={}, unites=("EF",))
    [_, arrete] = tp(ACQUIS).when(ouvrir).events()
    assert (arrete.epreuve, arrete.etat) == ("CCP1", EtatResultat.ACQUISE)


def test_tp_i05_une_unite_acquise_peut_se_repasser_sans_se_perdre() -> None:
    donne = apres(tp(CAPITALISATION, ACQUIS), *evaluees(True, False, True), arreter("CCP1"))
    assert (dit(donne).etat, dit(donne).regle) == (EtatResultat.ACQUISE, "TP-I05")
    donne = apres(tp(CAPITALISATION, ACQUIS), *evaluees(True, True, True), arreter("CCP1"))
    assert (dit(donne).etat, dit(donne).regle) == (EtatResultat.ACQUISE, "AMB-28")


def test_tp_i05_repasser_une_unite_acquise_ne_redit_rien_avant_qu_elle_soit_entiere() -> None:
    donne = apres(tp(CAPITALISATION, ACQUIS), arreter("CCP1"))
    donne.when(evaluer("CCP1", "S1")).then_kinds(CompetenceEvaluee)
    donne = apres(donne, evaluer("CCP1", "S1"))
    donne.when(evaluer("CCP1", "S1", False)).then_kinds(CompetenceEvaluee)


def test_dc_fra01_sous_une_suspension_qui_evalue_se_corrige_encore() -> None:
    donne = apres(tp(AU_TP), evaluer("EF", None), suspecter("EF"))
    donne.when(evaluer("EF", None, False)).then_kinds(CompetenceEvaluee)
    leve = apres(donne, evaluer("EF", None, False), conclure("EF", False))
    assert dit(leve, "EF").etat is EtatResultat.NON_ACQUISE


def test_dc_tp02_une_unite_qu_il_ne_presente_pas_ne_s_evalue_pas() -> None:
    tp(CAPITALISATION).when(evaluer("CCP1", "S1")).then_refused("EPREUVE_NON_INSCRITE")
    tp(CAPITALISATION).when(arreter("CCP1")).then_refused("EPREUVE_NON_INSCRITE")
    tp(CAPITALISATION).when(evaluer("EF", None)).then_kinds(CompetenceEvaluee)
