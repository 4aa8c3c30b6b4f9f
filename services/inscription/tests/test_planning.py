"""Le passage moment par moment : durées exactes, ordre, présences, postes, tiers-temps, centre fermé."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from contracts.commandes.inscription import AffecterCentre, EmettreConvocation, PlanifierPassage, ReporterPassage
from contracts.evenements.inscription import (
    AmenagementAccorde,
    CentreAffecte,
    ConvocationEmise,
    PassagePlanifie,
    PassageReporte,
)
from contracts.vocabulaire import Categorie, Creneau, TypeCentre
from services.inscription.domain.etats import Autorisee
from services.inscription.domain.planning import Occupation, en_clair
from services.inscription.domain.session_examen import Centre
from services.inscription.tests.diplomes import AFFECTE, AUTRE_LYCEE, BTS, CENTRE, LYCEE, MC, TP, Examen, a
from services.inscription.tests.donnees import NUMERO, autorise

HUIT_HEURES, UN = a(8), Fraction(1)
TIERS_TEMPS = AmenagementAccorde(candidat=NUMERO, nature="tiers-temps", regle="DC-HAN01")
TITRE, CCP1, CCP2 = (
    TP.inscrit(Categorie.PARCOURS_CONTINU, *unites) for unites in (("CCP1", "CCP2", "EF"), ("CCP1",), ("CCP2",))
)


def planifier(creneaux: Iterable[Creneau], examen: Examen = TP) -> PlanifierPassage:
    return PlanifierPassage(candidat=NUMERO, creneaux=tuple(creneaux), **examen.qui())


def suite(*moments: tuple[str, int, str], depart: datetime = HUIT_HEURES, facteur: Fraction = UN) -> list[Creneau]:
    """Des moments qui se suivent : nom, minutes, qui est là (j : jury, s : surveillant, p : poste)."""
    creneaux = []
    for nom, minutes, presents in moments:
        fin = depart + timedelta(seconds=int(minutes * 60 * facteur))
        poste = "P01" if "p" in presents else None
        creneaux.append(
            Creneau(modalite=nom, debut=depart, fin=fin, poste=poste, jury="j" in presents, surveillant="s" in presents)
        )
        depart = fin
    return creneaux


def change(creneaux: list[Creneau], nom: str, **autres: Any) -> list[Creneau]:
    return [one.model_copy(update=autres) if one.modalite == nom else one for one in creneaux]


def sans(creneaux: list[Creneau], nom: str) -> list[Creneau]:
    return [one for one in creneaux if one.modalite != nom]


MISE_EN_SITUATION = (
    ("mise_en_situation_1", 75, "sp"),
    ("mise_en_situation_2", 45, "sp"),
    ("mise_en_situation_3", 60, "jp"),
)
ENTRETIENS = (
    ("entretien_technique_preparation", 10, "s"),
    ("entretien_technique_ecoute", 10, "j"),
    ("entretien_technique_questions", 10, "j"),
    ("entretien_final", 15, "j"),
)
CORRECTION = Creneau(modalite="correction", debut=a(11), fin=a(11, 10), jury=True)
SESSION_TITRE = [*suite(*MISE_EN_SITUATION, *ENTRETIENS), CORRECTION]
SESSION_CCP2 = suite(
    ("mise_en_situation_1", 75, "sp"),
    ("mise_en_situation_2", 20, "sp"),
    ("mise_en_situation_3", 30, "jp"),
    ("correction", 20, "j"),
    ("entretien_technique_preparation", 5, "j"),
    ("entretien_technique_questions", 10, "j"),
)


def planifie(creneaux: Iterable[Creneau], candidat: str, jury: str, regle: str = "TP-N09") -> PassagePlanifie:
    ordonnes = tuple(sorted(creneaux, key=lambda one: (one.debut, one.fin, one.modalite)))
    return PassagePlanifie(
        candidat=NUMERO, creneaux=ordonnes, minutes_candidat=candidat, minutes_jury=jury, regle=regle
    )


# Les durées --------------------------------------------------------------------------------------------------------


def test_cl_097_tp_n09_tp_n10_une_session_du_titre_dure_225_minutes_dont_95_devant_le_jury() -> None:
    TP.candidat(TITRE, AFFECTE).when(planifier(SESSION_TITRE)).then(planifie(SESSION_TITRE, "225", "95"))


def test_tp_n09_tp_n10_une_session_du_ccp1_dure_130_minutes_dont_30_devant_le_jury() -> None:
    creneaux = suite(
        ("mise_en_situation_1", 75, "sp"),
        ("mise_en_situation_2", 15, "sp"),
        ("mise_en_situation_3", 15, "jp"),
        ("correction", 15, "j"),
        ("entretien_technique_preparation", 10, "s"),
        ("entretien_technique_ecoute", 10, "j"),
        ("entretien_technique_questions", 5, "j"),
    )
    TP.candidat(CCP1, AFFECTE).when(planifier(creneaux)).then(planifie(creneaux, "130", "30"))


def test_tp_n09_tp_n10_amb_27_une_session_du_ccp2_dure_140_minutes_dont_45_devant_le_jury() -> None:
    TP.candidat(CCP2, AFFECTE).when(planifier(SESSION_CCP2)).then(planifie(SESSION_CCP2, "140", "45"))


def test_cl_101_tp_d02_l_entretien_final_de_la_capitalisation_dure_15_minutes() -> None:
    seul = suite(("entretien_final", 15, "j"))
    entretien = TP.inscrit(Categorie.CAPITALISATION, "EF")
    TP.candidat(entretien, AFFECTE).when(planifier(seul)).then(planifie(seul, "15", "15", "TP-N08"))


def test_tp_n01_une_duree_est_exacte_a_la_seconde() -> None:
    courte = change(SESSION_TITRE, "mise_en_situation_1", debut=a(8, 0, 1))
    TP.candidat(TITRE, AFFECTE).when(planifier(courte)).then_refused("TP-N01")


def test_tp_n12_aucun_questionnaire_professionnel_ne_se_planifie() -> None:
    questionnaire = Creneau(modalite="questionnaire_professionnel", debut=a(14), fin=a(14, 30), surveillant=True)
    TP.candidat(TITRE, AFFECTE).when(planifier([*SESSION_TITRE, questionnaire])).then_refused("TP-N09")


def test_tp_n12_un_moment_sans_duree_n_est_pas_attendu() -> None:
    parcours = TP.reglement.parcours["titre"]
    nul = parcours.modalites["entretien_final"].model_copy(update={"minutes": 0})
    modalites = {**parcours.modalites, "questionnaire": nul}
    titre = parcours.model_copy(update={"modalites": modalites})
    examen = TP.sous(parcours={**TP.reglement.parcours, "titre": titre})
    examen.candidat(TITRE, AFFECTE).when(planifier(SESSION_TITRE)).then(planifie(SESSION_TITRE, "225", "95"))


@pytest.mark.parametrize("nom", ["mise_en_situation_2", "entretien_final"])
def test_tp_n09_chaque_moment_est_planifie_une_fois(nom: str) -> None:
    TP.candidat(TITRE, AFFECTE).when(planifier(sans(SESSION_TITRE, nom))).then_refused("TP-N09")
    [double] = [one for one in SESSION_TITRE if one.modalite == nom]
    TP.candidat(TITRE, AFFECTE).when(planifier([*SESSION_TITRE, double])).then_refused("TP-N09")


def test_tp_n09_la_correction_seule_n_est_pas_un_passage() -> None:
    TP.candidat(TITRE, AFFECTE).when(planifier([CORRECTION])).then_refused("TP-N09")


def test_cl_100_tp_d03_une_session_de_ccp_ne_planifie_pas_d_entretien_final() -> None:
    final = Creneau(modalite="entretien_final", debut=a(12), fin=a(12, 15), jury=True)
    TP.candidat(CCP2, AFFECTE).when(planifier([*SESSION_CCP2, final])).then_refused("TP-D03")


LES_DEUX = TP.inscrit(Categorie.CAPITALISATION, "CCP2", "EF")
FINAL = suite(("entretien_final", 15, "j"), depart=SESSION_CCP2[-1].fin)


def test_cl_101_tp_d02_le_ccp2_puis_l_entretien_final_font_un_seul_passage() -> None:
    ensemble = [*SESSION_CCP2, *FINAL]
    TP.candidat(LES_DEUX, AFFECTE).when(planifier(ensemble)).then(planifie(ensemble, "155", "60"))
    TP.candidat(LES_DEUX, AFFECTE).when(planifier(SESSION_CCP2)).then_refused("TP-N09")
    TP.candidat(LES_DEUX, AFFECTE).when(planifier(FINAL)).then_refused("TP-N09")


@pytest.mark.parametrize("depart", [a(7), a(9)])
def test_cl_101_tp_d02_l_entretien_final_vient_a_la_fin_de_la_session_du_ccp(depart: datetime) -> None:
    avant = suite(("entretien_final", 15, "j"), depart=depart)
    TP.candidat(LES_DEUX, AFFECTE).when(planifier([*SESSION_CCP2, *avant])).then_refused("TP-D02")


def test_cl_101_dc_han01_le_tiers_temps_suit_chaque_parcours() -> None:
    pour_l_entretien = TIERS_TEMPS.model_copy(update={"epreuves": ("EF",)})
    long = suite(("entretien_final", 15, "j"), depart=SESSION_CCP2[-1].fin, facteur=Fraction(4, 3))
    ensemble = [*SESSION_CCP2, *long]
    TP.candidat(LES_DEUX, AFFECTE, pour_l_entretien).when(planifier(ensemble)).then(planifie(ensemble, "160", "65"))


# L'ordre -----------------------------------------------------------------------------------------------------------


def test_cl_107_tp_n15_l_entretien_technique_vient_apres_la_correction_des_ecrits() -> None:
    tard = change(SESSION_TITRE, "correction", debut=a(11, 15), fin=a(11, 25))
    TP.candidat(TITRE, AFFECTE).when(planifier(tard)).then_refused("TP-N15")
    TP.candidat(TITRE, AFFECTE).when(planifier(sans(SESSION_TITRE, "correction"))).then_refused("TP-N15")


def test_tp_n15_on_ne_corrige_pas_ce_qui_n_est_pas_ecrit() -> None:
    tot = change(SESSION_TITRE, "correction", debut=a(8), fin=a(8, 10))
    TP.candidat(TITRE, AFFECTE).when(planifier(tot)).then_refused("TP-N15")


def test_tp_n16_la_correction_est_au_jury_seul_et_prend_du_temps() -> None:
    TP.candidat(TITRE, AFFECTE).when(planifier(change(SESSION_TITRE, "correction", jury=False))).then_refused("TP-N10")
    for debut in (a(11), a(11, 10)):
        a_rebours = change(SESSION_TITRE, "correction", debut=debut, fin=a(11))
        TP.candidat(TITRE, AFFECTE).when(planifier(a_rebours)).then_refused("TP-N09")


def test_tp_n02_un_moment_attend_la_fin_du_precedent() -> None:
    inverses = suite(MISE_EN_SITUATION[1], MISE_EN_SITUATION[0], MISE_EN_SITUATION[2], *ENTRETIENS)
    TP.candidat(TITRE, AFFECTE).when(planifier([*inverses, CORRECTION])).then_refused("TP-N02")


# Les présences et les postes ---------------------------------------------------------------------------------------


def test_cl_112_amb_27_pas_de_surveillant_la_ou_le_jury_est_deja() -> None:
    superflu = change(SESSION_CCP2, "entretien_technique_preparation", surveillant=True)
    TP.candidat(CCP2, AFFECTE).when(planifier(superflu)).then_refused("AMB-27")
    sans_jury = change(SESSION_CCP2, "entretien_technique_preparation", jury=False, surveillant=True)
    TP.candidat(CCP2, AFFECTE).when(planifier(sans_jury)).then_refused("AMB-27")


def test_tp_n10_le_jury_est_la_quand_il_evalue_et_seulement_alors() -> None:
    TP.candidat(TITRE, AFFECTE).when(planifier(change(SESSION_TITRE, "entretien_final", jury=False))).then_refused(
        "TP-N10"
    )
    TP.candidat(TITRE, AFFECTE).when(planifier(change(SESSION_TITRE, "mise_en_situation_1", jury=True))).then_refused(
        "TP-N10"
    )


def test_tp_n11_le_surveillant_est_la_quand_le_jury_n_y_est_pas() -> None:
    seul = change(SESSION_TITRE, "mise_en_situation_2", surveillant=False)
    TP.candidat(TITRE, AFFECTE).when(planifier(seul)).then_refused("TP-N11")


def test_tp_c02_chaque_candidat_a_un_poste() -> None:
    sans_poste = change(SESSION_TITRE, "mise_en_situation_1", poste=None)
    TP.candidat(TITRE, AFFECTE).when(planifier(sans_poste)).then_refused("TP-C02")


def test_cl_108_tp_c02_deux_candidats_ne_partagent_pas_un_poste_a_la_meme_heure() -> None:
    def autre(poste: str, debut: datetime, fin: datetime) -> Any:
        return TP.candidat(TITRE, AFFECTE, occupations=[Occupation(poste, debut, fin)]).when(planifier(SESSION_TITRE))

    autre("P01", a(9), a(9, 30)).then_refused("TP-C02")
    autre("P01", a(7), a(8, 0, 1)).then_refused("TP-C02")
    autre("P02", a(9), a(9, 30)).then(planifie(SESSION_TITRE, "225", "95"))
    autre("P01", a(7), a(8)).then(planifie(SESSION_TITRE, "225", "95"))
    autre("P01", a(11), a(12)).then(planifie(SESSION_TITRE, "225", "95"))


def test_un_passage_se_planifie_dans_un_centre_ouvert_a_qui_peut_se_presenter() -> None:
    TP.candidat(TITRE).when(planifier(SESSION_TITRE)).then_refused("CENTRE_ATTENDU")
    refuse = autorise(False, "TP-C01")
    TP.candidat(TITRE, AFFECTE, refuse).when(planifier(SESSION_TITRE)).then_refused("TP-C01")
    tot = [one.model_copy(update={"debut": a(8), "fin": a(8, 15)}) for one in suite(("entretien_final", 15, "j"))]
    avant = [
        one.model_copy(update={"debut": one.debut.replace(month=4), "fin": one.fin.replace(month=4)}) for one in tot
    ]
    entretien = TP.inscrit(Categorie.CAPITALISATION, "EF")
    TP.candidat(entretien, AFFECTE).when(planifier(avant)).then_refused("CONVOCATION_PREMATUREE")


def test_un_changement_de_centre_est_a_replanifier() -> None:
    ailleurs = CentreAffecte(candidat=NUMERO, centre=AUTRE_LYCEE, type=TypeCentre.PRINCIPAL, regle="TR-N04")
    plan = planifie(SESSION_TITRE, "225", "95")
    TP.candidat(TITRE, AFFECTE, plan).when(planifier(SESSION_TITRE)).then_nothing()
    TP.candidat(TITRE, AFFECTE, plan, ailleurs).when(planifier(SESSION_TITRE)).then(plan)


# Le passage d'une épreuve ------------------------------------------------------------------------------------------

E4 = (
    ("E4-preparation", 40, "s"),
    ("E4-expose", 10, "j"),
    ("E4-entretien", 10, "j"),
    ("E4-simulation", 20, "j"),
    ("E4-information_expose", 10, "j"),
    ("E4-information_entretien", 10, "j"),
)
E2 = (("E2-preparation", 30, "s"), ("E2-comprehension", 10, "j"), ("E2-entretien", 20, "j"))
INDIVIDUEL = BTS.inscrit(Categorie.INDIVIDUEL)


def test_tr_n04_bts_n04_une_epreuve_du_bts_se_planifie_d_un_tenant() -> None:
    BTS.candidat(INDIVIDUEL, AFFECTE).when(planifier(suite(*E4), BTS)).then(planifie(suite(*E4), "100", "60", "TR-N04"))
    BTS.candidat(INDIVIDUEL, AFFECTE).when(planifier(suite(*E4[1:]), BTS)).then_refused("TR-N04")


def test_tr_n04_le_planning_d_une_epreuve_garde_celui_des_autres() -> None:
    e4, e2 = suite(*E4), suite(*E2, depart=a(14))
    deja = planifie(e4, "100", "60", "TR-N04")
    BTS.candidat(INDIVIDUEL, AFFECTE, deja).when(planifier(e2, BTS)).then(planifie([*e4, *e2], "160", "90", "TR-N04"))


def test_tr_n04_deux_epreuves_ne_se_chevauchent_pas() -> None:
    deja = planifie(suite(*E4), "100", "60", "TR-N04")
    BTS.candidat(INDIVIDUEL, AFFECTE, deja).when(planifier(suite(*E2, depart=a(9)), BTS)).then_refused("TR-N04")


def test_tr_n04_rien_ne_se_planifie_d_une_epreuve_sans_moment_ou_non_passee() -> None:
    BTS.candidat(INDIVIDUEL, AFFECTE).when(planifier(suite(("E1-ecrit", 240, "s")), BTS)).then_refused("TR-N04")
    BTS.candidat(INDIVIDUEL, AFFECTE, autorise_e4(False)).when(planifier(suite(*E4), BTS)).then_refused("TR-N04")


def autorise_e4(oui: bool) -> Any:
    return autorise(oui, "BTS-C03").model_copy(update={"epreuves": ("E4",)})


def test_tr_n04_la_convocation_ne_vient_pas_apres_le_debut_du_passage() -> None:
    deja = planifie(suite(*E4), "100", "60", "TR-N04")
    tard = EmettreConvocation(candidat=NUMERO, date=a(8, 30), **BTS.qui())
    BTS.candidat(INDIVIDUEL, AFFECTE, deja).when(tard).then_refused("TR-N04")
    a_l_heure = tard.model_copy(update={"date": a(8)})
    BTS.candidat(INDIVIDUEL, AFFECTE, deja).when(a_l_heure).then_kinds(ConvocationEmise)


# Le tiers-temps ----------------------------------------------------------------------------------------------------


def test_cl_136_dc_han01_un_tiers_de_temps_en_plus_fait_53_minutes_et_20_secondes_de_40() -> None:
    simulation = (("E1-simulation", 10, "jp"), ("E1-expose", 10, "j"), ("E1-entretien", 20, "j"))
    majore = suite(*simulation, facteur=Fraction(4, 3))
    candidat = MC.candidat(MC.inscrit(Categorie.INDIVIDUEL), AFFECTE, TIERS_TEMPS)
    jour = date(2024, 6, 13)
    deplaces = [
        one.model_copy(update={"debut": one.debut.replace(year=jour.year), "fin": one.fin.replace(year=jour.year)})
        for one in majore
    ]
    [emis] = candidat.when(planifier(deplaces, MC)).events()
    assert (emis.minutes_candidat, emis.minutes_jury) == ("160/3", "160/3")
    assert deplaces[-1].fin - deplaces[0].debut == timedelta(minutes=53, seconds=20)
    assert en_clair(Fraction(160, 3)) == "53 min 20 s"


def test_cl_136_dc_han01_le_planning_se_recalcule() -> None:
    exacte = planifie(SESSION_TITRE, "225", "95")
    TP.candidat(TITRE, AFFECTE, exacte, TIERS_TEMPS).when(planifier(SESSION_TITRE)).then_refused("TP-N01")
    majores = suite(*MISE_EN_SITUATION, *ENTRETIENS, facteur=Fraction(4, 3))
    correction = CORRECTION.model_copy(update={"debut": a(12), "fin": a(12, 10)})
    recalcule = [*majores, correction]
    TP.candidat(TITRE, AFFECTE, exacte, TIERS_TEMPS).when(planifier(recalcule)).then(
        planifie(recalcule, "300", "380/3")
    )


def test_dc_han01_le_tiers_temps_ne_vaut_qu_aux_epreuves_qu_il_nomme() -> None:
    pour_e2 = TIERS_TEMPS.model_copy(update={"nature": "Tiers temps", "epreuves": ("E2",)})
    BTS.candidat(INDIVIDUEL, AFFECTE, pour_e2).when(planifier(suite(*E2), BTS)).then_refused("BTS-N02")
    majores = suite(*E2, facteur=Fraction(4, 3))
    BTS.candidat(INDIVIDUEL, AFFECTE, pour_e2).when(planifier([*majores, *suite(*E4, depart=a(14))], BTS)).then(
        planifie([*majores, *suite(*E4, depart=a(14))], "180", "100", "TR-N04")
    )


def test_cl_136_dc_han02_le_planning_ne_dit_a_personne_pourquoi_il_dure_plus() -> None:
    assert set(PassagePlanifie.model_fields) == {"candidat", "creneaux", "minutes_candidat", "minutes_jury", "regle"}
    assert set(Creneau.model_fields) == {"modalite", "debut", "fin", "poste", "jury", "surveillant"}


# Un centre fermé ---------------------------------------------------------------------------------------------------

JOUR = a(6)
FERME = replace(CENTRE, ferme_le=frozenset({JOUR.date()}))
AILLEURS = Centre(AUTRE_LYCEE, TypeCentre.PRINCIPAL)
CONVOQUE = ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=("E1", "E2", "E3", "E4", "E5", "E6"), le=JOUR)
FERMETURE = {"centres": {LYCEE: FERME, AUTRE_LYCEE: AILLEURS}}


def reporter(date: datetime, centre: str = LYCEE) -> ReporterPassage:
    return ReporterPassage(candidat=NUMERO, centre=centre, date=date, motif="centre fermé le 13 juin", **BTS.qui())


def reporte(le: datetime, centre: str = LYCEE, epreuves: tuple[str, ...] = ()) -> PassageReporte:
    return PassageReporte(
        candidat=NUMERO,
        centre=centre,
        le=le,
        motif="centre fermé le 13 juin",
        regle="TR-N04",
        epreuves=epreuves or CONVOQUE.epreuves,
    )


def test_cl_140_le_candidat_compose_un_autre_jour_dans_son_centre() -> None:
    plus_tard = JOUR + timedelta(days=7)
    convoque = BTS.candidat(INDIVIDUEL, AFFECTE, CONVOQUE, **FERMETURE)
    convoque.when(reporter(JOUR)).then_refused("CENTRE_FERME")
    convoque.when(reporter(plus_tard)).then(reporte(plus_tard))


def test_cl_140_le_report_peut_ne_porter_que_sur_les_epreuves_empechees() -> None:
    plus_tard = JOUR + timedelta(days=7)
    convoque = BTS.candidat(INDIVIDUEL, AFFECTE, CONVOQUE, **FERMETURE)
    une = reporter(plus_tard).model_copy(update={"epreuves": CONVOQUE.epreuves[-1:]})
    convoque.when(une).then(reporte(plus_tard, epreuves=CONVOQUE.epreuves[-1:]))
    convoque.when(une.model_copy(update={"epreuves": ("E9",)})).then_refused("EPREUVE_NON_INSCRITE")


def test_cl_140_ou_le_meme_jour_dans_un_autre_et_sa_convocation_suit() -> None:
    [affecte] = (
        BTS.candidat(INDIVIDUEL, **FERMETURE)
        .when(AffecterCentre(candidat=NUMERO, centre=AUTRE_LYCEE, **BTS.qui()))
        .events()
    )
    history = (INDIVIDUEL, AFFECTE, CONVOQUE)
    BTS.candidat(*history, **FERMETURE).when(reporter(JOUR, AUTRE_LYCEE)).then(affecte, reporte(JOUR, AUTRE_LYCEE))
    suivi = BTS.candidat(*history, affecte, reporte(JOUR, AUTRE_LYCEE), **FERMETURE).state
    assert (suivi.convocation.centre, suivi.convocation.le) == (AUTRE_LYCEE, JOUR)
    assert suivi.convocation.epreuves == CONVOQUE.epreuves


def test_cl_140_nul_n_est_convoque_ni_planifie_dans_un_centre_ferme() -> None:
    convoquer = EmettreConvocation(candidat=NUMERO, date=JOUR, **BTS.qui())
    BTS.candidat(INDIVIDUEL, AFFECTE, **FERMETURE).when(convoquer).then_refused("CENTRE_FERME")
    BTS.candidat(INDIVIDUEL, AFFECTE, **FERMETURE).when(planifier(suite(*E4), BTS)).then_refused("CENTRE_FERME")


def test_cl_140_qui_n_est_pas_convoque_n_a_rien_a_reporter() -> None:
    BTS.candidat(INDIVIDUEL, AFFECTE, **FERMETURE).when(reporter(JOUR)).then_refused("RIEN_A_REPORTER")
    inconnu = reporter(JOUR, "0999999X")
    BTS.candidat(INDIVIDUEL, AFFECTE, CONVOQUE, **FERMETURE).when(inconnu).then_refused("CENTRE_INCONNU")


def test_cl_140_le_report_annule_le_planning() -> None:
    plan = planifie(suite(*E4), "100", "60", "TR-N04")
    plus_tard = JOUR + timedelta(days=7)
    suivi = BTS.candidat(INDIVIDUEL, AFFECTE, CONVOQUE, plan, reporte(plus_tard), **FERMETURE).state
    assert suivi.fiche.planning is None


def test_cl_140_un_report_sans_convocation_laisse_la_candidature_ou_elle_en_est() -> None:
    plan = planifie(suite(*E4), "100", "60", "TR-N04")
    suivi = BTS.candidat(INDIVIDUEL, autorise(), AFFECTE, plan, reporte(JOUR)).state
    assert isinstance(suivi, Autorisee)
    assert suivi.fiche.planning is None
