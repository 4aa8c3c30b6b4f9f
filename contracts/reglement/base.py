"""What every clause is made of: strict blocks, rule ids, values left open, sources."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ReglementId = Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)+$")]
RegleId = Annotated[str, Field(pattern=r"^[A-Z0-9]+-[A-Z]*[0-9]+$")]
Cle = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*$")]
Annee = Annotated[str, Field(pattern=r"^[0-9]{4}$")]


class Bloc(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AFournir(StrEnum):
    """Le texte ne donne pas la valeur : l'ouverture de la session doit la fournir, avec sa référence."""

    A_FOURNIR = "a_fournir"


Nombre = Decimal | Literal[AFournir.A_FOURNIR]


class Source(Bloc):
    """Where a rule stands: the text, the section, and how far it was checked.

    ``memoire``: told from memory, never applied unless the académie turns its option on.
    """

    texte: str
    section: str = ""
    statut: Literal["source", "droit_commun", "droit_commun_2008", "choix", "deduit", "memoire"] = "source"


class Choix(Bloc):
    """What was decided where the texts are ambiguous, and what an académie may decide instead.

    ``possibles``: option → what it does; without any, the choice is not a parameter. ``retenu``: the default one.
    """

    texte: str
    retenu: str = ""
    possibles: dict[str, str] = {}
