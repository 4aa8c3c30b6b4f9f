"""Le jury : qui le nomme, qui siège, qui préside, ce qu'il décide. Une seule histoire, dans son propre agrégat."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from contracts.commandes.deliberation import (
    AttesterPresence,
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    ReconvoquerJury,
    RecuserMembre,
    SignalerResultatTardif,
    SuivreTransfert,
    TransmettrePresidence,
)
from contracts.evenements.deliberation import JuryConstitue, JuryOuvert
from contracts.messages import Event, Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from services.deliberation.domain import reprise, seance
from services.deliberation.domain.composition import Composition, manques_nomination, manques_seance, refuser
from services.deliberation.domain.dossier import DossierJury
from services.deliberation.domain.etats import Clos, Constitue, Inexistant, Jury, JuryEvent, Ouvert, evolve, initial
from services.deliberation.domain.proposition import exiger_valeurs
from services.deliberation.domain.regroupement import Regroupement
from services.deliberation.domain.reunion import OrdreCommand, exiger_presidence, reunir
from services.deliberation.domain.transfert import suivre
from services.deliberation.domain.unites import competences_exigees

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

JuryCommand: TypeAlias = ConstituerJury | OrdreCommand | ReconvoquerJury | SignalerResultatTardif | SuivreTransfert
AUCUN: Mapping[str, str] = MappingProxyType({})
AUCUNE: Mapping[str, int] = MappingProxyType({})
AUCUNES: seance.Unites = MappingProxyType({})


class JuryVoit(NamedTuple):
    """Où en sont, à l'ouverture, le journal du jury et les autres flux qu'il lit."""

    journal: str
    position: int
    positions: Mapping[str, int]


def decide(
    command: JuryCommand,
    jury: Jury,
    session: SessionFigee,
    *,
    dossier: DossierJury | None = None,
    journal: str = "",
    position: int = 0,
    positions: Mapping[str, int] = AUCUNE,
    deja: Mapping[str, str] = AUCUN,
    perimes: Collection[str] = (),
    annules: Collection[str] = (),
    unites: seance.Unites = AUCUNES,
    reclamations: Collection[Event] = (),
    regroupement: Regroupement | None = None,
    partis: Mapping[str, str] = AUCUN,
) -> list[JuryEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    ``dossier`` : pour viser, accorder, décider. ``journal`` et ``position`` : ce que le jury voit en ouvrant, et
    ``positions`` s'il y a plusieurs flux. ``regroupement`` : pour nommer, quand l'examen est partagé.
    ``deja`` : candidat → jury dont il relève déjà. ``perimes`` : candidats dont le dossier a changé depuis leur
    décision ; ``annules`` : candidats dont l'inscription est annulée ; tous deux pour clore. ``unites`` : candidat → ce
    qu'il présente, pour ouvrir et clore. ``reclamations`` : les faits de celles du candidat, pour reconvoquer.
    ``partis`` : candidat → l'académie où il est parti, pour suivre et pour clore.

    Raises:
        Refus: ``JURY_CLOS``, ``JURY_INCONNU``, ou la règle qui s'oppose.
    """
    reglement = session.reglement
    if isinstance(command, SuivreTransfert):
        return suivre(command, jury, session.academie, partis.get(command.candidat))
    if isinstance(jury, Clos):
        return reprise.reprendre(command, jury, session, dossier, reclamations)
    if isinstance(command, ConstituerJury):
        return _constituer(command, jury, reglement, deja, regroupement)
    if isinstance(jury, Inexistant):
        raise Refus("JURY_INCONNU", f"le jury {command.jury} n'est pas constitué : faites-le nommer par arrêté")
    if isinstance(command, ReconvoquerJury):
        raise Refus("JURY_NON_CLOS", f"le jury {command.jury} n'est pas clos : il décide encore, sans être reconvoqué")
    if isinstance(command, SignalerResultatTardif):
        return []  # le jury décide encore : il voit ce qui arrive
    exiger_presidence(command, jury.composition, reglement.jury)
    match command:
        case AttesterPresence() | RecuserMembre() | TransmettrePresidence():
            return reunir(command, jury.composition, reglement.jury)
        case OuvrirJury():
            return _ouvrir(jury, session, JuryVoit(journal, position, positions), unites)
        case CloreJury():
            return seance.clore(_exiger_ouvert(jury), reglement, perimes, annules, unites, partis)
        case _:
            return seance.deliberer(command, _exiger_ouvert(jury), session, dossier)


def _constituer(
    command: ConstituerJury,
    jury: Jury,
    reglement: Reglement,
    deja: Mapping[str, str],
    regroupement: Regroupement | None,
) -> list[JuryEvent]:
    """Nommer : profils, parité, présidence, et un seul jury par candidat."""
    if isinstance(jury, (Constitue, Ouvert)):
        return _deja_constitue(command, jury.composition)
    manques = manques_nomination(command.membres, command.president, command.vice_president, reglement.jury)
    if manques:
        raise refuser(manques[0].regle, manques, reglement)
    _exiger_libres(command, deja)
    origines = {} if regroupement is None else regroupement.origines(command.candidats)
    return [
        JuryConstitue(
            jury=command.jury,
            arrete=command.arrete,
            membres=command.membres,
            president=command.president,
            vice_president=command.vice_president,
            candidats=command.candidats,
            regle=reglement.jury.regle,
            origines=origines,
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


def _ouvrir(jury: Constitue | Ouvert, session: SessionFigee, voit: JuryVoit, unites: seance.Unites) -> list[JuryEvent]:
    """Ouvrir sur un état du journal : valeurs fournies (AMB-05), présidence et profils présents (DC-CAP22, TP-N17)."""
    if isinstance(jury, Ouvert):
        return []
    exiger_valeurs(session)
    reglement = session.reglement
    exigees = {one.regle: one for codes in unites.values() for one in competences_exigees(reglement, codes)}
    manques = manques_seance(jury.composition, reglement.jury, competences=exigees.values())
    if manques:
        raise refuser(manques[0].regle, manques, reglement)
    preside_par = jury.composition.preside_par
    code, positions = jury.composition.jury, dict(voit.positions)
    return [
        JuryOuvert(
            jury=code, journal=voit.journal, position=voit.position, preside_par=preside_par, positions=positions
        )
    ]


def _exiger_ouvert(jury: Constitue | Ouvert) -> Ouvert:
    if isinstance(jury, Ouvert):
        return jury
    raise Refus(
        "JURY_NON_OUVERT", f"le jury {jury.composition.jury} n'a pas ouvert sa délibération : ouvrez-le d'abord"
    )
