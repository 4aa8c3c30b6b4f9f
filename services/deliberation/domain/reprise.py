"""La reprise d'un jury clos : un candidat en attente est décidé, ou une erreur matérielle corrigée (AMB-44, AMB-54)."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.commandes.deliberation import (
    AccorderAcquis,
    AccorderPoints,
    AttesterPresence,
    PrendreDecision,
    ReconvoquerJury,
    RecuserMembre,
    SignalerResultatTardif,
    TransmettrePresidence,
    ViserLivret,
)
from contracts.evenements.deliberation import DecisionPrise, JuryReconvoque, NatureDecision, ResultatApresCloture
from contracts.messages import Command, Event, Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication
from services.communs.explication import regles
from services.deliberation.domain.dossier import DossierJury
from services.deliberation.domain.etats import Clos, JuryEvent
from services.deliberation.domain.explication_base import DIT_DECISION, dire
from services.deliberation.domain.reclamation import REGLE_RECTIFICATION, exiger_fondee
from services.deliberation.domain.reunion import exiger_presidence, reunir
from services.deliberation.domain.seance import CandidatCommand, deliberer

# Ce qui, d'une décision, ne dit rien du candidat : deux décisions qui n'ont que cela de différent disent la même chose.
ALENTOUR = {"journal", "position", "nature", "regles", "explication", "confirmee", "tenu_par"}


def reprendre(
    command: Command,
    jury: Clos,
    session: SessionFigee,
    dossier: DossierJury | None,
    reclamations: Iterable[Event] = (),
) -> list[JuryEvent]:
    """Ce qu'un jury clos fait encore, pour les seuls candidats qu'il n'a pas décidés pour de bon.

    Raises:
        Refus: ``JURY_CLOS``, ou la règle qui s'oppose.
    """
    regle, composition = session.reglement.jury, jury.seance.composition
    match command:
        case ReconvoquerJury():
            return _reconvoquer(command, jury, reclamations)
        case SignalerResultatTardif():
            return _signaler(command, jury, dossier, session.academie)
        case AttesterPresence() | RecuserMembre() | TransmettrePresidence() if jury.repris:
            exiger_presidence(command, composition, regle)
            return reunir(command, composition, regle)
        case ViserLivret() | AccorderPoints() | AccorderAcquis() | PrendreDecision():
            if not jury.reprend(command.candidat) and not _remplace(command.candidat, jury, dossier):
                return _deja_decide(command, jury, dossier)
            exiger_presidence(command, composition, regle)
            return _deliberer(command, jury, session, dossier)
        case _:
            raise _clos(jury)


def _reconvoquer(command: ReconvoquerJury, jury: Clos, reclamations: Iterable[Event]) -> list[JuryEvent]:
    """Réunir de nouveau le jury pour un candidat, avec le motif de l'erreur matérielle (AMB-54)."""
    jury.seance.composition.exiger_candidat(command.candidat)
    deja = jury.reconvoques.get(command.candidat)
    if deja is not None and command.reclamation in (None, deja.reclamation):
        return []
    if not command.motif.strip():
        raise Refus(REGLE_RECTIFICATION, "le motif est vide : dites l'erreur matérielle à corriger")
    if command.reclamation is not None:
        exiger_fondee(command.reclamation, reclamations)
    return [
        JuryReconvoque(
            **command.model_dump(include={"jury", "candidat", "motif", "reclamation"}),
            regle=REGLE_RECTIFICATION,
            origine=jury.seance.composition.origines.get(command.candidat),
            tenu_par=jury.partis.get(command.candidat),
        )
    ]


def _signaler(command: SignalerResultatTardif, jury: Clos, dossier: DossierJury | None, ici: str) -> list[JuryEvent]:
    """Un résultat que le jury n'a pas vu : dit, sans rien changer ; lui seul, réuni de nouveau, en décide (AMB-54).

    Rien si le jury l'a vu, le verra en reprenant, ou l'attend d'une session de remplacement.
    """
    composition, candidat = jury.seance.composition, command.candidat
    composition.exiger_candidat(candidat)
    if composition.academie(candidat, ici) != command.academie:
        detail = f"{candidat} n'y est pas un candidat de {command.academie}"
        raise Refus("CANDIDAT_HORS_JURY", f"jury {command.jury} : {detail}")
    decision = jury.seance.decisions.get(candidat)
    if decision is None or jury.reprend(candidat) or command.fait in jury.tardifs:
        return []
    vu = command.journal == decision.journal and command.position <= decision.position
    vu = vu or command.fait in _preuves(decision.explication)  # revenu d'une archive, à une autre position
    if vu or (dossier is not None and command.epreuve in dossier.remplacements):
        return []
    dit = command.model_dump(include={"jury", "candidat", "academie", "epreuve", "fait"})
    return [ResultatApresCloture(**dit, regle=REGLE_RECTIFICATION)]


def _preuves(clauses: Iterable[Explication]) -> frozenset[str]:
    """Les faits qui établissent ces clauses, et leurs détails."""
    return frozenset(one for clause in clauses for one in (*clause.preuves, *_preuves(clause.details)))


def _deliberer(
    command: CandidatCommand, jury: Clos, session: SessionFigee, dossier: DossierJury | None
) -> list[JuryEvent]:
    """La même délibération qu'en séance ; la décision dit pourquoi elle est reprise."""
    rectifie = command.candidat in jury.reconvoques
    nature = NatureDecision.RECTIFICATIVE if rectifie else NatureDecision.COMPLEMENTAIRE
    events = deliberer(command, jury.seance, session, dossier, nature)
    refait = rectifie or _remplace(command.candidat, jury, dossier)
    return [_dire_reprise(one, jury, session.reglement) for one in events if refait or not _toujours(one, jury)]


def _dire_reprise(event: JuryEvent, jury: Clos, reglement: Reglement) -> JuryEvent:
    """La décision reprise dit d'abord pourquoi elle l'est, et ce qu'elle change à la précédente."""
    if not isinstance(event, DecisionPrise):
        return event
    avant = jury.seance.decisions[event.candidat]
    confirmee = event.model_dump(exclude=ALENTOUR) == avant.model_dump(exclude=ALENTOUR)
    explication = (_pourquoi(event, avant, confirmee, jury, reglement), *event.explication)
    dit = {"confirmee": confirmee, "explication": explication, "regles": regles(explication)}
    dit["tenu_par"] = jury.partis.get(event.candidat)
    return event.model_copy(update=dit)


def _pourquoi(
    event: DecisionPrise, avant: DecisionPrise, confirmee: bool, jury: Clos, reglement: Reglement
) -> Explication:
    reconvoque = jury.reconvoques.get(event.candidat)
    chiffres = {"avant": DIT_DECISION[avant.decision], "après": DIT_DECISION[event.decision]}
    effet = "décision confirmée" if confirmee else "décision complétée"
    if reconvoque is None:
        texte = "Ce que le jury attendait pour vous est arrivé après sa clôture : il complète sa décision."
        return dire(reglement, reglement.deliberation.regle_complement, texte, chiffres=chiffres, effet=effet)
    citee = () if reconvoque.reclamation is None else (f"réclamation {reconvoque.reclamation}",)
    faits = (reconvoque.motif, *citee)
    suite = "il confirme sa décision, qui ne change en rien" if confirmee else "il rectifie sa décision"
    texte = f"Le jury a été réuni de nouveau pour vous, après sa clôture, pour une erreur matérielle : {suite}."
    effet = effet if confirmee else "décision rectifiée"
    return dire(reglement, reconvoque.regle, texte, faits=faits, chiffres=chiffres, effet=effet)


def _remplace(candidat: str, jury: Clos, dossier: DossierJury | None) -> bool:
    """Le recteur l'a autorisé à la session de remplacement, et le résultat d'une de ces épreuves est arrivé depuis.

    Ses nouvelles notes rejoignent celles de la première session (DC-CAP17, DC-MC08).
    """
    decision = jury.seance.decisions.get(candidat)
    if decision is None or dossier is None or not dossier.remplacements:
        return False
    avant = {ligne.epreuve: (ligne.etat, ligne.note) for ligne in decision.lignes}
    return any(
        code in dossier.resultats and (dossier.resultats[code].etat, dossier.resultats[code].note) != avant.get(code)
        for code in dossier.remplacements
    )


def _toujours(event: JuryEvent, jury: Clos) -> bool:
    """La note est toujours suspendue, ou l'oral toujours dû : rien de nouveau n'est décidé."""
    if not isinstance(event, DecisionPrise):
        return False
    return event.decision is jury.seance.decisions[event.candidat].decision


def _deja_decide(command: CandidatCommand, jury: Clos, dossier: DossierJury | None) -> list[JuryEvent]:
    """Décidé pour de bon : le même ordre répété ne change rien, un autre veut que le jury soit reconvoqué."""
    decision = jury.seance.decisions.get(command.candidat)
    if isinstance(command, PrendreDecision) and decision is not None and dossier is not None:
        reprise = decision.nature is not NatureDecision.INITIALE
        if reprise and decision.position == dossier.position and command.decision in (None, decision.decision):
            return []
    raise _clos(jury)


def _clos(jury: Clos) -> Refus:
    detail = "pour corriger une erreur matérielle, faites-le reconvoquer"
    return Refus("JURY_CLOS", f"le jury {jury.jury} est clos : rien n'y change plus ; {detail}")
