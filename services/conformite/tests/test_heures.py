"""Les heures retenues : les cas du catalogue au chiffre près, puis ce qui vaut pour toutes les périodes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulaire import NaturePeriode, Periode
from services.conformite.domain.acces import fenetre
from services.conformite.domain.heures import (
    Attestee,
    Decompte,
    Fenetre,
    chiffre,
    heures_plafonnees,
    jours_ouvres,
    tronquer,
)
from services.conformite.tests.donnees import LUNDI, NOVEMBRE, PARIS, du_au, experience, semaines, session

TROIS_ANS = Fenetre(date(2023, 5, 18), date(2025, 11, 28))


def compte(*periodes: Periode, dans: Fenetre = TROIS_ANS) -> Decompte:
    return heures_plafonnees([Attestee(periode, dans) for periode in periodes], experience())


# Les cas du catalogue ---------------------------------------------------------------------------------------------


def test_cl_001_quatorze_semaines_a_35_h_font_490_h():
    assert compte(semaines(14)).heures == 490


def test_cl_002_vingt_huit_semaines_a_17_h_30_font_490_h():
    assert compte(semaines(28, "17.5")).heures == 490


def test_cl_003_vingt_semaines_a_24_h_font_480_h():
    assert compte(semaines(20, "24")).heures == 480


def test_cl_004_treize_semaines_a_39_h_font_455_h_apres_plafond():
    bilan = compte(semaines(13, "39"))
    assert [bilan.brutes, bilan.heures] == [507, 455]


@pytest.mark.parametrize("decalage", range(7))
def test_cl_004_le_jour_ou_la_periode_commence_ne_fait_rien_gagner(decalage: int):
    debut = LUNDI + timedelta(days=decalage)
    assert compte(du_au(debut, debut + timedelta(days=13 * 7 - 1), "39")).heures == 455


def test_cl_005_stage_de_8_semaines_puis_emploi_de_6():
    stage = semaines(8)
    emploi = semaines(6, debut=date(2025, 6, 2), nature=NaturePeriode.EMPLOI)
    assert compte(stage, emploi).heures == 490


def test_cl_006_deux_mi_temps_de_20_h_s_additionnent_dans_le_plafond():
    bilan = compte(semaines(14, "20"), semaines(14, "20", nature=NaturePeriode.EMPLOI))
    assert bilan.heures == 490
    assert set(bilan.retenues.values()) == {35}


def test_cl_007_deux_temps_pleins_qui_se_recouvrent_comptent_une_fois():
    assert compte(semaines(10), semaines(10, nature=NaturePeriode.EMPLOI)).heures == 350


def test_cl_015_seule_la_part_a_partir_du_18_mai_2023_compte():
    # Jeudi 18 et vendredi 19 mai, puis six semaines entières jusqu'au vendredi 30 juin.
    bilan = compte(du_au(date(2023, 3, 1), date(2023, 6, 30)))
    assert bilan.heures == 2 * 7 + 6 * 35
    assert bilan.avant == 35 * Fraction(jours_ouvres(date(2023, 3, 1), date(2023, 5, 17)), 5)


def test_cl_016_quatorze_semaines_finies_la_veille_de_la_fenetre_ne_comptent_pas():
    debut = date(2023, 5, 17) - timedelta(days=14 * 7 - 1)
    bilan = compte(du_au(debut, date(2023, 5, 17)))
    assert [bilan.heures, bilan.avant] == [0, 490]


def test_cl_017_les_semaines_prevues_apres_la_date_limite_ne_comptent_pas():
    bilan = compte(semaines(10), semaines(4, debut=date(2026, 1, 5)))
    assert [bilan.heures, bilan.apres] == [350, 140]


@pytest.mark.parametrize("annee", [2023, 2024, 2025])
def test_cl_023_seize_semaines_annoncees_treize_d_apres_les_dates(annee: int):
    bilan = compte(du_au(date(annee, 9, 1), date(annee, 11, 30), annoncees="16"))
    assert bilan.heures == 455
    [ecart] = bilan.ecarts
    assert [ecart.annoncees, ecart.sur_dates] == [16, 13]


def test_amb_35_moins_de_semaines_annoncees_que_de_dates_le_plus_petit():
    assert compte(semaines(20, annoncees="14")).heures == 490
    assert compte(semaines(20, "40", annoncees="10")).heures == 350


def test_amb_35_la_meme_duree_dite_deux_fois_n_est_pas_un_ecart():
    assert compte(semaines(14, annoncees="14")).ecarts == ()


def test_amb_29_une_semaine_entamee_compte_au_prorata_du_lundi_au_vendredi():
    assert compte(du_au(date(2025, 3, 3), date(2025, 3, 5))).heures == 21
    assert compte(du_au(date(2025, 3, 6), date(2025, 3, 10))).heures == 21


def test_amb_32_une_part_commune_s_additionne_le_reste_compte_seul():
    # Dix semaines à 20 h, puis cinq semaines communes de 40 h ramenées à 35, puis cinq semaines à 20 h.
    premier, second = semaines(15, "20"), semaines(10, "20", debut=LUNDI + timedelta(weeks=10))
    assert compte(premier, second).heures == 10 * 20 + 5 * 35 + 5 * 20


def test_amb_32_les_jours_qui_se_suivent_dans_une_semaine_ne_depassent_pas_35_h():
    assert compte(du_au(LUNDI, date(2025, 3, 5), "39"), du_au(date(2025, 3, 5), date(2025, 3, 7), "39")).heures == 35


def test_amb_33_la_fenetre_va_de_trois_ans_avant_l_epreuve_a_la_date_limite():
    assert fenetre(experience(), session(), NOVEMBRE) == Fenetre(date(2023, 5, 18), date(2025, 11, 28))


def test_amb_33_une_epreuve_un_29_fevrier_part_du_28():
    une = session(premiere_epreuve=date(2028, 2, 29), limite_attestation=date(2027, 11, 26))
    assert fenetre(experience(), une, NOVEMBRE).debut == date(2025, 2, 28)


def test_amb_33_sans_date_limite_la_fenetre_va_jusqu_a_la_veille_des_epreuves():
    assert fenetre(experience(), session(limite_attestation=None), NOVEMBRE).fin == date(2026, 5, 17)


def test_tr_i01_la_condition_se_verifie_avant_l_epreuve_quelle_que_soit_la_date_limite():
    assert fenetre(experience(), session(limite_attestation=date(2026, 6, 30)), NOVEMBRE).fin == date(2026, 5, 17)


def test_amb_34_option_une_piece_complementaire_vaut_jusqu_au_jour_de_son_depot():
    une = session(a_venir_sous_reserve=True)
    assert fenetre(experience(), une, NOVEMBRE).fin == date(2025, 11, 28)
    assert fenetre(experience(), une, datetime(2026, 2, 2, 9, tzinfo=PARIS)).fin == date(2026, 2, 2)
    assert fenetre(experience(), une, datetime(2026, 6, 2, 9, tzinfo=PARIS)).fin == date(2026, 5, 17)


def test_l_affichage_tronque_sans_jamais_arrondir_vers_le_haut():
    assert tronquer(Fraction(489_999, 1000)) == Decimal("489.99")
    assert [chiffre(Fraction(n)) for n in ("490", "17.5", "0.001", "0")] == ["490", "17.5", "0", "0"]


# Ce qui vaut toujours ---------------------------------------------------------------------------------------------

JOURS = st.dates(date(2022, 1, 1), date(2026, 12, 31))


@st.composite
def periodes(draw: st.DrawFn) -> Periode:
    debut, fin = sorted((draw(JOURS), draw(JOURS)))
    heures = draw(st.decimals("0.5", "60", places=2))
    annoncees = draw(st.none() | st.decimals("0", "60", places=1))
    nature = draw(st.sampled_from(NaturePeriode))
    return Periode(nature=nature, debut=debut, fin=fin, semaines_annoncees=annoncees, heures_hebdomadaires=heures)


@st.composite
def fenetres(draw: st.DrawFn) -> Fenetre:
    debut, fin = sorted((draw(JOURS), draw(JOURS)))
    return Fenetre(debut, fin)


listes = st.lists(periodes(), max_size=5)


def lundi(jour: date) -> date:
    return jour - timedelta(days=jour.weekday())


@given(listes, fenetres())
@settings(max_examples=60)
def test_jamais_plus_de_35_h_par_semaine_civile_de_la_fenetre(liste: list[Periode], dans: Fenetre):
    bilan = compte(*liste, dans=dans)
    assert all(0 <= heures <= 35 for heures in bilan.retenues.values())
    assert all(lundi(dans.debut) <= semaine <= dans.fin for semaine in bilan.retenues)
    semaines_civiles = (lundi(dans.fin) - lundi(dans.debut)).days // 7 + 1
    assert bilan.heures <= 35 * semaines_civiles


@given(listes, fenetres())
@settings(max_examples=60)
def test_jamais_plus_de_7_h_par_jour_ouvre_couvert(liste: list[Periode], dans: Fenetre):
    couverts = {
        jour
        for periode in liste
        for n in range((periode.fin - periode.debut).days + 1)
        if dans.debut <= (jour := periode.debut + timedelta(days=n)) <= dans.fin and jour.weekday() < 5
    }
    assert compte(*liste, dans=dans).heures <= 7 * len(couverts)


@given(listes, periodes(), fenetres())
@settings(max_examples=60)
def test_ajouter_une_periode_ne_retire_jamais_d_heures(liste: list[Periode], une: Periode, dans: Fenetre):
    assert compte(*liste, une, dans=dans).heures >= compte(*liste, dans=dans).heures


@given(listes.flatmap(lambda liste: st.tuples(st.just(liste), st.permutations(liste))), fenetres())
@settings(max_examples=60)
def test_l_ordre_des_periodes_est_sans_effet(deux: tuple[list[Periode], list[Periode]], dans: Fenetre):
    liste, melangee = deux
    assert compte(*liste, dans=dans).heures == compte(*melangee, dans=dans).heures


@given(periodes(), st.integers(0, 1500), fenetres())
@settings(max_examples=60)
def test_couper_une_periode_en_deux_ne_change_rien(une: Periode, apres: int, dans: Fenetre):
    entiere = une.model_copy(update={"semaines_annoncees": None})
    coupure = min(une.debut + timedelta(days=apres), une.fin)
    premiere = entiere.model_copy(update={"fin": coupure})
    seconde = entiere.model_copy(update={"debut": coupure + timedelta(days=1)})
    morceaux = [premiere] if coupure == une.fin else [premiere, seconde]
    assert compte(*morceaux, dans=dans).heures == compte(entiere, dans=dans).heures


@given(periodes(), fenetres())
@settings(max_examples=60)
def test_annoncer_moins_de_semaines_n_en_fait_pas_gagner(une: Periode, dans: Fenetre):
    sans_annonce = une.model_copy(update={"semaines_annoncees": None})
    assert compte(une, dans=dans).heures <= compte(sans_annonce, dans=dans).heures


@given(JOURS, JOURS)
def test_jours_ouvres_compte_comme_un_calendrier(debut: date, fin: date):
    jours = ((fin - debut).days + 1) if fin >= debut else 0
    assert jours_ouvres(debut, fin) == sum((debut + timedelta(days=n)).weekday() < 5 for n in range(jours))
