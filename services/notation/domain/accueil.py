"""Les résultats d'un candidat qui compose dans une autre académie : transmis là-bas, portés ici ou gardés à part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.commandes.notation import ConstaterAbsence, SaisirNote
from contracts.commandes.resultats_accueil import RecevoirResultat, TransmettreResultat
from contracts.droits import Role
from contracts.evenements.notation import NoteTardiveRecue
from contracts.evenements.resultats_accueil import ResultatEcarte, ResultatTransmis
from contracts.messages import Acteur, Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Mode
from services.notation.domain.absences import CORRIGENT, constater_absence
from services.notation.domain.cibles import evaluer, exiger_note_possible, exiger_situation, viser
from services.notation.domain.etats import AbsenceAdmise, ANoter, Cle, Releve, Tardive
from services.notation.domain.jury import REGLE_APRES_JURY, EtatJury, exiger_jury_ouvert
from services.notation.domain.notes import saisir
from services.notation.domain.procedures import exiger_note
from services.notation.domain.transfert import exiger_ici

REGLE_ACCUEIL = "BTS-G05"


# Là où il compose --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transmis:
    """Ce qui a été transmis d'un candidat accueilli, par épreuve et situation."""

    resultats: Mapping[Cle, ResultatTransmis] = field(default_factory=dict)


initial = Transmis()


def evolve(transmis: Transmis, event: ResultatTransmis) -> Transmis:
    """Se souvenir, sans juger."""
    return Transmis({**transmis.resultats, (event.epreuve, event.situation): event})


def decide(
    command: TransmettreResultat, transmis: Transmis, session: SessionFigee, *, accueilli: bool = False
) -> list[ResultatTransmis]:
    """Transmettre ce qui est évalué ici. ``accueilli`` : le candidat tient-il une place dans ce centre ?

    Raises:
        Refus: ``CANDIDAT_NON_ACCUEILLI``, ``NOTE_DEJA_SAISIE``, ceux de la cible et de l'échelle de la note.
    """
    if not accueilli:
        detail = f"{command.candidat} de {command.origine} n'est pas accueilli au centre {command.centre}"
        raise Refus("CANDIDAT_NON_ACCUEILLI", f"{detail} : vérifiez le numéro, l'académie et le centre")
    cible = viser(command, session)
    exiger_note_possible(cible, session)
    if cible.conduite is None:
        exiger_situation(cible, Mode.PONCTUEL)
    if command.note is not None:
        exiger_note(cible.epreuve, command.note)
    deja = transmis.resultats.get(cible.cle)
    if deja is not None and (deja.note, deja.absent) == (command.note, command.absent):
        return []
    if deja is not None and deja.auteur != command.par.id and command.par.role not in CORRIGENT:
        raise Refus("NOTE_DEJA_SAISIE", f"{cible.nom} : une autre personne l'a transmise ; demandez une rectification")
    return [_transmis(command)]


def _transmis(command: TransmettreResultat) -> ResultatTransmis:
    return ResultatTransmis(
        candidat=command.candidat,
        origine=command.origine,
        centre=command.centre,
        epreuve=command.epreuve,
        situation=command.situation,
        note=command.note,
        absent=command.absent,
        lot=command.lot,
        auteur=command.par.id,
        regle=REGLE_ACCUEIL,
    )


# Dans son académie -------------------------------------------------------------------------------------------------


def recevoir(
    command: RecevoirResultat, releve: Releve, session: SessionFigee, jury: EtatJury, accueil: bool
) -> list[Event]:
    """Porter le résultat comme s'il était saisi ici ; ce qui ne peut plus l'être se garde, et se voit.

    Raises:
        Refus: ``CANDIDAT_NON_ACCUEILLI``, rien n'a été demandé à l'académie qui le transmet.
    """
    if not accueil:
        detail = f"{command.candidat} : il n'a pas été demandé qu'il compose à {command.academie}, {command.centre}"
        raise Refus("CANDIDAT_NON_ACCUEILLI", f"{detail} ; ce qui en vient n'est pas reçu")
    try:
        exiger_ici(releve)
        portes = _portes(command, releve, session)
        if portes and command.epreuve not in releve.remplacees:
            exiger_jury_ouvert(jury, corrige=False, quoi=command.epreuve)
    except Refus as refus:
        return _garder(command, releve, session, refus)
    return [one.model_copy(update={"transmise_par": command.academie}) for one in portes]


def _portes(command: RecevoirResultat, releve: Releve, session: SessionFigee) -> list[Event]:
    """Ce que donnerait la même saisie, ici, par la même personne."""
    ou = {"candidat": command.candidat, "epreuve": command.epreuve, "situation": command.situation}
    qui = Acteur(id=_auteur(command), role=Role.COMMISSION, academie=session.academie)
    base = {"id": command.id, "le": command.le, "par": qui, "session": command.session, "diplome": command.diplome}
    if command.note is None:
        return constater_absence(ConstaterAbsence(**base, **ou), releve, session)
    return saisir(SaisirNote(**base, **ou, note=command.note), releve, session)


def _auteur(command: RecevoirResultat) -> str:
    """Le compte de là-bas, qui n'est aucun de ceux d'ici."""
    return f"{command.academie}:{command.auteur}"[:64]


def _garder(command: RecevoirResultat, releve: Releve, session: SessionFigee, refus: Refus) -> list[Event]:
    """Une note que le jury n'attend plus devient tardive, et s'intègre par un ordre motivé ; le reste est écarté."""
    if refus.regle == REGLE_APRES_JURY and command.note is not None:
        place = evaluer(command, releve, session).place
        if isinstance(place, (ANoter, AbsenceAdmise, Tardive)):
            return [_tardive(command, command.note)]
    deja = releve.ecartes.get((command.academie, command.epreuve, command.situation))
    if deja == (command.note, refus.regle):
        return []
    return [
        ResultatEcarte(
            candidat=command.candidat,
            academie=command.academie,
            centre=command.centre,
            epreuve=command.epreuve,
            situation=command.situation,
            note=command.note,
            absent=command.absent,
            cause=refus.regle,
            regle=REGLE_ACCUEIL,
        )
    ]


def _tardive(command: RecevoirResultat, note: Decimal) -> NoteTardiveRecue:
    return NoteTardiveRecue(
        candidat=command.candidat,
        epreuve=command.epreuve,
        situation=command.situation,
        note=note,
        regle=REGLE_APRES_JURY,
        transmise_par=command.academie,
    )
