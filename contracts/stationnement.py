"""Messages set aside: what an operator orders about them, and what the journal remembers of it.

With `contracts.messages`, the only part of ``contracts`` that ``services.socle`` may import: it knows no exam word.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from contracts.messages import Command, Event

EXPLOITANT = "exploitant"
"""The role of who runs the system: the only one that decides about what is set aside, and about nothing else."""
LIEU: Literal["exploitation"] = "exploitation"


class MessageEcarte(Event):
    """Un message que ce consommateur ne pouvait traiter est abandonné pour de bon, avec le motif."""

    NAME: ClassVar[str] = "exploitation.message_ecarte.v1"
    consommateur: str
    position: int
    sujet: str
    code: str
    cause: str
    stationne_le: AwareDatetime
    motif: str
    empreinte: str = ""  # of a partner's message, which may come again elsewhere; empty: the journal's own


class RepriseDemandee(Event):
    """Un exploitant a demandé que soient repris, dans l'ordre, les messages stationnés d'un agrégat."""

    NAME: ClassVar[str] = "exploitation.reprise_demandee.v1"
    consommateur: str
    position: int
    sujet: str
    code: str
    cause: str
    motif: str = ""
    empreinte: str = ""


class OrdreStationnement(Command):
    """Un ordre sur un message stationné : qui ne peut le traiter, et où il est dans le journal de la session.

    ``echanges`` : la position compte dans ce que les partenaires partagent, non dans notre journal.
    """

    diplome: Literal["exploitation"] = LIEU  # its aggregate belongs to no diplôme
    consommateur: str = Field(pattern=r"^[a-z0-9_-]{1,120}$")
    position: int = Field(ge=1)
    echanges: bool = False


class EcarterMessage(OrdreStationnement):
    """Abandonner ce message pour de bon ; ce qui attendait derrière peut alors être repris."""

    NAME: ClassVar[str] = "exploitation.ecarter_message"
    motif: str = Field(max_length=500)


class ReprendreAgregat(OrdreStationnement):
    """Traiter de nouveau ce message, puis ceux de son agrégat qui attendaient derrière."""

    NAME: ClassVar[str] = "exploitation.reprendre_agregat"
    motif: str = Field(default="", max_length=500)


ORDRES: dict[str, type[OrdreStationnement]] = {one.NAME: one for one in (EcarterMessage, ReprendreAgregat)}
