"""Les commandes du service notation sur les bordereaux."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from contracts.messages import Command, Message
from contracts.vocabulaire import (
    Code,
    CodeEpreuve,
    CodeSituation,
    Note,
    Numero,
)


class LigneBordereau(Message):
    """Une ligne : une note, ou ``ABS``."""

    candidat: Numero
    note: Note | Literal["ABS"]


class DeposerBordereau(Command):
    """Déposer en une fois les notes d'un lot."""

    NAME: ClassVar[str] = "notation.deposer_bordereau"
    lot: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    lignes: tuple[LigneBordereau, ...] = Field(min_length=1, max_length=900)


class CloreBordereau(Command):
    """Clore un lot dont toutes les lignes sont complètes."""

    NAME: ClassVar[str] = "notation.clore_bordereau"
    lot: Code


COMMANDES: tuple[type[Command], ...] = (
    DeposerBordereau,
    CloreBordereau,
)
