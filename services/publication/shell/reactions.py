"""Ce que les faits appellent ici : un jury clos se prépare à la publication, une publication appelle ses documents."""

from __future__ import annotations

from contracts.commandes.publication import DelivrerDiplome, EditerReleve, PreparerPublication
from contracts.evenements.deliberation import JuryClos
from contracts.evenements.publication import ResultatsPublies
from contracts.messages import Command
from contracts.vocabulaire import Decision
from services.communs.reactions import command_base
from services.publication.domain.document import DEFINITIVES
from services.socle.enveloppe import Fact


def preparer_publication(fact: Fact) -> list[Command]:
    """Le jury est clos : ses résultats attendent la date fixée."""
    if not isinstance(fact.event, JuryClos):
        return []
    event = fact.event
    return [
        PreparerPublication(
            **command_base(fact, "publication", "preparer_publication"),
            jury=event.jury,
            decisions=event.decisions,
        )
    ]


def editer_documents(fact: Fact) -> list[Command]:
    """Les résultats sont publics : un relevé pour chaque décision définitive, puis un diplôme pour chaque admis.

    Rien pour un candidat non autorisé (CAP26-P01). L'ordre est fixe, par numéro : l'identifiant de chaque commande en
    dépend.
    """
    if not isinstance(fact.event, ResultatsPublies):
        return []
    decisions = sorted(fact.event.decisions.items())
    return [
        *(_document(EditerReleve, fact, one) for one, decision in decisions if decision in DEFINITIVES),
        *(_document(DelivrerDiplome, fact, one) for one, decision in decisions if decision is Decision.ADMIS),
    ]


def _document(commande: type[EditerReleve | DelivrerDiplome], fact: Fact, candidat: str) -> Command:
    assert isinstance(fact.event, ResultatsPublies)  # noqa: S101 - seule appelante : editer_documents
    base = command_base(fact, "publication", f"{commande.NAME.partition('.')[2]}:{candidat}")
    return commande(
        **base,
        jury=fact.event.jury,
        candidat=candidat,
    )
