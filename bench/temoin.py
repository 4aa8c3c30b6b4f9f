"""Stand-ins for inscription and notation where the services are not installed: their messages, their lookups, one rule.

They cost a service what the machinery costs: the session looked up in the journal for each command, an identity to
seal, a place to reserve. What they lack is the règlement itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Column, MetaData, Table

from contracts.commandes import read_command
from contracts.commandes.inscription import InscrireCandidat, OuvrirSession
from contracts.commandes.notation import SaisirNote
from contracts.commandes.releve import OuvrirReleve
from contracts.droits import check_rights
from contracts.evenements import REGISTRE
from contracts.evenements.inscription import CandidatInscrit, PersonneReservee, SessionOuverte
from contracts.evenements.notation import NoteSaisie
from contracts.evenements.releve import ReleveOuvert
from contracts.messages import Command, Event, Personnel, Query, Refus
from contracts.session import SessionFigee, charger_session, reglements
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.projections import Op, Projection, Upsert
from services.socle.service import Environment, Parts, ServiceSpec
from services.socle.sql import ExactDecimal, SortedText


@dataclass(frozen=True)
class Releve:
    ouvert: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)


def evolve(releve: Releve, event: Event) -> Releve:
    if isinstance(event, ReleveOuvert):
        return replace(releve, ouvert=True)
    if isinstance(event, NoteSaisie):
        return replace(releve, notes={**releve.notes, event.epreuve: event.note})
    return releve


def noter(command: OuvrirReleve | SaisirNote, releve: Releve, session: SessionFigee | None = None) -> Sequence[Event]:
    if isinstance(command, OuvrirReleve):
        if releve.ouvert:
            return []
        fields = command.model_dump(include={"candidat", "categorie", "reglement", "modes"})
        return [ReleveOuvert(**fields)]
    assert session is not None
    if not releve.ouvert:
        raise Refus("RELEVE_NON_OUVERT")
    epreuve = session.reglement.epreuves[command.epreuve]
    if not 0 <= command.note <= epreuve.note_max:
        raise Refus(epreuve.regle_pas)
    if releve.notes.get(command.epreuve) == command.note:
        return []
    return [
        NoteSaisie(
            candidat=command.candidat,
            epreuve=command.epreuve,
            note=command.note,
            auteur=command.par.id,
            regle=epreuve.regle,
        )
    ]


META = MetaData()
NOTES = Table(
    "notes_v1",
    META,
    Column("candidat", SortedText, primary_key=True),
    Column("epreuve", SortedText, primary_key=True),
    Column("note", ExactDecimal),
    Column("auteur", SortedText),
    Column("regle", SortedText),
)
RELEVES = Table("releves_v1", META, Column("candidat", SortedText, primary_key=True), Column("reglement", SortedText))


class Notes(Projection):
    """Les notes par candidat et par épreuve."""

    name = "notes"
    VERSION = 1
    tables = (NOTES, RELEVES)
    handles = frozenset({ReleveOuvert, NoteSaisie})

    def project(self, fact: Fact) -> list[Op]:
        event = fact.event
        if isinstance(event, ReleveOuvert):
            return [Upsert(RELEVES, {"candidat": event.candidat}, {"reglement": event.reglement})]
        assert isinstance(event, NoteSaisie)
        values = {"note": event.note, "auteur": event.auteur, "regle": event.regle}
        return [Upsert(NOTES, {"candidat": event.candidat, "epreuve": event.epreuve}, values)]


PROJECTIONS = (Notes(),)
RELEVE = Family("releve", Releve(), evolve)
SESSION = Family("session", False, lambda state, event: True)
CANDIDATURE = Family("candidature", False, lambda state, event: True)
PERSONNE = Family("personne", False, lambda state, event: True)


def _session(env: Environment) -> Any:
    async def looked(command: Command) -> Lookups:
        found = await charger_session(env.events, env.settings.academie, command.session, command.diplome)
        return {"session": found}

    return looked


def _notation(env: Environment) -> Parts:
    def token(command: OuvrirReleve | SaisirNote) -> str:
        return f"releve-{command.candidat}"

    return Parts(
        handlers=[*on(RELEVE, [OuvrirReleve], token, noter), *on(RELEVE, [SaisirNote], token, noter, _session(env))],
        projections=PROJECTIONS,
    )


def _ouvrir(command: OuvrirSession, ouverte: bool) -> Sequence[Event]:
    reglement = reglements()[command.reglement]
    fields = {"reglement": command.reglement, "version": reglement.version, "empreinte": reglement.empreinte}
    return [] if ouverte else [SessionOuverte(**fields, parametres=command.parametres, valeurs=command.valeurs)]


def _personne(command: InscrireCandidat, pepper: bytes) -> str:
    who = command.identite
    clear = f"{who.nom}|{who.prenoms}|{who.naissance}|{who.lieu_naissance}"
    return "personne-" + hashlib.blake2b(clear.encode(), key=pepper, digest_size=16).hexdigest()


def _inscrire(
    command: InscrireCandidat, states: Mapping[str, bool], session: SessionFigee, personne: str
) -> dict[str, list[Event]]:
    candidature = f"candidature-{command.candidat}"
    if states[candidature] or states[personne]:
        raise Refus("AMB-56")
    fields = command.model_dump(include={"candidat", "categorie", "modes", "formation_attestee", "livret"})
    inscrit = CandidatInscrit(
        identite=Personnel(clair=command.identite),
        majeur=command.identite.naissance <= date(session.annee - 18, 12, 31),
        reglement=session.reglement.id,
        **fields,
    )
    return {
        candidature: [inscrit],
        personne: [PersonneReservee(candidat=command.candidat, diplome=command.diplome)],
    }


def _inscription(env: Environment) -> Parts:
    pepper, session = env.coffre.secret("doublons"), _session(env)

    async def looked(command: InscrireCandidat) -> Lookups:
        return {**await session(command), "personne": _personne(command, pepper)}

    def aggregates(command: InscrireCandidat, found: Lookups) -> list[Ref]:
        return [Ref(CANDIDATURE, f"candidature-{command.candidat}"), Ref(PERSONNE, found["personne"])]

    return Parts(
        handlers=[
            *on(SESSION, [OuvrirSession], lambda command: "session", _ouvrir),
            Handler(InscrireCandidat, aggregates, _inscrire, looked),
        ],
        projections=(),
    )


def _no_query(raw: Mapping[str, Any]) -> Query:
    raise Refus("REQUETE_INCONNUE")


SPECS = {
    name: ServiceSpec(
        name=name,
        registry=REGISTRE,
        build=build,
        read_command=read_command,
        read_query=_no_query,
        check=check_rights,
        check_query=lambda query, academie: None,
    )
    for name, build in (("inscription", _inscription), ("notation", _notation))
}
