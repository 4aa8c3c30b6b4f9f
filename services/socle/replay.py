"""A read model rebuilt from the journals into another database, and compared with the live one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, inspect, select

from contracts.messages import Registry
from services.socle import generations, parking, read_model, seen
from services.socle.facts import Source
from services.socle.feed import Watcher
from services.socle.parking import stationnes
from services.socle.projections import Projector
from services.socle.read_model import Aside, Projection
from services.socle.rows import Comparison, compare_tables, snapshot
from services.socle.sql import create_tables, in_writer


async def replay(
    projection: Projection,
    *,
    registry: Registry,
    sources: Sequence[Source],
    engine: Engine,
    until: Mapping[str, int] | None = None,
    watch: Watcher | None = None,
    aside: Aside | None = None,
    resume: bool = False,
) -> dict[str, int]:
    """Rebuild one projection from the journals into a scratch database; the positions reached.

    ``resume`` goes on from where the database stands. With ``aside`` (what the live one set aside), an event that only
    the rebuilt one cannot take stops it.

    Raises:
        ProjectionStopped: it could not go to the end.
        ValueError: the database already holds rows of this projection.
    """
    asides = {} if aside is None else {projection.label: aside}
    rebuilt = Projector("rejeu", registry, engine, sources, [projection], asides=asides)
    await in_writer(engine, create_tables, engine, read_model.metadata.sorted_tables)
    if not resume and any(positions(engine, projection).values()):
        raise ValueError(f"{projection.label} a déjà des lignes dans cette base : rejouez dans une base vide")
    await rebuilt.rebuild(until, watch)
    return positions(engine, projection)


def positions(engine: Engine, projection: Projection) -> dict[str, int]:
    """Position of the projection on each stream."""
    with engine.connect() as connection:
        return reached(connection, projection)


def reached(connection: Connection, projection: Projection) -> dict[str, int]:
    """The same, within what the connection sees."""
    return generations.reached(connection, projection.name, projection.VERSION)


def aside_of(engine: Engine, service: str, label: str) -> Aside:
    """What the live read model could not take, and what was given up of it."""
    if not inspect(engine).has_table(stationnes.name):
        return Aside()
    with engine.connect() as connection:
        return aside_within(connection, service, label)


def aside_within(connection: Connection, service: str, label: str) -> Aside:
    """The same, within what the connection sees."""
    columns = stationnes.c
    query = select(columns.consumer, columns.status, columns.stream, columns.seq).where(
        columns.service == service, columns.status.in_((parking.PARKED, parking.DISCARDED))
    )
    rows = connection.execute(query).all()
    parked = ((row.stream, int(row.seq)) for row in rows if (row.consumer, row.status) == (label, parking.PARKED))
    name = parking.stem(label)
    given_up = (row for row in rows if row.status == parking.DISCARDED and parking.stem(row.consumer) == name)
    discarded = frozenset((row.stream, int(row.seq)) for row in given_up)
    theirs = (
        seen.forgone(connection, service, consumer=name) if inspect(connection).has_table(seen.ecartes.name) else ()
    )
    return Aside(frozenset(parked), discarded, frozenset(key[1:] for key in theirs))


def compare(live: Engine, rebuilt: Engine, projection: Projection) -> Comparison:
    """Rows and state hashes of the two databases, each seen at one moment.

    Raises:
        ValueError: they do not stand at the same positions, so their rows may rightly differ.
    """
    found = compare_if_level(live, rebuilt, projection)
    if found is None:
        here, there = positions(live, projection), positions(rebuilt, projection)
        raise ValueError(f"{projection.label} : positions différentes ({here} et {there}) ; rejouez jusqu'à la même")
    return found


def compare_if_level(live: Engine, rebuilt: Engine, projection: Projection) -> Comparison | None:
    """The same, or nothing when one stands further than the other."""
    with snapshot(live) as here, snapshot(rebuilt) as there:
        if not generations.level(reached(here, projection), reached(there, projection)):
            return None
        return compare_tables(here, there, [(table, table) for table in projection.tables])
