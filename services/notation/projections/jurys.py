"""Read model: the jury of each candidate, for the juries named before their places were written in the journal."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from contracts.evenements.deliberation import JuryConstitue
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()

jury_du_candidat_table = Table(
    f"jury_du_candidat_v{VERSION}",
    metadata,
    *(Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome", "candidat")),
    Column("jury", Text),
)


class Jurys(Projection):
    """One row per candidate of a jury."""

    name = "jurys"
    VERSION = VERSION
    tables = (jury_du_candidat_table,)
    handles = frozenset({JuryConstitue})

    def project(self, fact: Fact) -> Iterable[Op]:
        event = fact.event
        if isinstance(event, JuryConstitue):
            where = split(fact.subject)
            key = {"academie": where.academie, "session": where.session, "diplome": where.diplome}
            for candidat in event.candidats:
                yield Upsert(jury_du_candidat_table, {**key, "candidat": candidat}, {"jury": event.jury})


# Reading back -------------------------------------------------------------------------------------------------------


def jury_du_candidat(connection: Connection, *, academie: str, session: str, diplome: str, candidat: str) -> str | None:
    """The jury of a candidate; nothing if none has him."""
    key = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    table = jury_du_candidat_table.c
    query = select(table.jury).where(*(table[name] == value for name, value in key.items()))
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found
