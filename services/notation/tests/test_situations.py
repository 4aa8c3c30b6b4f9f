"""Les épreuves en situations du BTS et de la mention complémentaire : moyennes exactes, absences à une partie."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.bordereau import DeposerBordereau, LigneBordereau
from contracts.commandes.notation import RemplirGrille
from contracts.evenements.notation import GrilleRemplie, NoteSaisie, ResultatArrete
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, EtatResultat, Mode, Profil
from services.notation.domain import bordereau
from services.notation.tests.diplomes import (
    A_LA_MC,
    AU_BTS,
    BTS,
    MC,
    absence,
    apres,
    arreter,
    bts,
    justifier,
    mc,
    noter,
    ouverte,
    releve,
    resultat,
)
from services.notation.tests.donnees import ALICE, APRES_REMONTEE, CORRECTEUR, ENS, PRO, fait, session

EN_PONCTUEL = releve(MC, Categorie.INDIVIDUEL, {"E1": Mode.PONCTUEL, "E2": Mode.PONCTUEL, "E3": Mode.PONCTUEL})


def avec_option(reglement: str, option: str) -> SessionFigee:
    return session(None, reglement, choix={"AMB-37": option})


def dit(donne: Any, epreuve: str) -> ResultatArrete:
    found = resultat(donne, epreuve)
    assert found is not None
    return found


def e5(ecrit: str, pratique: str, dans: SessionFigee | None = None) -> ResultatArrete:
    commandes = (noter("E5", ecrit, "S1"), noter("E5", pratique, "S2"), arreter("E5"))
    return dit(apres(bts(AU_BTS, dans=dans), *commandes), "E5")


# E5 du BTS ---------------------------------------------------------------------------------------------------------


def test_cl_066_bts_n06_ecrit_14_et_pratique_6_donnent_10_exactement() -> None:
    found = e5("14", "6")
    assert (found.etat, found.note, found.note_brute) == (EtatResultat.NOTE, Decimal(10), "10/1")
    assert (found.regle, found.situations) == ("BTS-N06", {"S1": "14", "S2": "6"})


def test_bts_n06_la_moyenne_d_e5_n_est_pas_arrondie() -> None:
    found = e5("12.5", "12")
    assert (found.note, found.note_brute) == (Decimal("12.25"), "49/4")
    assert "AMB-37" not in found.regles


def test_amb_37_l_academie_peut_porter_e5_au_demi_point_superieur() -> None:
    found = e5("12.5", "12", avec_option(BTS, "demi_point_superieur"))
    assert (found.note, found.note_brute) == (Decimal("12.5"), "49/4")
    assert "AMB-37" in found.regles


def test_bts_n06_sans_l_une_des_parties_rien_n_est_arrete() -> None:
    apres(bts(AU_BTS), noter("E5", "14", "S1")).when(arreter("E5")).then_refused("TR-N01")


def test_cl_067_bts_d01_absent_injustifie_a_la_pratique_l_est_a_l_epreuve() -> None:
    found = dit(apres(bts(AU_BTS), noter("E5", "18", "S1"), absence("E5", "S2"), arreter("E5")), "E5")
    assert (found.etat, found.note) == (EtatResultat.ABSENT_INJUSTIFIE, None)
    assert found.situations == {"S1": "18", "S2": "absent_injustifie"}
    assert "BTS-D01" in found.regles


def test_cl_068_force_majeure_a_la_pratique_zero_a_cette_partie_seule() -> None:
    commandes = (noter("E5", "18", "S1"), absence("E5", "S2"), justifier("E5", "S2"), arreter("E5"))
    found = dit(apres(bts(AU_BTS), *commandes), "E5")
    assert (found.etat, found.note, found.note_brute) == (EtatResultat.NOTE, Decimal(9), "9/1")
    assert found.situations == {"S1": "18", "S2": "absent_justifie"}
    assert {"BTS-N06", "BTS-D01", "DC-BTS12"} <= set(found.regles)


def test_cl_068_absent_justifie_aux_deux_parties_l_est_a_l_epreuve() -> None:
    commandes = (absence("E5"), justifier("E5"), arreter("E5"))
    found = dit(apres(bts(AU_BTS), *commandes), "E5")
    assert (found.etat, found.note, found.regle) == (EtatResultat.ABSENT_JUSTIFIE, Decimal(0), "DC-BTS12")


def test_cl_068_une_partie_justifiee_une_autre_non_reste_une_absence() -> None:
    commandes = (absence("E5"), justifier("E5", "S1"), arreter("E5"))
    assert dit(apres(bts(AU_BTS), *commandes), "E5").etat is EtatResultat.ABSENT_INJUSTIFIE


def test_cl_068_justifier_apres_l_arrete_redit_le_resultat() -> None:
    donne = apres(bts(AU_BTS), noter("E5", "18", "S1"), absence("E5", "S2"), arreter("E5"))
    assert dit(apres(donne, justifier("E5", "S2")), "E5").note == Decimal(9)


# E2 de la mention complémentaire -----------------------------------------------------------------------------------


def e2(dans: SessionFigee | None = None) -> ResultatArrete:
    notes = (noter("E2", "8", "S1"), noter("E2", "12", "S2"), noter("E2", "11", "S3"))
    return dit(apres(mc(A_LA_MC, dans=dans), *notes, arreter("E2")), "E2")


def test_cl_115_mc_n05_trois_situations_ponderees_la_fraction_est_gardee_exacte() -> None:
    found = e2()
    assert (found.note, found.note_brute) == (Decimal("10.66"), "32/3")
    assert {"MC-N05", "AMB-37", "TR-N02"} <= set(found.regles)
    assert "MC-N03" not in found.regles  # what the text says of E1


def test_cl_115_amb_37_l_arrondi_au_demi_point_est_une_option_de_l_academie() -> None:
    found = e2(avec_option(MC, "demi_point_superieur"))
    assert (found.note, found.note_brute) == (Decimal(11), "32/3")


@pytest.mark.parametrize("option", ["aucun", "inconnue"])
def test_cl_115_amb_37_une_option_non_offerte_ne_change_rien(option: str) -> None:
    assert e2(avec_option(MC, option)).note == Decimal("10.66")


def test_mc_n06_en_ponctuel_une_seule_note_sans_situation() -> None:
    donne = mc(EN_PONCTUEL)
    donne.when(noter("E2", "11", "S1")).then_refused("SITUATION_SANS_OBJET")
    donne.when(absence("E2", "S1")).then_refused("SITUATION_SANS_OBJET")
    found = dit(apres(donne, noter("E2", "11.5"), arreter("E2")), "E2")
    assert (found.note, found.note_brute, found.situations) == (Decimal("11.5"), "23/2", {})
    assert found.regle == "MC-N04"


def test_mc_n06_un_lot_d_e2_en_ponctuel_ne_nomme_pas_de_situation_un_lot_de_ccf_la_nomme() -> None:
    lignes = (LigneBordereau(candidat=ALICE, note=Decimal(11)),)
    depot = fait(DeposerBordereau, lot="L1", epreuve="E2", lignes=lignes, par=CORRECTEUR)
    _, faits = bordereau.deposer(depot, bordereau.initial, {ALICE: mc(EN_PONCTUEL).state}, ouverte(MC))
    assert [type(one) for one in faits[ALICE]] == [NoteSaisie]
    for releve_lu, commande, regle in (
        (A_LA_MC, depot, "SITUATION_REQUISE"),
        (EN_PONCTUEL, depot.model_copy(update={"situation": "S1"}), "SITUATION_SANS_OBJET"),
    ):
        with pytest.raises(Refus) as refus:
            bordereau.deposer(commande, bordereau.initial, {ALICE: mc(releve_lu).state}, ouverte(MC))
        dites: Any = refus.value.donnees["lignes"]
        assert [ligne["regle"] for ligne in dites] == [regle]


def test_mc_n05_en_ccf_la_note_se_porte_a_une_situation() -> None:
    mc(A_LA_MC).when(noter("E2", "11")).then_refused("SITUATION_REQUISE")


def test_cl_116_amb_52_situation_de_ccf_manquante_justifiee_une_nouvelle_est_due() -> None:
    donne = apres(mc(A_LA_MC), noter("E2", "8", "S1"), noter("E2", "12", "S2"), absence("E2", "S3"))
    donne = apres(donne, justifier("E2", "S3"))
    donne.when(arreter("E2")).then_refused("AMB-52")
    refait = apres(donne, noter("E2", "11", "S3"), arreter("E2"))
    assert dit(refait, "E2").note_brute == "32/3"


def test_cl_116_amb_52_sans_nouvelle_situation_la_note_d_unite_n_est_pas_calculee() -> None:
    donne = apres(mc(A_LA_MC), noter("E2", "8", "S1"), noter("E2", "12", "S2"), absence("E2", "S3"))
    donne = apres(donne, justifier("E2", "S3"), arreter("E2", le=APRES_REMONTEE))
    found = dit(donne, "E2")
    assert (found.etat, found.note_brute) == (EtatResultat.ABSENT_JUSTIFIE, None)
    assert found.situations == {"S1": "8", "S2": "12", "S3": "absent_justifie"}


def test_cl_116_amb_52_absente_sans_motif_la_situation_fait_l_absence_a_l_unite() -> None:
    donne = apres(mc(A_LA_MC), noter("E2", "8", "S1"), noter("E2", "12", "S2"), absence("E2", "S3"), arreter("E2"))
    assert dit(donne, "E2").etat is EtatResultat.ABSENT_INJUSTIFIE


# Commissions et grilles --------------------------------------------------------------------------------------------

E1 = {"C1": 20, "C2": 8, "C4.2": 3, "C4.4": 2}


def remplir(epreuve: str, criteres: dict[str, int], commission: tuple[Profil, ...]) -> RemplirGrille:
    champs = {"criteres": criteres, "commission": commission, "note": Decimal(12), "par": CORRECTEUR}
    return fait(RemplirGrille, epreuve=epreuve, **champs)


def test_mc_n03_en_ccf_la_note_fixee_ensemble_est_proposee_au_jury() -> None:
    donne = mc(A_LA_MC)
    donne.when(remplir("E1", E1, (ENS, ENS))).then_refused("MC-N03")
    donne.when(remplir("E1", E1, (ENS, PRO))).then_kinds(GrilleRemplie, NoteSaisie)
    found = dit(apres(donne, remplir("E1", E1, (ENS, PRO)), arreter("E1")), "E1")
    assert "MC-N03" in found.regles


@pytest.mark.parametrize("criteres", [{**E1, "C2": 11}, {**E1, "C9": 1}, {"C1": 3}])
def test_mc_n03_la_grille_n_a_ni_plus_de_criteres_ni_d_autres_competences(criteres: dict[str, int]) -> None:
    mc(A_LA_MC).when(remplir("E1", criteres, (ENS, PRO))).then_refused("MC-N03")


def test_bts_n13_l_engagement_est_evalue_sur_sa_grille_par_la_commission_d_e6() -> None:
    donne = bts(releve(BTS, Categorie.SCOLAIRE_PUBLIC, facultatives=("EF2",)))
    [remplie, _] = donne.when(remplir("EF2", {"C1": 1}, (ENS, PRO))).then_kinds(GrilleRemplie, NoteSaisie)
    assert (remplie.annexe, remplie.repli) == ("VIII-3", False)
    donne.when(remplir("EF2", {"C1": 1}, (PRO,))).then_refused("BTS-N13")


def test_bts_n10_la_commission_d_e6_est_un_professeur_et_un_professionnel() -> None:
    [remplie, note] = bts(AU_BTS).when(remplir("E6", {}, (ENS, PRO))).then_kinds(GrilleRemplie, NoteSaisie)
    assert (remplie.repli, remplie.annexe, note.regle) == (False, "", "BTS-N08")
    bts(AU_BTS).when(remplir("E6", {}, (ENS,))).then_refused("BTS-N10")
    bts(AU_BTS).when(remplir("E6", {}, (PRO, PRO))).then_refused("BTS-N10")


def test_bts_n10_a_defaut_de_professionnel_un_second_professeur() -> None:
    [remplie, _] = bts(AU_BTS).when(remplir("E6", {}, (ENS, ENS))).then_kinds(GrilleRemplie, NoteSaisie)
    assert remplie.repli


def test_bts_n04_sans_grille_ni_commission_chargees_la_note_se_saisit_seule() -> None:
    bts(AU_BTS).when(remplir("E4", {}, (ENS, PRO))).then_refused("TR-N01")
