"""Ce qui manque : un support (zéro, le candidat est présent), ou le candidat lui-même."""

from __future__ import annotations

from contracts.commandes.notation import ConstaterAbsence, ConstaterSupportAbsent, JustifierAbsence
from contracts.droits import Role
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    EpreuveNonTenue,
    SupportAbsentConstate,
)
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Mode
from services.notation.domain.cibles import (
    Cible,
    exiger_evaluable,
    exiger_inscrite,
    exiger_ouvert,
    exiger_situation,
    mode_de,
    viser,
)
from services.notation.domain.conduite import constater_absence_conduite
from services.notation.domain.etats import (
    AbsenceAdmise,
    Absent,
    Dispensee,
    Doublee,
    Evaluee,
    NonTenue,
    Notee,
    Releve,
    Tardive,
    Verrouillee,
    ZeroSupport,
)
from services.notation.domain.jury import EtatJury
from services.notation.domain.reports import exiger_presentable

CORRIGENT = (Role.GESTIONNAIRE, Role.RECTEUR)
"""Qui corrige une évaluation qui n'est pas la sienne."""


def constater_support_absent(command: ConstaterSupportAbsent, releve: Releve, session: SessionFigee) -> list[Event]:
    """Sans support, le candidat n'est pas évalué, même si une note ou une absence avait été portée.

    C'est un zéro (CAP24-C03), ou l'épreuve n'a pas lieu quand le règlement le dit (BTS-C21). Se retient avant même
    l'ouverture du relevé.

    Raises:
        Refus: ``SUPPORT_SANS_OBJET``, cette place n'exige pas de support.
    """
    cible = viser(command, session)
    inscription = releve.inscription
    exiger_situation(cible, mode_de(cible.code, inscription) if inscription else None)
    if cible.support is None:
        raise Refus("SUPPORT_SANS_OBJET", f"{cible.nom} n'exige aucun support")
    if isinstance(releve.place(cible.cle), (ZeroSupport, NonTenue, Dispensee)):
        return []
    if cible.support.effet == "non_tenue":
        return [EpreuveNonTenue(candidat=command.candidat, epreuve=command.epreuve, regle=cible.support.regle)]
    return [
        SupportAbsentConstate(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            regle=cible.support.regle,
        )
    ]


def constater_absence(command: ConstaterAbsence, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le candidat est absent à une situation, ou à toutes celles d'une épreuve ; qui évalue n'en dit pas plus (AMB-49).

    Raises:
        Refus: ``NOTE_DEJA_SAISIE`` ; la règle du support ou de la dispense quand rien n'était à passer, ou de la
            mention portée : le candidat n'y est pas interrogé (BTS-C03) ; celle du report (CL-140).
    """
    inscription = exiger_ouvert(releve)
    visee = viser(command, session)
    mode = exiger_inscrite(visee, inscription, releve)
    if visee.situation is not None:
        exiger_situation(visee, mode)
    exiger_evaluable(visee.code, releve)
    exiger_presentable(visee.code, visee.nom, command.le, releve)
    if visee.conduite:
        return constater_absence_conduite(command.candidat, visee.conduite, releve)
    rectifie = command.par.role in CORRIGENT
    attendues = [cible for cible in visee.notees(mode) if _attendue(cible, releve, mode, rectifie)]
    if not attendues:
        _exiger_absence_possible(visee, releve, mode)
    return [
        AbsenceConstatee(
            candidat=command.candidat,
            epreuve=cible.code,
            situation=cible.situation,
            regle=regle_absence(cible, mode, session),
            constatee_le=command.le,
        )
        for cible in attendues
    ]


def exiger_avant_deliberation(jury: EtatJury, session: SessionFigee) -> None:
    """Un motif d'absence s'admet tant que le jury n'est pas clos, quelle que soit la date que l'on écrit (AMB-49).

    Raises:
        Refus: la règle qui le fait admettre avant la délibération.
    """
    if jury is not EtatJury.A_VENIR:
        detail = "un motif d'absence s'admet avant la délibération : le jury du candidat est clos"
        raise Refus(session.reglement.notation.regle_justification, detail)


def justifier_absence(command: JustifierAbsence, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le service d'examens admet le motif avant la délibération : zéro, diplôme encore possible (DC-CAP16, AMB-49).

    Raises:
        Refus: AMB-50 ou AMB-51, cette absence est déjà sans effet ; ``PAS_ABSENT``.
    """
    inscription = exiger_ouvert(releve)
    visee = viser(command, session)
    mode = exiger_inscrite(visee, inscription, releve)
    notation = session.reglement.notation
    if visee.conduite:
        raise Refus(visee.conduite.regles.regle_absence, f"{visee.nom} : l'absence y est sans effet, rien à justifier")
    if not visee.epreuve.obligatoire:
        raise Refus(notation.regle_absence_facultative, f"{visee.nom} est facultative : l'absence y est sans effet")
    absents = [cible for cible in visee.notees(mode) if isinstance(releve.place(cible.cle), Absent)]
    if not absents and not any(isinstance(releve.place(one.cle), AbsenceAdmise) for one in visee.notees(mode)):
        raise Refus("PAS_ABSENT", f"{visee.nom} : le candidat n'y est pas porté absent")
    return [
        AbsenceJustifiee(
            candidat=command.candidat,
            epreuve=cible.code,
            situation=cible.situation,
            regle=session.reglement.deliberation.regle_absence,
            motif=command.motif,
        )
        for cible in absents
    ]


def regle_absence(cible: Cible, mode: Mode, session: SessionFigee) -> str:
    """La règle qui dit l'effet d'une absence : facultative (AMB-50), CCF (AMB-52), sinon DC-CAP16."""
    if not cible.epreuve.obligatoire:
        return session.reglement.notation.regle_absence_facultative
    if mode is Mode.CCF:
        return session.reglement.notation.regle_absence_ccf
    return session.reglement.deliberation.regle_absence


def _attendue(cible: Cible, releve: Releve, mode: Mode, rectifie: bool) -> bool:
    """Le candidat devait-il se présenter là, sans y être déjà porté absent ?"""
    match releve.place(cible.cle):
        case Notee() | Doublee() | Verrouillee() | Tardive():
            raise Refus("NOTE_DEJA_SAISIE", f"{cible.nom} porte déjà une note ; si c'est une erreur, rectifiez en ABS")
        case Evaluee() if not rectifie:
            raise Refus(
                "NOTE_DEJA_SAISIE", f"{cible.nom} est déjà évaluée ; si c'est une erreur, le service la corrige"
            )
        case AbsenceAdmise():
            # absent de nouveau, à la nouvelle situation (AMB-52) ou au remplacement
            return mode is Mode.CCF or cible.code in releve.remplacees
        case Absent() | ZeroSupport() | Dispensee():
            return False
        case _:
            return True


def _exiger_absence_possible(visee: Cible, releve: Releve, mode: Mode) -> None:
    """Sans support ou dispensé, le candidat n'avait rien à passer : il n'est pas absent (CL-027)."""
    places = [releve.place(cible.cle) for cible in visee.notees(mode)]
    if any(isinstance(place, (Absent, AbsenceAdmise)) for place in places):
        return
    for place in places:
        if isinstance(place, ZeroSupport):
            raise Refus(place.regle, f"{visee.nom} : sans support, le candidat est présent, noté zéro et non absent")
        if isinstance(place, Dispensee):
            raise Refus(place.regle, f"{visee.nom} : le candidat en est dispensé")
