"""Une compétence est acquise ou non : jamais une note, jamais un seuil (TP-N13, AMB-28)."""

from __future__ import annotations

from contracts.commandes.notation import EvaluerCompetence
from contracts.evenements.notation import CompetenceEvaluee
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat
from services.notation.domain.absences import CORRIGENT
from services.notation.domain.cibles import Cible, Evaluation, placer, viser
from services.notation.domain.etats import AbsenceAdmise, Absent, Evaluee, Releve


def evaluer_competence(command: EvaluerCompetence, releve: Releve, session: SessionFigee) -> list[Event]:
    """Ce que dit qui évalue. Son auteur, ou son lot, le reprend jusqu'au résultat arrêté ; ensuite, le service.

    Raises:
        Refus: ``EPREUVE_NOTEE`` ; accès, cible, inscription ; plus de critères vus que la compétence n'en a ;
            ``CANDIDAT_ABSENT``, ``NOTE_DEJA_SAISIE``.
    """
    visee = viser(command, session)
    if not visee.epreuve.acquise_ou_non:
        raise Refus("EPREUVE_NOTEE", f"{visee.nom} se note : saisissez une note (notation.saisir_note)")
    evaluation = placer(command, releve, session)
    _exiger_criteres(command, evaluation.cible)
    dite = Evaluee(command.acquise, command.criteres, command.par.id, command.lot)
    if _meme(evaluation.place, dite):
        return []
    if command.par.role not in CORRIGENT:
        _exiger_reprise(dite, evaluation, releve, session)
    return [
        CompetenceEvaluee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            acquise=command.acquise,
            criteres=command.criteres,
            lot=command.lot,
            auteur=command.par.id,
            regle=session.reglement.notation.regle_competence,
        )
    ]


def _exiger_criteres(command: EvaluerCompetence, cible: Cible) -> None:
    """On n'a pas vu plus de critères que la compétence n'en a.

    Raises:
        Refus: la règle de l'épreuve, qui les dénombre (TP-N13).
    """
    prevus = cible.definition.criteres if cible.definition else None
    if prevus is not None and command.criteres is not None and command.criteres > prevus:
        detail = f"{cible.nom} : {command.criteres} critères vus, la compétence en a {prevus} ; corrigez le nombre"
        raise Refus(cible.epreuve.regle, detail)


def _meme(place: object, dite: Evaluee) -> bool:
    return isinstance(place, Evaluee) and (place.acquise, place.criteres) == (dite.acquise, dite.criteres)


def _exiger_reprise(dite: Evaluee, evaluation: Evaluation, releve: Releve, session: SessionFigee) -> None:
    """Qui évalue ne revient que sur ce qu'il a dit, et avant que le résultat soit arrêté.

    Raises:
        Refus: ``CANDIDAT_ABSENT``, ``NOTE_DEJA_SAISIE`` ; TR-N01, le résultat est arrêté.
    """
    nom, place = evaluation.cible.nom, evaluation.place
    if isinstance(place, (Absent, AbsenceAdmise)):
        raise Refus(
            "CANDIDAT_ABSENT", f"{nom} : le candidat est porté absent ; si c'est une erreur, le service corrige"
        )
    if not isinstance(place, Evaluee):
        return
    if place.auteur != dite.auteur and (dite.lot is None or dite.lot != place.lot):
        raise Refus("NOTE_DEJA_SAISIE", f"{nom} : une autre personne l'a évaluée ; demandez au service de corriger")
    if _arretee(evaluation.cible.code, releve):
        detail = f"{nom} : le résultat est arrêté ; demandez au service de corriger"
        raise Refus(session.reglement.notation.regle_grille, detail)


def _arretee(code: str, releve: Releve) -> bool:
    """Le résultat est-il celui de cette évaluation : ni une suspension, ni un acquis d'avant cette session ?"""
    resultat = releve.resultats.get(code)
    if resultat is None or resultat.etat not in (EtatResultat.ACQUISE, EtatResultat.NON_ACQUISE):
        return False
    return resultat.regle != releve.acquis.get(code)
