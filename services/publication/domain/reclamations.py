"""Où en sont les réclamations d'un candidat, et ce que la coque a lu de lui."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeAlias, assert_never

from contracts.commandes.publication import (
    CloreReclamation,
    DemanderEffacement,
    DeposerReclamation,
    InstruireReclamation,
)
from contracts.evenements.publication import (
    EffacementAccorde,
    Notification,
    ReclamationClose,
    ReclamationDeposee,
    ReclamationInstruite,
    Trouvaille,
)
from contracts.messages import Refus
from services.publication.domain.conservation import Gel
from services.publication.domain.rectification import Reprise

ReclamationCommand: TypeAlias = DeposerReclamation | InstruireReclamation | CloreReclamation | DemanderEffacement
ReclamationEvent: TypeAlias = ReclamationDeposee | ReclamationInstruite | ReclamationClose | EffacementAccorde


@dataclass(frozen=True)
class Deposee:
    """Reçue ; une réponse est due."""

    depot: ReclamationDeposee


@dataclass(frozen=True)
class Instruite:
    """Le service a dit ce qu'il a trouvé ; l'issue manque encore."""

    depot: ReclamationDeposee
    instruction: ReclamationInstruite


@dataclass(frozen=True)
class Close:
    """Une issue motivée est donnée."""

    depot: ReclamationDeposee
    issue: ReclamationClose


Reclamation: TypeAlias = Deposee | Instruite | Close


@dataclass(frozen=True)
class Reclamations:
    """Toutes celles d'un candidat, par numéro, dans l'ordre du dépôt."""

    par_numero: Mapping[str, Reclamation] = field(default_factory=dict)
    effacement: EffacementAccorde | None = None

    def gel(self) -> Gel:
        """Ce qui empêche de détruire : les réclamations sans issue, les délais que leur issue a rouverts."""
        ouvertes = tuple(numero for numero, one in self.par_numero.items() if not isinstance(one, Close))
        fins = [one.issue.recours_jusqu_au for one in self.par_numero.values() if isinstance(one, Close)]
        return Gel(ouvertes, max((fin for fin in fins if fin is not None), default=None))


initial = Reclamations()


@dataclass(frozen=True)
class Connu:
    """Ce que la coque a lu pour décider.

    ``inscrit`` : une inscription porte ce numéro. ``majeur`` : le jour du dépôt ; rien d'autre ne sort de son identité.
    ``suivante`` : la première épreuve de la session suivante, dès qu'elle est ouverte. ``depart`` : d'où se comptent
    les durées de qui n'aura pas de résultat, son inscription étant annulée : la publication prévue de sa session.
    ``trouve`` : ce que le journal montre du candidat, pour instruire. ``reprise`` : ce que le jury a fait, réuni pour
    la réclamation, pour clore.
    """

    inscrit: bool = True
    majeur: bool = True
    publie_le: datetime | None = None
    notification: Notification | None = None
    suivante: date | None = None
    depart: datetime | None = None
    trouve: tuple[Trouvaille, ...] = ()
    reprise: Reprise | None = None


def evolve(reclamations: Reclamations, event: ReclamationEvent) -> Reclamations:
    """Se souvenir, sans juger."""
    match event:
        case ReclamationDeposee():
            return _avec(reclamations, event.numero, Deposee(event))
        case ReclamationInstruite():
            deja = reclamations.par_numero.get(event.numero)
            if not isinstance(deja, Deposee | Instruite):
                return reclamations
            return _avec(reclamations, event.numero, Instruite(deja.depot, event))
        case ReclamationClose():
            deja = reclamations.par_numero.get(event.numero)
            return reclamations if deja is None else _avec(reclamations, event.numero, Close(deja.depot, event))
        case EffacementAccorde():
            return replace(reclamations, effacement=event)
        case _:
            assert_never(event)


def trouver(reclamations: Reclamations, numero: str) -> Reclamation:
    """La réclamation de ce numéro.

    Raises:
        Refus: ``RECLAMATION_INCONNUE``.
    """
    trouvee = reclamations.par_numero.get(numero)
    if trouvee is None:
        connues = ", ".join(reclamations.par_numero) or "aucune"
        raise Refus("RECLAMATION_INCONNUE", f"aucune réclamation {numero} de ce candidat (déposées : {connues})")
    return trouvee


def _avec(reclamations: Reclamations, numero: str, une: Reclamation) -> Reclamations:
    return replace(reclamations, par_numero={**reclamations.par_numero, numero: une})
