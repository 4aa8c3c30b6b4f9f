"""Ce que l'on demande au service notation d'un candidat qui compose dans une autre académie que la sienne."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from contracts.messages import Command
from contracts.vocabulaire import Code, CodeEpreuve, CodeSituation, Note, Numero


class TransmettreResultat(Command):
    """Transmettre, là où il compose, la note ou l'absence d'un candidat accueilli à son académie (BTS-G05).

    Redite autrement par le même auteur, elle la remplace.
    """

    NAME: ClassVar[str] = "notation.transmettre_resultat"
    candidat: Numero
    origine: Code
    centre: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note | None = None
    absent: bool = False
    lot: Code | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> TransmettreResultat:
        if self.absent == (self.note is not None):
            raise ValueError("dites la note, ou l'absence, et pas les deux")
        return self


class RecevoirResultat(Command):
    """Porter au relevé ce que l'académie d'accueil transmet, ou le garder à part (réaction)."""

    NAME: ClassVar[str] = "notation.recevoir_resultat"
    candidat: Numero
    academie: Code
    centre: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note | None = None
    absent: bool = False
    auteur: str = ""


COMMANDES: tuple[type[Command], ...] = (TransmettreResultat, RecevoirResultat)
