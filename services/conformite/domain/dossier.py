"""Le dossier d'un candidat : ses pièces, sa décision de conformité, l'état de ses supports, les doutes vérifiés."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from contracts.commandes.conformite import (
    ArreterSupports,
    ConclureVerification,
    ControlerDossier,
    DeposerPiece,
    DispenserPieces,
    JugerPiece,
    OuvrirDossier,
    RetablirPieces,
    SignalerDoute,
)
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DossierOuvert,
    DouteSignale,
    PiecesDispensees,
    PiecesRetablies,
    SupportsArretes,
    VerificationConclue,
)
from contracts.messages import Refus
from contracts.session import SessionFigee
from services.conformite.domain.acces import REGLE_DATES, Inscrit, attendus, condition_experience, pieces_dues
from services.conformite.domain.depot import accepter, juger_a_la_main, juger_toutes
from services.conformite.domain.etats import (
    Autorise,
    DecisionEvent,
    DossierEvent,
    Etat,
    Inconnu,
    MisEnDoute,
    NonAutorise,
    Ouvert,
    evolve,
    initial,
    ouvrir,
    recu_de,
    suivre,
)
from services.conformite.domain.examen import Defavorable, EnSuspens, Favorable, Issue, examiner
from services.conformite.domain.heures import tronquer
from services.conformite.domain.pieces import REGLE_ADMINISTRATIVE, manquants, supports_manquants
from services.conformite.domain.supports import attendus_supports

__all__ = ["DossierCommand", "DossierEvent", "Etat", "decide", "evolve", "initial"]

DossierCommand: TypeAlias = (
    OuvrirDossier
    | DispenserPieces
    | RetablirPieces
    | DeposerPiece
    | JugerPiece
    | ControlerDossier
    | ArreterSupports
    | SignalerDoute
    | ConclureVerification
)
REGLE_FIGEE = "AMB-59"


def decide(command: DossierCommand, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    Une pièce ou une dispense qui précède l'ouverture est gardée, puis jugée quand l'inscription est connue.

    Raises:
        Refus: ``DOSSIER_INCONNU``, ou la règle qui s'oppose.
    """
    match command:
        case OuvrirDossier():
            return _ouvrir(command, etat, session)
        case DispenserPieces() | RetablirPieces():
            return _ajuster(command, etat, session)
        case DeposerPiece():
            return accepter(command, etat, session)
        case _:
            return _sur_ouvert(command, _exiger_ouvert(etat), session)


def _sur_ouvert(
    command: JugerPiece | ControlerDossier | ArreterSupports | SignalerDoute | ConclureVerification,
    etat: Ouvert,
    session: SessionFigee,
) -> list[DossierEvent]:
    match command:
        case JugerPiece():
            return juger_a_la_main(command, etat, session)
        case ControlerDossier():
            return _controler(command, etat, session)
        case ArreterSupports():
            return _arreter(command, etat, session)
        case SignalerDoute():
            return _douter(command, etat)
        case ConclureVerification():
            return _conclure(command, etat, session)
        case _:
            assert_never(command)


def _exiger_ouvert(etat: Etat) -> Ouvert:
    if isinstance(etat, Inconnu):
        raise Refus("DOSSIER_INCONNU", "aucune inscription n'est connue sous ce numéro : vérifiez-le, ou attendez-la")
    return etat


def _ouvrir(command: OuvrirDossier, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
    """Dire ce qui est dû, puis juger ce qui est arrivé avant l'inscription."""
    inscrit = Inscrit.de(command)
    if not isinstance(etat, Inconnu):
        if Inscrit.de(etat.dossier.ouvert) == inscrit and etat.dossier.ouvert.reglement == command.reglement:
            return []
        raise Refus("DOSSIER_DEJA_OUVERT", "ce dossier est ouvert sur une autre inscription : corrigez l'inscription")
    if command.reglement != session.reglement.id:
        detail = f"la session suit {session.reglement.id}, l'inscription {command.reglement} : réinscrivez le candidat"
        raise Refus(REGLE_FIGEE, detail)
    dispenses = tuple(sorted(etat.recu.dispenses))
    ouvert = DossierOuvert(
        candidat=command.candidat,
        categorie=command.categorie,
        majeur=command.majeur,
        reglement=command.reglement,
        experience_due=condition_experience(inscrit, session).due,
        formation_attestee=command.formation_attestee,
        pieces_dues=pieces_dues(inscrit, dispenses, session),
        dispenses=dispenses,
        attendus=attendus(inscrit, dispenses, session),
    )
    return [ouvert, *juger_toutes(ouvrir(etat.recu, ouvert), session, command.le)]


def _ajuster(command: DispenserPieces | RetablirPieces, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
    """Une épreuve dispensée ou conservée n'a plus de supports dus ; repassée, elle en a de nouveau."""
    dispenser = isinstance(command, DispenserPieces)
    sans_support = not {un.partition(".")[0] for un in attendus_supports(session.reglement, ())} & {command.epreuve}
    if sans_support or (command.epreuve in recu_de(etat).dispenses) is dispenser:
        return []
    fait = PiecesDispensees if dispenser else PiecesRetablies
    event = fait(candidat=command.candidat, epreuve=command.epreuve, regle=command.regle)
    apres = evolve(etat, event)
    restent = () if isinstance(apres, Inconnu) else manquants(apres.dossier, session)
    return [event.model_copy(update={"manquants": restent})]


# La décision ------------------------------------------------------------------------------------------------------


def _controler(command: ControlerDossier, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """Décider, une fois ; décider à nouveau seulement si une personne a changé ce que valent les pièces.

    Raises:
        Refus: on attend encore une pièce, un examen, ou la fin d'une vérification.
    """
    if isinstance(etat, MisEnDoute):
        detail = "une vérification est en cours : concluez-la, l'évaluation a lieu en attendant"
        raise Refus(REGLE_ADMINISTRATIVE, detail)
    issue = examiner(etat.dossier, session, command.le)
    if isinstance(issue, EnSuspens):
        raise Refus(issue.regle, issue.detail)
    return list(_declarer(issue, etat, command.candidat))


def _declarer(issue: Issue, etat: Ouvert, candidat: str) -> list[DecisionEvent]:
    """L'événement d'une issue ; rien si la décision est déjà celle-là."""
    match issue:
        case Favorable() if not isinstance(etat, Autorise):
            heures = None if issue.heures is None else tronquer(issue.heures)
            return [
                DossierDeclareConforme(
                    candidat=candidat, regle=issue.regle, explication=issue.explication, heures_retenues=heures
                )
            ]
        case Defavorable() if not isinstance(etat, NonAutorise):
            return [
                DossierDeclareNonConforme(
                    candidat=candidat,
                    regle=issue.regle,
                    motifs=tuple(motif.value for motif in issue.motifs),
                    orientation=issue.orientation,
                    explication=issue.explication,
                    heures_retenues=None if issue.heures is None else tronquer(issue.heures),
                )
            ]
        case _:
            return []


# Les supports -----------------------------------------------------------------------------------------------------


def _arreter(command: ArreterSupports, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """À la date de remise passée, dire quels supports manquent : ils valent zéro, jamais l'exclusion (TR-C03).

    Raises:
        Refus: la date n'est pas passée (TR-C01), ou le candidat n'est pas autorisé.
    """
    decision = etat.avant if isinstance(etat, MisEnDoute) else etat
    if isinstance(decision, NonAutorise):
        raise Refus(decision.regle, "le candidat n'est pas autorisé à se présenter : aucun support n'est attendu")
    jour = session.parametres.remise_supports
    if session.dans_les_delais(command.le, jour):
        raise Refus(REGLE_DATES, f"les supports se remettent jusqu'au {jour:%d/%m/%Y} inclus : arrêtez-les ensuite")
    absents = supports_manquants(etat.dossier, session)
    event = SupportsArretes(
        candidat=command.candidat,
        manquants=tuple(cle for cle, _ in absents),
        regles=tuple(regle for _, regle in absents),
    )
    return [] if event == etat.dossier.arretes else [event]


# Le doute ---------------------------------------------------------------------------------------------------------


def _douter(command: SignalerDoute, etat: Ouvert) -> list[DossierEvent]:
    """Signaler n'est pas rejeter : aucune décision ne change (TR-C02)."""
    if isinstance(etat, MisEnDoute) and command.motif in etat.motifs:
        return []
    return [DouteSignale(candidat=command.candidat, motif=command.motif, regle=REGLE_ADMINISTRATIVE)]


def _conclure(command: ConclureVerification, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """L'autorité conclut ; la décision déjà prise suit, s'il y a lieu, dans le même fait."""
    event = VerificationConclue(
        candidat=command.candidat, conforme=command.conforme, motif=command.motif, regle=REGLE_ADMINISTRATIVE
    )
    if not isinstance(etat, MisEnDoute):
        if etat.dossier.verification == event:
            return []
        raise Refus("AUCUNE_VERIFICATION", "aucun doute n'est signalé sur ce dossier : signalez-le d'abord")
    apres = suivre(etat, event)
    suite = examiner(apres.dossier, session, command.le)
    tranchee = isinstance(suite, Defavorable) if not command.conforme else isinstance(apres, NonAutorise)
    return [event, *(_declarer(suite, apres, command.candidat) if tranchee else [])]
