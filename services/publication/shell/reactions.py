"""Ce que les faits appellent ici : un jury clos se prépare à la publication, une publication appelle ses documents."""

from __future__ import annotations

from contracts.commandes.publication import (
    DelivrerAttestation,
    DelivrerDiplome,
    EditerReleve,
    PreparerPublication,
    PublierDecision,
)
from contracts.evenements.deliberation import DecisionPrise, JuryClos, NatureDecision
from contracts.evenements.publication import DecisionPubliee, ResultatsPublies
from contracts.messages import Command
from contracts.vocabulaire import Decision
from services.communs.reactions import command_base
from services.publication.domain.attestation import SANS_DIPLOME
from services.publication.domain.document import DEFINITIVES
from services.publication.domain.edition import DocumentCommand
from services.socle.enveloppe import Fact
from services.socle.subjects import split


def preparer_publication(fact: Fact, academie: str = "") -> list[Command]:
    """Le jury est clos : ses résultats attendent la date fixée. Une décision prise ensuite est à publier aussi.

    Chaque ``academie`` ne prépare que ceux de ses candidats, où que siège leur jury (CAP24-P01, TR-P01) ; par défaut,
    celle du jury.
    """
    du_jury = split(fact.subject).academie
    academie = academie or du_jury
    match fact.event:
        case JuryClos() as event:
            siens = {one: dite for one, dite in event.decisions.items() if event.origines.get(one, du_jury) == academie}
            if not siens and du_jury != academie:
                return []
            base = command_base(fact, "publication", "preparer_publication", academie)
            pilote = None if du_jury == academie else du_jury
            return [PreparerPublication(**base, jury=event.jury, decisions=siens, pilote=pilote)]
        case DecisionPrise() as event if event.nature is not NatureDecision.INITIALE:
            if (event.origine or du_jury) != academie:
                return []
            base = command_base(fact, "publication", "publier_decision", academie)
            return [PublierDecision(**base, jury=event.jury, candidat=event.candidat, decision=event.decision)]
        case _:
            return []


def editer_documents(fact: Fact, *, attestation: bool = False) -> list[Command]:
    """Des résultats sont publics : un relevé par décision, un diplôme par admis, une attestation pour qui ne l'a pas.

    Rien pour un candidat non autorisé (CAP26-P01) ni en attente. ``attestation`` : le règlement en prévoit une.
    L'ordre est fixe, par numéro : l'identifiant de chaque commande en dépend.
    """
    match fact.event:
        case ResultatsPublies(jury=jury, decisions=vues):
            decisions = sorted(vues.items())
        case DecisionPubliee(jury=jury, candidat=candidat, decision=decision):
            decisions = [(candidat, decision)]
        case _:
            return []
    dus: list[tuple[type[DocumentCommand], str]] = [
        *((EditerReleve, one) for one, decision in decisions if decision in DEFINITIVES),
        *((DelivrerDiplome, one) for one, decision in decisions if decision is Decision.ADMIS),
        *((DelivrerAttestation, one) for one, decision in decisions if attestation and decision in SANS_DIPLOME),
    ]
    return [_document(commande, fact, jury, one) for commande, one in dus]


def _document(commande: type[DocumentCommand], fact: Fact, jury: str, candidat: str) -> Command:
    base = command_base(fact, "publication", f"{commande.NAME.partition('.')[2]}:{candidat}")
    return commande(**base, jury=jury, candidat=candidat)
