"""Décider : l'accès à l'examen, puis chaque contrôle pour les épreuves que le candidat passe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.commandes.conformite import ControlerDossier
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.messages import Refus
from contracts.session import SessionFigee
from services.conformite.domain import motivation
from services.conformite.domain.controle import Conforme, NonConforme, controler
from services.conformite.domain.controle import Issue as IssueControle
from services.conformite.domain.etats import (
    Autorise,
    DecisionEvent,
    Dossier,
    DossierEvent,
    MisEnDoute,
    NonAutorise,
    Ouvert,
)
from services.conformite.domain.examen import Defavorable, EnSuspens, Favorable, Issue, examiner
from services.conformite.domain.exigences import ControleDu
from services.conformite.domain.heures import tronquer
from services.conformite.domain.pieces import REGLE_ADMINISTRATIVE, dus


@dataclass(frozen=True)
class Rendu:
    """L'issue d'un contrôle pour un groupe d'épreuves ; aucune : l'examen entier."""

    du: ControleDu
    epreuves: tuple[str, ...]
    issue: IssueControle


def decider(command: ControlerDossier, etat: Ouvert, session: SessionFigee) -> list[DossierEvent]:
    """Décider, une fois ; décider à nouveau seulement si une personne a changé ce que valent les pièces.

    Ce qui peut se décider l'est ; ce qui attend, attend, et se dit si rien d'autre n'est à décider.

    Raises:
        Refus: on attend encore une pièce, un examen, ou la fin d'une vérification.
    """
    if isinstance(etat, MisEnDoute):
        detail = "une vérification est en cours : concluez-la, l'évaluation a lieu en attendant"
        raise Refus(REGLE_ADMINISTRATIVE, detail)
    issues: list[EnSuspens] = []
    events: list[DossierEvent] = []
    acces = examiner_acces(etat.dossier, session, command.le)
    if isinstance(acces, EnSuspens):
        issues.append(acces)
    else:
        events += declarer_acces(acces, etat, command.candidat, session)
    for rendu in rendus(etat.dossier, session, command.le):
        if isinstance(rendu.issue, EnSuspens):
            issues.append(rendu.issue)
        else:
            events += declarer(rendu, etat.dossier, command.candidat, session)
    if issues and not events:
        raise Refus(issues[0].regle, issues[0].detail)
    return events


# L'accès ----------------------------------------------------------------------------------------------------------


def examiner_acces(dossier: Dossier, session: SessionFigee, le: datetime) -> Issue | Rendu:
    """L'accès à l'examen : le contrôle qui porte sur lui, s'il y en a un ; sinon la condition d'expérience."""
    entier = next((du for du in dus(dossier, session) if not du.epreuves), None)
    if entier is None:
        return examiner(dossier, session, le)
    issue = controler(entier, dossier, session, le, verifie_faux=dossier.verifie_faux)
    return issue if isinstance(issue, EnSuspens) else Rendu(entier, (), issue)


def declarer_acces(issue: Issue | Rendu, etat: Ouvert, candidat: str, session: SessionFigee) -> list[DecisionEvent]:
    """L'événement d'une issue ; rien si la décision est déjà celle-là."""
    match issue:
        case Rendu(issue=Conforme()) if not isinstance(etat, Autorise):
            return [_evenement(issue, etat.dossier, candidat, session)]
        case Rendu(issue=NonConforme()) if not isinstance(etat, NonAutorise):
            return [_evenement(issue, etat.dossier, candidat, session)]
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


def est_defavorable(issue: Issue | Rendu) -> bool:
    return isinstance(issue, Defavorable) or (isinstance(issue, Rendu) and isinstance(issue.issue, NonConforme))


# Les épreuves -----------------------------------------------------------------------------------------------------


def rendus(dossier: Dossier, session: SessionFigee, le: datetime) -> Iterator[Rendu]:
    """L'issue de chaque contrôle, une par groupe d'épreuves que rien ne distingue."""
    for du in dus(dossier, session):
        if not du.epreuves:
            continue
        en_doute = tuple(une for une in du.epreuves if dossier.suivi(une).doutes)
        fausses = tuple(une for une in du.epreuves if une not in en_doute and _faux(dossier, une))
        reste = tuple(une for une in du.epreuves if une not in en_doute and une not in fausses)
        if en_doute:
            detail = f"une vérification est en cours ({', '.join(en_doute)}) : concluez-la d'abord"
            regle = du.controle.regle_doute or REGLE_ADMINISTRATIVE
            yield Rendu(du, en_doute, EnSuspens(regle, detail))
        for epreuves, faux in ((fausses, True), (reste, False)):
            if epreuves:
                yield Rendu(du, epreuves, controler(du, dossier, session, le, verifie_faux=faux))


def _faux(dossier: Dossier, epreuve: str) -> bool:
    """L'autorité a conclu contre l'épreuve ; contre le dossier entier, si l'épreuve n'a pas été vérifiée."""
    suivi = dossier.suivi(epreuve)
    return dossier.verifie_faux if suivi.verification is None else suivi.verifie_faux


def declarer(rendu: Rendu, dossier: Dossier, candidat: str, session: SessionFigee) -> list[DecisionEvent]:
    """Une décision, pour les épreuves qui ne l'ont pas déjà."""
    event = _evenement(rendu, dossier, candidat, session)
    nouvelles = tuple(une for une in rendu.epreuves if not _deja(dossier.suivi(une).decision, event))
    return [event.model_copy(update={"epreuves": nouvelles})] if nouvelles else []


def _deja(decision: DecisionEvent | None, event: DecisionEvent) -> bool:
    if isinstance(decision, DossierDeclareConforme) and isinstance(event, DossierDeclareConforme):
        return decision.penalites == event.penalites
    return type(decision) is type(event)


def _evenement(rendu: Rendu, dossier: Dossier, candidat: str, session: SessionFigee) -> DecisionEvent:
    issue, controle = rendu.issue, rendu.du.controle
    assert not isinstance(issue, EnSuspens)  # noqa: S101 (on ne déclare que ce qui est tranché)
    examen = issue.examen
    duree = examen.mesure.texte if examen.mesure else ""
    if isinstance(issue, Conforme):
        return DossierDeclareConforme(
            candidat=candidat,
            regle=rendu.du.regle,
            explication=motivation.conforme(examen, session),
            epreuves=rendu.epreuves,
            duree_retenue=duree,
            penalites=tuple(dict.fromkeys(defaut.code for _, defaut in examen.reserves)),
        )
    return DossierDeclareNonConforme(
        candidat=candidat,
        regle=controle.regle_effet,
        motifs=tuple(motif.value for motif in examen.motifs),
        explication=motivation.non_conforme(examen, session, _verification(rendu, dossier)),
        epreuves=rendu.epreuves,
        effet=controle.effet,
        duree_retenue=duree,
    )


def _verification(rendu: Rendu, dossier: Dossier) -> str:
    """Le motif de la vérification contraire, s'il y en a une."""
    conclues = [dossier.suivi(une).verification for une in rendu.epreuves] + [dossier.verification]
    return next((une.motif for une in conclues if une and not une.conforme), "")
