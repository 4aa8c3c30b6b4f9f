"""Les durées attestées : semaines calendaires, mois récents, années d'expérience (AMB-30 à 32, AMB-42, AMB-43).

Les périodes qui se recouvrent ne comptent qu'une fois ; rien ne compte à partir de la première épreuve. Comptes exacts.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from contracts.reglement import Duree
from contracts.reglement.dossier import Quotite
from contracts.vocabulaire import Periode
from services.conformite.domain.heures import JOURS_OUVRES, RIEN, jours_ouvres, part_retenue

JOUR = timedelta(days=1)
MOIS_AN = 12

Intervalle = tuple[date, date]  # bornes incluses


@dataclass(frozen=True)
class Mesure:
    """Une durée établie, celle qu'il faut, et comment elles se disent. ``exacte`` : avant l'entier inférieur."""

    duree: Duree
    exacte: Fraction
    retenue: int
    minimum: int
    unite: str
    regle: str

    @property
    def suffit(self) -> bool:
        return self.retenue >= self.minimum

    @property
    def texte(self) -> str:
        return dire(self.retenue, self.unite)

    @property
    def part(self) -> Fraction:
        """Ce qui est établi, rapporté à ce qu'il faut."""
        return self.exacte / self.minimum if self.minimum else Fraction(1)

    @property
    def sans_reduction(self) -> int:
        """Le minimum du règlement, dans la même unité, quoi que l'autorité ait réduit."""
        return int(self.duree.minimum) * (MOIS_AN if self.unite == "mois_annees" else 1)


def mesurer(duree: Duree, periodes: Iterable[Periode], premiere: date, minimum: int) -> Mesure:
    """La durée que ces périodes établissent. ``minimum`` : celui qui vaut pour le candidat, réductions comprises."""
    toutes = tuple(periodes)
    match duree.procedure:
        case "semaines_calendaires":
            return _semaines(duree, toutes, premiere, minimum)
        case "mois_recents":
            return _mois_recents(duree, toutes, premiere)
        case "annees_experience":
            exacte = mois(unir(_bornes(toutes, date.min, premiere)))
            return Mesure(duree, exacte, int(exacte), minimum * MOIS_AN, "mois_annees", duree.regle_decompte)


def a_temps_plein(periode: Periode, duree: Duree) -> bool:
    return periode.heures_hebdomadaires >= duree.heures_temps_plein


def dire(nombre: int, unite: str) -> str:
    """``16 semaines``, ``5 mois``, ``2 ans 11 mois``."""
    if unite == "semaines":
        return f"{nombre} semaine{'s' if nombre > 1 else ''}"
    if unite == "mois":
        return f"{nombre} mois"
    annees, reste = divmod(nombre, MOIS_AN)
    ans = f"{annees} an{'s' if annees > 1 else ''}" if annees else ""
    return " ".join(part for part in (ans, f"{reste} mois" if reste or not annees else "") if part)


# Les semaines -----------------------------------------------------------------------------------------------------


def _semaines(duree: Duree, periodes: Sequence[Periode], premiere: date, minimum: int) -> Mesure:
    exacte = semaines(periodes, premiere)
    return Mesure(duree, exacte, int(exacte), minimum, "semaines", duree.regle_decompte)


def semaines(periodes: Sequence[Periode], premiere: date) -> Fraction:
    """L'union des jours, du lundi au vendredi sur cinq ; l'arrondi vient après, une fois, sur la somme (AMB-31).

    Un jour de plusieurs périodes compte une fois (AMB-32) ; moins de semaines annoncées que de datées : la part de
    chaque jour en est réduite (AMB-35).
    """
    parts = [(une.debut, min(une.fin, premiere - JOUR), part_retenue(une)) for une in periodes]
    bornes = sorted({jour for debut, fin, _ in parts if debut <= fin for jour in (debut, fin + JOUR)})
    total = RIEN
    for debut, suivant in pairwise(bornes):
        retenue = max((part for un, fin, part in parts if un <= debut <= fin), default=RIEN)
        total += retenue * jours_ouvres(debut, suivant - JOUR) / JOURS_OUVRES
    return total


# Les mois ---------------------------------------------------------------------------------------------------------


def _mois_recents(duree: Duree, periodes: Sequence[Periode], premiere: date) -> Mesure:
    """À temps plein dans la fenêtre courte, ou toutes quotités ensemble dans la longue : la plus avancée des deux."""
    pleines = tuple(une for une in periodes if a_temps_plein(une, duree))
    voies = ((duree.plein, pleines), (duree.partiel, tuple(periodes)))
    mesures = [_quotite(duree, quotite, comptent, premiere) for quotite, comptent in voies if quotite is not None]
    return max(mesures, key=lambda une: (une.suffit, une.part))


def _quotite(duree: Duree, quotite: Quotite, periodes: Sequence[Periode], premiere: date) -> Mesure:
    debut, _ = fenetre(quotite, premiere)
    exacte = mois(unir(_bornes(periodes, debut, premiere)))
    return Mesure(duree, exacte, int(exacte), quotite.mois, "mois", duree.regle_fenetre or duree.regle_decompte)


def fenetre(quotite: Quotite, premiere: date) -> Intervalle:
    """Les mois qui précèdent la première épreuve (AMB-42)."""
    return decaler(premiere, -quotite.fenetre_mois), premiere - JOUR


def _bornes(periodes: Iterable[Periode], debut: date, premiere: date) -> Iterable[Intervalle]:
    """La part de chaque période depuis ``debut`` et avant la première épreuve."""
    coupees = ((max(une.debut, debut), min(une.fin, premiere - JOUR)) for une in periodes)
    return (une for une in coupees if une[0] <= une[1])


def unir(intervalles: Iterable[Intervalle]) -> tuple[Intervalle, ...]:
    """Les intervalles maximaux de l'union ; deux qui se touchent n'en font qu'un."""
    unis: list[Intervalle] = []
    for debut, fin in sorted(intervalles):
        if unis and debut <= unis[-1][1] + JOUR:
            unis[-1] = (unis[-1][0], max(unis[-1][1], fin))
        else:
            unis.append((debut, fin))
    return tuple(unis)


def mois(intervalles: Sequence[Intervalle]) -> Fraction:
    """De quantième à quantième, ou par mois civils : le compte le plus favorable au candidat."""
    date_a_date = sum((_date_a_date(debut, fin) for debut, fin in intervalles), RIEN)
    civils = sum((_mois_civils(debut, fin) for debut, fin in intervalles), RIEN)
    return max(date_a_date, civils)


def _date_a_date(debut: date, fin: date) -> Fraction:
    apres = fin + JOUR
    entiers = (apres.year - debut.year) * MOIS_AN + apres.month - debut.month
    while decaler(debut, entiers) > apres:
        entiers -= 1
    depuis, jusqua = decaler(debut, entiers), decaler(debut, entiers + 1)
    return entiers + Fraction((apres - depuis).days, (jusqua - depuis).days)


def _mois_civils(debut: date, fin: date) -> Fraction:
    """Chaque jour vaut sa part du mois civil où il tombe."""
    avant = Fraction(debut.day - 1, _longueur(debut))
    apres = Fraction(fin.day, _longueur(fin))
    return (fin.year - debut.year) * MOIS_AN + fin.month - debut.month + apres - avant


def _longueur(jour: date) -> int:
    return monthrange(jour.year, jour.month)[1]


def decaler(jour: date, nombre: int) -> date:
    """Le même quantième, des mois plus loin ; le dernier du mois à défaut."""
    annee, rang = divmod(jour.year * MOIS_AN + jour.month - 1 + nombre, MOIS_AN)
    return date(annee, rang + 1, min(jour.day, monthrange(annee, rang + 1)[1]))
