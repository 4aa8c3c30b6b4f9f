"""Les états du jury, et ce qu'il retient de son histoire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from contracts.evenements.deliberation import (
    AcquisAccorde,
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    JuryReconvoque,
    LivretVise,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
    ResultatApresCloture,
    TransfertApresCloture,
    TransfertSuivi,
)
from contracts.vocabulaire import Decision
from services.deliberation.domain.composition import Composition
from services.deliberation.domain.dossier import PointsAccordes

SeanceEvent: TypeAlias = LivretVise | PointsDeJuryAccordes | AcquisAccorde | DecisionPrise
ReunionEvent: TypeAlias = PresenceAttestee | MembreRecuse | PresidenceTransmise
JuryEvent: TypeAlias = (
    JuryConstitue
    | ReunionEvent
    | JuryOuvert
    | SeanceEvent
    | JuryClos
    | JuryReconvoque
    | ResultatApresCloture
    | TransfertSuivi
    | TransfertApresCloture
)

PROVISOIRES = frozenset({Decision.EN_ATTENTE, Decision.EPREUVES_CONTROLE})
"""Une de ces décisions en appelle une autre, même après la clôture (AMB-44)."""


@dataclass(frozen=True)
class Inexistant:
    """Aucun arrêté ne nomme encore ce jury."""


@dataclass(frozen=True)
class Constitue:
    """Le jury est nommé ; il ne délibère pas encore."""

    composition: Composition


@dataclass(frozen=True)
class Ouvert:
    """Le jury délibère. ``a_revoir`` : candidats dont la décision précède des points accordés ou une récusation.

    ``acquis`` : candidat → unité → motif du jury qui la tient pour acquise.
    """

    composition: Composition
    journal: str
    position: int
    livrets: frozenset[str] = frozenset()
    accords: Mapping[str, Mapping[str, PointsAccordes]] = field(default_factory=dict)
    decisions: Mapping[str, DecisionPrise] = field(default_factory=dict)
    a_revoir: frozenset[str] = frozenset()
    acquis: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Clos:
    """Le jury est clos. Sa séance se reprend pour les seuls candidats qui attendent, ou pour qui il est reconvoqué.

    ``tardifs`` : les faits arrivés après sa clôture, qu'il n'a pas vus. ``partis`` : candidat → l'académie qui tient
    son dossier, pour ceux dont le changement d'académie ne s'est su qu'ensuite.
    """

    jury: str
    seance: Ouvert
    reconvoques: Mapping[str, JuryReconvoque] = field(default_factory=dict)
    tardifs: frozenset[str] = frozenset()
    partis: Mapping[str, str] = field(default_factory=dict)

    def reprend(self, candidat: str) -> bool:
        """Le jury peut encore décider de ce candidat (AMB-44, AMB-54)."""
        decision = self.seance.decisions.get(candidat)
        return candidat in self.reconvoques or (decision is not None and decision.decision in PROVISOIRES)

    def tenu_par(self, candidat: str, ici: str) -> str:
        """L'académie qui tient le dossier du candidat."""
        return self.partis.get(candidat) or self.seance.composition.academie(candidat, ici)

    @property
    def repris(self) -> bool:
        return any(self.reprend(candidat) for candidat in self.seance.composition.candidats)


Jury: TypeAlias = Inexistant | Constitue | Ouvert | Clos
initial: Jury = Inexistant()


def evolve(jury: Jury, event: JuryEvent) -> Jury:
    """Se souvenir, sans juger ; un fait qui ne vaut pas dans cet état ne change rien."""
    if isinstance(jury, Clos):
        return _reprendre(jury, event)
    match event:
        case JuryConstitue():
            return Constitue(_nommer(event))
        case PresenceAttestee() | MembreRecuse() | PresidenceTransmise():
            if isinstance(jury, Ouvert):
                return _reunir_en_seance(jury, event)
            return Constitue(_reunir(jury.composition, event)) if isinstance(jury, Constitue) else jury
        case JuryOuvert(journal=journal, position=position):
            return Ouvert(jury.composition, journal, position) if isinstance(jury, Constitue) else jury
        case LivretVise() | PointsDeJuryAccordes() | AcquisAccorde() | DecisionPrise():
            return _deliberer(jury, event) if isinstance(jury, Ouvert) else jury
        case JuryClos(jury=code):
            return Clos(code, jury) if isinstance(jury, Ouvert) else jury
        case TransfertSuivi():
            return _suivre(jury, event)
        case JuryReconvoque() | ResultatApresCloture() | TransfertApresCloture():
            return jury
        case _:
            assert_never(event)


def _reprendre(jury: Clos, event: JuryEvent) -> Clos:
    """Après la clôture, seul change ce qui concerne un candidat encore à décider."""
    match event:
        case JuryReconvoque(candidat=candidat):
            return replace(jury, reconvoques={**jury.reconvoques, candidat: event})
        case ResultatApresCloture(fait=fait):
            return replace(jury, tardifs=jury.tardifs | {fait})
        case TransfertApresCloture(candidat=candidat, vers=vers):
            return replace(jury, partis={**jury.partis, candidat: vers})
        case LivretVise() | PointsDeJuryAccordes() | AcquisAccorde() | DecisionPrise():
            if not jury.reprend(event.candidat):
                return jury
            decide = isinstance(event, DecisionPrise)
            reconvoques = {qui: one for qui, one in jury.reconvoques.items() if not decide or qui != event.candidat}
            return replace(jury, seance=_deliberer(jury.seance, event), reconvoques=reconvoques)
        case PresenceAttestee() | MembreRecuse() | PresidenceTransmise():
            return replace(jury, seance=_reunir_en_seance(jury.seance, event)) if jury.repris else jury
        case JuryConstitue() | JuryOuvert() | JuryClos() | TransfertSuivi():
            return jury
        case _:
            assert_never(event)


def _deliberer(jury: Ouvert, event: SeanceEvent) -> Ouvert:
    candidat = event.candidat
    match event:
        case LivretVise():
            return replace(jury, livrets=jury.livrets | {candidat})
        case PointsDeJuryAccordes():
            arretee = event.avant if event.arretee is None else event.arretee
            accord = PointsAccordes(arretee, event.apres, event.motif)
            du_candidat = {**jury.accords.get(candidat, {}), event.epreuve: accord}
            return _revoir(replace(jury, accords={**jury.accords, candidat: du_candidat}), candidat)
        case AcquisAccorde():
            unites = {**jury.acquis.get(candidat, {}), event.epreuve: event.motif}
            return _revoir(replace(jury, acquis={**jury.acquis, candidat: unites}), candidat)
        case DecisionPrise():
            decisions = {**jury.decisions, candidat: event}
            return replace(jury, decisions=decisions, a_revoir=jury.a_revoir - {candidat})
        case _:
            assert_never(event)


def _suivre(jury: Inexistant | Constitue | Ouvert, event: TransfertSuivi) -> Inexistant | Constitue | Ouvert:
    """Le candidat est d'une autre académie ; ce qui fut décidé de lui l'est de nouveau, sur son dossier de là."""
    if isinstance(jury, Inexistant):
        return jury
    composition = jury.composition.suivre(event.candidat, event.origine)
    if isinstance(jury, Constitue):
        return Constitue(composition)
    return _revoir(replace(jury, composition=composition), event.candidat)


def _nommer(event: JuryConstitue) -> Composition:
    return Composition(
        jury=event.jury,
        arrete=event.arrete,
        membres=event.membres,
        president=event.president,
        vice_president=event.vice_president,
        preside_par=event.president,
        candidats=event.candidats,
        origines=event.origines,
    )


def _reunir(composition: Composition, event: ReunionEvent) -> Composition:
    """Présences, suppléance et récusations."""
    match event:
        case PresenceAttestee(membre=membre):
            return replace(composition, presents=composition.presents | {membre})
        case PresidenceTransmise(a=suppleant, motif=motif):
            return replace(composition, preside_par=suppleant, transmission=motif)
        case MembreRecuse(membre=membre, candidat=candidat, motif=motif):
            return replace(composition, recusations={**composition.recusations, (membre, candidat): motif})
        case _:
            assert_never(event)


def _reunir_en_seance(jury: Ouvert, event: ReunionEvent) -> Ouvert:
    """Une récusation après la décision la fait reprendre."""
    recompose = replace(jury, composition=_reunir(jury.composition, event))
    return _revoir(recompose, event.candidat) if isinstance(event, MembreRecuse) else recompose


def _revoir(jury: Ouvert, candidat: str) -> Ouvert:
    return replace(jury, a_revoir=jury.a_revoir | {candidat}) if candidat in jury.decisions else jury
