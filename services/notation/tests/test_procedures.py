"""Les procédures nommées : calcul, arrondi, contrôle d'une note saisie."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import Refus
from contracts.reglement import Arrondi, Calcul
from services.notation.domain.procedures import (
    ARRONDIS,
    CALCULS,
    demi_point_superieur,
    en_fraction,
    en_texte,
    exiger_note,
)
from services.notation.tests.donnees import OUVERT, etant_donne, reglement, saisir

NOTES = st.fractions(min_value=0, max_value=20, max_denominator=1000)


@pytest.mark.parametrize(
    ("calculee", "arrondie"),
    [
        (Fraction(101, 10), "10.5"),
        (Fraction(10), "10"),
        (Fraction(10001, 1000), "10.5"),
        (Fraction(21, 2), "10.5"),
        (Fraction(10501, 1000), "11"),
        (Fraction(0), "0"),
        (Fraction(20), "20"),
    ],
)
def test_cl_047_dc_cap11_une_note_calculee_va_au_demi_point_superieur(calculee: Fraction, arrondie: str) -> None:
    assert demi_point_superieur(calculee) == Decimal(arrondie)


@given(NOTES)
def test_amb_37_l_arrondi_ne_baisse_jamais_et_gagne_moins_d_un_demi_point(note: Fraction) -> None:
    arrondie = Fraction(demi_point_superieur(note))
    assert note <= arrondie < note + Fraction(1, 2)
    assert arrondie % Fraction(1, 2) == 0
    assert demi_point_superieur(arrondie) == arrondie


@given(NOTES)
def test_sans_arrondi_la_note_est_tronquee_au_centieme(note: Fraction) -> None:
    tronquee = Fraction(ARRONDIS[Arrondi.AUCUN](note))
    assert tronquee <= note < tronquee + Fraction(1, 100)


def test_cap24_n01_la_moyenne_ponderee_est_exacte() -> None:
    poids = {"S1": Fraction(2), "S2": Fraction(1)}
    brute = CALCULS[Calcul.MOYENNE_PONDEREE]({"S1": Decimal(11), "S2": Decimal("8.5")}, poids.__getitem__)
    assert brute == Fraction(61, 6)
    assert en_fraction(brute) == "61/6"


def test_cap24_n10_la_note_d_ep3_est_celle_de_s2() -> None:
    assert CALCULS[Calcul.SITUATION_NOTEE]({"S2": Decimal("13.5")}, lambda _: Fraction(1)) == Fraction(27, 2)


def test_chaque_procedure_que_le_schema_nomme_existe() -> None:
    assert {*CALCULS, Calcul.TOUTES_ACQUISES} == set(Calcul)
    assert set(ARRONDIS) == set(Arrondi)


@pytest.mark.parametrize("note", ["0", "0.5", "13", "20", "19.50"])
def test_dc_cap11_points_entiers_ou_demi_points_jusqu_a_vingt(note: str) -> None:
    exiger_note(reglement().epreuves["UG1"], Decimal(note))


@pytest.mark.parametrize("note", ["12.25", "20.5", "0.1", "-1"])
def test_dc_cap11_une_note_saisie_hors_du_pas_ou_de_l_echelle_est_refusee(note: str) -> None:
    with pytest.raises(Refus) as refus:
        exiger_note(reglement().epreuves["UG1"], Decimal(note))
    assert refus.value.regle == "DC-CAP11"


def test_dc_cap11_la_regle_du_pas_vaut_aussi_a_ep3() -> None:
    etant_donne(OUVERT).when(saisir("EP3", "12.25", "S2")).then_refused("DC-CAP11")


@pytest.mark.parametrize(
    ("note", "texte"), [("14.0", "14"), ("12.50", "12.5"), ("0", "0"), ("10", "10"), ("1E+1", "10")]
)
def test_une_note_s_ecrit_sans_zero_inutile(note: str, texte: str) -> None:
    assert en_texte(Decimal(note)) == texte
