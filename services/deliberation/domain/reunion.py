"""La réunion : qui préside à cet instant, les présences, les récusations, la suppléance (CAP24-D01)."""

from __future__ import annotations

from typing import TypeAlias

from contracts.commandes.deliberation import AttesterPresence, OuvrirJury, RecuserMembre, TransmettrePresidence
from contracts.droits import Role
from contracts.evenements.deliberation import MembreRecuse, PresenceAttestee, PresidenceTransmise
from contracts.messages import Refus
from contracts.reglement import JuryRegle
from services.deliberation.domain.composition import Composition
from services.deliberation.domain.etats import JuryEvent
from services.deliberation.domain.seance import SeanceCommand

ReunionCommand: TypeAlias = AttesterPresence | RecuserMembre | TransmettrePresidence
OrdreCommand: TypeAlias = ReunionCommand | OuvrirJury | SeanceCommand


def exiger_presidence(command: OrdreCommand, composition: Composition, regle: JuryRegle) -> None:
    """Seul qui préside à cet instant donne les ordres du président ; le service et le recteur gardent les leurs.

    Raises:
        Refus: la règle de présidence (CAP24-D01) ; un ancien président n'ordonne plus rien.
    """
    match command:
        case AttesterPresence() | RecuserMembre():
            autrement = command.par.role != Role.PRESIDENT_JURY
        case TransmettrePresidence():
            autrement = command.par.role == Role.RECTEUR
        case _:
            autrement = False
    if not autrement and command.par.id != composition.preside_par:
        detail = f"le jury {composition.jury} est présidé par {composition.preside_par} : cet ordre lui revient"
        raise Refus(regle.regle_president, detail)


def reunir(command: ReunionCommand, composition: Composition, regle: JuryRegle) -> list[JuryEvent]:
    """Présences, récusations, suppléance : possibles avant et pendant la délibération."""
    jury = command.jury
    match command:
        case AttesterPresence(membre=membre):
            composition.membre(membre)
            return [] if membre in composition.presents else [PresenceAttestee(jury=jury, membre=membre)]
        case RecuserMembre(membre=membre, candidat=candidat, motif=motif):
            composition.membre(membre)
            composition.exiger_candidat(candidat)
            deja = (membre, candidat) in composition.recusations
            return [] if deja else [MembreRecuse(jury=jury, membre=membre, candidat=candidat, motif=motif)]
        case TransmettrePresidence(motif=motif):
            de, a = composition.president, composition.vice_president
            if composition.preside_par == a:
                return []
            return [PresidenceTransmise(jury=jury, de=de, a=a, motif=motif, regle=regle.regle_president)]
