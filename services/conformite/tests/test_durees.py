"""Les durées : semaines calendaires, mois récents, années d'expérience (AMB-30 à 32, AMB-35, AMB-42, AMB-43)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reglement import Duree
from contracts.vocabulaire import NaturePeriode, Periode
from services.conformite.domain.durees import dire, mesurer, mois, semaines, unir
from services.conformite.tests.donnees import reglement

PREMIERE = date(2025, 5, 19)
PERFECTIONNEMENT: Duree = reglement("MC-ACVD").durees["perfectionnement"]
EXPERIENCE: Duree = reglement("MC-ACVD").durees["experience"]


def periode(debut: date, fin: date, heures: str = "35", annoncees: str | None = None) -> Periode:
    return Periode(
        nature=NaturePeriode.EMPLOI,
        debut=debut,
        fin=fin,
        heures_hebdomadaires=Decimal(heures),
        semaines_annoncees=None if annoncees is None else Decimal(annoncees),
    )


def compter(*periodes: Periode) -> Fraction:
    return semaines(periodes, PREMIERE)


# Les semaines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debut", "fin", "attendu"),
    [
        (date(2025, 3, 3), date(2025, 3, 7), Fraction(1)),  # du lundi au vendredi
        (date(2025, 3, 3), date(2025, 3, 9), Fraction(1)),  # dimanche compris
        (date(2025, 3, 3), date(2025, 3, 10), Fraction(6, 5)),
        (date(2025, 3, 8), date(2025, 3, 9), Fraction(0)),
        (date(2025, 3, 5), date(2025, 3, 5), Fraction(1, 5)),
    ],
)
def test_amb_31_bornes_incluses_du_lundi_au_vendredi_une_semaine(debut: date, fin: date, attendu: Fraction):
    assert compter(periode(debut, fin)) == attendu


def test_amb_31_l_entier_inferieur_se_prend_une_fois_sur_la_somme():
    stage = reglement("BTS-NDRC-2022").durees["stage"]
    demies = [periode(date(2025, mois, 3), date(2025, mois, 3) + timedelta(days=n)) for mois, n in ((2, 2), (3, 1))]
    mesure = mesurer(stage, demies, PREMIERE, 16)
    assert (mesure.exacte, mesure.retenue, mesure.texte) == (Fraction(1), 1, "1 semaine")


def test_amb_32_les_jours_communs_comptent_une_fois():
    un, autre = periode(date(2025, 3, 3), date(2025, 3, 14)), periode(date(2025, 3, 10), date(2025, 3, 21))
    assert compter(un, autre) == 3
    assert compter(un, un) == 2


def test_amb_35_moins_de_semaines_annoncees_que_datees_le_plus_petit_est_retenu():
    assert compter(periode(date(2025, 3, 3), date(2025, 3, 28), annoncees="2")) == 2
    assert compter(periode(date(2025, 3, 3), date(2025, 3, 28), annoncees="9")) == 4


def test_rien_ne_compte_a_partir_de_la_premiere_epreuve():
    assert compter(periode(date(2025, 5, 12), date(2025, 6, 30))) == 1
    assert compter(periode(PREMIERE, date(2025, 6, 30))) == 0


JOURS = st.integers(0, 200)
PERIODES = st.lists(st.tuples(JOURS, st.integers(0, 60)), max_size=6)


@given(PERIODES, st.tuples(JOURS, st.integers(0, 60)))
def test_amb_32_une_periode_de_plus_ne_retire_rien(toutes: list[tuple[int, int]], de_plus: tuple[int, int]):
    def au(couple: tuple[int, int]) -> Periode:
        debut = date(2024, 9, 2) + timedelta(days=couple[0])
        return periode(debut, debut + timedelta(days=couple[1]))

    avant = compter(*map(au, toutes))
    assert avant <= compter(*map(au, [*toutes, de_plus])) <= avant + compter(au(de_plus))


# Les mois ---------------------------------------------------------------------------------------------------------


def test_amb_42_un_mois_va_de_quantieme_a_quantieme():
    assert mois([(date(2024, 10, 15), date(2025, 4, 14))]) >= 6
    assert mois([(date(2024, 10, 15), date(2025, 4, 13))]) < 6
    assert mois([(date(2024, 10, 1), date(2025, 3, 31))]) == 6


def test_amb_42_deux_periodes_qui_se_touchent_n_en_font_qu_une():
    assert unir([(date(2025, 1, 16), date(2025, 1, 31)), (date(2025, 1, 1), date(2025, 1, 15))]) == (
        (date(2025, 1, 1), date(2025, 1, 31)),
    )


@pytest.mark.parametrize(
    ("nombre", "unite", "texte"),
    [
        (16, "semaines", "16 semaines"),
        (0, "semaines", "0 semaine"),
        (5, "mois", "5 mois"),
        (35, "mois_annees", "2 ans 11 mois"),
        (36, "mois_annees", "3 ans"),
        (12, "mois_annees", "1 an"),
        (0, "mois_annees", "0 mois"),
    ],
)
def test_une_duree_se_dit_en_clair(nombre: int, unite: str, texte: str):
    assert dire(nombre, unite) == texte


def recents(*periodes: Periode) -> Any:
    return mesurer(PERFECTIONNEMENT, periodes, PREMIERE, 0)


def test_cl_120_mc_c08_six_mois_a_temps_plein_dans_l_annee_cinq_non():
    assert recents(periode(date(2024, 9, 1), date(2025, 2, 28))).suffit
    cinq = recents(periode(date(2024, 9, 1), date(2025, 1, 31)))
    assert (cinq.suffit, cinq.texte, cinq.minimum) == (False, "5 mois", 6)


def test_amb_42_seuls_les_douze_mois_avant_l_examen_comptent():
    assert recents(periode(date(2024, 5, 19), date(2024, 11, 18))).suffit
    assert not recents(periode(date(2024, 5, 18), date(2024, 11, 17))).suffit


def test_cl_121_mc_c08_douze_mois_a_temps_partiel_sur_deux_ans():
    assert recents(periode(date(2023, 9, 1), date(2024, 8, 31), "20")).suffit
    acheves = recents(periode(date(2021, 11, 1), date(2022, 10, 31), "20"))  # il y a 30 mois
    assert (acheves.suffit, acheves.retenue) == (False, 0)
    assert not recents(periode(date(2024, 9, 1), date(2025, 2, 28), "20")).suffit


def test_mc_c08_le_temps_plein_compte_aussi_dans_la_fenetre_longue():
    partiel = periode(date(2023, 9, 1), date(2024, 2, 29), "20")
    assert recents(partiel, periode(date(2024, 3, 1), date(2024, 8, 31))).suffit


def test_cl_122_mc_c10_amb_43_trois_ans_a_une_date_ancienne_deux_ans_onze_mois_non():
    ancienne = mesurer(EXPERIENCE, [periode(date(1998, 1, 1), date(2000, 12, 31))], PREMIERE, 3)
    assert (ancienne.suffit, ancienne.sans_reduction) == (True, 36)
    court = mesurer(EXPERIENCE, [periode(date(1998, 1, 1), date(2000, 11, 30))], PREMIERE, 3)
    assert (court.suffit, court.texte) == (False, "2 ans 11 mois")
