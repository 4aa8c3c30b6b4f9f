"""Recevoir une pièce, la juger, demander ce qui lui manque."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import reduce

from contracts.commandes.conformite import DeposerPiece, JugerPiece
from contracts.droits import Role
from contracts.evenements.conformite import DossierDeclareConforme, PieceDeposee, PieceJugee, RegularisationDemandee
from contracts.messages import Personnel, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Attestation, Entreprise, NaturePiece, Verdict
from services.conformite.domain.acces import REGLE_DATES, regle_delai
from services.conformite.domain.attestation import decompter, exiger_dates
from services.conformite.domain.etats import (
    Autorise,
    DossierEvent,
    Etat,
    Inconnu,
    MisEnDoute,
    Ouvert,
    Piece,
    recu_de,
    suivre,
)
from services.conformite.domain.exigences import controlee, regle_periodes, toutes_exigences
from services.conformite.domain.heures import tronquer
from services.conformite.domain.jugement import Demande
from services.conformite.domain.pieces import (
    REGLE_ADMINISTRATIVE,
    attendu,
    dus,
    heures_dossier,
    juger,
    limite,
    manquants,
)
from services.conformite.domain.supports import support_de

# Des valeurs de même forme que celles qu'elles taisent : une présence reste une présence.
MASQUES = {
    "denomination": "scellée",
    "adresse": "scellée",
    "code_postal": "00000",
    "ville": "scellée",
    "siret": "00000000000000",
}
ACCES = (NaturePiece.ATTESTATION_EXPERIENCE, NaturePiece.PREUVE_FORMATION)


def accepter(command: DeposerPiece, etat: Etat, session: SessionFigee) -> list[DossierEvent]:
    """Recevoir une pièce, et la juger si le dossier est ouvert ; sous un code déjà pris, elle remplace.

    Raises:
        Refus: dates à l'envers (CAP26-C07), supports arrêtés (TR-C01), pièce qui ne peut être remplacée.
    """
    if command.attestation:
        exiger_dates(command.attestation, regle_periodes(command.nature, session))
    deposee = _deposee(command)
    connue = recu_de(etat).pieces.get(command.piece)
    if connue and _meme_contenu(connue.deposee, deposee):
        return []
    _exiger_recevable(deposee, connue, etat, session)
    if isinstance(etat, Inconnu):
        return [deposee]
    return [deposee, *_juger(deposee, suivre(etat, deposee), session, command.le)]


def juger_toutes(etat: Ouvert, session: SessionFigee, le: datetime) -> list[DossierEvent]:
    """Juger les pièces arrivées avant l'ouverture, dans leur ordre d'arrivée."""
    events: list[DossierEvent] = []
    for piece in etat.dossier.recu.pieces.values():
        rendus = _juger(piece.deposee, etat, session, le)
        etat = reduce(suivre, rendus, etat)
        events += rendus
    return events


def juger_a_la_main(command: JugerPiece, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """Le verdict d'une personne, avec son motif ; il l'emporte sur celui de la règle (CL-021, CL-022).

    Raises:
        Refus: ``PIECE_INCONNUE`` ; ``VERDICT_SANS_EFFET`` pour « à examiner », qui ne décide rien.
    """
    piece = etat.dossier.recu.pieces.get(command.piece)
    if piece is None:
        raise Refus("PIECE_INCONNUE", f"aucune pièce {command.piece} dans ce dossier : vérifiez son code")
    if command.verdict is Verdict.A_EXAMINER:
        raise Refus("VERDICT_SANS_EFFET", "dites conforme, incomplète ou non conforme")
    jugee = piece.jugee
    if jugee and jugee.a_la_main and (jugee.verdict, jugee.motifs) == (command.verdict, (command.motif,)):
        return []
    jour = limite(piece.deposee.nature, etat.dossier.recu, session)
    incomplete = command.verdict is Verdict.INCOMPLETE
    demande = Demande((command.motif,), REGLE_ADMINISTRATIVE, jour) if incomplete else None
    rendu = PieceJugee(
        candidat=command.candidat,
        piece=command.piece,
        verdict=command.verdict,
        regle=REGLE_ADMINISTRATIVE,
        motifs=(command.motif,),
        alertes=jugee.alertes if jugee else (),
        heures_retenues=_heures(piece.deposee, session),
        a_la_main=True,
    )
    return _rendre(rendu, piece.deposee, demande, etat, session, command.le)


def _juger(deposee: PieceDeposee, etat: Ouvert, session: SessionFigee, le: datetime) -> list[DossierEvent]:
    jugement = juger(deposee, etat.dossier, session)
    rendu = PieceJugee(
        candidat=deposee.candidat,
        piece=deposee.piece,
        verdict=jugement.verdict,
        regle=jugement.regle,
        motifs=tuple(motif.value for motif in jugement.motifs),
        alertes=jugement.alertes,
        heures_retenues=None if jugement.heures is None else tronquer(jugement.heures),
    )
    return _rendre(rendu, deposee, jugement.demande, etat, session, le)


def _rendre(
    rendu: PieceJugee, deposee: PieceDeposee, demande: Demande | None, etat: Ouvert, session: SessionFigee, le: datetime
) -> list[DossierEvent]:
    """Le verdict, avec l'état du dossier après lui ; puis la régularisation, s'il est encore temps."""
    dossier = suivre(etat, rendu).dossier
    heures = heures_dossier(dossier.recu, session)
    ensuite: dict[str, object] = {
        "attendu": attendu(deposee.nature, dossier, session),
        "manquants": manquants(dossier, session),
        "heures_dossier": None if heures is None else tronquer(heures),
    }
    events: list[DossierEvent] = [rendu.model_copy(update=ensuite)]
    if demande and session.dans_les_delais(le, demande.avant):
        events.append(
            RegularisationDemandee(
                candidat=deposee.candidat,
                piece=deposee.piece,
                manques=demande.manques,
                avant=session.fin_du_jour(demande.avant),
                regle=demande.regle,
            )
        )
    return events


def _exiger_recevable(deposee: PieceDeposee, connue: Piece | None, etat: Etat, session: SessionFigee) -> None:
    """Ce qui ne se dépose plus, ou ne se remplace pas."""
    arretes = None if isinstance(etat, Inconnu) else etat.dossier.arretes
    if arretes and support_de(deposee.nature, session.reglement):
        raise Refus(REGLE_DATES, "l'état des supports est arrêté : aucun ne se dépose plus")
    if connue is None:
        return
    if connue.deposee.nature is not deposee.nature:
        nature = connue.deposee.nature.value
        raise Refus("PIECE_AUTRE_NATURE", f"{deposee.piece} est déjà une pièce {nature} : prenez un autre code")
    if deposee.nature in ACCES or controlee(deposee.nature, session):
        _exiger_remplacable(deposee, connue, etat, session)


def _exiger_remplacable(deposee: PieceDeposee, connue: Piece, etat: Etat, session: SessionFigee) -> None:
    """Une pièce d'accès ou de contrôle remise à temps ne se remplace pas hors délai, ni une fois décidé sur elle."""
    jour = limite(deposee.nature, recu_de(etat), session)
    tardive = not session.dans_les_delais(deposee.depose_le, jour)
    if tardive and session.dans_les_delais(connue.deposee.depose_le, jour):
        detail = f"le délai est passé depuis le {jour:%d/%m/%Y} : la pièce {deposee.piece} déjà déposée reste"
        raise Refus(regle_delai(deposee.nature, session), detail)
    if connue.verdict is Verdict.CONFORME and _decidee(deposee.nature, etat, session):
        raise Refus("PIECE_ACCEPTEE", f"la décision repose sur la pièce {deposee.piece} : déposez sous un autre code")


def _decidee(nature: NaturePiece, etat: Etat, session: SessionFigee) -> bool:
    """Une décision favorable repose-t-elle déjà sur les pièces de cette nature ?"""
    if isinstance(etat, Inconnu):
        return False
    dossier = etat.dossier
    exiges = [du for du, une in toutes_exigences(dus(dossier, session)) if nature in une.natures]
    decisions = [dossier.suivi(epreuve).decision for du in exiges for epreuve in du.epreuves]
    if any(isinstance(une, DossierDeclareConforme) for une in decisions):
        return True
    decision = etat.avant if isinstance(etat, MisEnDoute) else etat
    return isinstance(decision, Autorise) and all(not du.epreuves for du in exiges)


def _deposee(command: DeposerPiece) -> PieceDeposee:
    """Seul le service antidate : un autre dépôt vaut à l'instant de sa demande."""
    maintenant = command.par.role not in (Role.GESTIONNAIRE, Role.RECTEUR)
    attestation, entreprise = _sans_personne(command.attestation)
    return PieceDeposee(
        candidat=command.candidat,
        piece=command.piece,
        nature=command.nature,
        depose_le=max(command.depose_le, command.le) if maintenant else command.depose_le,
        attestation=attestation,
        signataires=command.signataires,
        empreinte=command.empreinte,
        entreprise=entreprise,
        contenu=command.contenu,
    )


def _sans_personne(attestation: Attestation | None) -> tuple[Attestation | None, Personnel[Entreprise] | None]:
    """L'entreprise d'un travailleur indépendant est lui-même : ce qui la nomme est scellé, le reste suffit à juger."""
    if attestation is None or not attestation.signataire_est_candidat:
        return attestation, None
    entreprise = attestation.entreprise
    tu = {champ: valeur for champ, valeur in MASQUES.items() if getattr(entreprise, champ)}
    anonyme = attestation.model_copy(update={"entreprise": entreprise.model_copy(update=tu)})
    return anonyme, Personnel(clair=entreprise)


def _meme_contenu(une: PieceDeposee, autre: PieceDeposee) -> bool:
    """La même, à l'instant du dépôt près ; d'une entreprise scellée, on ne compare que ce qui n'en est pas tu."""
    return une == autre.model_copy(update={"depose_le": une.depose_le, "entreprise": une.entreprise})


def _heures(deposee: PieceDeposee, session: SessionFigee) -> Decimal | None:
    experience = session.reglement.experience
    if experience is None or deposee.attestation is None:
        return None
    return tronquer(decompter(deposee, experience, session).heures)
