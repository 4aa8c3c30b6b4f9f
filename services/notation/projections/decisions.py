"""Read model: the latest decision of the jury for each candidate, which opens the épreuves de contrôle or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable

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


# Of a jury that sits at another académie: what one says never takes the place of what another says.
decision_partagee = Table(
    f"decision_partagee_v{VERSION}",
    metadata,
    *(
        Column(name, SortedText, primary_key=True)
        for name in ("academie", "session", "diplome", "candidat", "dite_par")
    ),
    Column("jury", Text),
    Column("decision", Text),
    Column("epreuves_controle", Json),
)


class Decisions(Projection):
    """One row per candidate: a later decision takes the place of the former."""

    name = "decisions"
    VERSION = VERSION
    tables = (decision, decision_partagee)
    handles = frozenset({DecisionPrise})
    exchanged = True

    def project(self, fact: Fact) -> Iterable[Op]:
        event = fact.event
        if isinstance(event, DecisionPrise):
            where = split(fact.subject)
            key = {"academie": where.academie, "session": where.session, "diplome": where.diplome}
            told = {"jury": event.jury, "decision": event.decision.value}
            values = {**told, "epreuves_controle": list(event.epreuves_controle)}
            tenu_par = event.tenu_par or event.origine
            if tenu_par in (None, where.academie):
                yield Upsert(decision, {**key, "candidat": event.candidat}, values)
            else:
                ailleurs = {**key, "academie": tenu_par, "candidat": event.candidat}
                yield Upsert(decision_partagee, {**ailleurs, "dite_par": where.academie}, values)


# Reading back -------------------------------------------------------------------------------------------------------


def lire_decision(
    connection: Connection,
    *,
    academie: str,
    session: str,
    diplome: str,
    candidat: str,
    pilotes: Collection[str] = (),
) -> DecisionJury | None:
    """The latest decision for a candidate; nothing before the first. ``pilotes``: whose juries decide here too."""
    key = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    query = select(decision).where(*(decision.c[name] == value for name, value in key.items()))
    found = connection.execute(query).mappings().first()
    if found is None and pilotes:
        c = decision_partagee.c
        ici = (c[name] == value for name, value in key.items())
        query = select(decision_partagee).where(*ici, c.dite_par.in_(pilotes))
        found = connection.execute(query).mappings().first()
    return DecisionJury(Decision(found["decision"]), tuple(found["epreuves_controle"] or ())) if found else None
