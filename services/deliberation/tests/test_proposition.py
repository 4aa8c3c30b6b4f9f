"""The proposal: averages, absences, optional marks, mentions, driving, and why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from contracts.messages import Refus
from contracts.reglement import Clause
from contracts.vocabulaire import Decision, EtatResultat, Mode, Valeurs
from services.communs.explication import regles
from services.deliberation.domain import calcul
from services.deliberation.domain.dossier import DossierJury, Fermeture, PointsAccordes
from services.deliberation.domain.proposition import Proposition, proposer
from services.deliberation.tests.donnees import (
    OBLIGATOIRES,
    VALEURS,
    dossier,
    reglement,
    resultat,
    sans_mentions,
    session,
)

SESSION = session()
JUSTIFIE, INJUSTIFIE, DISPENSE = EtatResultat.ABSENT_JUSTIFIE, EtatResultat.ABSENT_INJUSTIFIE, EtatResultat.DISPENSE


def propose(d: DossierJury, **autres: Any) -> Proposition:
    return proposer(d, SESSION, **autres)


def textes(proposition: Proposition) -> str:
    def lire(explications: Any) -> list[str]:
        return [part for one in explications for part in (one.texte, one.effet, *lire(one.details))]

    return " ".join(lire(proposition.explication))


def conduite(mention: EtatResultat, note: str) -> dict[str, Any]:
    return {"EP3": resultat(note, "EP3", situations={"S1": mention.value, "S2": note})}


# Seuils -------------------------------------------------------------------------------------------------------------


def test_cl_048_ensemble_11_professionnel_9_99_ajourne() -> None:
    obtenu = propose(dossier("9.99", UG1="13", UG2="13", UG3="13", UG4="12.13"))
    assert (obtenu.moyenne, obtenu.moyenne_professionnelle) == ("11.00", "9.99")
    assert obtenu.decision is Decision.AJOURNE


def test_cl_049_ensemble_9_99_professionnel_15_ajourne() -> None:
    obtenu = propose(dossier("15", UG1="1", UG2="0.5", UG3="0.4", UG4="0.4"))
    assert (obtenu.moyenne, obtenu.moyenne_professionnelle) == ("9.99", "15.00")
    assert obtenu.decision is Decision.AJOURNE


def test_cl_050_total_exact_egal_au_seuil_admis() -> None:
    obtenu = propose(dossier("10", UG1="9.5", UG2="10.5", UG4="10.5"))
    assert (obtenu.points, obtenu.coefficients, obtenu.moyenne) == ("200", "20", "10.00")
    assert obtenu.decision is Decision.ADMIS


def test_amb_38_un_centieme_de_point_sous_le_seuil_n_est_jamais_releve() -> None:
    obtenu = propose(dossier("10", UG4="9.99"))  # 199.99 / 20 = 9.9995
    assert (obtenu.points, obtenu.moyenne) == ("199.99", "9.99")
    assert obtenu.decision is Decision.AJOURNE


def test_amb_38_un_coefficient_qui_ne_tombe_pas_juste_reste_exact() -> None:
    coefficients = {"EP1": Decimal("3.3"), "EP2": Decimal("3.3"), "EP3": Decimal("3.3")}
    valeurs = Valeurs(coefficients=coefficients, poids={"EP1.S1": Decimal(1), "EP1.S2": Decimal(1)}, reference="essai")
    obtenu = proposer(dossier("10", EP1="10.01", EP2="9.99"), session(valeurs=valeurs))
    assert (obtenu.points, obtenu.coefficients) == ("169", "16.9")
    assert obtenu.decision is Decision.ADMIS


def test_amb_41_la_pse_n_est_pas_professionnelle() -> None:
    obtenu = propose(dossier("9.5", UG1="20", UG4="20"))
    assert obtenu.moyenne_professionnelle == "9.50"
    assert obtenu.decision is Decision.AJOURNE


def test_dc_cap13_aucune_note_eliminatoire() -> None:
    assert propose(dossier("12", UG3="0")).decision is Decision.ADMIS


# Facultatif ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("note", "points"), [("13", "203"), ("7", "200"), ("10", "200"), ("20", "210")])
def test_cl_051_seuls_les_points_au_dessus_de_10(note: str, points: str) -> None:
    obtenu = propose(dossier("10", UF1=note))
    assert (obtenu.points, obtenu.coefficients, obtenu.decision) == (points, "20", Decision.ADMIS)


def test_cl_051_dc_cap14_le_facultatif_releve_l_ensemble() -> None:
    sans = dossier("10", UG1="9")
    assert propose(sans).decision is Decision.AJOURNE
    avec = propose(dossier("10", UG1="9", UF1="13"))
    assert (avec.points, avec.moyenne, avec.decision) == ("200", "10.00", Decision.ADMIS)


def test_cl_051_amb_40_le_facultatif_ne_releve_jamais_le_seuil_professionnel() -> None:
    obtenu = propose(dossier("15", EP1="9.5", EP2="9.5", EP3="9.5", UF1="20", UF2="20"))
    assert obtenu.moyenne_professionnelle == "9.50"
    assert obtenu.decision is Decision.AJOURNE


@pytest.mark.parametrize("etat", [JUSTIFIE, INJUSTIFIE, DISPENSE])
def test_amb_50_absence_ou_dispense_a_une_facultative_sans_effet(etat: EtatResultat) -> None:
    obtenu = propose(dossier("10", UF1=etat))
    assert (obtenu.points, obtenu.decision) == ("200", Decision.ADMIS)
    assert "AMB-50" in obtenu.regles


# Absences -----------------------------------------------------------------------------------------------------------


def test_cl_052_absence_justifiee_moyennes_tenues_admis() -> None:
    obtenu = propose(dossier("14", UG2=JUSTIFIE))
    assert (obtenu.points, obtenu.decision) == ("252", Decision.ADMIS)
    assert obtenu.remplacement_possible == ()


def test_cl_052_absence_justifiee_moyenne_perdue_remplacement_possible() -> None:
    obtenu = propose(dossier("11", EP2=JUSTIFIE))
    assert obtenu.decision is Decision.AJOURNE
    assert obtenu.remplacement_possible == ("EP2",)
    assert "DC-CAP17" in obtenu.regles
    assert "autorisation du recteur" in textes(obtenu)


def test_cap24_d02_la_session_de_remplacement_n_est_ouverte_qu_aux_epreuves_manquees_pour_un_motif_admis() -> None:
    obtenu = propose(dossier("9", EP2=JUSTIFIE, UG1=JUSTIFIE, UG2=INJUSTIFIE, UG3=JUSTIFIE))
    assert obtenu.remplacement_possible == ("EP2", "UG1")
    (dite,) = [one for one in obtenu.explication if one.regle == "DC-CAP17"]
    assert dite.preuves == ("fait-EP2", "fait-UG1")
    assert "EP2 et UG1" in dite.texte


def test_cl_053_ni_eps_ni_facultative_en_remplacement() -> None:
    obtenu = propose(dossier("10", UG3=JUSTIFIE, UF1=JUSTIFIE))
    assert obtenu.decision is Decision.AJOURNE
    assert obtenu.remplacement_possible == ()
    assert "DC-CAP17" not in obtenu.regles


def test_dc_cap17_un_echec_sans_absence_n_ouvre_pas_de_remplacement() -> None:
    assert propose(dossier("8")).remplacement_possible == ()


def test_cl_054_absence_injustifiee_pas_de_diplome() -> None:
    obtenu = propose(dossier("20", UG1=INJUSTIFIE, UG2="10", EP1="12"))
    assert obtenu.moyenne == "14.00"
    assert (obtenu.decision, obtenu.mention, obtenu.remplacement_possible) == (Decision.AJOURNE, None, ())
    presence = obtenu.explication[0]
    assert (presence.regle, presence.effet) == ("DC-CAP16", "le diplôme ne peut pas être délivré")


def test_dc_cap16_l_absence_injustifiee_ne_porte_pas_de_note() -> None:
    ligne = next(one for one in propose(dossier("14", UG1=INJUSTIFIE)).lignes if one.epreuve == "UG1")
    assert (ligne.note, ligne.coefficient, ligne.points) == (None, Decimal(3), Decimal(0))


def test_cl_028_zero_de_support_est_une_note_diplome_possible() -> None:
    zero = resultat("0", "EP2", etat=EtatResultat.ZERO_SUPPORT)
    obtenu = propose(dossier("15", EP2=zero))
    assert (obtenu.points, obtenu.coefficients, obtenu.decision) == ("240", "20", Decision.ADMIS)
    assert "support demandé n'a pas été remis" in textes(obtenu)


# Dispenses, bénéfices -----------------------------------------------------------------------------------------------


def test_amb_39_le_coefficient_d_une_dispense_sort_des_deux_cotes() -> None:
    obtenu = propose(dossier("10", UG1=DISPENSE))
    assert (obtenu.points, obtenu.coefficients, obtenu.moyenne) == ("170", "17", "10.00")
    assert obtenu.decision is Decision.ADMIS
    ligne = next(one for one in obtenu.lignes if one.epreuve == "UG1")
    assert (ligne.note, ligne.coefficient, ligne.points) == (None, None, None)
    assert "AMB-39" in obtenu.regles


def test_amb_39_une_dispense_n_aide_pas_qui_manque_le_seuil() -> None:
    assert propose(dossier("9.5", EP1=DISPENSE, UG1="20")).decision is Decision.AJOURNE


def test_dc_cap20_toutes_unites_dispensees_admis_sans_moyenne_ni_mention() -> None:
    toutes: dict[str, Any] = dict.fromkeys(OBLIGATOIRES, DISPENSE)
    obtenu = propose(dossier(None, **toutes))
    assert (obtenu.decision, obtenu.moyenne, obtenu.mention) == (Decision.ADMIS, None, None)
    assert obtenu.coefficients == "0"


def test_dc_cap18_une_note_conservee_compte_comme_une_note() -> None:
    obtenu = propose(dossier("9", EP1=resultat("16", "EP1", etat=EtatResultat.BENEFICE), EP2="12"))
    assert obtenu.points == "227"
    assert "Note conservée" in textes(obtenu)


# Conduite -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mention", [EtatResultat.NON_VALIDEE, EtatResultat.INSUFFISANT, EtatResultat.NON_ORGANISEE])
def test_cl_041_conduite_non_validee_admis(mention: EtatResultat) -> None:
    obtenu = propose(dossier("10", **conduite(mention, "10")))
    assert (obtenu.decision, obtenu.permis) == (Decision.ADMIS, mention)


def test_cl_042_conduite_validee_moyenne_8_ajourne_la_mention_est_portee() -> None:
    obtenu = propose(dossier("8", **conduite(EtatResultat.VALIDEE, "8")))
    assert (obtenu.decision, obtenu.permis) == (Decision.AJOURNE, EtatResultat.VALIDEE)
    assert obtenu.moyenne == "8.00"


@pytest.mark.parametrize("note", ["8", "10", "15"])
def test_cap24_n17_la_conduite_ne_change_rien_a_la_decision(note: str) -> None:
    etats = ("validee", "non_validee", "favorable", "insuffisant", "non_organisee", "dispense")
    obtenus = [propose(dossier(note, **conduite(EtatResultat(etat), note))) for etat in etats]
    assert len({(one.decision, one.mention, one.points, one.coefficients, one.moyenne) for one in obtenus}) == 1


@pytest.mark.parametrize(("mode", "regle"), [(Mode.PONCTUEL, "CAP24-N14"), (Mode.CCF, "CAP24-N15")])
def test_cap24_n17_la_conduite_est_dite_sans_effet(mode: Mode, regle: str) -> None:
    mention = resultat("10", "EP3", mode=mode, situations={"S1": "insuffisant"})
    (dite,) = [one for one in propose(dossier("10", EP3=mention)).explication if one.regle == regle]
    assert (dite.effet, dite.preuves) == ("sans effet sur la décision", ("fait-EP3",))


def test_cap24_n17_sans_mention_de_conduite_la_decision_se_prend() -> None:
    obtenu = propose(dossier("10"))
    assert (obtenu.decision, obtenu.permis) == (Decision.ADMIS, None)


# Mentions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notes", "moyenne", "mention"),
    [
        ({"partout": "12"}, "12.00", "AB"),
        ({"partout": "12", "UG4": "11.8"}, "11.99", None),
        ({"partout": "12", "UG4": "11.99"}, "11.99", None),  # 11.9995
        ({"partout": "14"}, "14.00", "B"),
        ({"partout": "14", "UG4": "13.99"}, "13.99", "AB"),
        ({"partout": "16"}, "16.00", "TB"),
        ({"partout": "11.5", "UF1": "20"}, "12.00", "AB"),
    ],
)
def test_cl_056_mentions_sur_le_total_exact(notes: dict[str, str], moyenne: str, mention: str | None) -> None:
    reste: dict[str, Any] = {code: note for code, note in notes.items() if code != "partout"}
    for identifiant in ("CAP-OSRCL-2024", "CAP-OSRCL-2026"):
        obtenu = proposer(dossier(notes["partout"], **reste), session(reglement(identifiant)))
        assert (obtenu.moyenne, obtenu.mention) == (moyenne, mention)


def test_cl_056_session_2023_aucune_mention() -> None:
    obtenu = proposer(dossier("12"), session(sans_mentions()))
    assert (obtenu.decision, obtenu.mention) == (Decision.ADMIS, None)
    assert "DC-CAP21" not in obtenu.regles


def test_dc_cap21_pas_de_mention_sans_diplome() -> None:
    obtenu = propose(dossier("20", EP1="9", EP2="9", EP3="9"))
    assert (obtenu.moyenne, obtenu.decision, obtenu.mention) == ("12.85", Decision.AJOURNE, None)


# Ce qui empêche de proposer -----------------------------------------------------------------------------------------


def test_cl_062_coefficients_non_charges_deliberation_bloquee() -> None:
    with pytest.raises(Refus) as refus:
        proposer(dossier("10"), session(valeurs=None))
    assert refus.value.regle == "AMB-05"
    assert refus.value.donnees["valeurs"] == ["EP1", "EP2", "EP3", "EP1.S1", "EP1.S2"]


def test_cl_062_une_seule_valeur_manque_elle_est_nommee() -> None:
    incompletes = VALEURS.model_copy(update={"poids": {"EP1.S1": Decimal(1)}})
    with pytest.raises(Refus) as refus:
        proposer(dossier("10"), session(valeurs=incompletes))
    assert (refus.value.regle, refus.value.donnees["valeurs"]) == ("AMB-05", ["EP1.S2"])


def test_un_resultat_non_arrete_met_en_attente_sans_rien_calculer() -> None:
    obtenu = propose(dossier("10", EP2=None))
    assert (obtenu.decision, obtenu.attendus) == (Decision.EN_ATTENTE, ("EP2",))
    assert (obtenu.moyenne, obtenu.mention) == (None, None)
    assert "EP2" in obtenu.explication[0].texte


def test_une_facultative_inscrite_sans_resultat_met_en_attente() -> None:
    obtenu = propose(replace(dossier("9.5"), facultatives=("UF1",)))
    assert (obtenu.decision, obtenu.attendus) == (Decision.EN_ATTENTE, ("UF1",))


def test_cap26_i05_non_autorise_sans_calcul() -> None:
    ferme = replace(dossier("18"), non_autorise=Fermeture(fait="fait-dossier", regle="CAP26-I05"))
    obtenu = proposer(ferme, session(valeurs=None))
    assert (obtenu.decision, obtenu.lignes, obtenu.moyenne) == (Decision.NON_AUTORISE, (), None)
    assert obtenu.regles == ("CAP26-I05",)
    assert obtenu.explication[0].preuves == ("fait-dossier",)
    assert obtenu.explication[0].source.startswith("note d'attestation")


def test_une_inscription_annulee_ne_se_delibere_pas() -> None:
    with pytest.raises(Refus, match="INSCRIPTION_ANNULEE"):
        propose(replace(dossier("10"), annulation="fait-annulation"))


@pytest.mark.parametrize(
    "etat", [EtatResultat.NOTE, EtatResultat.BENEFICE, EtatResultat.VALIDEE, EtatResultat.NON_AUTORISE]
)
def test_un_resultat_illisible_est_refuse_avec_le_fait_en_cause(etat: EtatResultat) -> None:
    with pytest.raises(Refus, match="RESULTAT_MANQUANT: fait fait-EP1"):
        propose(dossier("10", EP1=etat))


def test_un_reglement_sans_seuil_ni_domaine_est_refuse() -> None:
    d = calcul.bilan(dossier("10"), SESSION, {}, livret_vise=False)
    for clause in (
        Clause(regle="DC-CAP13", procedure="moyenne_ensemble"),
        Clause(regle="DC-CAP13", procedure="moyenne_domaine", seuil=Decimal(10)),
    ):
        with pytest.raises(Refus, match="DC-CAP13"):
            calcul.PROCEDURES[clause.procedure](clause, d)


# Livret, points -----------------------------------------------------------------------------------------------------


def test_cl_057_ajournement_avec_livret_demande_le_visa() -> None:
    assert propose(dossier("8", livret=True)).sans_visa == "DC-CAP15"
    assert propose(dossier("8", livret=True), livret_vise=True).sans_visa is None
    assert propose(dossier("8")).sans_visa is None


def test_dc_cap15_l_admis_n_a_pas_besoin_de_visa() -> None:
    obtenu = propose(dossier("10", livret=True))
    assert (obtenu.decision, obtenu.sans_visa) == (Decision.ADMIS, None)


def test_amb_53_les_points_du_jury_remplacent_la_note_et_l_ancienne_est_dite() -> None:
    accord = PointsAccordes(Decimal("9.5"), Decimal(10), "copie revue par le jury")
    obtenu = propose(dossier("10", EP1="9.5"), accords={"EP1": accord})
    assert (obtenu.decision, obtenu.points) == (Decision.ADMIS, "200")
    assert "Le jury porte la note de 9,5 à 10 : copie revue par le jury" in textes(obtenu)
    assert "AMB-53" in obtenu.regles


def test_amb_53_si_le_resultat_change_les_points_accordes_sont_sans_effet() -> None:
    accord = PointsAccordes(Decimal("9.5"), Decimal(10), "copie revue par le jury")
    obtenu = propose(dossier("10", EP1="9"), accords={"EP1": accord})
    assert (obtenu.decision, obtenu.points) == (Decision.AJOURNE, "195")
    assert "points accordés sans effet" in textes(obtenu)


# Explication --------------------------------------------------------------------------------------------------------


def test_tr_d01_chaque_condition_du_reglement_est_expliquee_avec_sa_source() -> None:
    obtenu = propose(dossier("12", UG1=DISPENSE, UF1="13"))
    conditions = [one.regle for one in SESSION.reglement.deliberation.conditions]
    assert [one.regle for one in obtenu.explication[: len(conditions)]] == conditions

    def verifier(explications: Any) -> None:
        for one in explications:
            assert one.source, one.regle
            assert one.texte.endswith("."), one.texte
            verifier(one.details)

    verifier(obtenu.explication)
    assert obtenu.regles == regles(obtenu.explication)
    assert len(set(obtenu.regles)) == len(obtenu.regles)


def test_l_explication_cite_les_faits_et_se_lit_en_francais() -> None:
    obtenu = propose(dossier("9.5", UG1="13.5"))
    ensemble = obtenu.explication[1]
    assert set(ensemble.preuves) == {f"fait-{code}" for code in OBLIGATOIRES}
    assert ensemble.texte == (
        "Moyenne sur l'ensemble des unités : 202 points pour un total de coefficients de 20, soit 10,10 ; "
        "il faut au moins 10, soit 200 points."
    )
    assert ensemble.chiffres == {
        "points": "202",
        "coefficients": "20",
        "moyenne": "10.10",
        "seuil": "10",
        "points_requis": "200",
    }
    assert obtenu.explication[2].effet == "condition non remplie : ajournement"


def test_tr_n02_une_note_de_ccf_est_dite_proposee_au_jury() -> None:
    obtenu = propose(dossier("10", EP1=resultat("12", "EP1", mode=Mode.CCF)))
    assert "TR-N02" in obtenu.regles
    assert "TR-N02" not in propose(dossier("10", EP1=resultat("12", "EP1", mode=Mode.PONCTUEL))).regles


def test_amb_05_l_origine_des_coefficients_fournis_est_dite() -> None:
    assert "valeurs d'essai (valeurs de démonstration" in textes(propose(dossier("10")))


@pytest.mark.parametrize(
    ("nombre", "texte"),
    [(Fraction(100), "100"), (Fraction(251, 2), "125.5"), (Fraction(32, 3), "32/3"), (Fraction(0), "0")],
)
def test_un_nombre_exact_s_ecrit_exactement(nombre: Fraction, texte: str) -> None:
    assert calcul.exact(nombre) == texte
    assert Fraction(texte) == nombre


def test_dc_cap11_a_composed_mark_says_what_each_situation_gave() -> None:
    composee = resultat("6", "EP1", situations={"S1": "12", "S2": EtatResultat.ZERO_SUPPORT.value})

    dit = textes(propose(dossier("12", EP1=composee)))

    assert "Composée de" in dit
    assert "note 12" in dit
    assert "zéro, support non remis" in dit
