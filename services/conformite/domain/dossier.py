"""Le dossier d'un candidat : ses pièces, sa décision de conformité, l'état de ses supports, les doutes vérifiés."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from contracts.commandes.conformite import (
    ArreterSupports,
    AutoriserDureeReduite,
    ConclureVerification,
    ControlerDossier,
    DeposerPiece,
    DispenserPieces,
    JugerPiece,
    ModifierDossier,
    OuvrirDossier,
    RetablirPieces,
    SignalerDoute,
)
from contracts.evenements.conformite import (
    DossierModifie,
    DossierOuvert,
    PiecesDispensees,
    PiecesRetablies,
    SupportsArretes,
)
from contracts.messages import Refus
from contracts.session import SessionFigee
from services.communs.jury import exiger_avant_jury
from services.conformite.domain.acces import REGLE_DATES, attendus, condition_experience, pieces_dues
from services.conformite.domain.decisions import decider
from services.conformite.domain.depot import accepter, juger_a_la_main, juger_toutes
from services.conformite.domain.doutes import conclure, douter, reduire
from services.conformite.domain.etats import (
    Dossier,
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
from services.conformite.domain.exigences import epreuves_concernees
from services.conformite.domain.inscrit import Inscrit
from services.conformite.domain.pieces import dus, manquants, supports_manquants
from services.conformite.domain.supports import attendus_supports

__all__ = ["DossierCommand", "DossierEvent", "Etat", "decide", "evolve", "initial"]

DossierCommand: TypeAlias = (
    OuvrirDossier
    | ModifierDossier
    | DispenserPieces
    | RetablirPieces
    | DeposerPiece
    | JugerPiece
    | ControlerDossier
    | ArreterSupports
    | SignalerDoute
    | ConclureVerification
    | AutoriserDureeReduite
)
REGLE_FIGEE = "AMB-59"
# Une vérification commencée avant le jury se conclut après lui (AMB-44) ; rien d'autre de ce qu'il a vu ne change.
VU_DU_JURY = (DeposerPiece, JugerPiece, ControlerDossier, ArreterSupports, SignalerDoute, AutoriserDureeReduite)


def decide(command: DossierCommand, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    Une pièce ou une dispense qui précède l'ouverture est gardée, puis jugée quand l'inscription est connue.

    Raises:
        Refus: ``DOSSIER_INCONNU``, ou la règle qui s'oppose.
    """
    events = _decide(command, etat, session)
    if events and isinstance(command, VU_DU_JURY):
        exiger_avant_jury(command, session)
    return events


def _decide(command: DossierCommand, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
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
    command: ModifierDossier
    | JugerPiece
    | ControlerDossier
    | ArreterSupports
    | SignalerDoute
    | ConclureVerification
    | AutoriserDureeReduite,
    etat: Ouvert,
    session: SessionFigee,
) -> list[DossierEvent]:
    match command:
        case ModifierDossier():
            return _modifier(command, etat, session)
        case JugerPiece():
            return juger_a_la_main(command, etat, session)
        case ControlerDossier():
            return decider(command, etat, session)
        case ArreterSupports():
            return _arreter(command, etat, session)
        case SignalerDoute():
            return douter(command, etat, session)
        case ConclureVerification():
            return conclure(command, etat, session)
        case AutoriserDureeReduite():
            return reduire(command, etat, session)
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
        unites=command.unites,
        facultatives=command.facultatives,
        modes=command.modes,
    )
    return [ouvert, *juger_toutes(ouvrir(etat.recu, ouvert), session, command.le)]


def _modifier(command: ModifierDossier, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """Suivre l'inscription, si les pièces dues en changent."""
    event = DossierModifie(candidat=command.candidat, modes=command.modes, facultatives=command.facultatives)
    dossier = suivre(etat, event).dossier
    if _du(dossier, session) == _du(etat.dossier, session):
        return []
    dues = pieces_dues(dossier.inscrit, dossier.recu.dispenses, session)
    return [event.model_copy(update={"pieces_dues": dues, "manquants": manquants(dossier, session)})]


def _du(dossier: Dossier, session: SessionFigee) -> tuple[object, ...]:
    return dus(dossier, session), attendus(dossier.inscrit, dossier.recu.dispenses, session)


def _ajuster(command: DispenserPieces | RetablirPieces, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
    """Une épreuve dispensée ou conservée n'a plus de pièces dues ; repassée, elle en a de nouveau."""
    dispenser = isinstance(command, DispenserPieces)
    concernees = {un.partition(".")[0] for un in attendus_supports(session.reglement, ())}
    if (
        command.epreuve not in concernees | epreuves_concernees(session)
        or (command.epreuve in recu_de(etat).dispenses) is dispenser
    ):
        return []
    fait = PiecesDispensees if dispenser else PiecesRetablies
    event = fait(candidat=command.candidat, epreuve=command.epreuve, regle=command.regle)
    apres = evolve(etat, event)
    restent = () if isinstance(apres, Inconnu) else manquants(apres.dossier, session)
    return [event.model_copy(update={"manquants": restent})]


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
