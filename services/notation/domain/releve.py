"""Le relevé d'épreuves d'un candidat : ce que le service apprend de lui, et l'aiguillage de ce qu'on lui demande."""

from __future__ import annotations

from typing import assert_never

from contracts.commandes.notation import (
    ArreterResultat,
    ConstaterAbsence,
    ConstaterSupportAbsent,
    DispenserEpreuve,
    EnregistrerConduite,
    EnregistrerEtg,
    FermerAcces,
    HarmoniserNote,
    IntegrerNoteTardive,
    JustifierAbsence,
    ModifierReleve,
    OuvrirReleve,
    RectifierConduite,
    RectifierNote,
    RemplirGrille,
    ReporterBenefice,
    RetirerBenefice,
    RouvrirAcces,
    SaisirNote,
    SaisirSecondeFois,
)
from contracts.evenements.notation import (
    AccesFerme,
    AccesRouvert,
    BeneficeReporte,
    BeneficeRetire,
    EpreuveDispensee,
    ReleveModifie,
    ReleveOuvert,
)
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.notation.domain.absences import constater_absence, constater_support_absent, justifier_absence
from services.notation.domain.cibles import viser, viser_epreuve
from services.notation.domain.cloture import arreter, suites
from services.notation.domain.conduite import (
    enregistrer_conduite,
    enregistrer_etg,
    non_organisees,
    rectifier_conduite,
)
from services.notation.domain.corrections import harmoniser, integrer_tardive, rectifier
from services.notation.domain.etats import Benefice, Dispensee, Ferme, Inscription, Releve, initial
from services.notation.domain.evolution import evolve, rejouer
from services.notation.domain.notes import remplir_grille, saisir, saisir_seconde_fois

__all__ = ["Releve", "ReleveCommand", "decide", "evolve", "initial"]

Apprendre = (
    OuvrirReleve | ModifierReleve | FermerAcces | RouvrirAcces | DispenserEpreuve | ReporterBenefice | RetirerBenefice
)
Evaluer = (
    RemplirGrille
    | SaisirNote
    | SaisirSecondeFois
    | IntegrerNoteTardive
    | ConstaterSupportAbsent
    | ConstaterAbsence
    | JustifierAbsence
    | EnregistrerEtg
    | EnregistrerConduite
    | RectifierConduite
    | HarmoniserNote
    | RectifierNote
    | ArreterResultat
)
ReleveCommand = Apprendre | Evaluer
REGLE_APRES_JURY = "AMB-54"


def decide(command: ReleveCommand, releve: Releve, session: SessionFigee) -> list[Event]:
    """Les faits de la commande, et les résultats qu'ils changent."""
    match command:
        case (
            OuvrirReleve()
            | ModifierReleve()
            | FermerAcces()
            | RouvrirAcces()
            | DispenserEpreuve()
            | ReporterBenefice()
            | RetirerBenefice()
        ):
            events = _apprendre(command, releve, session)
        case _:
            events = _evaluer(command, releve, session)
    return [*events, *suites(command.candidat, rejouer(releve, events), session)] if events else []


def _evaluer(command: Evaluer, releve: Releve, session: SessionFigee) -> list[Event]:
    if not isinstance(command, JustifierAbsence):  # which says so by its own rule
        _exiger_avant_jury(command, session)
    match command:
        case SaisirNote():
            return saisir(command, releve, session)
        case RemplirGrille():
            return remplir_grille(command, releve, session)
        case SaisirSecondeFois():
            return saisir_seconde_fois(command, releve, session)
        case IntegrerNoteTardive():
            return integrer_tardive(command, releve, session)
        case ConstaterSupportAbsent():
            return constater_support_absent(command, releve, session)
        case ConstaterAbsence():
            return constater_absence(command, releve, session)
        case JustifierAbsence():
            return justifier_absence(command, releve, session)
        case EnregistrerEtg():
            return enregistrer_etg(command, releve, session)
        case EnregistrerConduite():
            return enregistrer_conduite(command, releve, session)
        case RectifierConduite():
            return rectifier_conduite(command, releve, session)
        case HarmoniserNote():
            return harmoniser(command, releve, session)
        case RectifierNote():
            return rectifier(command, releve, session)
        case ArreterResultat():
            return arreter(command, releve, session)
        case _:
            assert_never(command)


def _exiger_avant_jury(command: Evaluer, session: SessionFigee) -> None:
    """Passé le jour du jury, aucune note ne change sous une décision prise (AMB-54).

    Raises:
        Refus: AMB-54.
    """
    if not session.dans_les_delais(command.le, session.parametres.jury_le):
        detail = (
            f"le jury siégeait le {session.parametres.jury_le} : ce qu'il a vu ne change plus ici ; saisissez le jury"
        )
        raise Refus(REGLE_APRES_JURY, detail)


# Ce que le service apprend des autres, dans n'importe quel ordre ---------------------------------------------------


def _apprendre(command: Apprendre, releve: Releve, session: SessionFigee) -> list[Event]:
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
    nouvelle = Inscription(command.categorie, command.reglement, command.modes, command.facultatives)
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
            candidat=command.candidat, epreuve=command.epreuve, situation=command.situation, regle=command.regle
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
