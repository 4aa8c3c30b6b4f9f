"""Arrêter un résultat : la grille récapitulative."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.commandes.notation import ArreterResultat
from contracts.evenements.notation import AbsenceConstatee, ResultatArrete
from contracts.evenements.releve import AccesFerme, BeneficeReporte, EpreuveDispensee, ReleveOuvert
from contracts.vocabulaire import EtatResultat, Mode
from services.notation.tests.donnees import (
    ALICE,
    EN_CCF,
    OUVERT,
    etant_donne,
    fait,
    note_arretee,
    ouvert,
    saisie,
    saisir,
    session,
)

EP1 = (saisie("EP1", "11", "S1"), saisie("EP1", "8.5", "S2"))


def arreter(epreuve: str) -> ArreterResultat:
    return fait(ArreterResultat, epreuve=epreuve)


def test_cap24_n01_ep1_moyenne_ponderee_exacte_puis_arrondie() -> None:
    etant_donne(OUVERT, *EP1).when(arreter("EP1")).then(
        ResultatArrete(
            candidat=ALICE,
            epreuve="EP1",
            etat=EtatResultat.NOTE,
            note=Decimal("10.5"),
            note_brute="61/6",
            mode=Mode.PONCTUEL,
            situations={"S1": "11", "S2": "8.5"},
            regle="DC-CAP11",
            regles=("DC-CAP11", "CAP24-N01", "CAP24-N06", "AMB-37"),
        )
    )


def test_cl_047_dix_exact_reste_dix() -> None:
    notes = (saisie("EP1", "10", "S1"), saisie("EP1", "10", "S2"))
    [resultat] = etant_donne(OUVERT, *notes).when(arreter("EP1")).events()
    assert (resultat.note, resultat.note_brute) == (Decimal(10), "10/1")
    assert "AMB-37" not in resultat.regles


def test_dc_cap11_une_note_directe_n_est_pas_calculee() -> None:
    etant_donne(OUVERT, saisie("EP2", "12.5")).when(arreter("EP2")).then(note_arretee("EP2", "12.5"))


def test_cap24_n10_ep3_vaut_s2_seule() -> None:
    [resultat] = etant_donne(OUVERT, saisie("EP3", "7.5", "S2")).when(arreter("EP3")).events()
    assert (resultat.note, resultat.regle) == (Decimal("7.5"), "CAP24-N10")
    assert set(resultat.situations) == {"S1", "S2"}


@pytest.mark.parametrize(("donne", "regle"), [(OUVERT, "CAP24-N06"), (EN_CCF, "CAP24-N07")])
def test_cap24_n06_cap24_n07_ep1_la_recapitulative_veut_les_deux_situations(donne: ReleveOuvert, regle: str) -> None:
    refus = etant_donne(donne, EP1[0]).when(arreter("EP1")).then_refused(regle)
    assert "S2" in refus.detail


def test_tr_n01_une_epreuve_sans_note_ne_s_arrete_pas() -> None:
    etant_donne(OUVERT).when(arreter("UG1")).then_refused("TR-N01")
    etant_donne(ouvert()).when(arreter("UF1")).then_refused("EPREUVE_NON_INSCRITE")
    etant_donne().when(arreter("UG1")).then_refused("RELEVE_NON_OUVERT")
    etant_donne(OUVERT).when(arreter("EP9")).then_refused("EPREUVE_INCONNUE")


def test_tr_n02_en_ccf_la_note_est_une_proposition_au_jury() -> None:
    [resultat] = etant_donne(EN_CCF, *EP1).when(arreter("EP1")).events()
    assert resultat.mode is Mode.CCF
    assert "TR-N02" in resultat.regles


def test_amb_05_l_arrete_attend_le_poids_des_situations_quand_il_en_a_besoin() -> None:
    sans = session(valeurs=None)
    etant_donne(OUVERT, *EP1, dans=sans).when(arreter("EP1")).then_refused("AMB-05")
    etant_donne(OUVERT, saisie("EP2", "12"), dans=sans).when(arreter("EP2")).then(note_arretee("EP2", "12"))
    absent = AbsenceConstatee(candidat=ALICE, epreuve="EP1", situation="S1", regle="DC-CAP16")
    etant_donne(OUVERT, absent, dans=sans).when(arreter("EP1")).then_kinds(ResultatArrete)


def test_arreter_deux_fois_ne_dit_rien_de_plus() -> None:
    donne = etant_donne(OUVERT, saisie("UG1", "12"), note_arretee("UG1", "12"))
    donne.when(arreter("UG1")).then_nothing()


def test_cap26_i05_un_candidat_non_autorise_a_partout_ce_resultat() -> None:
    ferme = AccesFerme(candidat=ALICE, regle="CAP26-I05")
    non_autorise = ResultatArrete(candidat=ALICE, epreuve="UG1", etat=EtatResultat.NON_AUTORISE, regle="CAP26-I05")
    etant_donne(OUVERT, ferme).when(arreter("UG1")).then(non_autorise)
    etant_donne(ferme).when(arreter("UG1")).then(non_autorise)


def test_dc_cap20_une_epreuve_dispensee() -> None:
    dispense = EpreuveDispensee(candidat=ALICE, epreuve="UG3", regle="DC-CAP20")
    etant_donne(OUVERT, dispense).when(arreter("UG3")).then(
        ResultatArrete(candidat=ALICE, epreuve="UG3", etat=EtatResultat.DISPENSE, regle="DC-CAP20")
    )


def test_amb_39_une_situation_dispensee_sort_du_calcul() -> None:
    dispense = EpreuveDispensee(candidat=ALICE, epreuve="EP1", situation="S1", regle="DC-CAP20")
    [resultat] = etant_donne(OUVERT, dispense, EP1[1]).when(arreter("EP1")).events()
    assert (resultat.note, resultat.note_brute) == (Decimal("8.5"), "17/2")
    assert resultat.situations == {"S1": "dispense", "S2": "8.5"}
    toutes = dispense.model_copy(update={"situation": "S2"})
    [resultat] = etant_donne(OUVERT, dispense, toutes).when(arreter("EP1")).events()
    assert resultat.etat is EtatResultat.DISPENSE


# Bénéfice ----------------------------------------------------------------------------------------------------------

ONZE = BeneficeReporte(candidat=ALICE, epreuve="EP2", note=Decimal(11), session_origine="2024", regle="DC-CAP18")
GARDEE = ResultatArrete(candidat=ALICE, epreuve="EP2", etat=EtatResultat.BENEFICE, note=Decimal(11), regle="DC-CAP18")


def test_dc_cap18_une_note_conservee_se_reporte() -> None:
    etant_donne(OUVERT, ONZE).when(arreter("EP2")).then(GARDEE)


def test_cl_059_dc_cap18_garder_onze_repasser_et_obtenir_huit_donne_huit() -> None:
    etant_donne(OUVERT, ONZE, saisie("EP2", "8")).when(arreter("EP2")).then(note_arretee("EP2", "8"))
    etant_donne(OUVERT, saisie("EP2", "8"), ONZE).when(arreter("EP2")).then(note_arretee("EP2", "8"))


def test_cl_059_la_note_nouvelle_redit_un_benefice_deja_arrete() -> None:
    donne = etant_donne(OUVERT, ONZE, GARDEE)
    donne.when(saisir("EP2", "8")).then(saisie("EP2", "8"), note_arretee("EP2", "8"))


def test_dc_cap18_sans_repasser_l_absence_ou_le_support_absent_n_enlevent_pas_la_note_conservee() -> None:
    absent = AbsenceConstatee(candidat=ALICE, epreuve="EP2", regle="DC-CAP16")
    etant_donne(OUVERT, ONZE, absent).when(arreter("EP2")).then(GARDEE)


def test_dc_cap18_une_epreuve_a_demi_repassee_garde_son_dernier_resultat_jusqu_au_bout() -> None:
    onze = ONZE.model_copy(update={"epreuve": "EP1"})
    gardee = GARDEE.model_copy(update={"epreuve": "EP1"})
    etant_donne(OUVERT, onze, gardee).when(saisir("EP1", "11", "S1")).then(EP1[0])
    faits = etant_donne(OUVERT, onze, gardee, EP1[0]).when(saisir("EP1", "8.5", "S2")).events()
    assert [type(one).__name__ for one in faits] == ["NoteSaisie", "ResultatArrete"]
    assert faits[1].note == Decimal("10.5")
