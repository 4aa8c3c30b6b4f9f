"""Ce qui gèle une note, et ce qui en tient lieu : le dossier mis en doute ou non conforme, la fraude."""

from __future__ import annotations

from contracts.commandes.notation import (
    ConclureDiscipline,
    LeverSuspension,
    PorterNonValide,
    RetirerNonValide,
    SignalerSuspicion,
    SuspendreNote,
)
from contracts.evenements.notation import (
    CauseSuspension,
    MentionNonValidePortee,
    MentionNonValideRetiree,
    NoteSuspendue,
    SuspensionLevee,
)
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat
from services.notation.domain.cibles import exiger_inscrite, exiger_ouvert, viser_epreuve
from services.notation.domain.etats import Dispensee, NonTenue, Releve

DU_DOSSIER = {"non_valide": EtatResultat.NON_VALIDE, "non_subie": EtatResultat.NON_VALIDEE_U1}
"""Ce que porte une épreuve dont le dossier n'est pas conforme, selon l'effet que le règlement dit (TR-C03)."""

# Le dossier, vérifié par l'autorité (réactions) ---------------------------------------------------------------------


def suspendre(command: SuspendreNote, releve: Releve, session: SessionFigee) -> list[Event]:
    """Un doute est signalé : le candidat est évalué normalement, sa note est gelée (BTS-C05, BTS-C19)."""
    viser_epreuve(command.epreuve, session)
    if CauseSuspension.VERIFICATION in releve.suspendue(command.epreuve) or command.epreuve in releve.non_valides:
        return []
    return [
        NoteSuspendue(
            candidat=command.candidat,
            epreuve=command.epreuve,
            cause=CauseSuspension.VERIFICATION,
            motif=command.motif,
            regle=command.regle,
        )
    ]


def lever(command: LeverSuspension, releve: Releve) -> list[Event]:
    """Le dossier est vérifié conforme : la note reprend effet, si rien d'autre ne la gèle (BTS-C06)."""
    if CauseSuspension.VERIFICATION not in releve.suspendue(command.epreuve):
        return []
    return [
        SuspensionLevee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            cause=CauseSuspension.VERIFICATION,
            motif=command.motif,
            regle=command.regle,
        )
    ]


def porter_non_valide(command: PorterNonValide, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le dossier n'est pas conforme : une mention tient lieu de note, ni zéro ni absence (BTS-C03, BTS-C06, MC-C13).

    C'est celle que le règlement donne au contrôle de cette épreuve, quand il en a un.

    Raises:
        Refus: ``MENTION_SANS_OBJET``, cette mention n'est pas de celles qu'un dossier entraîne.
    """
    viser_epreuve(command.epreuve, session)
    if command.mention not in DU_DOSSIER.values():
        permises = " ou ".join(DU_DOSSIER.values())
        detail = f"un dossier non conforme ne porte pas la mention « {command.mention} », mais {permises}"
        raise Refus("MENTION_SANS_OBJET", detail)
    mention = _mention_du_controle(command.epreuve, session) or command.mention
    deja = releve.non_valides.get(command.epreuve)
    if deja is not None and deja.mention is mention:
        return []
    return [
        MentionNonValidePortee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            mention=mention,
            motifs=command.motifs,
            regle=command.regle,
        )
    ]


def _mention_du_controle(code: str, session: SessionFigee) -> EtatResultat | None:
    effets = (one.effet for one in session.reglement.controles.values() if code in one.epreuves)
    return next((DU_DOSSIER[effet] for effet in effets if effet in DU_DOSSIER), None)


def retirer_non_valide(command: RetirerNonValide, releve: Releve) -> list[Event]:
    """Le dossier est conforme après tout : l'épreuve peut être évaluée (TR-C02)."""
    if command.epreuve not in releve.non_valides:
        return []
    return [MentionNonValideRetiree(candidat=command.candidat, epreuve=command.epreuve, regle=command.regle)]


# La fraude ---------------------------------------------------------------------------------------------------------


def signaler_suspicion(command: SignalerSuspicion, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le candidat termine l'épreuve ; son résultat est retenu jusqu'à la commission de discipline (DC-FRA01).

    Raises:
        Refus: accès, épreuve non inscrite ; la règle de la dispense, ou du document sans lequel elle n'a pas lieu.
    """
    _exiger_presentee(command, releve, session)
    if CauseSuspension.DISCIPLINE in releve.suspendue(command.epreuve) or command.epreuve in releve.annulees:
        return []
    place = releve.place((command.epreuve, None))
    if isinstance(place, (Dispensee, NonTenue)):
        raise Refus(place.regle, f"{command.epreuve} : le candidat ne la passe pas, rien n'y est à suspecter")
    return [
        NoteSuspendue(
            candidat=command.candidat,
            epreuve=command.epreuve,
            cause=CauseSuspension.DISCIPLINE,
            motif=command.motif,
            regle=session.reglement.notation.regle_discipline,
        )
    ]


def conclure_discipline(command: ConclureDiscipline, releve: Releve, session: SessionFigee) -> list[Event]:
    """La commission a décidé : l'épreuve est annulée, ou la note reprend effet (DC-FRA01).

    Raises:
        Refus: ``AUCUNE_SUSPICION``, rien n'est soumis à la commission à cette épreuve.
    """
    _exiger_presentee(command, releve, session)
    regle = session.reglement.notation.regle_discipline
    if CauseSuspension.DISCIPLINE not in releve.suspendue(command.epreuve):
        if command.annulee and command.epreuve in releve.annulees:
            return []
        detail = f"{command.epreuve} : aucune suspicion n'attend la commission ; signalez-la d'abord"
        raise Refus("AUCUNE_SUSPICION", detail)
    if command.annulee:
        return [
            MentionNonValidePortee(
                candidat=command.candidat,
                epreuve=command.epreuve,
                mention=EtatResultat.FRAUDE_ANNULEE,
                motifs=(command.motif,),
                regle=regle,
            )
        ]
    return [
        SuspensionLevee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            cause=CauseSuspension.DISCIPLINE,
            motif=command.motif,
            regle=regle,
        )
    ]


def _exiger_presentee(command: SignalerSuspicion | ConclureDiscipline, releve: Releve, session: SessionFigee) -> None:
    exiger_inscrite(viser_epreuve(command.epreuve, session), exiger_ouvert(releve), releve)
