"""Ce que le jury a fait, réuni de nouveau pour une réclamation : sa décision, et les documents qu'elle remplace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from contracts.evenements.deliberation import DecisionPrise, JuryReconvoque
from contracts.evenements.publication import (
    AttestationDelivree,
    DiplomeDelivre,
    DocumentRemplace,
    Rectification,
    ReleveEdite,
)
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication
from services.communs.explication import clause
from services.communs.mots import jour_dit
from services.publication.documents.francais import enumeration
from services.publication.domain.histoire import DECISIONS, FaitLu, HistoireCandidat

REGLE_RECTIFICATION = "AMB-54"


@dataclass(frozen=True)
class EnCours:
    """Le jury est réuni pour elle ; ``attend`` : ce qui manque encore avant de répondre."""

    attend: str


Reprise: TypeAlias = EnCours | Rectification


def reprise_du_jury(numero: str, histoire: HistoireCandidat, documents: Sequence[FaitLu]) -> Reprise | None:
    """Où en est la reprise que cette réclamation a demandée ; aucune si le jury n'a pas été réuni pour elle.

    ``documents`` : les faits des documents du candidat, dans l'ordre du journal.
    """
    reuni = next((one for one in reversed(histoire.jury) if _pour(one, numero, histoire.candidat)), None)
    if reuni is None:
        return None
    avant = [dite for fait, dite in histoire.decisions if fait.position < reuni.position]
    apres = next(((fait, dite) for fait, dite in histoire.decisions if fait.position > reuni.position), None)
    if apres is None:
        return EnCours("le jury, réuni de nouveau pour cette réclamation, n'a pas encore décidé")
    fait, dite = apres
    edites = [one for one in documents if one.suit(fait)]
    if not dite.confirmee and not any(isinstance(one.event, ReleveEdite) for one in edites):
        return EnCours("la décision rectifiée n'a pas encore son relevé (publication.editer_releve)")
    return _rectification(fait, dite, avant[-1] if avant else None, edites)


def _rectification(
    fait: FaitLu, dite: DecisionPrise, avant: DecisionPrise | None, edites: Sequence[FaitLu]
) -> Rectification:
    delivres = (ReleveEdite, DiplomeDelivre, AttestationDelivree)
    return Rectification(
        jury=dite.jury,
        le=fait.le,
        avant=None if avant is None else avant.decision,
        apres=dite.decision,
        confirmee=dite.confirmee,
        documents=tuple(one.event.numero for one in edites if isinstance(one.event, delivres)),
        remplaces=tuple(one.event.numero for one in edites if isinstance(one.event, DocumentRemplace)),
    )


def expliquer(faite: Rectification, session: SessionFigee) -> Explication:
    """Ce que le candidat en lit, dans la réponse à sa réclamation."""
    quand = jour_dit(faite.le, session.parametres.fuseau)
    issue = "a confirmé sa décision" if faite.confirmee else f"a décidé : {DECISIONS[faite.apres]}"
    avant = "" if faite.avant is None or faite.confirmee else f" (il avait décidé : {DECISIONS[faite.avant]})"
    texte = f"Réuni de nouveau le {quand}, le jury {issue}{avant}."
    faits = []
    if faite.documents:
        faits.append(f"documents édités : {enumeration(faite.documents)}")
    if faite.remplaces:
        faits.append(f"documents annulés et remplacés, conservés : {enumeration(faite.remplaces)}")
    effet = "décision confirmée" if faite.confirmee else "décision rectifiée"
    return clause(session.reglement, REGLE_RECTIFICATION, texte, faits=faits, effet=effet)


def _pour(fait: FaitLu, numero: str, candidat: str) -> bool:
    event = fait.event
    return isinstance(event, JuryReconvoque) and (event.candidat, event.reclamation) == (candidat, numero)
