"""Le relevé suit son candidat : clos ici quand il part, repris tel qu'il était quand il arrive."""

from __future__ import annotations

from contracts.commandes.transfert import ReprendreReleve, TransfererReleve
from contracts.evenements.transfert import ReleveRepris, ReleveTransfere
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.communs.histoire import Histoire, exiger_reprise
from services.notation.domain.etats import Releve


def transferer(command: TransfererReleve, releve: Releve) -> list[Event]:
    """Plus rien ne change ici."""
    return [] if releve.vers else [ReleveTransfere(candidat=command.candidat, vers=command.vers)]


def reprendre(
    command: ReprendreReleve, releve: Releve, session: SessionFigee, histoire: Histoire | None, accepte: bool
) -> list[Event]:
    """Les faits du relevé, précédés de leur provenance ; ils remplacent ce qui était su ici.

    Raises:
        Refus: ceux d'`exiger_reprise`.
    """
    histoire = histoire or Histoire(f"releve-{command.candidat}")
    if releve.repris and releve.repris == histoire.tete:
        return []
    exiger_reprise(accepte, histoire, ReleveTransfere, session.academie)
    repris = ReleveRepris(candidat=command.candidat, origine=command.origine, **histoire.source())
    return [repris, *histoire.a_reprendre()]


def exiger_ici(releve: Releve) -> None:
    """Le relevé est encore tenu ici.

    Raises:
        Refus: ``CANDIDAT_TRANSFERE``.
    """
    if releve.vers is not None:
        detail = f"le candidat relève maintenant de {releve.vers} : la demande se fait là-bas"
        raise Refus("CANDIDAT_TRANSFERE", detail)
