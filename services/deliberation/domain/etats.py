"""Les états du jury, et ce qu'il retient de son histoire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    LivretVise,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from services.deliberation.domain.composition import Composition
from services.deliberation.domain.dossier import PointsAccordes

SeanceEvent: TypeAlias = LivretVise | PointsDeJuryAccordes | DecisionPrise
JuryEvent: TypeAlias = (
    JuryConstitue | PresenceAttestee | MembreRecuse | PresidenceTransmise | JuryOuvert | SeanceEvent | JuryClos
)


@dataclass(frozen=True)
class Inexistant:
    """Aucun arrêté ne nomme encore ce jury."""


@dataclass(frozen=True)
class Constitue:
    """Le jury est nommé ; il ne délibère pas encore."""

    composition: Composition


@dataclass(frozen=True)
class Ouvert:
    """Le jury délibère. ``a_revoir`` : candidats dont la décision précède des points accordés ou une récusation."""

    composition: Composition
    journal: str
    position: int
    livrets: frozenset[str] = frozenset()
    accords: Mapping[str, Mapping[str, PointsAccordes]] = field(default_factory=dict)
    decisions: Mapping[str, DecisionPrise] = field(default_factory=dict)
    a_revoir: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Clos:
    """Le jury est clos : plus rien ne change."""

    jury: str


Jury: TypeAlias = Inexistant | Constitue | Ouvert | Clos
initial: Jury = Inexistant()


def evolve(jury: Jury, event: JuryEvent) -> Jury:
    """Se souvenir, sans juger ; un fait qui ne vaut pas dans cet état ne change rien."""
    match event:
        case JuryConstitue():
            return Constitue(_nommer(event))
        case PresenceAttestee(membre=membre):
            return _recomposer(jury, lambda one: replace(one, presents=one.presents | {membre}))
        case PresidenceTransmise(a=suppleant):
            return _recomposer(jury, lambda one: replace(one, preside_par=suppleant))
        case MembreRecuse(membre=membre, candidat=candidat):
            paire = (membre, candidat)
            return _revoir(_recomposer(jury, lambda one: replace(one, recusations=one.recusations | {paire})), candidat)
        case JuryOuvert(journal=journal, position=position):
            return Ouvert(jury.composition, journal, position) if isinstance(jury, Constitue) else jury
        case LivretVise() | PointsDeJuryAccordes() | DecisionPrise():
            return _deliberer(jury, event) if isinstance(jury, Ouvert) else jury
        case JuryClos(jury=code):
            return Clos(code)
        case _:
            assert_never(event)


def _deliberer(jury: Ouvert, event: SeanceEvent) -> Jury:
    candidat = event.candidat
    match event:
        case LivretVise():
            return replace(jury, livrets=jury.livrets | {candidat})
        case PointsDeJuryAccordes():
            arretee = event.avant if event.arretee is None else event.arretee
            accord = PointsAccordes(arretee, event.apres, event.motif)
            du_candidat = {**jury.accords.get(candidat, {}), event.epreuve: accord}
            return _revoir(replace(jury, accords={**jury.accords, candidat: du_candidat}), candidat)
        case DecisionPrise():
            decisions = {**jury.decisions, candidat: event}
            return replace(jury, decisions=decisions, a_revoir=jury.a_revoir - {candidat})
        case _:
            assert_never(event)


def _nommer(event: JuryConstitue) -> Composition:
    return Composition(
        jury=event.jury,
        arrete=event.arrete,
        membres=event.membres,
        president=event.president,
        vice_president=event.vice_president,
        preside_par=event.president,
        candidats=event.candidats,
    )


def _recomposer(jury: Jury, change: Callable[[Composition], Composition]) -> Jury:
    return replace(jury, composition=change(jury.composition)) if isinstance(jury, (Constitue, Ouvert)) else jury


def _revoir(jury: Jury, candidat: str) -> Jury:
    if isinstance(jury, Ouvert) and candidat in jury.decisions:
        return replace(jury, a_revoir=jury.a_revoir | {candidat})
    return jury
