"""What the specs of the réclamations start from: a published result, a relevé that notified it, the orders."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from contracts.commandes.publication import (
    CloreReclamation,
    DemanderEffacement,
    DeposerReclamation,
    InstruireReclamation,
)
from contracts.evenements.publication import (
    ConstatReclamation,
    IssueReclamation,
    NatureReclamation,
    Notification,
    ReclamationClose,
    ReclamationDeposee,
)
from contracts.session import SessionFigee
from services.publication.domain.edition import AVEC_VOIES
from services.publication.domain.reclamation import (
    Connu,
    ReclamationEvent,
    Reclamations,
    decide,
    evolve,
    initial,
)
from services.publication.tests.donnees import ALICE, PARIS, PUBLIE, qui, session
from services.socle.spec import Given, Spec

RELEVE = "NORMANDIE-2026-CAP-OSRCL-N2600001-R1"
N: TypeAlias = NatureReclamation
C: TypeAlias = ConstatReclamation
I: TypeAlias = IssueReclamation  # noqa: E741 (read beside the two others)
LENDEMAIN = PUBLIE + timedelta(days=1)


def le_jour(jour: date, heure: int = 9) -> datetime:
    return datetime(jour.year, jour.month, jour.day, heure, tzinfo=PARIS)


def notification(le: datetime = PUBLIE, modele: str = "releve.v1") -> Notification:
    return Notification(document=RELEVE, modele=modele, le=le, voies_et_delais=modele in AVEC_VOIES)


def connu(**autres: Any) -> Connu:
    """Alice's result is public and her relevé issued the same day; what is named changes."""
    return Connu(**{"publie_le": PUBLIE, "notification": notification(), **autres})


def deposer(
    nature: NatureReclamation, le: datetime = LENDEMAIN, numero: str = "R1", role: str = "gestionnaire", **autres: Any
) -> DeposerReclamation:
    demande = {"candidat": ALICE, "numero": numero, "nature": nature, "depose_le": le}
    return DeposerReclamation(**{**demande, **qui(role, le=le), **autres})


def instruire(constat: ConstatReclamation, le: datetime = LENDEMAIN, **autres: Any) -> InstruireReclamation:
    dit = {"candidat": ALICE, "numero": "R1", "constat": constat, "motif": "vérifié sur le bordereau"}
    return InstruireReclamation(**{**dit, **qui(le=le), **autres})


def clore(issue: IssueReclamation, le: datetime = LENDEMAIN, **autres: Any) -> CloreReclamation:
    dit = {"candidat": ALICE, "numero": "R1", "issue": issue, "motif": "réponse du service"}
    return CloreReclamation(**{**dit, **qui(le=le), **autres})


def effacer(le: datetime, **autres: Any) -> DemanderEffacement:
    return DemanderEffacement(**{"candidat": ALICE, "accord_archives": "AD76/2027/12", **qui(le=le), **autres})


def given(*history: Any, ici: SessionFigee | None = None, **sait: Any) -> Given[Reclamations]:
    """A history, then an order about what is known of Alice."""
    ordre = partial(decide, session=ici or session(), connu=connu(**sait))
    return Spec[Reclamations](ordre, evolve, initial).given(*history)


def suite(*orders: Any, ici: SessionFigee | None = None, **sait: Any) -> list[ReclamationEvent]:
    """What these orders made happen, one after the other."""
    history: list[ReclamationEvent] = []
    etat = initial
    for order in orders:
        for event in decide(order, etat, ici or session(), connu=connu(**sait)):
            history.append(event)
            etat = evolve(etat, event)
    return history


def deposee(order: DeposerReclamation, **sait: Any) -> ReclamationDeposee:
    """The acknowledgement that this filing gives."""
    premier = suite(order, **sait)[0]
    assert isinstance(premier, ReclamationDeposee)
    return premier


def close(events: list[ReclamationEvent]) -> ReclamationClose:
    dernier = events[-1]
    assert isinstance(dernier, ReclamationClose)
    return dernier
