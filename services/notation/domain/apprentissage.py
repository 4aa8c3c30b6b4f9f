"""Ce que le service apprend des autres, dans n'importe quel ordre."""

from __future__ import annotations

from typing import assert_never

from contracts.commandes.notation import LeverSuspension, PorterNonValide, RetirerNonValide, SuspendreNote
from contracts.commandes.releve import (
    DispenserEpreuve,
    FermerAcces,
    ModifierReleve,
    OuvrirReleve,
    OuvrirRemplacement,
    ReporterAcquis,
    ReporterBenefice,
    ReporterEpreuves,
    RetirerBenefice,
    RouvrirAcces,
)
from contracts.evenements.releve import (
    AccesFerme,
    AccesRouvert,
    AcquisReporte,
    BeneficeReporte,
    BeneficeRetire,
    EpreuveDispensee,
    ReleveModifie,
    ReleveOuvert,
    RemplacementOuvert,
)
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.notation.domain.cibles import viser, viser_epreuve
from services.notation.domain.conduite import non_organisees
from services.notation.domain.etats import Benefice, Dispensee, Ferme, Inscription, Releve
from services.notation.domain.mentions import lever, porter_non_valide, retirer_non_valide, suspendre
from services.notation.domain.reports import reporter

Apprendre = (
    OuvrirReleve
    | ModifierReleve
    | FermerAcces
    | RouvrirAcces
    | DispenserEpreuve
    | ReporterBenefice
    | RetirerBenefice
    | ReporterAcquis
    | SuspendreNote
    | LeverSuspension
    | PorterNonValide
    | RetirerNonValide
    | OuvrirRemplacement
    | ReporterEpreuves
)


def apprendre(command: Apprendre, releve: Releve, session: SessionFigee) -> list[Event]:
    """Ce qu'un autre service a dit, retenu même si le relevé n'est pas encore ouvert."""
    match command:
        case OuvrirReleve():
            return _ouvrir(command, releve, session)
        case ModifierReleve():
            return _modifier(command, releve)
        case FermerAcces():
            return _fermer(command, releve)
        case RouvrirAcces():
            return _rouvrir(command, releve)
        case DispenserEpreuve():
            return _dispenser(command, releve, session)
        case ReporterBenefice():
            return _reporter(command, releve, session)
        case RetirerBenefice():
            return _retirer(command, releve)
        case ReporterAcquis():
            return _reporter_acquis(command, releve, session)
        case OuvrirRemplacement():
            return _remplacer(command, releve, session)
        case ReporterEpreuves():
            return reporter(command, releve, session)
        case SuspendreNote():
            return suspendre(command, releve, session)
        case LeverSuspension():
            return lever(command, releve)
        case PorterNonValide():
            return porter_non_valide(command, releve, session)
        case RetirerNonValide():
            return retirer_non_valide(command, releve)
        case _:
            assert_never(command)


def _ouvrir(command: OuvrirReleve, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le candidat est inscrit : voici ce qu'il passe. La conduite non organisée est dite tout de suite (CAP24-I05).

    Raises:
        Refus: ``REGLEMENT_DIFFERENT``, ``RELEVE_DEJA_OUVERT``.
    """
    if command.reglement != session.reglement.id:
        detail = f"inscrit sous {command.reglement}, la session applique {session.reglement.id}"
        raise Refus("REGLEMENT_DIFFERENT", detail)
    nouvelle = Inscription(command.categorie, command.reglement, command.modes, command.facultatives, command.unites)
    if releve.inscription == nouvelle:
        return []
    if releve.inscription is not None:
        raise Refus("RELEVE_DEJA_OUVERT", "ce relevé est ouvert avec une autre inscription : modifiez l'inscription")
    ouvert = ReleveOuvert(
        candidat=command.candidat,
        categorie=command.categorie,
        reglement=command.reglement,
        modes=command.modes,
        facultatives=command.facultatives,
        unites=command.unites,
    )
    return [ouvert, *non_organisees(command.candidat, nouvelle, releve, session)]


def _modifier(command: ModifierReleve, releve: Releve) -> list[Event]:
    """Les modes ou les facultatives changent.

    Raises:
        Refus: ``RELEVE_NON_OUVERT``.
    """
    connue = releve.inscription
    if connue is None:
        raise Refus("RELEVE_NON_OUVERT", "l'inscription modifiée n'est pas encore connue ici")
    if (command.modes, command.facultatives) == (connue.modes, connue.facultatives):
        return []
    return [ReleveModifie(candidat=command.candidat, modes=command.modes, facultatives=command.facultatives)]


def _fermer(command: FermerAcces, releve: Releve) -> list[Event]:
    """Le candidat n'est pas autorisé à se présenter : plus rien ne s'enregistre (CAP26-I05)."""
    if isinstance(releve.acces, Ferme):
        return []
    return [AccesFerme(candidat=command.candidat, regle=command.regle)]


def _rouvrir(command: RouvrirAcces, releve: Releve) -> list[Event]:
    """Le dossier est conforme après tout ; sans fermeture à lever, rien à dire (TR-C02)."""
    if not isinstance(releve.acces, Ferme):
        return []
    return [AccesRouvert(candidat=command.candidat, regle=command.regle)]


def _dispenser(command: DispenserEpreuve, releve: Releve, session: SessionFigee) -> list[Event]:
    """L'épreuve ou la situation n'est pas due (CAP24-I04, DC-CAP20)."""
    cible = viser(command, session)
    if isinstance(releve.place(cible.cle), Dispensee):
        return []
    return [
        EpreuveDispensee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            regle=command.regle,
            fondement=command.fondement,
        )
    ]


def _reporter(command: ReporterBenefice, releve: Releve, session: SessionFigee) -> list[Event]:
    """La note d'une session passée est reportée ; une note de cette session la remplace (DC-CAP18)."""
    viser_epreuve(command.epreuve, session)
    gardee = Benefice(command.note, command.session_origine, command.regle)
    if releve.benefices.get(command.epreuve) == gardee:
        return []
    return [
        BeneficeReporte(
            candidat=command.candidat,
            epreuve=command.epreuve,
            note=command.note,
            session_origine=command.session_origine,
            regle=command.regle,
        )
    ]


def _retirer(command: RetirerBenefice, releve: Releve) -> list[Event]:
    """Le candidat repasse l'épreuve : la note conservée ne compte plus (DC-CAP18)."""
    if command.epreuve not in releve.benefices:
        return []
    return [BeneficeRetire(candidat=command.candidat, epreuve=command.epreuve, regle=command.regle)]


def _reporter_acquis(command: ReporterAcquis, releve: Releve, session: SessionFigee) -> list[Event]:
    """Une unité déjà acquise compte, sans note ; la passer de nouveau reste permis (TP-I05, DC-TP03)."""
    viser_epreuve(command.epreuve, session)
    if releve.acquis.get(command.epreuve) == command.regle:
        return []
    return [AcquisReporte(candidat=command.candidat, epreuve=command.epreuve, regle=command.regle)]


def _remplacer(command: OuvrirRemplacement, releve: Releve, session: SessionFigee) -> list[Event]:
    """Ces épreuves se passent à la session de remplacement, même après le jour du jury (DC-CAP17)."""
    for code in command.epreuves:
        viser_epreuve(code, session)
    if releve.remplacees.issuperset(command.epreuves):
        return []
    return [RemplacementOuvert(candidat=command.candidat, epreuves=command.epreuves, regle=command.regle)]
