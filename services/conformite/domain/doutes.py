"""Le doute, sa vérification, la relance ; et la durée que l'autorité réduit (TR-C02, BTS-C05, BTS-C06, BTS-C08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.commandes.conformite import AutoriserDureeReduite, ConclureVerification, SignalerDoute
from contracts.evenements.conformite import (
    DossierDeclareNonConforme,
    DouteSignale,
    DureeReduiteAutorisee,
    VerificationConclue,
)
from contracts.messages import Refus
from contracts.session import SessionFigee
from services.conformite.domain.controle import Conforme, NonConforme
from services.conformite.domain.decisions import (
    declarer,
    declarer_acces,
    est_defavorable,
    examiner_acces,
    rendus,
)
from services.conformite.domain.etats import Dossier, DossierEvent, MisEnDoute, NonAutorise, Ouvert, suivre
from services.conformite.domain.exigences import ControleDu
from services.conformite.domain.pieces import REGLE_ADMINISTRATIVE, dus

SANS_DOUTE = "AUCUNE_VERIFICATION"


@dataclass(frozen=True)
class Relance:
    """Une vérification qui dure : depuis quand, jusqu'à quand on l'attend, et si ce jour est passé (AMB-45)."""

    depuis: datetime
    echeance: date
    en_retard: bool


def relance(depuis: datetime, session: SessionFigee, le: datetime) -> Relance:
    """Où en est l'attente à cet instant ; elle ne décide jamais à la place de l'autorité."""
    fuseau = ZoneInfo(session.parametres.fuseau)
    echeance = depuis.astimezone(fuseau).date() + timedelta(days=session.parametres.suspension_jours)
    return Relance(depuis, echeance, not session.dans_les_delais(le, echeance))


# Signaler ---------------------------------------------------------------------------------------------------------


def douter(command: SignalerDoute, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """Signaler n'est pas rejeter : aucune décision ne change (TR-C02). Plusieurs doutes peuvent courir ensemble.

    Raises:
        Refus: l'épreuve n'a pas de dossier contrôlé pour ce candidat.
    """
    if command.epreuve is not None:
        return _douter_epreuve(command, command.epreuve, etat, session)
    if isinstance(etat, MisEnDoute) and command.motif in etat.motifs:
        return []
    return [DouteSignale(candidat=command.candidat, motif=command.motif, regle=REGLE_ADMINISTRATIVE)]


def _douter_epreuve(command: SignalerDoute, epreuve: str, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    if command.motif in etat.dossier.suivi(epreuve).doutes:
        return []
    regle = _controle_de(epreuve, etat.dossier, session).controle.regle_doute or REGLE_ADMINISTRATIVE
    return [DouteSignale(candidat=command.candidat, motif=command.motif, regle=regle, epreuve=epreuve)]


def _controle_de(epreuve: str, dossier: Dossier, session: SessionFigee) -> ControleDu:
    trouve = next((du for du in dus(dossier, session) if epreuve in du.epreuves), None)
    if trouve is None:
        detail = f"{epreuve} n'a pas de dossier contrôlé pour ce candidat : vérifiez le code de l'épreuve"
        raise Refus("EPREUVE_INCONNUE", detail)
    return trouve


# Conclure ---------------------------------------------------------------------------------------------------------


def conclure(command: ConclureVerification, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """L'autorité conclut ; la décision suit, s'il y a lieu, dans le même fait.

    Raises:
        Refus: ``AUCUNE_VERIFICATION``, rien n'est en doute ici.
    """
    if command.epreuve is not None:
        return _conclure_epreuve(command, command.epreuve, etat, session)
    event = VerificationConclue(
        candidat=command.candidat, conforme=command.conforme, motif=command.motif, regle=REGLE_ADMINISTRATIVE
    )
    if not isinstance(etat, MisEnDoute):
        if etat.dossier.verification == event:
            return []
        raise Refus(SANS_DOUTE, "aucun doute n'est signalé sur ce dossier : signalez-le d'abord, ou nommez l'épreuve")
    apres = suivre(etat, event)
    suite = examiner_acces(apres.dossier, session, command.le)
    tranchee = est_defavorable(suite) if not command.conforme else isinstance(apres, NonAutorise)
    acces = declarer_acces(suite, apres, command.candidat, session) if tranchee else []
    return [event, *acces, *_suites(command, apres, session)]


def _conclure_epreuve(
    command: ConclureVerification, epreuve: str, etat: Ouvert, session: SessionFigee
) -> list[DossierEvent]:
    suivi = etat.dossier.suivi(epreuve)
    du = next((du for du in dus(etat.dossier, session) if epreuve in du.epreuves), None)
    event = VerificationConclue(
        candidat=command.candidat,
        conforme=command.conforme,
        motif=command.motif,
        regle=(du.controle.regle_verification if du else None) or REGLE_ADMINISTRATIVE,
        epreuve=epreuve,
    )
    if not suivi.doutes:
        if suivi.verification == event:
            return []
        raise Refus(SANS_DOUTE, f"aucun doute n'est signalé sur le dossier de {epreuve} : signalez-le d'abord")
    apres = suivre(etat, event)
    return [event, *_suites(command, apres, session, epreuve)]


def _suites(
    command: ConclureVerification, apres: Ouvert, session: SessionFigee, epreuve: str | None = None
) -> list[DossierEvent]:
    """Contraire, la vérification ferme l'épreuve ; favorable, elle rend celle qu'une décision avait fermée."""
    events: list[DossierEvent] = []
    for rendu in rendus(apres.dossier, session, command.le):
        concernees = tuple(
            une for une in rendu.epreuves if epreuve in (None, une) and _suit(command.conforme, apres.dossier, une)
        )
        attendue = Conforme if command.conforme else NonConforme
        if concernees and isinstance(rendu.issue, attendue):
            reduit = type(rendu)(rendu.du, concernees, rendu.issue)
            events += declarer(reduit, apres.dossier, command.candidat, session)
    return events


def _suit(conforme: bool, dossier: Dossier, epreuve: str) -> bool:
    return not conforme or isinstance(dossier.suivi(epreuve).decision, DossierDeclareNonConforme)


# Réduire ----------------------------------------------------------------------------------------------------------


def reduire(command: AutoriserDureeReduite, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """Une durée réduite est un acte de l'autorité, jamais un automatisme (BTS-C08, BTS-C09).

    Raises:
        Refus: le règlement ne prévoit pas cette cause, ou pas pour cette session.
    """
    if any(une.cause is command.cause for une in etat.dossier.reductions):
        return []
    durees = [duree for du in dus(etat.dossier, session) for duree in du.durees]
    prevues = [une for duree in durees for une in duree.reductions if une.cause is command.cause]
    if not prevues:
        regle = durees[0].regle if durees else "REDUCTION_NON_PREVUE"
        raise Refus(regle, f"aucune durée de ce candidat ne se réduit pour « {command.cause} » : vérifiez la cause")
    valables = [une for une in prevues if not une.sessions or str(session.annee) in une.sessions]
    if not valables:
        sessions = ", ".join(prevues[0].sessions)
        detail = f"« {command.cause} » ne réduit une durée qu'à la session {sessions} : demandez une autre cause"
        raise Refus(prevues[0].regle, detail)
    return [
        DureeReduiteAutorisee(
            candidat=command.candidat, cause=command.cause, motif=command.motif, regle=valables[0].regle
        )
    ]
