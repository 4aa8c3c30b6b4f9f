"""Écrire en français : dates, nombres, lieux, noms d'académies, textes venus d'ailleurs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.publication.documents.francais import (
    MOT_MAX,
    SANS_LARGEUR,
    academie,
    coupable,
    date_longue,
    lieu,
    moyenne,
    nombre,
    propre,
    typographie,
)


@pytest.mark.parametrize(
    ("code", "nom"),
    [
        ("normandie", "académie de Normandie"),
        ("aix-marseille", "académie d’Aix-Marseille"),
        ("amiens", "académie d’Amiens"),
        ("orleans-tours", "académie d’Orléans-Tours"),
        ("creteil", "académie de Créteil"),
        ("reunion", "académie de La Réunion"),
    ],
)
def test_le_nom_d_une_academie(code: str, nom: str) -> None:
    assert academie(code) == nom


def test_les_dates() -> None:
    assert date_longue(date(2026, 7, 1)) == "1er\u00a0juillet\u00a02026"
    assert date_longue(date(2008, 12, 31)) == "31\u00a0décembre\u00a02008"


@pytest.mark.parametrize(
    ("nom", "dit"),
    [
        ("Caen", "à Caen"),
        ("Le Havre", "au Havre"),
        ("LE MANS", "au MANS"),
        ("Les Andelys", "aux Andelys"),
        ("La Rochelle", "à La Rochelle"),
        ("Le", "à Le"),
        ("Lens", "à Lens"),
    ],
)
def test_les_lieux(nom: str, dit: str) -> None:
    assert lieu(nom) == dit


@pytest.mark.parametrize(
    ("valeur", "dit"),
    [
        (Decimal("12.50"), "12,5"),
        ("10", "10"),
        (Decimal("20.00"), "20"),
        (Decimal("0"), "0"),
        (Decimal("1E+1"), "10"),
        ("32/3", "32/3"),
        ("absent", "absent"),
        ("NaN", "NaN"),
    ],
)
def test_les_nombres(valeur: Decimal | str, dit: str) -> None:
    assert nombre(valeur) == dit


def test_amb_38_une_moyenne_s_affiche_telle_que_tronquee() -> None:
    assert moyenne("9.99") == "9,99"
    assert moyenne("10.00") == "10,00"
    assert moyenne(None) == ""


def test_la_typographie_d_un_intitule() -> None:
    assert typographie("Vente d'un produit") == "Vente d’un produit"
    assert typographie("service - Relation client") == "service\u00a0– Relation client"
    assert typographie("« essai » : oui ; non") == "«\u00a0essai\u00a0»\u00a0: oui\u202f; non"


def test_un_texte_saisi_perd_ses_caracteres_de_commande_et_ses_marques_invisibles() -> None:
    assert propre(" Jean\t\n Paul\x00\x07 ") == "Jean Paul"
    assert propre("\u202eeniaM\u200b") == "eniaM"
    assert propre("e\u0301") == "é"
    assert propre('#panic() *x* $y$ _z_ `a` <b> @c \\d "e" ~') == '#panic() *x* $y$ _z_ `a` <b> @c \\d "e" ~'


@given(st.text(max_size=200))
def test_un_mot_trop_long_se_coupe_et_se_relit(texte: str) -> None:
    saisi = propre(texte)
    coupe = coupable(saisi)
    assert coupe.replace(SANS_LARGEUR, "") == saisi
    assert all(len(mot) <= MOT_MAX for mot in coupe.replace(" ", SANS_LARGEUR).split(SANS_LARGEUR))
    assert propre(saisi) == saisi
