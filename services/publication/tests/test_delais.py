"""Les délais : de quantième à quantième, francs, à l'heure légale de l'académie."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.publication.domain.delais import feries, fin_de_recours, jour_legal, majeur_le, plus_mois
from services.publication.tests.donnees import session


@pytest.mark.parametrize(
    ("jour", "mois", "attendu"),
    [
        (date(2026, 7, 7), 1, date(2026, 8, 7)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_un_mois_va_de_quantieme_a_quantieme(jour: date, mois: int, attendu: date) -> None:
    assert plus_mois(jour, mois) == attendu


@pytest.mark.parametrize(
    ("notifiee", "dernier"),
    [
        (date(2026, 7, 7), date(2026, 9, 8)),
        (date(2024, 11, 12), date(2025, 1, 13)),
        (date(2007, 10, 1), date(2007, 12, 3)),  # le 2 est un dimanche
        (date(2026, 9, 10), date(2026, 11, 12)),  # le 11 novembre est férié
        (date(2026, 3, 13), date(2026, 5, 15)),  # le 14 est l'Ascension
        (date(2027, 2, 28), date(2027, 4, 29)),
    ],
)
def test_dc_rec04_le_delai_est_franc_et_passe_au_jour_ouvrable(notifiee: date, dernier: date) -> None:
    assert fin_de_recours(notifiee) == dernier


@pytest.mark.parametrize(
    ("annee", "ascension", "pentecote"),
    [
        (2025, date(2025, 5, 29), date(2025, 6, 9)),
        (2026, date(2026, 5, 14), date(2026, 5, 25)),
        (2027, date(2027, 5, 6), date(2027, 5, 17)),
        (2024, date(2024, 5, 9), date(2024, 5, 20)),
    ],
)
def test_les_jours_feries_suivent_paques(annee: int, ascension: date, pentecote: date) -> None:
    assert {ascension, pentecote, date(annee, 7, 14)} <= feries(annee)
    assert len(feries(annee)) == 11


@pytest.mark.parametrize(
    "paques",
    [
        date(1818, 3, 22),  # le plus tôt, deux fois en cinq siècles
        date(2285, 3, 22),
        date(1943, 4, 25),  # le plus tard
        date(2038, 4, 25),
        date(1954, 4, 18),  # les années que le comput recule d'une semaine
        date(1981, 4, 19),
        date(2049, 4, 18),
        date(2076, 4, 19),
        date(2000, 4, 23),
        date(2008, 3, 23),
        date(2011, 4, 24),
        date(2019, 4, 21),
    ],
    ids=lambda jour: str(jour.year),
)
def test_les_fetes_mobiles_tombent_juste_meme_aux_annees_difficiles(paques: date) -> None:
    mobiles = {paques + timedelta(days=apres) for apres in (1, 39, 50)}
    assert mobiles <= feries(paques.year)


def test_le_jour_est_celui_de_l_academie() -> None:
    minuit_passe = datetime(2026, 9, 8, 22, 30, tzinfo=UTC)
    assert jour_legal(minuit_passe, session()) == date(2026, 9, 9)


def test_dc_rec02_majeur_le_jour_de_ses_dix_huit_ans() -> None:
    assert not majeur_le(date(2008, 7, 9), date(2026, 7, 8))
    assert majeur_le(date(2008, 7, 8), date(2026, 7, 8))
    assert majeur_le(date(2008, 2, 29), date(2026, 2, 28))
