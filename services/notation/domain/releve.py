"""Le relevé d'épreuves d'un candidat : l'aiguillage de ce qu'on lui demande, et les résultats que cela change."""

from __future__ import annotations

from typing import assert_never, get_args

from contracts.commandes.conduite import EnregistrerConduite, EnregistrerEtg, RectifierConduite
from contracts.commandes.notation import (
    ArreterResultat,
    ConclureDiscipline,
    ConstaterAbsence,
    ConstaterSupportAbsent,
    EvaluerCompetence,
    HarmoniserNote,
    IntegrerNoteTardive,
    JustifierAbsence,
    LeverSuspension,
    PorterNonValide,
    RectifierNote,
    RemplirGrille,
    RetirerNonValide,
    SaisirNote,
    SaisirNoteControle,
    SaisirSecondeFois,
    SignalerSuspicion,
    SuspendreNote,
)
from contracts.commandes.releve import (
    ChoisirControle,
    DispenserEpreuve,
    EtablirFicheSujet,
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
from contracts.commandes.resultats_accueil import RecevoirResultat
from contracts.commandes.transfert import ReprendreReleve, TransfererReleve
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.communs.histoire import Histoire
from services.notation.domain.absences import (
    constater_absence,
    constater_support_absent,
    exiger_avant_deliberation,
    justifier_absence,
)
from services.notation.domain.accueil import recevoir
from services.notation.domain.apprentissage import Apprendre, apprendre
from services.notation.domain.cloture import arreter, suites
from services.notation.domain.competences import evaluer_competence
from services.notation.domain.conduite import enregistrer_conduite, enregistrer_etg, rectifier_conduite
from services.notation.domain.controle import DecisionJury, choisir_controle, saisir_controle
from services.notation.domain.corrections import harmoniser, integrer_tardive, rectifier
from services.notation.domain.etats import Releve, initial
from services.notation.domain.evolution import evolve, rejouer
from services.notation.domain.fiches import etablir_fiche
from services.notation.domain.jury import EtatJury, exiger_jury_ouvert
from services.notation.domain.mentions import conclure_discipline, signaler_suspicion
from services.notation.domain.notes import remplir_grille, saisir, saisir_seconde_fois
from services.notation.domain.transfert import exiger_ici, reprendre, transferer

__all__ = ["Releve", "ReleveCommand", "decide", "evolve", "initial"]

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
    | EvaluerCompetence
    | SignalerSuspicion
    | EtablirFicheSujet
    | ArreterResultat
)
ApresJury = ChoisirControle | SaisirNoteControle | ConclureDiscipline
Ordinaire = Apprendre | Evaluer | ApresJury
ReleveCommand = Ordinaire | RecevoirResultat | TransfererReleve | ReprendreReleve
LEVENT = (LeverSuspension, RetirerNonValide, ConclureDiscipline)
CORRIGENT = (RectifierNote, RectifierConduite, IntegrerNoteTardive)
"""Ce qu'une erreur trouvée après la clôture du jury fait corriger, une fois qu'il est réuni de nouveau."""


def decide(
    command: ReleveCommand,
    releve: Releve,
    session: SessionFigee,
    decision: DecisionJury | None = None,
    jury: EtatJury = EtatJury.A_VENIR,
    accueil: bool = False,
    histoire: Histoire | None = None,
    accepte: bool = False,
) -> list[Event]:
    """Les faits de la commande, et les résultats qu'ils changent.

    ``decision`` : la dernière du jury, au contrôle. ``jury`` : où il en est pour ce candidat. ``accueil`` : a-t-il été
    demandé qu'il compose là d'où vient un résultat ? ``histoire``, ``accepte`` : celle d'un candidat transféré, et
    s'il est accepté ici.
    """
    match command:
        case TransfererReleve():
            return transferer(command, releve)
        case ReprendreReleve():
            return reprendre(command, releve, session, histoire, accepte)
        case RecevoirResultat():
            events = recevoir(command, releve, session, jury, accueil)
        case _ if releve.vers is not None and isinstance(command, get_args(Apprendre)):
            return []  # ce qui s'apprenait encore se retrouvera là-bas
        case _:
            exiger_ici(releve)
            events = _faits(command, releve, session, decision, jury)
    if not events:
        return []
    levee = command.epreuve if isinstance(command, LEVENT) else None
    return [*events, *suites(command.candidat, rejouer(releve, events), session, levee=levee)]


def _faits(
    command: Ordinaire,
    releve: Releve,
    session: SessionFigee,
    decision: DecisionJury | None,
    jury: EtatJury,
) -> list[Event]:
    match command:
        case ChoisirControle():
            return choisir_controle(command, releve, session, decision)
        case SaisirNoteControle():
            return saisir_controle(command, releve, session, decision)
        case ConclureDiscipline():
            return conclure_discipline(command, releve, session)
        case (
            OuvrirReleve()
            | ModifierReleve()
            | FermerAcces()
            | RouvrirAcces()
            | DispenserEpreuve()
            | ReporterBenefice()
            | RetirerBenefice()
            | ReporterAcquis()
            | SuspendreNote()
            | LeverSuspension()
            | PorterNonValide()
            | RetirerNonValide()
            | OuvrirRemplacement()
            | ReporterEpreuves()
        ):
            return apprendre(command, releve, session)
        case _:
            return _evaluer(command, releve, session, jury)


def _evaluer(command: Evaluer, releve: Releve, session: SessionFigee, jury: EtatJury) -> list[Event]:
    """Les faits, si le jury les attend encore ; redire ce qui est déjà ainsi reste sans effet, même après lui."""
    try:
        _exiger_jury_ouvert(command, releve, session, jury)
    except Refus:
        if _sans_effet(command, releve, session):
            return []
        raise
    return _faits_evalues(command, releve, session)


def _sans_effet(command: Evaluer, releve: Releve, session: SessionFigee) -> bool:
    try:
        return not _faits_evalues(command, releve, session)
    except Refus:
        return False


def _faits_evalues(command: Evaluer, releve: Releve, session: SessionFigee) -> list[Event]:
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
        case EvaluerCompetence():
            return evaluer_competence(command, releve, session)
        case SignalerSuspicion():
            return signaler_suspicion(command, releve, session)
        case EtablirFicheSujet():
            return etablir_fiche(command, releve, session)
        case ArreterResultat():
            return arreter(command, releve, session)
        case _:
            assert_never(command)


def _exiger_jury_ouvert(command: Evaluer, releve: Releve, session: SessionFigee, jury: EtatJury) -> None:
    """Le jury clos, aucune note ne change sous sa décision (AMB-54), sauf celle du remplacement.

    Raises:
        Refus: AMB-54 ; pour un motif d'absence, la règle qui le fait admettre avant la délibération (AMB-49).
    """
    epreuve = getattr(command, "epreuve", None)
    if epreuve in releve.remplacees:
        return
    if isinstance(command, JustifierAbsence):
        exiger_avant_deliberation(jury, session)
    else:
        exiger_jury_ouvert(jury, corrige=isinstance(command, CORRIGENT), quoi=epreuve or "théorie du permis")
