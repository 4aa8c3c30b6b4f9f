"""Read model: what each académie says of the regroupement of an exam: defined by its pilot, accepted by the others.

One row per académie, written from its own words alone: nobody accepts, or defines, in the name of another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, RowMapping, Table, select

from contracts.evenements.regroupement import RegroupementAccepte, RegroupementClos, RegroupementDefini
from services.deliberation.domain.regroupement import Regroupement
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()

regroupement = Table(
    f"regroupement_v{VERSION}",
    metadata,
    *(Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome")),
    Column("regroupement", SortedText),
    Column("pilote", SortedText),
    Column("membres", Json),  # of the pilot alone
    Column("clos", Boolean),
)


class Regroupements(Projection):
    """One row per académie, session and diplôme."""

    name = "regroupement"  # not that of the inscription: services may share a base
    VERSION = VERSION
    tables = (regroupement,)
    handles = frozenset({RegroupementDefini, RegroupementAccepte, RegroupementClos})
    exchanged = True

    def project(self, fact: Fact) -> Iterable[Op]:
        where = split(fact.subject)
        key = {"academie": where.academie, "session": where.session, "diplome": where.diplome}
        match fact.event:
            case RegroupementDefini() as event:
                told = {"regroupement": event.regroupement, "pilote": where.academie, "clos": False}
                yield Upsert(regroupement, key, {**told, "membres": list(event.membres)})
            case RegroupementAccepte() as event:
                told = {"regroupement": event.regroupement, "pilote": event.pilote, "clos": False}
                yield Upsert(regroupement, key, {**told, "membres": []})
            case RegroupementClos():
                yield Upsert(regroupement, key, {"clos": True})
            case _:
                return


# Reading back -------------------------------------------------------------------------------------------------------


def vu_d_ici(
    connection: Connection,
    *,
    academie: str,
    session: str,
    diplome: str,
    inscrits: Mapping[str, Collection[str]],
) -> Regroupement | None:
    """The regroupement of an exam as this académie knows it; nothing if it shares this exam with nobody."""
    query = select(regroupement).where(regroupement.c.session == session, regroupement.c.diplome == diplome)
    rows = {row["academie"]: row for row in connection.execute(query).mappings()}
    ici = rows.get(academie)
    pilote = None if ici is None else rows.get(ici["pilote"], ici)
    if ici is None or pilote is None or pilote["clos"]:
        return None
    acceptes = {code for code, row in rows.items() if _accepte(row, ici)}
    membres = frozenset(ici["membres"] or ())
    return Regroupement(academie, ici["pilote"], membres, frozenset(acceptes & membres), inscrits)


def _accepte(row: RowMapping, ici: Any) -> bool:
    return (row["regroupement"], row["pilote"]) == (ici["regroupement"], ici["pilote"])
