"""Le dossier et son sort : tenu ici, parti avec son candidat, ou repris d'une autre académie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from contracts.commandes.conformite import DispenserPieces, ModifierDossier, OuvrirDossier, RetablirPieces
from contracts.commandes.transfert import ReprendreDossier, TransfererDossier
from contracts.evenements.transfert import DossierRepris, DossierTransfere
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.communs.histoire import Histoire, exiger_reprise
from services.conformite.domain import dossier
from services.conformite.domain.dossier import DossierCommand, DossierEvent, Etat

Command: TypeAlias = DossierCommand | TransfererDossier | ReprendreDossier
APPRIS = (OuvrirDossier, ModifierDossier, DispenserPieces, RetablirPieces)


@dataclass(frozen=True)
class Suivi:
    """``vers`` : l'académie où le dossier est parti. ``repris`` : l'empreinte de l'histoire reprise."""

    etat: Etat = dossier.initial
    vers: str | None = None
    repris: str = ""


initial = Suivi()


def evolve(suivi: Suivi, event: DossierEvent | DossierTransfere | DossierRepris) -> Suivi:
    """Se souvenir, sans juger ; une histoire reprise remplace ce qui était su."""
    match event:
        case DossierTransfere(vers=vers):
            return replace(suivi, vers=vers)
        case DossierRepris(tete=tete):
            return Suivi(repris=tete)
        case _:
            return replace(suivi, etat=dossier.evolve(suivi.etat, event))


def decide(
    command: Command, suivi: Suivi, session: SessionFigee, *, histoire: Histoire | None = None, accepte: bool = False
) -> list[Event]:
    """Ce qui s'ensuit de l'ordre, tant que le dossier est ici. ``histoire``, ``accepte`` : pour `ReprendreDossier`.

    Raises:
        Refus: ``CANDIDAT_TRANSFERE`` ; ceux d'`exiger_reprise` et de `dossier.decide`.
    """
    match command:
        case TransfererDossier(candidat=candidat, vers=vers):
            return [] if suivi.vers else [DossierTransfere(candidat=candidat, vers=vers)]
        case ReprendreDossier():
            return _reprendre(command, suivi, session, histoire or Histoire(f"dossier-{command.candidat}"), accepte)
        case _ if suivi.vers is None:
            return [*dossier.decide(command, suivi.etat, session)]
        case _ if isinstance(command, APPRIS):
            return []  # ce qui s'apprenait encore se retrouvera là-bas
        case _:
            detail = f"{command.candidat} relève maintenant de {suivi.vers} : la demande se fait là-bas"
            raise Refus("CANDIDAT_TRANSFERE", detail)


def _reprendre(
    command: ReprendreDossier, suivi: Suivi, session: SessionFigee, histoire: Histoire, accepte: bool
) -> list[Event]:
    if suivi.repris and suivi.repris == histoire.tete:
        return []
    exiger_reprise(accepte, histoire, DossierTransfere, session.academie)
    repris = DossierRepris(candidat=command.candidat, origine=command.origine, **histoire.source())
    return [repris, *histoire.a_reprendre()]
