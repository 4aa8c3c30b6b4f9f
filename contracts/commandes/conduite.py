"""Les commandes du service notation sur la conduite."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.messages import Command
from contracts.vocabulaire import (
    CodeEpreuve,
    CodeSituation,
    Motif,
    Numero,
    Profil,
)


class EnregistrerEtg(Command):
    """Enregistrer le résultat de l'épreuve théorique générale. ``tentative`` : son rang (le suivant par défaut)."""

    NAME: ClassVar[str] = "notation.enregistrer_etg"
    candidat: Numero
    valide: bool
    tentative: int | None = Field(default=None, ge=1)


class EnregistrerConduite(Command):
    """Enregistrer le résultat de la conduite : une mention du vocabulaire du mode, jamais une note.

    ``tentative`` : rang de la présentation ; à donner pour enregistrer deux fois de suite la même mention.
    """

    NAME: ClassVar[str] = "notation.enregistrer_conduite"
    candidat: Numero
    epreuve: CodeEpreuve = "EP3"
    situation: CodeSituation = "S1"
    mention: str = Field(min_length=1, max_length=20)
    commission: tuple[Profil, ...] = ()
    tentative: int | None = Field(default=None, ge=1)


class RectifierConduite(Command):
    """Corriger une erreur matérielle dans la mention de conduite enregistrée."""

    NAME: ClassVar[str] = "notation.rectifier_conduite"
    candidat: Numero
    epreuve: CodeEpreuve = "EP3"
    situation: CodeSituation = "S1"
    mention: str = Field(min_length=1, max_length=20)
    motif: Motif


COMMANDES: tuple[type[Command], ...] = (
    EnregistrerEtg,
    EnregistrerConduite,
    RectifierConduite,
)
