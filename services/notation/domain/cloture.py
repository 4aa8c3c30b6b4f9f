"""Arrêter le résultat d'une épreuve, et redire ceux que la suite change (TR-N01)."""

from __future__ import annotations

from datetime import datetime

from contracts.commandes.notation import ArreterResultat
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Mode
from services.notation.domain.cibles import en_retard, epreuves_dues
from services.notation.domain.etats import Dispensee, Doublee, Evaluee, NonTenue, Notee, Releve
from services.notation.domain.recapitulatif import Incomplet, calculer

__all__ = ["Incomplet", "arreter", "attend_nouvelle_situation", "calculer", "suites"]

PROVISOIRES = (EtatResultat.SUSPENDUE, EtatResultat.NON_VALIDE, EtatResultat.NON_VALIDEE_U1)
"""Résultats dits d'office, avant l'évaluation, et sur lesquels on revient."""


def arreter(command: ArreterResultat, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le résultat de l'épreuve ; de nouveau s'il a changé depuis.

    Raises:
        Refus: `calculer` ; AMB-52, une nouvelle situation de CCF est encore possible.
    """
    resultat = calculer(command.candidat, releve, command.epreuve, session)
    if resultat == releve.resultats.get(command.epreuve):
        return []
    if attend_nouvelle_situation(resultat, command.le, session):
        detail = f"{command.epreuve} : absence justifiée en CCF, une nouvelle situation est due avant la remontée"
        raise Refus(session.reglement.notation.regle_absence_ccf, detail)
    return [resultat]


def attend_nouvelle_situation(resultat: ResultatArrete, le: datetime, session: SessionFigee) -> bool:
    """Absent justifié en CCF, avant la remontée : le zéro n'est pas automatique (AMB-52)."""
    justifie = resultat.etat is EtatResultat.ABSENT_JUSTIFIE or (
        resultat.etat is EtatResultat.NOTE and EtatResultat.ABSENT_JUSTIFIE.value in resultat.situations.values()
    )
    return justifie and resultat.mode is Mode.CCF and not en_retard(Mode.CCF, le, session)


def suites(candidat: str, releve: Releve, session: SessionFigee, *, levee: str | None = None) -> list[Event]:
    """Les résultats à dire parce que ce qui vient d'arriver les change.

    Un résultat déjà arrêté est redit s'il change ; celui d'une épreuve qui n'attend aucune évaluation (dispensée,
    acquise, non tenue), que le jury ne doit plus voir autrement (mention, suspension), ou dont l'oral de contrôle vient
    d'être noté, est dit dès qu'il est connu.
    ``levee`` : l'épreuve dont la mention ou la suspension vient d'être levée ; sa note reprend effet.
    """
    if releve.inscription is None:
        return []
    dues = epreuves_dues(releve.inscription, releve, session)
    changes = (_change(candidat, releve, code, session, levee == code) for code in dues)
    return [resultat for resultat in changes if resultat is not None]


def _change(candidat: str, releve: Releve, code: str, session: SessionFigee, levee: bool) -> ResultatArrete | None:
    dernier = releve.resultats.get(code)
    if dernier is None and not _d_office(releve, code) and code not in releve.controles:
        return None
    try:
        resultat = calculer(candidat, releve, code, session)
    except Incomplet:
        return _a_repasser(dernier) if code in releve.reportees else _en_attente(dernier)
    provisoire = dernier is not None and dernier.etat in PROVISOIRES
    if provisoire and not _d_office(releve, code) and not levee and _modifiable(releve, code):
        return None  # l'évaluation suit son cours : son lot, ou le service, arrêtera le résultat
    return None if resultat == dernier else resultat


def _a_repasser(dernier: ResultatArrete | None) -> ResultatArrete | None:
    """L'épreuve a été reportée, et l'absence levée : ce qui en avait été dit au jury ne vaut plus (CL-140)."""
    if dernier is None or dernier.etat is EtatResultat.SUSPENDUE:
        return None
    oublie: dict[str, object] = {"etat": EtatResultat.SUSPENDUE, "note": None, "note_brute": None, "situations": {}}
    return dernier.model_copy(update=oublie)


def _d_office(releve: Releve, code: str) -> bool:
    """Le résultat de cette épreuve n'attend aucune évaluation."""
    entiere = isinstance(releve.places.get((code, None)), (Dispensee, NonTenue))
    return entiere or code in releve.acquis or code in releve.suspensions or releve.mention(code) is not None


def _modifiable(releve: Releve, code: str) -> bool:
    """Une évaluation de l'épreuve n'est pas encore verrouillée."""
    places = [place for (epreuve, _), place in releve.places.items() if epreuve == code]
    return any(isinstance(place, (Notee, Doublee, Evaluee)) for place in places)


def _en_attente(dernier: ResultatArrete | None) -> ResultatArrete | None:
    """L'épreuve est à évaluer de nouveau : le dernier résultat vaut encore, sauf une mention qui vient de tomber.

    Le jury ne doit alors ni la voir, ni la tenir pour acquise : le résultat est en attente.
    """
    if dernier is None or dernier.etat not in PROVISOIRES or dernier.etat is EtatResultat.SUSPENDUE:
        return None
    return dernier.model_copy(update={"etat": EtatResultat.SUSPENDUE})
