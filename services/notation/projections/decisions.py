"""Read model: the latest decision of the jury for each candidate, which opens the épreuves de contrôle or not."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from contracts.evenements.deliberation import DecisionPrise
from contracts.vocabulaire import Decision
from services.notation.domain.controle import DecisionJury
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()

decision = Table(
    f"decision_jury_v{VERSION}",
    metadata,
    *(Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome", "candidat")),
    Column("jury", Text),
    Column("decision", Text),
    Column("epreuves_controle", Json),
)


class Decisions(Projection):
    """One row per candidate: a later decision takes the place of the former."""

    name = "decisions"
    VERSION = VERSION
    tables = (decision,)
    handles = frozenset({DecisionPrise})

    def project(self, fact: Fact) -> Iterable[Op]:
        event = fact.event
        if isinstance(event, DecisionPrise):
            where = split(fact.subject)
            key = {"academie": where.academie, "session": where.session, "diplome": where.diplome}
            told = {"jury": event.jury, "decision": event.decision.value}
            values = {**told, "epreuves_controle": list(event.epreuves_controle)}
            yield Upsert(decision, {**key, "candidat": event.candidat}, values)


# Reading back -------------------------------------------------------------------------------------------------------


def lire_decision(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> DecisionJury | None:
    """The latest decision for a candidate; nothing before the first."""
    key = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    query = select(decision).where(*(decision.c[name] == value for name, value in key.items()))
    found = connection.execute(query).mappings().first()
    return DecisionJury(Decision(found["decision"]), tuple(found["epreuves_controle"] or ())) if found else None
