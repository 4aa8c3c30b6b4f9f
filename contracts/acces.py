"""Questions refused because they reach beyond what is shared: what a service orders itself to remember of them."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.messages import Command

HORS_REGROUPEMENT = "TR-G01"
"""A centre or an académie sees its own candidates, and those of its regroupement."""


class NoterConsultation(Command):
    """Noter une consultation refusée, hors du regroupement ; personne ne le demande, le service se l'ordonne."""

    NAME: ClassVar[str] = "exploitation.noter_consultation"
    diplome: Literal["exploitation"] = "exploitation"  # its aggregate belongs to no diplôme
    demande: str
    role: str
    academie_acteur: str
    academie_demandee: str
    examen: str
