"""A new version of a read model built while another program reads the old one, and what changes from one to the other.

Its tables have other names than those of the version in service, so it is built in place, by the same machinery.
Nobody reads it until it is recorded as the one in service: a program that knows it waits for that (`generations`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    and_,
    false,
    func,
    inspect,
    or_,
    select,
    type_coerce,
)

from contracts.messages import Registry
from services.socle import generations
from services.socle.facts import Source
from services.socle.feed import Watcher
from services.socle.generations import Generation
from services.socle.parking import now
from services.socle.projections import Projector
from services.socle.read_model import Projection
from services.socle.replay import aside_of
from services.socle.rows import snapshot
from services.socle.sql import create_tables, in_writer, writing


@dataclass(frozen=True, slots=True)
class Change:
    """One table from the old version to the new one; ``changed`` counts the rows of which a shared column differs.

    ``None``: the two have not the same key, so that their rows cannot be set side by side.
    """

    table: str
    rows: tuple[int, int]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    changed: int | None

    def dire(self) -> str:
        """One line for whoever decides to switch."""
        told = [f"{self.rows[0]} lignes, puis {self.rows[1]}"]
        told += [
            f"{name} : {', '.join(columns)}"
            for name, columns in (("gagne", self.gained), ("perd", self.lost))
            if columns
        ]
        told.append("autre clé" if self.changed is None else f"{self.changed} lignes dites autrement")
        return f"{self.table} : {' ; '.join(told)}"


@dataclass
class Succession:
    """The version of this program, to come after the one in service. Everything may be stopped and done again."""

    service: str
    projection: Projection
    registry: Registry
    engine: Engine
    sources: Sequence[Source]

    @property
    def _streams(self) -> frozenset[str]:
        return frozenset(one.stream for one in self.sources)

    async def replaced(self) -> Generation | None:
        """The one in service, if it is of another version."""
        return await in_writer(self.engine, self._replaced)

    def _replaced(self) -> Generation | None:
        create_tables(self.engine, generations.metadata.sorted_tables)
        with writing(self.engine) as connection:
            return generations.replaced(connection, self.projection, self._streams, now())

    async def catch_up(self, old: Generation, watch: Watcher | None = None) -> None:
        """Build to the end of the journals.

        Raises:
            ProjectionStopped: an event that the old version took cannot be taken.
        """
        label = f"{old.projection}_v{old.version}"
        aside = await in_writer(self.engine, aside_of, self.engine, self.service, label)
        await Projector(
            self.service,
            self.registry,
            self.engine,
            self.sources,
            [self.projection],
            asides={self.projection.label: aside},
            polite=True,
        ).rebuild(None, watch)

    async def changes(self, old: Generation) -> list[Change]:
        """What each table gains, loses and tells otherwise; the two may be a few messages apart."""
        return await in_writer(self.engine, self._changes, old)

    def _changes(self, old: Generation) -> list[Change]:
        with snapshot(self.engine) as connection:
            there = set(inspect(connection).get_table_names())
            return [
                _change(connection, _stripped(table), Table(name, MetaData(), autoload_with=connection), table)
                for table in self.projection.tables
                if (name := f"{_stripped(table)}_v{old.version}") in there
            ]

    async def switch(self) -> bool:
        """Record this version as the one in service; ``False`` while the other one shows more."""
        late = await in_writer(self.engine, generations.enter, self.engine, [self.projection], self._streams, now())
        return not late


def _stripped(table: Table) -> str:
    return table.name.rpartition("_v")[0]


def _change(connection: Connection, name: str, old: Table, new: Table) -> Change:
    rows = (_count(connection, old), _count(connection, new))
    gained = tuple(sorted({one.name for one in new.c} - {one.name for one in old.c}))
    lost = tuple(sorted({one.name for one in old.c} - {one.name for one in new.c}))
    return Change(name, rows, gained, lost, _changed(connection, old, new))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _changed(connection: Connection, old: Table, new: Table) -> int | None:
    keys = [column.name for column in new.primary_key]
    if [column.name for column in old.primary_key] != keys:
        return None
    differs = [
        _as_stored(old.c[column.name]).is_distinct_from(_as_stored(column))
        for column in new.c
        if not column.primary_key and column.name in old.c
    ]
    same = and_(*(_as_stored(old.c[key]) == _as_stored(new.c[key]) for key in keys))
    query = select(func.count()).select_from(old.join(new, same)).where(or_(false(), *differs))
    return connection.execute(query).scalar_one()


def _as_stored(column: Column[Any]) -> ColumnElement[Any]:
    """The value in the database, whatever Python makes of it."""
    return type_coerce(column, Text())
