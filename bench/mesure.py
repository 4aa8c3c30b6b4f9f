"""What a measure is: rounds of each subject, one after the other, and the median of the ratios of each round."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Essai = Callable[[int], Awaitable[float]]
"""One round of one subject: its number in, operations per second out. What it prepares is outside its own time."""


def dire(texte: str) -> None:
    """Progress goes to stderr, results to stdout."""
    print(texte, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Ligne:
    """A figure of ours against one of theirs. ``vise``: the ratio aimed at, if any."""

    groupe: str
    mesure: str
    pair: str
    unite: str
    valeurs: tuple[float, ...]
    valeurs_pair: tuple[float, ...]
    vise: float | None = None

    @property
    def rapports(self) -> tuple[float, ...]:
        return tuple(a / b for a, b in zip(self.valeurs, self.valeurs_pair, strict=True))

    @property
    def rapport(self) -> float:
        return statistics.median(self.rapports)

    @property
    def tenu(self) -> bool | None:
        return None if self.vise is None else self.rapport >= self.vise

    def donnees(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            **asdict(self),
            "valeur": statistics.median(self.valeurs),
            "valeur_pair": statistics.median(self.valeurs_pair),
            "rapport": self.rapport,
            "rapports": self.rapports,
            "tenu": self.tenu,
        }


@dataclass
class Tours:
    """The rounds of several subjects, interleaved: a slow moment of the machine falls on all of them."""

    essais: Mapping[str, Essai]
    valeurs: dict[str, list[float]] = field(default_factory=dict)

    async def jouer(self, tours: int, quoi: str) -> None:
        names = list(self.essais)
        for tour in range(tours):
            begun = time.monotonic()
            # Each round starts with another subject, so that none always comes after the same one.
            for name in names[tour % len(names) :] + names[: tour % len(names)]:
                self.valeurs.setdefault(name, []).append(await self.essais[name](tour))
            dire(f"  {quoi}, tour {tour + 1}/{tours} ({time.monotonic() - begun:.0f} s)")

    def ligne(
        self, groupe: str, mesure: str, pair: str, *, libelle: str = "", vise: float | None = None, unite: str = "/s"
    ) -> Ligne:
        """``mesure`` against ``pair``, both names of subjects."""
        ours, theirs = self.valeurs[mesure], self.valeurs[pair]
        return Ligne(groupe, libelle or mesure, pair, unite, tuple(ours), tuple(theirs), vise)


def debit(nombre: int, secondes: float) -> float:
    return nombre / secondes


def en_lots(tout: Sequence[Any], taille: int) -> list[Sequence[Any]]:
    return [tout[start : start + taille] for start in range(0, len(tout), taille)]
