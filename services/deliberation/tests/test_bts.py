"""A diploma with a general and a professional domain: barring states, oral épreuves, units taken one by one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.evenements.deliberation import DecisionPrise
from contracts.vocabulaire import Decision, EtatResultat, Forme
from services.deliberation.domain.dossier import ResultatJury
from services.deliberation.domain.proposition import proposer
from services.deliberation.tests.cadres import BTS, bts, citees, dossier_de, lire, oral, prise, progressive, propose
from services.deliberation.tests.donnees import dossier, session

N = EtatResultat
GENERAL = ("E1", "E2", "E3")


# Averages -----------------------------------------------------------------------------------------------------------


def test_cl_064_bts_n11_toutes_notes_a_10_admis() -> None:
    obtenu = propose(BTS, bts("10"))
    assert (obtenu.decision, obtenu.points, obtenu.coefficients) == (Decision.ADMIS, "210", "21")
    assert (obtenu.moyenne, obtenu.mention) == ("10.00", None)


def test_cl_065_bts_n12_la_lv2_a_12_rattrape_le_demi_point_manquant() -> None:
    obtenu = propose(BTS, bts("9.5", "10", "10", "10", "10", "10", EF1="12", facultatives=("EF1",)))
    assert (obtenu.decision, obtenu.points, obtenu.coefficients) == (Decision.ADMIS, "210.5", "21")
    (facultative,) = citees(obtenu.explication, "BTS-N12")
    assert facultative.chiffres == {"points": "2", "note": "12", "seuil": "10"}


def test_cl_065_la_lv2_a_10_n_ajoute_rien_le_rattrapage_s_ouvre() -> None:
    obtenu = propose(BTS, bts("9.5", "10", "10", "10", "10", "10", EF1="10", facultatives=("EF1",)))
    assert (obtenu.decision, obtenu.points) == (Decision.EPREUVES_CONTROLE, "208.5")
    assert obtenu.epreuves_controle == GENERAL


def test_amb_18_le_coefficient_des_facultatives_est_un_choix_dit() -> None:
    obtenu = propose(BTS, bts("10", EF1="13", EF2="11", facultatives=("EF1", "EF2")))
    assert (obtenu.points, obtenu.coefficients) == ("214", "21")
    assert "coefficient 1" in obtenu.choix["AMB-18"]
    assert "coefficient 1" in citees(obtenu.explication, "AMB-18")[0].texte


def test_cl_089_amb_50_l_engagement_non_tenu_est_sans_effet() -> None:
    obtenu = propose(BTS, bts("10", EF2=N.NON_TENUE, facultatives=("EF2",)))
    assert (obtenu.decision, obtenu.points, obtenu.coefficients) == (Decision.ADMIS, "210", "21")
    (dit,) = citees(obtenu.explication, "BTS-C21")
    assert (dit.effet, dit.preuves) == ("sans effet sur la décision", ("fait-EF2",))


def test_dc_bts21_aucune_mention_meme_a_20() -> None:
    assert propose(BTS, bts("20")).mention is None


def test_amb_39_une_unite_dispensee_ou_acquise_par_vae_sort_des_deux_cotes() -> None:
    for etat in (N.DISPENSE, N.VAE):
        obtenu = propose(BTS, bts(etat, "10", "10", "10", "10", "10"))
        assert (obtenu.decision, obtenu.points, obtenu.coefficients) == (Decision.ADMIS, "180", "18")
        assert "AMB-39" in obtenu.choix


# Absences -----------------------------------------------------------------------------------------------------------


def test_cl_067_bts_d01_absent_a_une_partie_d_e5_le_diplome_est_impossible() -> None:
    pratique = ResultatJury(N.ABSENT_INJUSTIFIE, "fait-E5", situations={"S1": "18", "S2": "absent_injustifie"})
    obtenu = propose(BTS, bts("16", "16", "16", "16", pratique, "16"))
    assert (obtenu.decision, obtenu.explication[0].regle) == (Decision.REFUSE, "BTS-D01")
    assert obtenu.explication[0].effet == "le diplôme ne peut pas être délivré"
    assert obtenu.epreuves_controle == ()


def test_bts_d01_une_absence_dite_a_la_seule_partie_compte_aussi() -> None:
    partie = ResultatJury(N.NOTE, "fait-E5", Decimal(18), situations={"S1": "18", "S2": "absent_injustifie"})
    obtenu = propose(BTS, bts("16", "16", "16", "16", partie, "16"))
    assert (obtenu.decision, obtenu.unites) == (Decision.REFUSE, ("E1", "E2", "E3", "E4", "E5", "E6"))


def test_cl_068_dc_bts12_force_majeure_zero_a_la_pratique_e5_vaut_9() -> None:
    e5 = ResultatJury(N.NOTE, "fait-E5", Decimal(9), situations={"S1": "18", "S2": "absent_justifie"}, note_brute="9/1")
    obtenu = propose(BTS, bts("11", "11", "11", "11", e5, "11"))
    assert (obtenu.decision, obtenu.points) == (Decision.ADMIS, "223")
    assert "absent, motif admis" in lire(obtenu.explication)


def test_amb_48_dc_bts12_force_majeure_zero_sans_session_de_remplacement() -> None:
    obtenu = propose(BTS, bts("8", "8", "8", "8", N.ABSENT_JUSTIFIE, "8"))
    assert (obtenu.decision, obtenu.points, obtenu.remplacement_possible) == (Decision.REFUSE, "136", ())
    (dit,) = citees(obtenu.explication, "AMB-48")
    assert "pas de session de remplacement" in dit.texte


# Barring states -----------------------------------------------------------------------------------------------------


def test_bts_d02_amb_46_non_valide_refuse_sans_moyenne_quel_que_soit_le_total() -> None:
    obtenu = propose(BTS, bts("18", "18", "9", N.NON_VALIDE, "18", "18"))
    assert (obtenu.decision, obtenu.moyenne, obtenu.moyenne_professionnelle) == (Decision.REFUSE, None, None)
    assert (obtenu.points, obtenu.coefficients) == ("0", "0")
    ligne = next(one for one in obtenu.lignes if one.epreuve == "E4")
    assert (ligne.etat, ligne.note, ligne.points, ligne.coefficient) == (N.NON_VALIDE, None, None, None)
    assert obtenu.unites == ("E1", "E2", "E5", "E6")  # les autres à 10 restent conservables
    (clause,) = citees(obtenu.explication, "BTS-D02")
    assert "NON VALIDE" in clause.texte
    assert clause.details[0].regle == "BTS-C03"
    assert citees(obtenu.explication, "AMB-46")
    assert "AMB-46" in obtenu.choix


def test_amb_47_non_valide_n_ouvre_pas_les_epreuves_de_controle() -> None:
    obtenu = propose(BTS, bts("9", "9", "9", "10.5", "10.5", N.NON_VALIDE))
    assert (obtenu.decision, obtenu.epreuves_controle) == (Decision.REFUSE, ())


def test_amb_47_absent_les_epreuves_de_controle_ne_s_ouvrent_pas() -> None:
    obtenu = propose(BTS, bts("14", N.ABSENT_INJUSTIFIE, "9", "10.5", "10.5", "10.5"))
    assert (obtenu.decision, obtenu.moyenne) == (Decision.REFUSE, "9.28")
    (dit,) = citees(obtenu.explication, "AMB-47")
    assert dit.effet == "aucune épreuve de contrôle"


def test_dc_fra01_l_epreuve_annulee_pour_fraude_interdit_le_diplome() -> None:
    obtenu = propose(BTS, bts("18", "18", N.FRAUDE_ANNULEE, "18", "18", "18"))
    assert (obtenu.decision, obtenu.moyenne) == (Decision.REFUSE, None)
    assert "commission de discipline" in lire(obtenu.explication)
    assert "DC-FRA01" in obtenu.regles


def test_dc_fra01_une_epreuve_annulee_s_explique_par_la_discipline_non_par_non_valide() -> None:
    obtenu = propose(BTS, bts("18", "18", N.FRAUDE_ANNULEE, "18", "18", "18"))
    assert not citees(obtenu.explication, "AMB-46")
    assert "AMB-46" not in obtenu.choix
    dites = [one.texte for one in citees(obtenu.explication, "DC-FRA01")]
    assert "Une épreuve annulée par la commission de discipline n'a pas de note." in dites


def test_amb_46_plusieurs_epreuves_sans_note_se_disent_au_pluriel_chacune_sous_sa_regle() -> None:
    obtenu = propose(BTS, bts("18", "18", "9", N.NON_VALIDE, "18", N.FRAUDE_ANNULEE))
    (clause,) = [one for one in obtenu.explication if one.effet == "non calculée"]
    assert clause.texte == "La moyenne n'est pas calculée : E4 et E6 n'ont pas de note."
    assert [(one.regle, one.preuves) for one in clause.details] == [
        ("AMB-46", ("fait-E4",)),
        ("DC-FRA01", ("fait-E6",)),
    ]
    seule = propose(BTS, bts("18", "18", "9", N.NON_VALIDE, "18", "18"))
    assert "E4 n'a pas de note" in lire(seule.explication)


@pytest.mark.parametrize("etat", [N.FRAUDE_ANNULEE, N.NON_VALIDE, N.NON_TENUE])
def test_un_reglement_qui_ne_nomme_pas_l_etat_ne_donne_pas_le_diplome(etat: EtatResultat) -> None:
    obtenu = proposer(dossier("16", UG1=etat), session())
    assert (obtenu.decision, obtenu.moyenne) == (Decision.AJOURNE, None)
    assert obtenu.explication[0].effet == "le diplôme ne peut pas être délivré"


# Suspended ----------------------------------------------------------------------------------------------------------


def test_cl_083_la_note_suspendue_met_le_candidat_en_attente() -> None:
    gelee = ResultatJury(N.SUSPENDUE, "fait-E4", Decimal(13), regle="BTS-C05")
    obtenu = propose(BTS, bts("12", "12", "12", gelee, "12", "12"))
    assert (obtenu.decision, obtenu.attendus, obtenu.moyenne) == (Decision.EN_ATTENTE, (), None)
    (dit,) = obtenu.explication
    assert (dit.regle, [one.regle for one in dit.details]) == ("AMB-44", ["BTS-C05"])
    assert "13" not in lire(obtenu.explication)
    assert "13" not in str([one.model_dump() for one in obtenu.lignes])


def test_cl_092_dc_fra01_suspecte_de_fraude_ses_resultats_sont_retenus() -> None:
    suspect = ResultatJury(N.SUSPENDUE, "fait-E3", regle="DC-FRA01")
    obtenu = propose(BTS, bts("15", "15", suspect, "15", "15", "15"))
    assert (obtenu.decision, obtenu.points) == (Decision.EN_ATTENTE, "0")
    assert "DC-FRA01" in obtenu.regles
    facultative = propose(BTS, bts("15", EF1=replace(suspect, fait="fait-EF1"), facultatives=("EF1",)))
    assert facultative.decision is Decision.EN_ATTENTE


# Second chance ------------------------------------------------------------------------------------------------------

PREMIERES = ("6", "9", "9", "11", "10", "10")


def test_cl_069_dc_bts11_rattrapage_ouvert_puis_la_meilleure_note_gardee() -> None:
    d = bts(*PREMIERES)
    ouvert = propose(BTS, d)
    assert (ouvert.decision, ouvert.points, ouvert.moyenne) == (Decision.EPREUVES_CONTROLE, "197", "9.38")
    assert (ouvert.moyenne_professionnelle, ouvert.epreuves_controle) == ("10.41", GENERAL)
    assert ouvert.explication[2].effet == "condition non remplie : épreuves de contrôle"
    choisi = replace(d, controles=("E1", "E2"))
    passes = {"E1": oral("E1", "6", "12"), "E2": oral("E2", "9", "7")}
    obtenu = propose(BTS, replace(choisi, resultats={**choisi.resultats, **passes}))
    assert (obtenu.decision, obtenu.points) == (Decision.ADMIS, "215")
    lignes = {one.epreuve: (one.note, one.controle) for one in obtenu.lignes}
    assert (lignes["E1"], lignes["E2"]) == ((Decimal(12), Decimal(12)), (Decimal(9), Decimal(7)))


def test_dc_bts11_l_explication_dit_les_deux_notes_et_celle_qui_est_gardee() -> None:
    d = replace(bts(*PREMIERES), controles=("E1", "E2"))
    passes = {"E1": oral("E1", "6", "12"), "E2": oral("E2", "9", "7")}
    obtenu = propose(BTS, replace(d, resultats={**d.resultats, **passes}))
    oraux = [one for one in citees(obtenu.explication, "DC-BTS11") if "oral" in one.chiffres]
    assert [one.chiffres for one in oraux] == [
        {"premiere": "6", "oral": "12", "gardee": "12"},
        {"premiere": "9", "oral": "7", "gardee": "9"},
    ]
    assert oraux[0].preuves == ("oral-E1", "fait-E1")
    rattrapage = next(one for one in citees(obtenu.explication, "DC-BTS11") if "plancher" in one.chiffres)
    assert rattrapage.chiffres["points"] == "197"
    assert rattrapage.effet == "admis après le contrôle"


def test_dc_bts11_tant_qu_un_oral_choisi_reste_a_passer_rien_n_est_decide() -> None:
    d = replace(bts("6", "9", "9", "11", "10", "10", E1=oral("E1", "6", "12")), controles=("E1", "E2"))
    obtenu = propose(BTS, d)
    assert (obtenu.decision, obtenu.restent, obtenu.points) == (Decision.EPREUVES_CONTROLE, ("E2",), "197")


def test_dc_bts11_l_absent_aux_oraux_est_decide_pour_de_bon() -> None:
    d = replace(bts(*PREMIERES, E1=oral("E1", "6", None), E2=oral("E2", "9", None)), controles=("E1", "E2"))
    obtenu = propose(BTS, d)
    assert (obtenu.decision, obtenu.points, obtenu.epreuves_controle) == (Decision.REFUSE, "197", ())
    assert "le contrôle ne suffit pas" in lire(obtenu.explication)


def test_dc_bts11_la_ligne_porte_la_premiere_note_et_l_oral() -> None:
    d = replace(bts(*PREMIERES, E1=oral("E1", "6", "12"), E2=oral("E2", "9", None)), controles=("E1", "E2"))
    situations = {one.epreuve: one.situations for one in propose(BTS, d).lignes}
    assert situations["E1"] == {"PREMIERE": "6", "CONTROLE": "12"}
    assert situations["E2"] == {"PREMIERE": "9", "CONTROLE": "absent_injustifie"}
    assert situations["E3"] == {}


def test_dc_bts11_la_premiere_note_se_dit_aussi_quand_l_oral_ne_compte_plus() -> None:
    d = replace(bts("6", "9", "9", "11", "10", "6", E1=oral("E1", "6", "20")), controles=("E1",))
    ligne = propose(BTS, d).lignes[0]
    assert (ligne.note, ligne.situations) == (Decimal(6), {"PREMIERE": "6", "CONTROLE": "20"})


def test_dc_bts11_les_oraux_ne_suffisent_pas_refuse_et_les_unites_a_10_se_gardent() -> None:
    d = replace(bts(*PREMIERES, E1=oral("E1", "6", "7"), E2=oral("E2", "9", "10")), controles=("E1", "E2"))
    obtenu = propose(BTS, d)
    assert (obtenu.decision, obtenu.points) == (Decision.REFUSE, "203")
    assert obtenu.unites == ("E2", "E4", "E5", "E6")


def test_dc_bts11_un_oral_ne_compte_pas_pour_qui_n_y_a_plus_droit() -> None:
    d = replace(bts("6", "9", "9", "11", "10", "6", E1=oral("E1", "6", "20")), controles=("E1",))
    obtenu = propose(BTS, d)
    assert (obtenu.decision, obtenu.points) == (Decision.REFUSE, "185")


def test_cl_070_domaine_professionnel_sous_10_pas_de_rattrapage() -> None:
    obtenu = propose(BTS, bts("8.6", "8.5", "9", "9.9", "9.9", "9.9"))
    assert (obtenu.moyenne, obtenu.moyenne_professionnelle) == (
        "9.38",
        "9.90",
    ) or obtenu.moyenne_professionnelle == "9.90"
    assert (obtenu.decision, obtenu.epreuves_controle) == (Decision.REFUSE, ())
    assert "Ces conditions ne sont pas réunies" in lire(obtenu.explication)


@pytest.mark.parametrize(
    ("e3", "moyenne", "decision"),
    [("4.99", "7.99", Decision.REFUSE), ("5", "8.00", Decision.EPREUVES_CONTROLE)],
)
def test_cl_071_le_plancher_de_8_est_exact(e3: str, moyenne: str, decision: Decision) -> None:
    # 12 x 10 au domaine professionnel ; 168 points font 8 : il en faut 48 au domaine général.
    obtenu = propose(BTS, bts("5", "6", e3, "10", "10", "10"))
    assert (obtenu.moyenne, obtenu.decision) == (moyenne, decision)


def test_amb_16_la_repartition_des_domaines_est_un_choix_dit() -> None:
    obtenu = propose(BTS, bts(*PREMIERES))
    assert "domaine général E1, E2, E3" in obtenu.choix["AMB-16"]


def test_dc_bts11_une_unite_generale_dispensee_n_a_pas_d_oral() -> None:
    obtenu = propose(BTS, bts(N.DISPENSE, "7", "9", "10.5", "10.5", "10.5"))
    assert (obtenu.decision, obtenu.epreuves_controle) == (Decision.EPREUVES_CONTROLE, ("E2", "E3"))


def test_dc_bts11_sans_note_au_domaine_general_pas_de_rattrapage() -> None:
    obtenu = propose(BTS, bts(N.ABSENT_JUSTIFIE, N.DISPENSE, N.DISPENSE, "11", "11", "11"))
    assert (obtenu.moyenne, obtenu.decision) == ("8.80", Decision.REFUSE)


# Units one by one ---------------------------------------------------------------------------------------------------


def test_dc_bts02_forme_progressive_des_unites_manquent_poursuite() -> None:
    obtenu = propose(BTS, dossier_de(E1="8", E3="13", **progressive("E1", "E3")))
    assert (obtenu.decision, obtenu.moyenne, obtenu.points) == (Decision.POURSUITE, None, "0")
    assert obtenu.unites == ("E1", "E3")  # DC-BTS03 : gardées au-dessous de 10 aussi
    (reste,) = [one for one in citees(obtenu.explication, "DC-BTS03") if "unites_a_presenter" in one.chiffres]
    assert reste.chiffres == {"unites_a_presenter": "4"}
    assert obtenu.explication[0].texte.startswith("Toutes les épreuves de cette session")
    assert "E2, E4, E5 et E6" in reste.texte


def test_dc_bts03_toutes_les_unites_sont_la_decision_ordinaire_avec_compensation() -> None:
    gardee = ResultatJury(N.BENEFICE, "fait-E1", Decimal(8))
    obtenu = propose(BTS, bts(gardee, "12", "10", "10", "10", "10", **progressive("E2", "E3", "E4", "E5", "E6")))
    assert (obtenu.decision, obtenu.points) == (Decision.ADMIS, "210")
    assert "se compense" in lire(obtenu.explication)


def test_dc_bts03_une_unite_tenue_d_ailleurs_ne_manque_pas() -> None:
    presente = progressive("E4", "E5", "E6")
    obtenu = propose(BTS, bts(N.DISPENSE, N.VAE, N.DISPENSE, "10", "10", "10", **presente))
    assert (obtenu.decision, obtenu.coefficients) == (Decision.ADMIS, "12")


def test_dc_bts03_une_unite_presentee_sans_resultat_fait_attendre() -> None:
    obtenu = propose(BTS, dossier_de(E1="8", **progressive("E1", "E3")))
    assert (obtenu.decision, obtenu.attendus) == (Decision.EN_ATTENTE, ("E3",))


def test_dc_bts14_forme_globale_seules_les_unites_a_10_se_gardent() -> None:
    obtenu = propose(BTS, bts("8", "12", "9.5", "10", "5", "7"))
    assert (obtenu.decision, obtenu.unites) == (Decision.REFUSE, ("E2", "E4"))
    (gardees,) = citees(obtenu.explication, "DC-BTS14")
    assert gardees.chiffres == {"E2": "12", "E4": "10", "annees": "5", "seuil": "10"}


def test_des_unites_manquent_en_forme_globale_pas_de_diplome() -> None:
    obtenu = propose(BTS, dossier_de(E1="18", E3="18", forme=Forme.GLOBALE, unites=("E1", "E3")))
    assert obtenu.decision is Decision.POURSUITE


# Exactness, choices -------------------------------------------------------------------------------------------------


def test_amb_37_la_note_d_e5_reste_exacte_et_le_choix_est_dit() -> None:
    e5 = ResultatJury(N.NOTE, "fait-E5", Decimal("10.12"), situations={"S1": "10.25", "S2": "10"}, note_brute="81/8")
    obtenu = propose(BTS, bts("10", "10", "10", "10", e5, "10"))
    assert (obtenu.points, obtenu.choix["AMB-37"]) == ("210.5", "aucun")
    ligne = next(one for one in obtenu.lignes if one.epreuve == "E5")
    assert (ligne.note, ligne.note_exacte, ligne.points) == (Decimal("10.12"), "81/8", Decimal("40.5"))


def test_amb_37_une_note_portee_au_demi_point_est_celle_qui_compte() -> None:
    e5 = ResultatJury(N.NOTE, "fait-E5", Decimal("10.5"), situations={"S1": "10.25", "S2": "10"}, note_brute="81/8")
    obtenu = propose(BTS, bts("10", "10", "10", "10", e5, "10"))
    assert Fraction(obtenu.points) == 212


def test_tr_d01_la_decision_dit_la_position_vue_et_les_choix_qui_ont_compte() -> None:
    event = prise(BTS, bts(*PREMIERES))
    assert isinstance(event, DecisionPrise)
    assert (event.journal, event.position, event.reglement) == ("JOURNAL_ROUEN", 100, BTS)
    assert (event.decision, event.epreuves_controle) == (Decision.EPREUVES_CONTROLE, GENERAL)
    assert {"AMB-16", "AMB-38"} <= event.choix.keys()
    assert all(regle in event.regles for regle in event.choix)
