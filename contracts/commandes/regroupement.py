"""Ce que l'on demande au service inscription quand plusieurs académies partagent un examen."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.messages import Command
from contracts.vocabulaire import Code, Motif


class DefinirRegroupement(Command):
    """Définir, dans l'académie pilote, le regroupement d'un examen et ses académies rattachées (BTS-G01, DC-BTS19).

    Redite avec d'autres rattachées, elle les ajoute ; aucune ne se retire. ``arrete`` : le texte qui désigne la pilote.
    """

    NAME: ClassVar[str] = "inscription.definir_regroupement"
    regroupement: Code
    membres: tuple[Code, ...] = Field(min_length=1, max_length=40)
    arrete: str = Field(min_length=3, max_length=200)


class AccepterRegroupement(Command):
    """Accepter, dans une académie rattachée, le regroupement que la pilote a défini."""

    NAME: ClassVar[str] = "inscription.accepter_regroupement"
    regroupement: Code
    pilote: Code


class CloreRegroupement(Command):
    """Clore le regroupement, dans l'académie pilote : ce qui était confié aux partenaires ne l'est plus."""

    NAME: ClassVar[str] = "inscription.clore_regroupement"
    regroupement: Code
    motif: Motif


COMMANDES: tuple[type[Command], ...] = (DefinirRegroupement, AccepterRegroupement, CloreRegroupement)
