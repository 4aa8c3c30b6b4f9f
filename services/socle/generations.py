"""Which version and generation of each read model is in service, since when, and which are being built or kept.

A version is the program's: its tables bear its number, and the program reads no other. A generation is one building of
a version: the tables of the one in service have their plain names, those of the others begin with ``g<n>_``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, delete, inspect, select, update

from services.socle import seen
from services.socle.read_model import Projection, Standing, position
from services.socle.rows import Batch, Upsert
from services.socle.sql import Json, Moment, SortedText, create_tables, writing

State = Literal["en_service", "en_construction", "gardee"]
SERVED: State = "en_service"
BUILDING: State = "en_construction"
KEPT: State = "gardee"

metadata = MetaData()
generations = Table(
    "projections_en_service",
    metadata,
    Column("projection", SortedText, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("etat", SortedText),
    Column("depuis", Moment),
    Column("tables", Json),
)


@dataclass(frozen=True, slots=True)
class Generation:
    """One building of one version of a read model, under the names that its tables have now."""

    projection: str
    version: int
    number: int
    state: str
    since: datetime
    tables: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.projection}_v{self.version}, génération {self.number}"


def apart(name: str, number: int) -> str:
    """The name of what belongs to a generation that is not in service."""
    return f"g{number}_{name}"


def known(connection: Connection, projection: str) -> list[Generation]:
    """All that is recorded of a read model, oldest first."""
    columns = generations.c
    query = select(generations).where(columns.projection == projection).order_by(columns.version, columns.generation)
    return [
        Generation(row.projection, row.version, row.generation, row.etat, row.depuis, tuple(row.tables))
        for row in connection.execute(query)
    ]


def served(connection: Connection, projection: str) -> Generation | None:
    """The one that is read."""
    return next((one for one in known(connection, projection) if one.state == SERVED), None)


def record(connection: Connection, *rows: Generation) -> None:
    batch = Batch()
    for one in rows:
        key = {"projection": one.projection, "version": one.version, "generation": one.number}
        batch.add(Upsert(generations, key, {"etat": one.state, "depuis": one.since, "tables": list(one.tables)}))
    batch.write(connection)


def erase(connection: Connection, one: Generation) -> None:
    columns = generations.c
    where = (columns.projection == one.projection, columns.version == one.version, columns.generation == one.number)
    connection.execute(delete(generations).where(*where))


def reached(connection: Connection, name: str, version: int) -> dict[str, int]:
    """Position of one version of a read model on each stream."""
    query = select(position.c.stream, position.c.seq).where(
        position.c.projection == name, position.c.version == version
    )
    return {stream: int(seq) for stream, seq in connection.execute(query)}


def standings(connection: Connection, projection: Projection) -> list[Standing]:
    """Where a read model stands, stream by stream."""
    query = select(position.c.stream, position.c.created, position.c.seq).where(
        position.c.projection == projection.name, position.c.version == projection.VERSION
    )
    return [Standing(projection, *row) for row in connection.execute(query.order_by(position.c.stream))]


def outrun(ahead: Mapping[str, int], mine: Mapping[str, int], streams: Collection[str] | None = None) -> bool:
    """Whether the first shows something that the second does not yet, of these journals (of any, if none is named)."""
    return any(seq > mine.get(stream, 0) for stream, seq in ahead.items() if streams is None or stream in streams)


def level(one: Mapping[str, int], two: Mapping[str, int]) -> bool:
    """Whether both show the same; a journal not begun is as good as one not followed."""
    return not outrun(one, two) and not outrun(two, one)


def enter(engine: Engine, projections: Sequence[Projection], streams: Collection[str], at: datetime) -> list[str]:
    """Record the versions of this program as those in service; those that another version still outruns are told.

    A new version (or an old one come back) shows less than the one in service until it has caught up with it: whoever
    reads must wait until then. What another one showed of journals that are not followed any more is not waited for.
    """
    create_tables(engine, [position, generations])
    with engine.connect() as connection:
        late = [one.label for one in projections if _late(connection, one, streams)]
        new = [one for one in projections if one.label not in late and not _is_served(connection, one)]
    if new:
        with writing(engine) as connection:
            for one in new:
                serve(connection, one, at)
    return late


def replaced(
    connection: Connection, projection: Projection, streams: Collection[str], at: datetime
) -> Generation | None:
    """The one of another version that is in service, and that this program's version is to replace."""
    now = served(connection, projection.name)
    if now is not None:
        return now if now.version != projection.VERSION else None
    older = [*unrecorded(connection, projection, at)]
    if not older or not _late(connection, projection, streams):
        return None
    ahead = max(older, key=lambda one: sum(reached(connection, one.projection, one.version).values()))
    found = _in_state(ahead, SERVED, at)
    record(connection, *(one for one in older if one is not ahead), found)
    return found


def _is_served(connection: Connection, projection: Projection) -> bool:
    now = served(connection, projection.name)
    return now is not None and now.version == projection.VERSION


def _late(connection: Connection, projection: Projection, streams: Collection[str]) -> bool:
    now = served(connection, projection.name)
    if now is not None and now.version == projection.VERSION:
        return False
    mine = reached(connection, projection.name, projection.VERSION)
    others = [now.version] if now is not None else other_versions(connection, projection)
    return any(outrun(reached(connection, projection.name, one), mine, streams) for one in others)


def other_versions(connection: Connection, projection: Projection) -> list[int]:
    """The versions that have a position in this database, but for the program's own."""
    query = select(position.c.version).where(
        position.c.projection == projection.name, position.c.version != projection.VERSION
    )
    return sorted(set(connection.scalars(query)))


def serve(connection: Connection, projection: Projection, at: datetime) -> None:
    """From this transaction on, this version is the one in service; the one it replaces is kept."""
    now = served(connection, projection.name)
    if now is not None and now.version == projection.VERSION:
        return
    mine = [one for one in known(connection, projection.name) if one.version == projection.VERSION]
    tables = tuple(one.name for one in projection.tables)
    number = next((one.number for one in mine if one.tables == tables), 1)
    if now is not None:
        record(connection, _in_state(now, KEPT, at))
    else:
        record(connection, *unrecorded(connection, projection, at))
    record(connection, Generation(projection.name, projection.VERSION, number, SERVED, at, tables))


def unrecorded(connection: Connection, projection: Projection, at: datetime) -> Iterable[Generation]:
    """Versions of a database older than this record: their tables have the names of ours, but for the number."""
    there = set(inspect(connection).get_table_names())
    for version in other_versions(connection, projection):
        names = [f"{one.name.removesuffix(f'_v{projection.VERSION}')}_v{version}" for one in projection.tables]
        yield Generation(projection.name, version, 1, KEPT, at, tuple(name for name in names if name in there))


def _in_state(one: Generation, state: State, at: datetime) -> Generation:
    return Generation(one.projection, one.version, one.number, state, at, one.tables)


def leave(connection: Connection, one: Generation) -> None:
    """The tables of a generation that nobody reads, its positions and its record, gone."""
    quote = connection.dialect.identifier_preparer.quote
    for table in one.tables:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(table)}")
    plain = all(not table.startswith(apart("", one.number)) for table in one.tables)
    name = one.projection if plain else apart(one.projection, one.number)
    where = (position.c.projection == name, position.c.version == one.version)
    connection.execute(delete(position).where(*where))
    seen.forget(connection, f"{name}_v{one.version}")
    erase(connection, one)


def forget(engine: Engine, projection: Projection) -> list[Generation]:
    """Drop all that is recorded of a read model but the one in service; what was dropped."""
    create_tables(engine, [position, generations, seen.recus])
    with writing(engine) as connection:
        if served(connection, projection.name) is None:
            return []
        gone = [one for one in known(connection, projection.name) if one.state != SERVED]
        for one in gone:
            leave(connection, one)
    return gone


def start(connection: Connection, projection: Projection, at: datetime) -> Generation:
    """The generation being built beside the one in service: the one that was begun, or a new one."""
    mine = [one for one in known(connection, projection.name) if one.version == projection.VERSION]
    begun = next((one for one in mine if one.state == BUILDING), None)
    if begun is not None:
        return begun
    number = 1 + max((one.number for one in mine), default=1)
    tables = tuple(apart(one.name, number) for one in projection.tables)
    fresh = Generation(projection.name, projection.VERSION, number, BUILDING, at, tables)
    record(connection, fresh)
    return fresh


def promote(connection: Connection, now: Generation, built: Generation, at: datetime) -> None:
    """Swap the records of two generations of one version; their tables are renamed in the same transaction."""
    kept = tuple(apart(name, now.number) for name in now.tables)
    record(
        connection,
        Generation(now.projection, now.version, now.number, KEPT, at, kept),
        Generation(built.projection, built.version, built.number, SERVED, at, now.tables),
    )


def rename_positions(connection: Connection, old: str, new: str, version: int) -> None:
    where = (position.c.projection == old, position.c.version == version)
    connection.execute(update(position).where(*where).values(projection=new))
