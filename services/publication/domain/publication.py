"""La publication d'un jury : ses résultats attendent la date fixée, puis deviennent publics (CAP24-P01, TR-P01).

Une décision prise après la clôture rejoint les autres si la date n'est pas venue ; sinon elle est publiée seule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, assert_never

from contracts.commandes.publication import PreparerPublication, PublierDecision, PublierResultats
from contracts.evenements.deliberation import NatureDecision
from contracts.evenements.publication import DecisionPubliee, PublicationPreparee, ResultatsPublies
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision

Decisions: TypeAlias = Mapping[str, Decision]
PublicationCommand: TypeAlias = PreparerPublication | PublierResultats | PublierDecision
PublicationEvent: TypeAlias = PublicationPreparee | ResultatsPublies | DecisionPubliee
REGLE_RECTIFICATION = "AMB-54"
REGLE_UN_JURY = "AMB-55"


@dataclass(frozen=True)
class Prise:
    """Une décision que le jury a prise pour le candidat après sa clôture ; ``confirmee`` : sans rien changer."""

    decision: Decision
    nature: NatureDecision
    le: datetime
    confirmee: bool = False


@dataclass(frozen=True)
class NonPreparee:
    """Le jury n'est pas clos, ou le service ne l'a pas encore appris."""


@dataclass(frozen=True)
class SousEmbargo:
    """Les résultats sont connus ici, et de personne d'autre."""

    preparee: PublicationPreparee


@dataclass(frozen=True)
class Publiee:
    """Les résultats sont publics. ``suites`` : quand une décision ultérieure l'est devenue, par candidat."""

    jury: str
    decisions: Decisions
    le: datetime | None = None
    suites: Mapping[str, datetime] = field(default_factory=dict)


Publication: TypeAlias = NonPreparee | SousEmbargo | Publiee
initial: Publication = NonPreparee()


def evolve(publication: Publication, event: PublicationEvent) -> Publication:
    """Se souvenir, sans juger."""
    match event:
        case PublicationPreparee():
            return publication if isinstance(publication, Publiee) else SousEmbargo(event)
        case ResultatsPublies(jury=jury, decisions=decisions, le=le):
            return Publiee(jury, decisions, le)
        case DecisionPubliee(candidat=candidat, decision=decision, le=le):
            if not isinstance(publication, Publiee):
                return publication
            decisions = {**publication.decisions, candidat: decision}
            return replace(publication, decisions=decisions, suites={**publication.suites, candidat: le})
        case _:
            assert_never(event)


def decide(
    command: PublicationCommand,
    publication: Publication,
    session: SessionFigee,
    *,
    prises: Sequence[Prise] = (),
    vu: int | None = None,
) -> list[PublicationEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    ``prises`` : ce que le jury a décidé du candidat après sa clôture, dans l'ordre. ``vu`` : jusqu'où l'on sait ce que
    décide un jury qui siège ailleurs (AMB-55).

    Raises:
        Refus: CAP24-P01, ``PUBLICATION_DIFFERENTE``, ``PUBLICATION_NON_PREPAREE`` ou ``EMBARGO``.
    """
    if command.par.academie != session.academie:
        detail = f"« {command.par.academie} » ne publie pas les résultats de « {session.academie} »"
        raise Refus(session.reglement.documents.regle_releve, f"{detail} : chaque académie publie les siens")
    match command:
        case PreparerPublication():
            return _preparer(command, publication, session)
        case PublierResultats():
            return _publier(command, publication, vu)
        case PublierDecision():
            return _publier_decision(command, publication, session, prises)
        case _:
            assert_never(command)


def exiger_jury_d_ici(jury: str, histoire: Iterable[Event]) -> None:
    """Le procès-verbal est à l'académie où siège le jury.

    Raises:
        Refus: AMB-55.
    """
    for event in histoire:
        if isinstance(event, PublicationPreparee) and event.pilote is not None:
            detail = f"il siège à l'académie pilote, {event.pilote}, qui tient son procès-verbal : demandez-le-lui"
            raise Refus(REGLE_UN_JURY, f"jury {jury} : {detail}")


def _preparer(command: PreparerPublication, publication: Publication, session: SessionFigee) -> list[PublicationEvent]:
    """Mettre sous embargo, jusqu'à la date que la session fixe."""
    match publication:
        case NonPreparee():
            embargo = session.parametres.publication
            dites = command.model_dump(include={"jury", "decisions", "pilote"})
            return [PublicationPreparee(**dites, embargo=embargo)]
        case SousEmbargo(preparee=preparee):
            deja: Decisions = preparee.decisions
        case Publiee(decisions=decisions):
            deja = decisions
        case _:
            assert_never(publication)
    if command.decisions == deja:
        return []
    detail = "un jury clos ne change plus ; vérifiez le journal de la délibération"
    raise Refus("PUBLICATION_DIFFERENTE", f"jury {command.jury} : d'autres décisions attendent déjà ({detail})")


def _publier(command: PublierResultats, publication: Publication, vu: int | None) -> list[PublicationEvent]:
    """Rendre publics, à la date fixée ou après."""
    match publication:
        case NonPreparee():
            detail = "ses résultats ne sont pas prêts : faites clore la délibération (deliberation.clore_jury)"
            raise Refus("PUBLICATION_NON_PREPAREE", f"jury {command.jury} : {detail}")
        case Publiee():
            return []
        case SousEmbargo(preparee=preparee):
            if command.le < preparee.embargo:
                detail = f"résultats sous embargo jusqu'au {preparee.embargo.isoformat()} : publiez à cette date"
                raise Refus("EMBARGO", f"jury {command.jury} : {detail}", embargo=preparee.embargo.isoformat())
            ailleurs = None if preparee.pilote is None else vu
            return [ResultatsPublies(jury=preparee.jury, decisions=preparee.decisions, le=command.le, vu=ailleurs)]
        case _:
            assert_never(publication)


def _publier_decision(
    command: PublierDecision, publication: Publication, session: SessionFigee, prises: Sequence[Prise]
) -> list[PublicationEvent]:
    """La décision ultérieure, telle que le jury l'a prise : jamais une autre."""
    connues = {} if isinstance(publication, NonPreparee) else _connues(publication)
    if command.candidat not in connues:
        detail = f"{command.candidat} n'est pas parmi les résultats préparés de ce jury : faites-le clore d'abord"
        raise Refus("PUBLICATION_NON_PREPAREE", f"jury {command.jury} : {detail}")
    if command.decision not in {one.decision for one in prises}:
        detail = f"le jury n'a pas décidé « {command.decision} » pour {command.candidat} après sa clôture"
        raise Refus("PUBLICATION_DIFFERENTE", f"jury {command.jury} : {detail}")
    prise = prises[-1]
    if command.decision is not prise.decision:
        return []  # une décision plus récente la remplace
    match publication:
        case SousEmbargo(preparee=preparee):
            decisions = {**connues, command.candidat: prise.decision}
            return [] if decisions == connues else [preparee.model_copy(update={"decisions": decisions})]
        case Publiee():
            return _rendre_publique(command, publication, session, prises)
        case _:
            return []


def _rendre_publique(
    command: PublierDecision, publication: Publiee, session: SessionFigee, prises: Sequence[Prise]
) -> list[PublicationEvent]:
    """Même inchangée, une décision reprise est publiée : les notes qu'elle porte ont pu changer (AMB-54).

    Elle est dite confirmée si rien n'a changé depuis ce qui est public.
    """
    prise = prises[-1]
    depuis = publication.suites.get(command.candidat, publication.le)
    if publication.decisions[command.candidat] is prise.decision and depuis is not None and prise.le <= depuis:
        return []
    complement = session.reglement.deliberation.regle_complement
    regle = complement if prise.nature is NatureDecision.COMPLEMENTAIRE else REGLE_RECTIFICATION
    le = max(command.le, prise.le)
    nouvelles = [one for one in prises if depuis is None or one.le > depuis]
    dite = {"jury": command.jury, "candidat": command.candidat, "decision": prise.decision, "le": le, "regle": regle}
    return [DecisionPubliee(**dite, confirmee=bool(nouvelles) and all(one.confirmee for one in nouvelles))]


def _connues(publication: SousEmbargo | Publiee) -> Decisions:
    return publication.preparee.decisions if isinstance(publication, SousEmbargo) else publication.decisions
