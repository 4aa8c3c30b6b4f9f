"""Une note déjà là change : tardive intégrée, harmonisée, rectifiée ; toujours avec un motif (TR-R02)."""

from __future__ import annotations

from decimal import Decimal

from contracts.commandes.notation import HarmoniserNote, IntegrerNoteTardive, RectifierNote
from contracts.evenements.notation import NoteHarmonisee, NoteRectifiee, NoteTardiveIntegree
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.notation.domain.cibles import Evaluation, evaluer
from services.notation.domain.etats import (
    INTEGREE,
    AbsenceAdmise,
    Absent,
    Doublee,
    Notee,
    Releve,
    Tardive,
    Verrouillee,
    ZeroSupport,
)
from services.notation.domain.procedures import en_texte, exiger_note
from services.notation.domain.reports import exiger_presentable


def integrer_tardive(command: IntegrerNoteTardive, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le service décide, avec son motif, de compter une note arrivée après la date de remontée (CAP24-N07)."""
    evaluation = evaluer(command, releve, session)
    match evaluation.place:
        case Tardive(note=note):
            return [
                NoteTardiveIntegree(
                    candidat=command.candidat,
                    epreuve=command.epreuve,
                    situation=command.situation,
                    note=note,
                    motif=command.motif,
                    regle=session.reglement.remontee_ccf,
                )
            ]
        case Verrouillee(cause=cause) if cause == INTEGREE:
            return []
        case _:
            raise Refus("AUCUNE_NOTE_TARDIVE", f"{evaluation.cible.nom} : aucune note tardive n'attend de décision")


def harmoniser(command: HarmoniserNote, releve: Releve, session: SessionFigee) -> list[Event]:
    """Une note change à l'harmonisation ; l'ancienne, le motif et l'auteur restent (TR-R02)."""
    evaluation = evaluer(command, releve, session)
    exiger_note(evaluation.cible.epreuve, command.note)
    place = evaluation.place
    if isinstance(place, Doublee) and not place.concorde:
        raise Refus("SAISIES_DISCORDANTES", discordance(place, evaluation.cible.nom))
    if not isinstance(place, (Notee, Doublee, Verrouillee)):
        raise Refus("RIEN_A_HARMONISER", f"{evaluation.cible.nom} : seule une note évaluée s'harmonise")
    if place.note == command.note:
        return []
    return [
        NoteHarmonisee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            avant=place.note,
            apres=command.note,
            motif=command.motif,
            regle=session.reglement.notation.regle_harmonisation,
        )
    ]


def rectifier(command: RectifierNote, releve: Releve, session: SessionFigee) -> list[Event]:
    """Une erreur matérielle est corrigée : note fausse, absent noté, présent porté absent (DC-REC01).

    Sur une double saisie discordante, redire la première note la confirme.
    """
    evaluation = evaluer(command, releve, session)
    apres = None if command.note == "ABS" else command.note
    if apres is not None:
        exiger_note(evaluation.cible.epreuve, apres)
    else:
        exiger_presentable(evaluation.cible.code, evaluation.cible.nom, command.le, releve)
    avant = _actuelle(evaluation)
    discorde = isinstance(evaluation.place, Doublee) and not evaluation.place.concorde
    if avant == apres and not discorde:
        return []
    return [
        NoteRectifiee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            avant=avant,
            apres=apres,
            motif=command.motif,
            regle=session.reglement.notation.regle_rectification,
        )
    ]


def _actuelle(evaluation: Evaluation) -> Decimal | None:
    """La note en place ; aucune si le candidat est porté absent."""
    match evaluation.place:
        case Notee(note=note) | Doublee(note=note) | Verrouillee(note=note):
            return note
        case ZeroSupport():
            return Decimal(0)
        case Absent() | AbsenceAdmise():
            return None
        case _:
            raise Refus("RIEN_A_RECTIFIER", f"{evaluation.cible.nom} : rien n'est encore enregistré, saisissez la note")


def discordance(place: Doublee, nom: str) -> str:
    """Ce qu'il faut dire de deux saisies qui ne concordent pas."""
    lues = f"{en_texte(place.note)} puis {en_texte(place.seconde)}"
    return f"{nom} : {lues} ; refaites la seconde saisie ou rectifiez la note"
