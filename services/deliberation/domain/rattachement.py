"""Un candidat, un jury : sa place est un agrégat à part, prise dans la même écriture que la nomination du jury.

Deux jurys nommés au même instant pour le même candidat veulent la même place : un seul l'obtient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from contracts.commandes.deliberation import ConstituerJury
from contracts.evenements.deliberation import CandidatRattache
from contracts.messages import Refus
from contracts.session import SessionFigee
from services.deliberation.domain import jury as du_jury
from services.deliberation.domain.etats import Jury, JuryEvent
from services.deliberation.domain.regroupement import Regroupement

CANDIDATS_MAX = 900  # une écriture prend leurs places d'un coup ; au-delà, plusieurs jurys (DC-BTS15)
AUCUN: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Libre:
    """Aucun jury n'a pris ce candidat."""


@dataclass(frozen=True)
class Rattache:
    """Il relève de ce jury, et d'aucun autre."""

    jury: str


Place: TypeAlias = Libre | Rattache
initial: Place = Libre()


def evolve(place: Place, event: CandidatRattache) -> Place:
    """Se souvenir, sans juger : le premier jury garde la place."""
    return Rattache(event.jury) if isinstance(place, Libre) else place


def constituer(
    command: ConstituerJury,
    jury: Jury,
    places: Mapping[str, Place],
    session: SessionFigee,
    *,
    deja: Mapping[str, str] = AUCUN,
    regroupement: Regroupement | None = None,
) -> tuple[list[JuryEvent], dict[str, list[CandidatRattache]]]:
    """La nomination, et les places qu'elle prend ; rien de plus si ce jury est déjà nommé ainsi.

    ``places`` : celle de chaque candidat cité. ``deja`` : candidat → jury, pour ceux qu'un jury avait avant que les
    places ne s'écrivent. ``regroupement`` : celui de l'examen, s'il est partagé (AMB-55).

    Raises:
        Refus: AMB-55 d'abord ; ``JURY_TROP_GRAND``, ``CANDIDAT_DEJA_AU_JURY``, ou voir `jury.decide`.
    """
    if regroupement is not None:
        regroupement.exiger_pilote()
    if len(command.candidats) > CANDIDATS_MAX:
        detail = f"{len(command.candidats)} candidats, {CANDIDATS_MAX} au plus : nommez plusieurs jurys"
        raise Refus("JURY_TROP_GRAND", f"jury {command.jury} : {detail}")
    prises = {one: place.jury for one, place in places.items() if isinstance(place, Rattache)}
    events = du_jury.decide(command, jury, session, deja={**deja, **prises}, regroupement=regroupement)
    if not events:
        return [], {}
    libres = (one for one in command.candidats if one not in prises)
    return events, {one: [CandidatRattache(candidat=one, jury=command.jury)] for one in libres}
