"""Le jury : qui le nomme, qui siège, qui préside, ce qu'il décide. Une seule histoire, dans son propre agrégat."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TypeAlias

from contracts.commandes.deliberation import (
    AttesterPresence,
    ConstituerJury,
    OuvrirJury,
    RecuserMembre,
    TransmettrePresidence,
)
from contracts.droits import Role
from contracts.evenements.deliberation import (
    JuryConstitue,
    JuryOuvert,
    MembreRecuse,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.messages import Refus
from contracts.reglement import JuryRegle
from contracts.session import SessionFigee
from services.deliberation.domain import seance
from services.deliberation.domain.composition import Composition, manques_nomination, manques_seance, refuser
from services.deliberation.domain.dossier import DossierJury
from services.deliberation.domain.etats import Clos, Constitue, Inexistant, Jury, JuryEvent, Ouvert, evolve, initial
from services.deliberation.domain.proposition import exiger_valeurs

__all__ = [
    "Clos",
    "Constitue",
    "Inexistant",
    "Jury",
    "JuryCommand",
    "JuryEvent",
    "Ouvert",
    "decide",
    "evolve",
    "initial",
]

ReunionCommand: TypeAlias = AttesterPresence | RecuserMembre | TransmettrePresidence
JuryCommand: TypeAlias = ConstituerJury | ReunionCommand | OuvrirJury | seance.SeanceCommand
AUCUN: Mapping[str, str] = MappingProxyType({})


def decide(
    command: JuryCommand,
    jury: Jury,
    session: SessionFigee,
    *,
    dossier: DossierJury | None = None,
    journal: str = "",
    position: int = 0,
    deja: Mapping[str, str] = AUCUN,
    perimes: Collection[str] = (),
    annules: Collection[str] = (),
) -> list[JuryEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    ``dossier`` : pour viser, accorder, décider. ``journal`` et ``position`` : ce que le jury voit en ouvrant.
    ``deja`` : candidat → jury dont il relève déjà. ``perimes`` : candidats dont le dossier a changé depuis leur
    décision ; ``annules`` : candidats dont l'inscription est annulée ; tous deux pour clore.

    Raises:
        Refus: ``JURY_CLOS``, ``JURY_INCONNU``, ou la règle qui s'oppose.
    """
    regle = session.reglement.jury
    if isinstance(jury, Clos):
        raise Refus("JURY_CLOS", f"le jury {jury.jury} est clos : rien n'y change plus")
    if isinstance(command, ConstituerJury):
        return _constituer(command, jury, regle, deja)
    if isinstance(jury, Inexistant):
        raise Refus("JURY_INCONNU", f"le jury {command.jury} n'est pas constitué : faites-le nommer par arrêté")
    exiger_presidence(command, jury.composition, regle)
    match command:
        case AttesterPresence() | RecuserMembre() | TransmettrePresidence():
            return _reunir(command, jury.composition, regle)
        case OuvrirJury():
            return _ouvrir(jury, session, journal, position)
        case _:
            return seance.deliberer(
                command, _exiger_ouvert(jury), session, dossier=dossier, perimes=perimes, annules=annules
            )


def exiger_presidence(
    command: ReunionCommand | OuvrirJury | seance.SeanceCommand, composition: Composition, regle: JuryRegle
) -> None:
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


def _constituer(command: ConstituerJury, jury: Jury, regle: JuryRegle, deja: Mapping[str, str]) -> list[JuryEvent]:
    """Nommer : profils, parité, présidence, et un seul jury par candidat."""
    if isinstance(jury, (Constitue, Ouvert)):
        return _deja_constitue(command, jury.composition)
    manques = manques_nomination(command.membres, command.president, command.vice_president, regle)
    if manques:
        raise refuser(manques[0].regle, manques)
    _exiger_libres(command, deja)
    return [
        JuryConstitue(
            jury=command.jury,
            arrete=command.arrete,
            membres=command.membres,
            president=command.president,
            vice_president=command.vice_president,
            candidats=command.candidats,
            regle=regle.regle,
        )
    ]


def _deja_constitue(command: ConstituerJury, composition: Composition) -> list[JuryEvent]:
    demande = (command.arrete, command.membres, command.president, command.vice_president, command.candidats)
    actuel = (
        composition.arrete,
        composition.membres,
        composition.president,
        composition.vice_president,
        composition.candidats,
    )
    if demande == actuel:
        return []
    raise Refus("JURY_DEJA_CONSTITUE", f"le jury {command.jury} est déjà nommé, autrement : prenez un autre code")


def _exiger_libres(command: ConstituerJury, deja: Mapping[str, str]) -> None:
    """Un candidat, un jury ; une fois chacun."""
    doubles = sorted({one for one in command.candidats if command.candidats.count(one) > 1})
    if doubles:
        raise Refus("CANDIDAT_EN_DOUBLE", f"cités deux fois : {', '.join(doubles)}", candidats=doubles)
    pris = {one: deja[one] for one in command.candidats if deja.get(one, command.jury) != command.jury}
    if pris:
        ailleurs = ", ".join(f"{candidat} (jury {autre})" for candidat, autre in sorted(pris.items()))
        raise Refus(
            "CANDIDAT_DEJA_AU_JURY", f"relèvent déjà d'un autre jury : {ailleurs} ; retirez-les", candidats=pris
        )


def _reunir(command: ReunionCommand, composition: Composition, regle: JuryRegle) -> list[JuryEvent]:
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


def _ouvrir(jury: Constitue | Ouvert, session: SessionFigee, journal: str, position: int) -> list[JuryEvent]:
    """Ouvrir sur un état du journal : valeurs fournies (AMB-05), présidence et profils présents (DC-CAP22)."""
    if isinstance(jury, Ouvert):
        return []
    exiger_valeurs(session)
    manques = manques_seance(jury.composition, session.reglement.jury)
    if manques:
        raise refuser(manques[0].regle, manques)
    preside_par = jury.composition.preside_par
    return [JuryOuvert(jury=jury.composition.jury, journal=journal, position=position, preside_par=preside_par)]


def _exiger_ouvert(jury: Constitue | Ouvert) -> Ouvert:
    if isinstance(jury, Ouvert):
        return jury
    raise Refus(
        "JURY_NON_OUVERT", f"le jury {jury.composition.jury} n'a pas ouvert sa délibération : ouvrez-le d'abord"
    )
