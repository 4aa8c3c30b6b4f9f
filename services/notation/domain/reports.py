"""Le passage reporté parce que le centre n'a pas ouvert : nul n'y était absent (CL-140)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contracts.commandes.releve import ReporterEpreuves
from contracts.evenements.notation import AbsenceLevee
from contracts.evenements.releve import EpreuvesReportees
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.notation.domain.cibles import viser_epreuve
from services.notation.domain.etats import AbsenceAdmise, Absent, Releve, Report


def reporter(command: ReporterEpreuves, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le candidat compose plus tard : l'absence déjà portée avant cette date ne vaut plus, qu'elle soit admise ou non.

    Se retient avant même l'ouverture du relevé.
    """
    for code in command.epreuves:
        viser_epreuve(code, session)
    report = Report(command.passage, command.regle)
    if all(releve.reportees.get(code) == report for code in command.epreuves):
        return []
    reportees = EpreuvesReportees(
        candidat=command.candidat,
        epreuves=command.epreuves,
        passage=command.passage,
        motif=command.motif,
        regle=command.regle,
    )
    return [reportees, *_levees(command, releve)]


def _levees(command: ReporterEpreuves, releve: Releve) -> Iterator[AbsenceLevee]:
    for (code, situation), place in releve.places.items():
        portee = isinstance(place, (Absent, AbsenceAdmise)) and (place.le is None or place.le < command.passage)
        if portee and code in command.epreuves:
            yield AbsenceLevee(
                candidat=command.candidat, epreuve=code, situation=situation, motif=command.motif, regle=command.regle
            )


def exiger_presentable(code: str, nom: str, le: datetime, releve: Releve) -> None:
    """Une absence ne se porte pas avant la date à laquelle le passage est reporté (CL-140).

    Raises:
        Refus: la règle du report.
    """
    report = releve.reportees.get(code)
    if report is not None and le < report.passage:
        raise Refus(
            report.regle,
            f"{nom} : le centre n'a pas ouvert, le candidat compose le {report.passage} ; "
            "ne le portez pas absent avant cette date",
        )
