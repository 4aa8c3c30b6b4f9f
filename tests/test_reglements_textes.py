"""What the règlement files say, figure by figure, against the official texts: a number changed by mistake shows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.droits import Role
from contracts.reglement import Reglement, load_all
from contracts.requetes import DROITS_REQUETES
from contracts.vocabulaire import Categorie, Mode

REGLEMENTS = load_all()
BTS, MC, TP = REGLEMENTS["BTS-NDRC-2022"], REGLEMENTS["MC-ACVD"], REGLEMENTS["TP-CRCD-2021"]
CAP24, CAP26 = REGLEMENTS["CAP-OSRCL-2024"], REGLEMENTS["CAP-OSRCL-2026"]


@pytest.mark.parametrize(
    ("regle", "epreuve", "coefficient"),
    [
        ("BTS-N01", "E1", 3),
        ("BTS-N02", "E2", 3),
        ("BTS-N03", "E3", 3),
        ("BTS-N04", "E4", 5),
        ("BTS-N06", "E5", 4),
        ("BTS-N08", "E6", 3),
    ],
)
def test_bts_chaque_epreuve_a_le_coefficient_de_la_circulaire(regle: str, epreuve: str, coefficient: int) -> None:
    une = BTS.epreuves[epreuve]
    assert une.regle == regle
    assert une.coefficient == Decimal(coefficient)


@pytest.mark.parametrize(
    ("regle", "epreuve", "coefficient"), [("MC-N01", "E1", 5), ("MC-N04", "E2", 3), ("MC-N07", "E3", 1)]
)
def test_mc_chaque_epreuve_a_le_coefficient_du_reglement(regle: str, epreuve: str, coefficient: int) -> None:
    une = MC.epreuves[epreuve]
    assert une.regle == regle
    assert une.coefficient == Decimal(coefficient)


@pytest.mark.parametrize("epreuve", ["E4", "E6"])
def test_bts_n04_bts_n08_la_source_d_une_epreuve_a_deux_modes_ne_nomme_pas_la_forme_ponctuelle(epreuve: str) -> None:
    une = BTS.epreuves[epreuve]
    assert Mode.CCF in une.modes
    assert "ponctuel" not in BTS.sources[une.regle].section


def _minutes(reglement: Reglement, epreuve: str) -> list[Decimal]:
    return [one.minutes for one in reglement.epreuves[epreuve].modalites.values()]


@pytest.mark.parametrize(
    ("reglement", "epreuve", "minutes"),
    [
        pytest.param(BTS, "E2", [30, 10, 20], id="BTS-N02"),
        pytest.param(BTS, "E3", [240], id="BTS-N03"),
        pytest.param(BTS, "E4", [40, 10, 10, 20, 10, 10], id="BTS-N04"),
        pytest.param(BTS, "E5", [180, 40], id="BTS-N06"),
        pytest.param(BTS, "E6", [10, 5, 25], id="BTS-N08"),
        pytest.param(MC, "E1", [10, 10, 20], id="MC-N02"),
        pytest.param(MC, "E2", [180], id="MC-N06"),
        pytest.param(MC, "E3", [30], id="MC-N07"),
    ],
)
def test_mc_n02_bts_n03_les_durees_sont_celles_des_textes(
    reglement: Reglement, epreuve: str, minutes: list[int]
) -> None:
    assert _minutes(reglement, epreuve) == minutes


# Le titre professionnel : la même grille de durées que le référentiel (TP-N01 à TP-N11) ---------------------------

PARTIES = {
    "TP-N01": ("mise_en_situation_1", {"titre": 75, "ccp1": 75, "ccp2": 75}),
    "TP-N02": ("mise_en_situation_2", {"titre": 45, "ccp1": 15, "ccp2": 20}),
    "TP-N03": ("mise_en_situation_3", {"titre": 60, "ccp1": 15, "ccp2": 30}),
    "TP-N05": ("entretien_technique_preparation", {"titre": 10, "ccp1": 10, "ccp2": 5}),
    "TP-N06": ("entretien_technique_ecoute", {"titre": 10, "ccp1": 10}),
    "TP-N07": ("entretien_technique_questions", {"titre": 10, "ccp1": 5, "ccp2": 10}),
    "TP-N08": ("entretien_final", {"titre": 15, "capitalisation": 15}),
}


@pytest.mark.parametrize("regle", PARTIES)
def test_tp_n03_n05_n06_n07_chaque_moment_a_sa_duree_la_ou_le_referentiel_le_prevoit(
    regle: str,
) -> None:
    moment, durees = PARTIES[regle]
    trouvees = {
        nom: (parcours.modalites[moment].minutes, parcours.modalites[moment].regle)
        for nom, parcours in TP.parcours.items()
        if moment in parcours.modalites
    }
    assert trouvees == {nom: (Decimal(minutes), regle) for nom, minutes in durees.items()}


@pytest.mark.parametrize(("parcours", "total"), [("titre", 180), ("ccp1", 105), ("ccp2", 125)])
def test_tp_n04_le_total_de_la_mise_en_situation(parcours: str, total: int) -> None:
    moments = TP.parcours[parcours].modalites
    assert sum(one.minutes for nom, one in moments.items() if nom.startswith("mise_en_situation")) == total


def test_tp_n03_le_jury_n_est_la_qu_a_la_troisieme_partie_de_la_mise_en_situation() -> None:
    for nom in ("titre", "ccp1", "ccp2"):
        moments = TP.parcours[nom].modalites
        assert [one.jury for cle, one in moments.items() if cle.startswith("mise_en_situation")] == [False, False, True]


def test_tp_i04_deux_ccp_de_trois_et_quatre_competences_et_leurs_criteres() -> None:
    criteres = {code: [one.criteres for one in TP.epreuves[code].situations.values()] for code in ("CCP1", "CCP2")}
    assert criteres == {"CCP1": [7, 9, 9], "CCP2": [6, 8, 7, 7]}


def test_tp_n12_tp_n20_ni_questionnaire_ni_obligation_prealable() -> None:
    moments = {cle for parcours in TP.parcours.values() for cle in parcours.modalites}
    assert not [cle for cle in moments if "questionnaire" in cle or "production" in cle]
    assert TP.experience is None
    assert not TP.durees


# Les statuts et les épreuves ---------------------------------------------------------------------------------------


def test_mc_i01_les_cinq_situations_de_candidats() -> None:
    prevues = {
        Categorie.SCOLAIRE_PUBLIC,
        Categorie.APPRENTI,
        Categorie.FORMATION_CONTINUE,
        Categorie.PERFECTIONNEMENT,
        Categorie.EXPERIENCE,
    }
    assert prevues <= set(MC.categories)


def test_dc_mc05_une_unite_ponctuelle_deux_en_ccf() -> None:
    ccf = [code for code, one in MC.epreuves.items() if Mode.CCF in one.modes]
    assert (ccf, MC.epreuves["E3"].modes) == (["E1", "E2"], (Mode.PONCTUEL,))


def test_dc_bts04_dc_bts20_six_epreuves_obligatoires_l_engagement_est_facultatif() -> None:
    assert len([one for one in BTS.epreuves.values() if one.obligatoire]) == 6
    facultatives = [code for code, one in BTS.epreuves.items() if not one.obligatoire]
    assert facultatives == ["EF1", "EF2"]
    assert BTS.max_facultatives <= 3


def test_dc_bts07_amb_17_aucune_clause_ne_demande_de_certification_d_anglais() -> None:
    assert "AMB-17" in BTS.choix
    assert not [nature for nature in BTS.pieces if "anglais" in nature or "certification" in nature]


@pytest.mark.parametrize("reglement", [CAP24, CAP26], ids=["2024", "2026"])
def test_dc_cap12_le_chef_d_oeuvre_dont_le_coefficient_reste_a_verifier_n_est_pas_invente(reglement: Reglement) -> None:
    assert not [one.intitule for one in reglement.epreuves.values() if "œuvre" in one.intitule.lower()]
    assert "DC-CAP12" not in reglement.sources


def test_dc_vae02_le_jury_qui_delivre_par_la_vae_a_au_moins_un_quart_de_professionnels() -> None:
    assert TP.categories[Categorie.VAE].ouverte
    professionnels = sum(one.minimum for one in TP.jury.profils if one.profil == "professionnel")
    assert professionnels * 4 >= TP.jury.membres_min > 0
    assert {TP.jury.president, TP.jury.vice_president} == {"professionnel"}


@pytest.mark.parametrize(("identifiant", "niveau"), [("CAP-OSRCL-2024", 3), ("BTS-NDRC-2022", 5), ("MC-ACVD", 4)])
def test_dc_cap01_dc_mc13_le_niveau_du_diplome(identifiant: str, niveau: int) -> None:
    assert REGLEMENTS[identifiant].niveau == niveau


@pytest.mark.parametrize("reglement", [CAP24, CAP26], ids=["2024", "2026"])
def test_amb_06_sans_duree_dans_les_textes_aucun_moment_n_est_invente(reglement: Reglement) -> None:
    assert not reglement.epreuves["EP1"].modalites
    assert not reglement.epreuves["EP2"].modalites


@pytest.mark.parametrize("reglement", [CAP24, CAP26], ids=["2024", "2026"])
def test_amb_09_la_grille_d_ep3_vaut_dans_les_deux_modes(reglement: Reglement) -> None:
    grilles = reglement.epreuves["EP3"].situations["S2"].grilles
    assert {mode: one.annexe for mode, one in grilles.items()} == {Mode.PONCTUEL: "5.1", Mode.CCF: "5.1"}


@pytest.mark.parametrize(
    ("reglement", "choix"),
    [
        (CAP24, "AMB-01"),
        (CAP24, "AMB-02"),
        (MC, "AMB-24"),
        (TP, "AMB-26"),
        (BTS, "AMB-55"),
        (BTS, "DC-BTS21"),
    ],
)
def test_amb_01_amb_02_amb_24_amb_26_amb_55_le_choix_retenu_est_ecrit_et_source(
    reglement: Reglement, choix: str
) -> None:
    source = reglement.source(choix)
    assert reglement.choix[choix].texte
    assert source is not None


def test_dc_bts21_une_ligne_de_memoire_n_a_aucun_effet() -> None:
    """Un site annonce une mention au BTS, aucun texte ne la porte : elle n'est pas appliquée, et cela se voit."""
    source = BTS.source("DC-BTS21")
    assert BTS.deliberation.mentions == ()
    assert source is not None
    assert source.statut == "memoire"


def test_dc_tp04_l_echeance_du_titre_est_un_parametre_de_session_jamais_deduite() -> None:
    assert TP.inscription.regle_validite == "DC-TP03"
    assert "2026" not in str(TP.model_dump(mode="json", include={"inscription", "conservation"}))


def test_dc_bts05_le_stage_se_reduit_par_les_seules_causes_des_textes() -> None:
    reductions = {one.cause.value: one.minimum for one in BTS.durees["stage"].reductions}
    assert reductions == {"force_majeure": 8, "amenagement": 8, "positionnement": 8, "validation_academique": 4}


def test_dc_bts22_ce_reglement_ne_vaut_pour_aucune_autre_session() -> None:
    assert BTS.vaut_pour("2022")
    assert not any(BTS.vaut_pour(annee) for annee in ("2021", "2023", "2024", "2025"))


def test_dc_ccf01_le_candidat_ne_lit_pas_la_proposition_de_note_avant_le_jury() -> None:
    lisent = {nom for nom, roles in DROITS_REQUETES.items() if Role.CANDIDAT in roles}
    assert not [nom for nom in lisent if nom.startswith("notation.")]


def test_bts_g04_la_pratique_d_e5_s_evalue_sur_la_grille_de_son_sujet() -> None:
    grilles = BTS.epreuves["E5"].situations["S2"].grilles
    assert {mode: one.regle for mode, one in grilles.items()} == {Mode.PONCTUEL: "BTS-G04"}


def test_dc_tp09_le_centre_d_un_titre_est_agree_aucun_n_est_annexe() -> None:
    assert TP.inscription.regle_centre == "DC-TP09"
    assert {centre for one in TP.categories.values() for centre in one.centres} == {"principal"}


def test_dc_mc04_une_specialite_par_session() -> None:
    assert MC.deliberation.unique_specialite == "DC-MC04"
