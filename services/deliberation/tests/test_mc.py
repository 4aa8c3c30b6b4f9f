"""A diploma of three units in nine: no threshold of its own, exact marks, mentions by year."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.commandes.deliberation import AccorderPoints
from contracts.evenements.deliberation import PointsDeJuryAccordes
from contracts.vocabulaire import Decision, EtatResultat, Mode
from services.deliberation.domain.dossier import ResultatJury
from services.deliberation.domain.proposition import proposer
from services.deliberation.tests.cadres import MC, citees, donne, en_seance, lire, mc, president, propose, session_de
from services.deliberation.tests.donnees import ALICE

N = EtatResultat


def test_cl_113_mc_n08_dc_mc06_trois_fois_10_font_90_admis() -> None:
    obtenu = propose(MC, mc("10", "10", "10"))
    assert (obtenu.decision, obtenu.points, obtenu.coefficients, obtenu.mention) == (Decision.ADMIS, "90", "9", None)


def test_cl_114_dc_mc06_pas_de_seuil_professionnel() -> None:
    obtenu = propose(MC, mc("8", "13", "11"))
    assert (obtenu.decision, obtenu.points) == (Decision.ADMIS, "90")
    assert [one.regle for one in obtenu.explication[:3]] == ["DC-MC08", "AMB-23", "DC-MC06"]


def test_cl_115_la_note_exacte_compte_jamais_celle_qui_est_affichee() -> None:
    e2 = ResultatJury(
        N.NOTE,
        "fait-E2",
        Decimal("10.66"),
        Mode.CCF,
        {"S1": "8", "S2": "12", "S3": "11"},
        note_brute="32/3",
    )
    obtenu = propose(MC, mc("9", e2, "13"))
    assert (obtenu.points, obtenu.decision) == ("90", Decision.ADMIS)  # 45 + 32 + 13 ; affichées : 89,98
    ligne = next(one for one in obtenu.lignes if one.epreuve == "E2")
    assert (ligne.note, ligne.note_exacte, ligne.points) == (Decimal("10.66"), "32/3", Decimal(32))
    (part,) = [one for one in citees(obtenu.explication, "MC-N04") if "note" in one.chiffres]
    assert part.chiffres == {"points": "32", "note": "32/3", "coefficient": "3"}
    assert "10,66 (exactement 32/3)" in part.texte


def test_cl_115_un_total_sans_decimal_fini_reste_exact() -> None:
    tiers = ResultatJury(N.NOTE, "fait-E1", Decimal("10.66"), note_brute="32/3")
    obtenu = propose(MC, mc(tiers, "10", "6.66"))
    assert (obtenu.points, obtenu.decision, obtenu.moyenne) == ("13499/150", Decision.AJOURNE, "9.99")
    ligne = obtenu.lignes[0]
    assert (ligne.points, ligne.note_exacte) == (Decimal("53.33"), "32/3")


def test_amb_37_l_option_demi_point_de_l_academie_est_dite() -> None:
    e2 = ResultatJury(N.NOTE, "fait-E2", Decimal(11), Mode.CCF, {"S1": "8", "S2": "12", "S3": "11"}, note_brute="32/3")
    obtenu = proposer(mc("9", e2, "13"), session_de(MC, AMB_37="demi_point_superieur"))
    assert (obtenu.points, obtenu.choix["AMB-37"]) == ("91", "demi_point_superieur")
    assert "demi-point supérieur" in lire(obtenu.explication)


def test_cl_123_amb_23_u1_non_validee_pas_de_zero_diplome_impossible() -> None:
    obtenu = propose(MC, mc(N.NON_VALIDEE_U1, "16", "9"))
    assert (obtenu.decision, obtenu.moyenne, obtenu.points) == (Decision.AJOURNE, None, "0")
    assert (obtenu.lignes[0].note, obtenu.lignes[0].points) == (None, None)
    assert obtenu.unites == ("E2",)
    (clause,) = [one for one in obtenu.explication if one.regle == "AMB-23"]
    assert "NON VALIDÉE" in clause.texte
    assert clause.details[0].regle == "MC-C13"
    assert "ni note, ni zéro, ni absence" in clause.details[0].texte


def test_amb_23_l_absence_de_moyenne_se_fonde_sur_amb_23() -> None:
    obtenu = propose(MC, mc(N.NON_VALIDEE_U1, "16", "9"))
    (clause,) = [one for one in obtenu.explication if one.effet == "non calculée"]
    assert [one.regle for one in clause.details] == ["AMB-23"]
    annulee = propose(MC, mc("12", N.FRAUDE_ANNULEE, "9"))
    (clause,) = [one for one in annulee.explication if one.effet == "non calculée"]
    assert [one.regle for one in clause.details] == ["DC-FRA02"]


def test_cl_127_amb_39_e3_dispensee_80_sur_160_admis() -> None:
    obtenu = propose(MC, mc("10", "10", N.DISPENSE))
    assert (obtenu.decision, obtenu.points, obtenu.coefficients) == (Decision.ADMIS, "80", "8")
    assert propose(MC, mc("10", "10", N.VAE)).coefficients == "8"


def test_cl_129_dc_mc08_absence_justifiee_a_e2_ajourne_remplacement_possible() -> None:
    obtenu = propose(MC, mc("15", N.ABSENT_JUSTIFIE, "10"))
    assert (obtenu.decision, obtenu.points) == (Decision.AJOURNE, "85")
    assert obtenu.remplacement_possible == ("E2",)
    assert "épreuve de remplacement est possible pour E2" in lire(obtenu.explication)


def test_dc_mc08_absence_justifiee_diplome_possible_si_la_moyenne_tient() -> None:
    obtenu = propose(MC, mc("18", N.ABSENT_JUSTIFIE, "10"))
    assert (obtenu.decision, obtenu.points, obtenu.remplacement_possible) == (Decision.ADMIS, "100", ())


def test_dc_mc08_absence_injustifiee_pas_de_diplome() -> None:
    obtenu = propose(MC, mc("18", N.ABSENT_INJUSTIFIE, "18"))
    assert (obtenu.decision, obtenu.explication[0].effet) == (Decision.AJOURNE, "le diplôme ne peut pas être délivré")


def test_dc_mc07_ajourne_les_unites_a_10_se_gardent_cinq_ans() -> None:
    obtenu = propose(MC, mc("6", "12", "9.99"))
    assert obtenu.unites == ("E2",)
    (gardees,) = citees(obtenu.explication, "DC-MC07")
    assert gardees.chiffres == {"E2": "12", "annees": "5", "seuil": "10"}


@pytest.mark.parametrize(
    ("annee", "note", "mention"),
    [
        (2025, "12", "AB"),
        (2024, "12", "AB"),
        (2024, "11.99", None),
        (2024, "14", "B"),
        (2026, "16", "TB"),
        (2023, "12", None),
        (2022, "18", None),
    ],
)
def test_dc_mc10_cl_056_les_mentions_existent_des_2024(annee: int, note: str, mention: str | None) -> None:
    obtenu = propose(MC, mc(note, note, note), annee)
    assert (obtenu.decision, obtenu.mention) == (Decision.ADMIS, mention)
    dites = citees(obtenu.explication, "DC-MC10")
    assert len(dites) == 1
    assert (dites[0].chiffres.get("des") == "2024") == (annee < 2024)


def test_mc_d01_mc_n03_le_jury_arrete_la_note_proposee_en_ccf() -> None:
    e1 = ResultatJury(N.NOTE, "fait-E1", Decimal(9), Mode.CCF)
    d = mc(e1, "10", "10")
    assert "proposée au jury, qui l'arrête" in lire(propose(MC, d).explication)
    ordre = AccorderPoints(
        candidat=ALICE, epreuve="E1", note=Decimal(10), motif="dossier d'E1 demandé et revu", **president(MC)
    )
    (points,) = donne(MC, en_seance(MC), dossier=d).when(ordre).then_kinds(PointsDeJuryAccordes)
    assert (points.avant, points.apres, points.regle) == (Decimal(9), Decimal(10), "AMB-53")


def test_cl_115_les_points_du_jury_partent_de_la_note_affichee() -> None:
    e2 = ResultatJury(N.NOTE, "fait-E2", Decimal("10.66"), note_brute="32/3")
    ordre = AccorderPoints(candidat=ALICE, epreuve="E2", note=Decimal(11), motif="copie revue", **president(MC))
    (points,) = donne(MC, en_seance(MC), dossier=mc("9", e2, "9")).when(ordre).then_kinds(PointsDeJuryAccordes)
    assert (points.avant, points.arretee) == (Decimal("10.66"), Decimal("10.66"))
