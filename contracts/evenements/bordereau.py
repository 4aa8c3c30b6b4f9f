"""Ce que dit le service notation des bordereaux : les notes d'un lot, déposées puis closes."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import (
    Code,
    CodeEpreuve,
    CodeSituation,
    Numero,
)


class BordereauDepose(Event):
    """Un bordereau de notes est déposé en une fois pour un lot."""

    NAME: ClassVar[str] = "notation.bordereau_depose.v1"
    lot: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    candidats: tuple[Numero, ...]
    empreinte: str


class BordereauClos(Event):
    """Le lot est clos : ses notes ne changent plus que par harmonisation ou rectification (TR-N01)."""

    NAME: ClassVar[str] = "notation.bordereau_clos.v1"
    lot: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    candidats: tuple[Numero, ...]


EVENEMENTS: tuple[type[Event], ...] = (
    BordereauDepose,
    BordereauClos,
)
