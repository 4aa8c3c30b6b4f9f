"""Ce que dit le service notation d'un candidat qui compose dans une autre académie que la sienne."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import Code, CodeEpreuve, CodeSituation, Note, Numero


class ResultatTransmis(Event):
    """La note ou l'absence d'un candidat accueilli est transmise à son académie ; remplace la précédente (BTS-G05)."""

    NAME: ClassVar[str] = "notation.resultat_transmis.v1"
    candidat: Numero
    origine: Code
    centre: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note | None = None
    absent: bool = False
    lot: Code | None = None
    auteur: str = ""
    regle: str


class ResultatEcarte(Event):
    """Ce que l'académie d'accueil transmet ne peut pas se porter au relevé : gardé à part, quelqu'un doit le voir.

    ``cause`` : la règle ou le code qui s'y oppose.
    """

    NAME: ClassVar[str] = "notation.resultat_ecarte.v1"
    candidat: Numero
    academie: Code
    centre: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note | None = None
    absent: bool = False
    cause: str
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (ResultatTransmis, ResultatEcarte)
