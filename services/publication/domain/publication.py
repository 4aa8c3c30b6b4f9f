"""La publication d'un jury : ses résultats attendent la date fixée, puis deviennent publics (CAP24-P01, TR-P01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from contracts.commandes.publication import PreparerPublication, PublierResultats
from contracts.evenements.publication import PublicationPreparee, ResultatsPublies
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision

Decisions: TypeAlias = Mapping[str, Decision]
PublicationCommand: TypeAlias = PreparerPublication | PublierResultats
PublicationEvent: TypeAlias = PublicationPreparee | ResultatsPublies


@dataclass(frozen=True)
class NonPreparee:
    """Le jury n'est pas clos, ou le service ne l'a pas encore appris."""


@dataclass(frozen=True)
class SousEmbargo:
    """Les résultats sont connus ici, et de personne d'autre."""

    preparee: PublicationPreparee


@dataclass(frozen=True)
class Publiee:
    """Les résultats sont publics."""

    jury: str
    decisions: Decisions


Publication: TypeAlias = NonPreparee | SousEmbargo | Publiee
initial: Publication = NonPreparee()


def evolve(publication: Publication, event: PublicationEvent) -> Publication:
    """Se souvenir, sans juger."""
    match event:
        case PublicationPreparee():
            return publication if isinstance(publication, Publiee) else SousEmbargo(event)
        case ResultatsPublies(jury=jury, decisions=decisions):
            return Publiee(jury, decisions)
        case _:
            assert_never(event)


def decide(command: PublicationCommand, publication: Publication, session: SessionFigee) -> list[PublicationEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

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
            return _publier(command, publication)
        case _:
            assert_never(command)


def _preparer(command: PreparerPublication, publication: Publication, session: SessionFigee) -> list[PublicationEvent]:
    """Mettre sous embargo, jusqu'à la date que la session fixe."""
    match publication:
        case NonPreparee():
            embargo = session.parametres.publication
            return [PublicationPreparee(jury=command.jury, decisions=command.decisions, embargo=embargo)]
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


def _publier(command: PublierResultats, publication: Publication) -> list[PublicationEvent]:
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
            return [ResultatsPublies(jury=preparee.jury, decisions=preparee.decisions, le=command.le)]
        case _:
            assert_never(publication)
