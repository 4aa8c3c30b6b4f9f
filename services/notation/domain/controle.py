"""Les épreuves orales de contrôle : choisies, puis notées, à côté de la première note (DC-BTS11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from contracts.commandes.notation import SaisirNoteControle
from contracts.commandes.releve import ChoisirControle
from contracts.evenements.notation import NoteControleSaisie
from contracts.evenements.releve import ControleChoisi
from contracts.messages import Event, Refus
from contracts.reglement import SecondeChance
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision
from services.notation.domain.absences import CORRIGENT
from services.notation.domain.cibles import exiger_ouvert, viser_epreuve
from services.notation.domain.etats import NoteControle, Releve
from services.notation.domain.procedures import exiger_note


@dataclass(frozen=True)
class DecisionJury:
    """La dernière décision du jury pour le candidat. ``epreuves`` : celles qu'elle ouvre au contrôle."""

    decision: Decision
    epreuves: tuple[str, ...] = ()


def choisir_controle(
    command: ChoisirControle, releve: Releve, session: SessionFigee, decision: DecisionJury | None
) -> list[Event]:
    """Le candidat que le jury y admet choisit ses oraux ; il peut changer d'avis tant qu'aucun n'est noté.

    Raises:
        Refus: ``CONTROLE_SANS_OBJET`` ; la règle du contrôle : décision, nombre, épreuves, oral déjà noté.
    """
    exiger_ouvert(releve)
    chance = _exiger_admis_au_controle(session, decision)
    for code in command.epreuves:
        viser_epreuve(code, session)
    possibles = list(_possibles(chance, releve, session, decision))
    choisies = set(command.epreuves)
    nombre = min(chance.nombre, len(possibles))
    if len(choisies) != len(command.epreuves) or len(choisies) != nombre or not choisies <= set(possibles):
        detail = f"le contrôle porte sur {nombre} épreuves différentes, à choisir parmi {', '.join(possibles)}"
        raise Refus(chance.regle, detail)
    if choisies == set(releve.choisies):
        return []
    if releve.controles:
        raise Refus(chance.regle, "un oral de contrôle est déjà noté : le choix ne change plus")
    return [ControleChoisi(candidat=command.candidat, epreuves=command.epreuves, regle=chance.regle)]


def saisir_controle(
    command: SaisirNoteControle, releve: Releve, session: SessionFigee, decision: DecisionJury | None
) -> list[Event]:
    """La note de l'oral ; ``ABS`` : aucune, la première note demeure. Le jury garde la meilleure des deux.

    Elle remonte au jury aussitôt : en changer est une rectification, motivée (DC-REC01).

    Raises:
        Refus: voir `choisir_controle` ; épreuve non choisie ; note hors barème ; ``NOTE_DEJA_SAISIE`` ; DC-REC01.
    """
    exiger_ouvert(releve)
    chance = _exiger_admis_au_controle(session, decision)
    epreuve = viser_epreuve(command.epreuve, session).epreuve
    if command.epreuve not in releve.choisies:
        choisies = ", ".join(releve.choisies) or "aucune"
        detail = f"{command.epreuve} n'est pas un oral de contrôle du candidat (choisies : {choisies})"
        raise Refus(chance.regle, detail)
    note: Decimal | None = None if command.note == "ABS" else command.note
    if note is not None:
        exiger_note(epreuve, note)
    porte = releve.controles.get(command.epreuve)
    if porte is not None and porte.note == note:
        return []
    saisie = NoteControleSaisie(
        candidat=command.candidat, epreuve=command.epreuve, note=note, auteur=command.par.id, regle=chance.regle
    )
    return [saisie if porte is None else _corrigee(saisie, command, porte, session)]


def _corrigee(
    saisie: NoteControleSaisie, command: SaisirNoteControle, porte: NoteControle, session: SessionFigee
) -> NoteControleSaisie:
    """Par son auteur ou par le service, avec un motif ; ce qui était porté reste dit."""
    if porte.auteur != command.par.id and command.par.role not in CORRIGENT:
        detail = f"{command.epreuve} : une autre personne a noté cet oral ; demandez au service de corriger"
        raise Refus("NOTE_DEJA_SAISIE", detail)
    if command.motif is None:
        detail = f"{command.epreuve} : cet oral est déjà noté et remonté au jury ; dites pourquoi il change (« motif »)"
        raise Refus(session.reglement.notation.regle_rectification, detail)
    regle = session.reglement.notation.regle_rectification
    return saisie.model_copy(update={"avant": porte.note, "motif": command.motif, "regle": regle})


def _exiger_admis_au_controle(session: SessionFigee, decision: DecisionJury | None) -> SecondeChance:
    chance = session.reglement.deliberation.seconde_chance
    if chance is None:
        raise Refus("CONTROLE_SANS_OBJET", "ce règlement n'a pas d'épreuves de contrôle")
    if decision is None or decision.decision is not Decision.EPREUVES_CONTROLE:
        dite = decision.decision.value.replace("_", " ") if decision else "aucune décision"
        detail = f"le jury n'admet pas le candidat aux épreuves de contrôle (dernière décision : {dite})"
        raise Refus(chance.regle, detail)
    return chance


def _possibles(
    chance: SecondeChance, releve: Releve, session: SessionFigee, decision: DecisionJury | None
) -> Iterator[str]:
    """Les épreuves du domaine où il a une note, et que le jury lui ouvre s'il les a nommées."""
    ouvertes = decision.epreuves if decision else ()
    for code, epreuve in session.reglement.epreuves.items():
        if epreuve.domaine == chance.domaine and _notee(code, releve) and (not ouvertes or code in ouvertes):
            yield code


def _notee(code: str, releve: Releve) -> bool:
    """Une note de cette session, ou une note conservée : le jury les compte toutes deux."""
    resultat = releve.resultats.get(code)
    return code in releve.benefices if resultat is None else resultat.note is not None
