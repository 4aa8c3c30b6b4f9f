"""Ce que l'on demande au service inscription pour confier l'identité d'un candidat."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Command
from contracts.vocabulaire import Code, Numero


class ConfierIdentite(Command):
    """Confier l'identité du candidat à une académie du regroupement, qui en a besoin, tant qu'il dure."""

    NAME: ClassVar[str] = "inscription.confier_identite"
    candidat: Numero
    a: Code


COMMANDES: tuple[type[Command], ...] = (ConfierIdentite,)
