"""Arrêter le résultat d'une épreuve : la grille récapitulative, remplie seulement quand tout y est (TR-N01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from contracts.commandes.notation import ArreterResultat
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Mode
from services.notation.domain.absences import regle_absence
from services.notation.domain.cibles import Cible, conduites, en_retard, epreuves_dues, exiger_inscrite, viser_epreuve
from services.notation.domain.conduite import mention_arretee
from services.notation.domain.corrections import discordance
from services.notation.domain.etats import (
    AbsenceAdmise,
    Absent,
    Benefice,
    Dispensee,
    Doublee,
    Ferme,
    Inscription,
    Notee,
    Place,
    Releve,
    Tardive,
    Verrouillee,
    ZeroSupport,
)
from services.notation.domain.procedures import ARRONDIS, CALCULS, en_fraction, en_texte


class Incomplet(Refus):
    """Il manque quelque chose pour arrêter ce résultat."""


@dataclass(frozen=True)
class Recapitulatif:
    """La grille récapitulative d'une épreuve : ``dues``, les places où une note est attendue, par situation."""

    candidat: str
    releve: Releve
    cible: Cible
    mode: Mode
    inscription: Inscription
    session: SessionFigee

    @property
    def dues(self) -> Mapping[str | None, Place]:
        places = {one.situation: self.releve.place(one.cle) for one in self.cible.notees()}
        return {situation: place for situation, place in places.items() if not isinstance(place, Dispensee)}

    @property
    def benefice(self) -> Benefice | None:
        """La note conservée, tant que le candidat n'a pas de note à cette session (DC-CAP18)."""
        repassee = any(isinstance(place, (Notee, Doublee, Verrouillee)) for place in self.dues.values())
        return None if repassee else self.releve.benefices.get(self.cible.code)


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
    justifie = resultat.etat is EtatResultat.ABSENT_JUSTIFIE and resultat.mode is Mode.CCF
    return justifie and not en_retard(Mode.CCF, le, session)


def suites(candidat: str, releve: Releve, session: SessionFigee) -> list[Event]:
    """Les résultats à dire parce que ce qui vient d'arriver les change.

    Un résultat déjà arrêté est redit s'il change ; celui d'une épreuve dispensée est dit dès qu'il est connu : il
    n'attend aucune évaluation.
    """
    if releve.inscription is None:
        return []
    changes = (_change(candidat, releve, code, session) for code in epreuves_dues(releve.inscription, session))
    return [resultat for resultat in changes if resultat is not None]


def _change(candidat: str, releve: Releve, code: str, session: SessionFigee) -> ResultatArrete | None:
    dernier = releve.resultats.get(code)
    dispensee = isinstance(releve.places.get((code, None)), Dispensee)
    if dernier is None and not dispensee:
        return None
    try:
        resultat = calculer(candidat, releve, code, session)
    except Incomplet:
        return None  # l'épreuve est en cours de reprise : le dernier résultat arrêté vaut encore
    return None if resultat == dernier else resultat


def calculer(candidat: str, releve: Releve, code: str, session: SessionFigee) -> ResultatArrete:
    """Le résultat qu'une épreuve a aujourd'hui.

    Raises:
        Incomplet: il manque une note, ou deux saisies ne concordent pas.
        Refus: AMB-05, un poids n'a pas été fourni ; ``EPREUVE_INCONNUE``, ``EPREUVE_NON_INSCRITE``,
            ``RELEVE_NON_OUVERT``.
    """
    cible = viser_epreuve(code, session)
    if isinstance(releve.acces, Ferme):
        regle = releve.acces.regle
        return ResultatArrete(candidat=candidat, epreuve=code, etat=EtatResultat.NON_AUTORISE, regle=regle)
    inscription = releve.inscription
    if inscription is None:
        raise Refus("RELEVE_NON_OUVERT", "aucune inscription connue pour ce numéro : vérifiez le numéro")
    mode = exiger_inscrite(cible, inscription)
    recapitulatif = Recapitulatif(candidat, releve, cible, mode, inscription, session)
    return _sans_note(recapitulatif) or _note(recapitulatif)


def _sans_note(recapitulatif: Recapitulatif) -> ResultatArrete | None:
    """Les résultats qui ne viennent pas d'une évaluation de cette session, dans l'ordre où ils l'emportent."""
    code, session, dues = recapitulatif.cible.code, recapitulatif.session, recapitulatif.dues
    resultat = partial(ResultatArrete, candidat=recapitulatif.candidat, epreuve=code)
    if not dues:
        return resultat(etat=EtatResultat.DISPENSE, regle=_regle_dispense(recapitulatif))
    gardee = recapitulatif.benefice
    if gardee is not None:
        return resultat(etat=EtatResultat.BENEFICE, note=gardee.note, regle=gardee.regle)
    absent = any(isinstance(place, Absent) for place in dues.values())
    if not absent and not any(_absence_admise(place) for place in dues.values()):
        return None
    situations, regles = _situations(recapitulatif)
    deliberation = session.reglement.deliberation
    regle = regle_absence(recapitulatif.cible, recapitulatif.mode, session) if absent else deliberation.regle_absence
    return resultat(
        etat=EtatResultat.ABSENT_INJUSTIFIE if absent else EtatResultat.ABSENT_JUSTIFIE,
        note=None if absent else Decimal(0),
        mode=recapitulatif.mode,
        situations=situations,
        regle=regle,
        regles=_uniques(regle, *regles),
    )


def _note(recapitulatif: Recapitulatif) -> ResultatArrete:
    """La note de l'épreuve : exacte, puis arrondie si elle est calculée (DC-CAP11, AMB-37)."""
    cible, session, dues = recapitulatif.cible, recapitulatif.session, recapitulatif.dues
    notes = {situation: _exiger(place, recapitulatif, situation) for situation, place in dues.items()}
    zeros = [place for place in dues.values() if isinstance(place, ZeroSupport)]
    situations, regles = _situations(recapitulatif)
    brute = CALCULS[cible.epreuve.calcul](notes, partial(session.poids, cible.code))
    note = ARRONDIS[cible.epreuve.arrondi](brute)
    sans_support = len(zeros) == len(dues)
    regle = zeros[0].regle if sans_support else cible.epreuve.regle_calcul
    if note != brute:
        regles = [*regles, session.reglement.notation.regle_arrondi]
    if recapitulatif.mode is Mode.CCF:
        regles = [*regles, session.reglement.notation.regle_proposition]
    return ResultatArrete(
        candidat=recapitulatif.candidat,
        epreuve=cible.code,
        etat=EtatResultat.ZERO_SUPPORT if sans_support else EtatResultat.NOTE,
        note=note,
        note_brute=en_fraction(brute),
        mode=recapitulatif.mode,
        situations=situations,
        regle=regle,
        regles=_uniques(regle, cible.epreuve.regle, _regle_recapitulatif(recapitulatif), *regles),
    )


def _exiger(place: Place, recapitulatif: Recapitulatif, situation: str | None) -> Decimal:
    """La note d'une place, définitive pour l'arrêté.

    Raises:
        Incomplet: rien n'y est, la note attend une décision, ou les deux saisies ne concordent pas.
    """
    cible, session = recapitulatif.cible, recapitulatif.session
    nom = f"{cible.code} {situation}" if situation else cible.code
    match place:
        case Notee(note=note) | Verrouillee(note=note):
            return note
        case Doublee(note=note):
            if not place.concorde:
                raise Incomplet("SAISIES_DISCORDANTES", discordance(place, nom))
            return note
        case ZeroSupport():
            return Decimal(0)
        case Tardive():
            detail = f"{nom} : note de CCF arrivée après la remontée ; décidez de l'intégrer, ou non"
            raise Incomplet(session.reglement.remontee_ccf, detail)
        case _:
            detail = f"{nom} : ni note, ni zéro, ni absence ; la grille récapitulative est incomplète"
            raise Incomplet(_regle_recapitulatif(recapitulatif), detail)


def _situations(recapitulatif: Recapitulatif) -> tuple[dict[str, str], list[str]]:
    """Le détail par situation (note ou mention), et les règles qui l'ont donné."""
    cible, releve = recapitulatif.cible, recapitulatif.releve
    mentions = {
        one.situation: mention_arretee(one, recapitulatif.inscription, releve, recapitulatif.session)
        for one in conduites(recapitulatif.session, cible.code)
    }
    textes = {one.situation: _texte(releve.place(one.cle)) for one in cible.notees()}
    textes |= {situation: mention.value for situation, (mention, _) in mentions.items()}
    detail = {situation: textes[situation] for situation in cible.epreuve.situations if textes.get(situation)}
    zeros = [place.regle for place in recapitulatif.dues.values() if isinstance(place, ZeroSupport)]
    return detail, [*zeros, *(regle for _, regle in mentions.values())]


def _texte(place: Place) -> str:
    match place:
        case Notee(note=note) | Doublee(note=note) | Verrouillee(note=note):
            return en_texte(note)
        case ZeroSupport():
            return EtatResultat.ZERO_SUPPORT.value
        case Absent():
            return EtatResultat.ABSENT_INJUSTIFIE.value
        case Dispensee():
            return EtatResultat.DISPENSE.value
        case _:
            return EtatResultat.ABSENT_JUSTIFIE.value if _absence_admise(place) else ""


def _absence_admise(place: Place) -> bool:
    """Motif admis, et pas de nouvelle note intégrée depuis (AMB-52)."""
    return isinstance(place, AbsenceAdmise) or (isinstance(place, Tardive) and isinstance(place.avant, AbsenceAdmise))


def _regle_dispense(recapitulatif: Recapitulatif) -> str:
    places = [recapitulatif.releve.place(one.cle) for one in recapitulatif.cible.notees()]
    return next(place.regle for place in places if isinstance(place, Dispensee))


def _regle_recapitulatif(recapitulatif: Recapitulatif) -> str:
    """La règle de la grille récapitulative : celle de l'épreuve (CAP24-N06, CAP24-N07), sinon la commune (TR-N01)."""
    propre = recapitulatif.cible.epreuve.recapitulatif.get(recapitulatif.mode)
    return propre.regle if propre else recapitulatif.session.reglement.notation.regle_grille


def _uniques(*regles: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(regles))
