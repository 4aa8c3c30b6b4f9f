"""Les heures retenues : au plus 35 h par semaine civile, dans une fenêtre (CAP26-I03, CAP26-I04, AMB-29 à AMB-35).

Une semaine d'activité vaut ses jours du lundi au vendredi, fériés compris : une semaine entamée compte au prorata, et
le travail du week-end est dans l'horaire hebdomadaire. Comptes exacts (`Fraction`), en heures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from contracts.reglement import Experience
from contracts.vocabulaire import Periode

JOURS_OUVRES = 5  # du lundi au vendredi
SEMAINE = 7
RIEN = Fraction(0)
CENTIEME = Decimal("0.01")


@dataclass(frozen=True)
class Fenetre:
    """Les jours où une période peut compter, bornes incluses."""

    debut: date
    fin: date

    def bornes(self, periode: Periode) -> tuple[date, date]:
        """La part d'une période dans la fenêtre ; à l'envers s'il n'y en a pas."""
        return max(periode.debut, self.debut), min(periode.fin, self.fin)


@dataclass(frozen=True)
class Attestee:
    """Une période, et la fenêtre où son attestation peut valoir."""

    periode: Periode
    fenetre: Fenetre


@dataclass(frozen=True)
class Ecart:
    """Les semaines annoncées contredisent les dates (AMB-35)."""

    periode: Periode
    annoncees: Fraction
    sur_dates: Fraction


@dataclass(frozen=True)
class Decompte:
    """Les heures, semaine civile par semaine civile (repérée par son lundi), et ce qui n'a pas compté.

    ``brutes`` : avant plafond. ``avant`` et ``apres`` : heures des parts qui précèdent ou suivent la fenêtre.
    """

    retenues: Mapping[date, Fraction] = field(default_factory=dict)
    brutes: Fraction = RIEN
    avant: Fraction = RIEN
    apres: Fraction = RIEN
    ecarts: tuple[Ecart, ...] = ()

    @property
    def heures(self) -> Fraction:
        """Le total retenu."""
        return sum(self.retenues.values(), RIEN)


def heures_plafonnees(attestees: Iterable[Attestee], regle: Experience) -> Decompte:
    """Additionner les périodes dans le plafond hebdomadaire, chaque jour ne servant qu'une fois au plafond.

    Le plafond d'une semaine entamée suit ses jours couverts : 490 h ne tiennent jamais en moins de 14 semaines
    (AMB-29), et deux mi-temps simultanés s'additionnent (AMB-32). L'ordre des périodes est sans effet.
    """
    toutes = tuple(attestees)
    plafond = Fraction(regle.heures_semaine)
    cumul: defaultdict[date, Fraction] = defaultdict(Fraction)
    couverts: defaultdict[date, set[date]] = defaultdict(set)
    for une in toutes:
        horaire = min(_horaire(une.periode), plafond) * part_retenue(une.periode)
        for jour in _jours(*une.fenetre.bornes(une.periode)):
            lundi = jour - timedelta(days=jour.weekday())
            cumul[lundi] += horaire / JOURS_OUVRES
            couverts[lundi].add(jour)
    return Decompte(
        retenues={lundi: min(cumul[lundi], plafond * len(couverts[lundi]) / JOURS_OUVRES) for lundi in sorted(cumul)},
        brutes=sum((_heures(une.periode, *une.fenetre.bornes(une.periode)) for une in toutes), RIEN),
        avant=sum((_avant(une) for une in toutes), RIEN),
        apres=sum((_apres(une) for une in toutes), RIEN),
        ecarts=tuple(ecart for une in toutes if (ecart := _ecart(une.periode))),
    )


def semaines_sur_dates(periode: Periode) -> Fraction:
    """Les semaines que donnent les dates : jours du lundi au vendredi, sur cinq."""
    return Fraction(jours_ouvres(periode.debut, periode.fin), JOURS_OUVRES)


def jours_ouvres(debut: date, fin: date) -> int:
    """Jours du lundi au vendredi entre deux dates incluses ; aucun si elles sont à l'envers."""
    entieres, reste = divmod(max((fin - debut).days + 1, 0), SEMAINE)
    return entieres * JOURS_OUVRES + sum((debut.weekday() + n) % SEMAINE < JOURS_OUVRES for n in range(reste))


def tronquer(heures: Fraction) -> Decimal:
    """Pour l'affichage : au centième inférieur, jamais vers le haut."""
    centiemes = heures.numerator * 100 // heures.denominator
    return Decimal(centiemes).scaleb(-2).quantize(CENTIEME, rounding=ROUND_DOWN)


def chiffre(nombre: Fraction) -> str:
    """Texte d'un compte exact tronqué : ``490``, ``17.5``."""
    texte = f"{tronquer(nombre):f}"
    return texte.rstrip("0").rstrip(".")


def _jours(debut: date, fin: date) -> Iterator[date]:
    jours = (debut + timedelta(days=n) for n in range((fin - debut).days + 1))
    return (jour for jour in jours if jour.weekday() < JOURS_OUVRES)


def _horaire(periode: Periode) -> Fraction:
    return Fraction(periode.heures_hebdomadaires)


def part_retenue(periode: Periode) -> Fraction:
    """Le plus petit des semaines annoncées et des dates, rapporté aux dates (AMB-35)."""
    sur_dates = semaines_sur_dates(periode)
    if periode.semaines_annoncees is None or not sur_dates:
        return Fraction(1)
    return min(Fraction(1), Fraction(periode.semaines_annoncees) / sur_dates)


def _heures(periode: Periode, debut: date, fin: date) -> Fraction:
    return _horaire(periode) * part_retenue(periode) * jours_ouvres(debut, fin) / JOURS_OUVRES


def _avant(une: Attestee) -> Fraction:
    """La part qui précède la fenêtre (AMB-33)."""
    return _heures(une.periode, une.periode.debut, min(une.periode.fin, une.fenetre.debut - timedelta(days=1)))


def _apres(une: Attestee) -> Fraction:
    """La part qui suit la fenêtre (AMB-34)."""
    return _heures(une.periode, max(une.periode.debut, une.fenetre.fin + timedelta(days=1)), une.periode.fin)


def _ecart(periode: Periode) -> Ecart | None:
    sur_dates = semaines_sur_dates(periode)
    if periode.semaines_annoncees is None or Fraction(periode.semaines_annoncees) == sur_dates:
        return None
    return Ecart(periode, Fraction(periode.semaines_annoncees), sur_dates)
