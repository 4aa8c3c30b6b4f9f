"""Ce que dit le service inscription quand plusieurs académies partagent un examen."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import Code, Motif


class RegroupementDefini(Event):
    """L'académie pilote définit le regroupement et ses rattachées (BTS-G01, DC-BTS19) ; remplace le précédent.

    ``membres`` : les académies rattachées, sans la pilote. ``empreinte`` : celle du règlement que tous doivent avoir.
    """

    NAME: ClassVar[str] = "inscription.regroupement_defini.v1"
    regroupement: Code
    pilote: Code
    membres: tuple[Code, ...]
    arrete: str
    reglement: str
    version: int
    empreinte: str
    cle_publique: str = ""
    regle: str


class RegroupementAccepte(Event):
    """Une académie rattachée accepte le regroupement, sous le même règlement (DC-BTS19)."""

    NAME: ClassVar[str] = "inscription.regroupement_accepte.v1"
    regroupement: Code
    pilote: Code
    reglement: str
    empreinte: str
    cle_publique: str = ""
    regle: str


class RegroupementClos(Event):
    """Le regroupement est clos par sa pilote : plus rien de nouveau ne s'y partage."""

    NAME: ClassVar[str] = "inscription.regroupement_clos.v1"
    regroupement: Code
    motif: Motif
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (RegroupementDefini, RegroupementAccepte, RegroupementClos)
