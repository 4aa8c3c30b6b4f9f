"""Ce que dit le service inscription quand une académie confie à une autre l'identité d'un candidat."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import Code, Enveloppe, Numero


class IdentiteConfiee(Event):
    """L'identité du candidat peut être lue d'une autre académie du regroupement, tant qu'il dure (AMB-55)."""

    NAME: ClassVar[str] = "inscription.identite_confiee.v1"
    candidat: Numero
    a: Code
    enveloppe: Enveloppe
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (IdentiteConfiee,)
