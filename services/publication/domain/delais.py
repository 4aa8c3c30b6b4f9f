"""Les délais, en jours de l'heure légale de l'académie : répondre, contester, garder (DC-REC02 à DC-REC07)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from contracts.session import SessionFigee

REPONSE_COMMUNICATION_MOIS = 1  # DC-REC03
REPONSE_RECOURS_MOIS = 2
RECOURS_MOIS = 2  # DC-REC04
RETRAIT_MOIS = 4  # DC-REC07
MAJORITE = 18

FIXES = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
MOBILES = (1, 39, 50)  # après Pâques : lundi de Pâques, Ascension, lundi de Pentecôte


def jour_legal(instant: datetime, session: SessionFigee) -> date:
    """Le jour qu'il est dans l'académie."""
    return instant.astimezone(ZoneInfo(session.parametres.fuseau)).date()


def plus_mois(jour: date, mois: int) -> date:
    """De quantième à quantième ; au dernier jour du mois quand il n'a pas ce quantième."""
    annees, rang = divmod(jour.month - 1 + mois, 12)
    annee, mois_atteint = jour.year + annees, rang + 1
    return date(annee, mois_atteint, min(jour.day, monthrange(annee, mois_atteint)[1]))


def fin_de_recours(notifiee: date) -> date:
    """Dernier jour pour contester une décision notifiée ce jour-là.

    Ni le jour de la notification ni celui de l'échéance ne comptent (délai franc) ; un samedi, un dimanche ou un jour
    férié renvoie au premier jour ouvrable suivant.
    """
    dernier = plus_mois(notifiee, RECOURS_MOIS) + timedelta(days=1)
    while dernier.weekday() >= 5 or dernier in feries(dernier.year):
        dernier += timedelta(days=1)
    return dernier


def majeur_le(naissance: date, jour: date) -> bool:
    """A-t-il dix-huit ans ce jour-là ? Né un 29 février, il les a le 28 : c'est l'avantage du candidat."""
    return plus_mois(naissance, 12 * MAJORITE) <= jour


@cache
def feries(annee: int) -> frozenset[date]:
    """Les jours fériés communs à toute la France."""
    paques = _paques(annee)
    fixes = (date(annee, mois, jour) for mois, jour in FIXES)
    return frozenset({*fixes, *(paques + timedelta(days=one) for one in MOBILES)})


def _paques(annee: int) -> date:
    """Le dimanche de Pâques du calendrier grégorien (comput de Meeus)."""
    siecle, reste = divmod(annee, 100)
    lune = (19 * (annee % 19) + siecle - siecle // 4 - (siecle - (siecle + 8) // 25 + 1) // 3 + 15) % 30
    semaine = (32 + 2 * (siecle % 4) + 2 * (reste // 4) - lune - reste % 4) % 7
    recul = (annee % 19 + 11 * lune + 22 * semaine) // 451
    mois, jour = divmod(lune + semaine - 7 * recul + 114, 31)
    return date(annee, mois, jour + 1)
