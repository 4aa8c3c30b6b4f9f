"""Ce que vaut une pièce : son verdict, ses défauts, et ce qu'il reste à demander."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from contracts.evenements.conformite import MotifNonConformite
from contracts.vocabulaire import Verdict


@dataclass(frozen=True)
class Demande:
    """Ce que le candidat doit encore apporter, et le dernier jour pour le faire."""

    manques: tuple[str, ...]
    regle: str
    avant: date


@dataclass(frozen=True)
class Jugement:
    """``alertes`` : ce qu'une personne doit savoir, sans effet sur le verdict ; chacune commence par sa règle."""

    verdict: Verdict
    regle: str
    motifs: tuple[MotifNonConformite, ...] = ()
    alertes: tuple[str, ...] = ()
    heures: Fraction | None = None
    demande: Demande | None = None


def ordonner(motifs: Iterable[MotifNonConformite]) -> tuple[MotifNonConformite, ...]:
    """Les motifs une fois chacun, dans l'ordre de CAP26-R01."""
    presents = set(motifs)
    return tuple(motif for motif in MotifNonConformite if motif in presents)
