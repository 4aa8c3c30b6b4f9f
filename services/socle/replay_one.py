"""One aggregate replayed: the rows that its events write, rebuilt alone and compared with those of the live database.

Its own messages are read first (one subject, however long the journal): what they write must be what the live rows say,
column by column. Other aggregates may have written the same columns since; so a difference counts only once the same
rows, rebuilt from the whole journals, differ too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, Table

from contracts.messages import Registry
from services.socle.enveloppe import Fact
from services.socle.errors import SocleError
from services.socle.facts import Source
from services.socle.generations import level
from services.socle.projections import Projector
from services.socle.read_model import Aside, Projection
from services.socle.replay import positions, reached
from services.socle.rows import Delete, Difference, Op, snapshot, stored_row
from services.socle.sql import engine_for

ATTEMPTS = 30

Key = tuple[Table, tuple[tuple[str, object], ...]]


class NeverLevel(SocleError):
    """The live read model kept moving between the reading and the comparison."""

    code = "COMPARAISON_IMPOSSIBLE"


@dataclass
class Touched:
    """The rows that were written, with the columns that were given a value, and how many facts did that."""

    rows: dict[Key, set[str]] = field(default_factory=dict)
    facts: int = 0

    def add(self, op: Op) -> None:
        columns = self.rows.setdefault(_key(op), set())
        if isinstance(op, Delete):
            columns.clear()
        else:
            columns.update(op.values)


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one aggregate in one read model."""

    facts: int
    rows: int
    differences: tuple[Difference, ...]


@dataclass
class OneAggregate:
    """One read model of one service, looked at through one aggregate. ``filters`` are the subjects of the aggregate."""

    projection: Projection
    registry: Registry
    sources: Sequence[Source]
    live: Engine
    filters: Sequence[str]
    aside: Aside

    async def check(self) -> Checked:
        """Compare; nothing is written but scratch databases.

        Raises:
            ProjectionStopped: one of its events cannot be taken.
            NeverLevel: the live read model never stood still.
        """
        touched = Touched()
        found = await self._compare(_watched(self.projection, touched), touched, self.filters)
        if found:
            whole = Touched({key: set(_others(key[0])) for key in touched.rows})
            found = await self._compare(_restricted(self.projection, frozenset(touched.rows)), whole, ())
        return Checked(touched.facts, len(touched.rows), tuple(found))

    async def _compare(self, projection: Projection, touched: Touched, filters: Sequence[str]) -> list[Difference]:
        with _scratch() as engine:
            rebuilt = Projector(
                "rejeu",
                self.registry,
                engine,
                self.sources,
                [projection],
                filters,
                asides={projection.label: self.aside},
            )
            try:
                for _ in range(ATTEMPTS):
                    until = positions(self.live, self.projection)
                    await rebuilt.catch_up(until)
                    found = self._differences(engine, touched, until)
                    if found is not None:
                        return found
            finally:
                await rebuilt.stop()
        raise NeverLevel(f"{self.projection.label} avance sans cesse ; relancez la même commande")

    def _differences(self, scratch: Engine, touched: Touched, until: dict[str, int]) -> list[Difference] | None:
        with snapshot(self.live) as live, snapshot(scratch) as rebuilt:
            if not level(reached(live, self.projection), until):
                return None
            found = []
            for (table, items), columns in touched.rows.items():
                key = dict(items)
                here, there = stored_row(live, table, key), stored_row(rebuilt, table, key)
                shown = [
                    None if row is None else {name: row[name] for name in sorted(columns)} for row in (here, there)
                ]
                if shown[0] != shown[1]:
                    found.append(Difference(table.name, tuple(key.values()), shown[0], shown[1]))
            return found


def _key(op: Op) -> Key:
    return op.table, tuple((column.name, op.key[column.name]) for column in op.table.primary_key)


def _others(table: Table) -> Iterator[str]:
    return (column.name for column in table.c if not column.primary_key)


def _like(of: Projection, change: Callable[[Fact, list[Op]], Iterable[Op]]) -> Projection:
    """The same read model with something done to what each fact asks for."""

    class Like(Projection):
        name = of.name
        VERSION = of.VERSION
        tables = of.tables
        handles = of.handles
        exchanged = of.exchanged

        def project(self, fact: Fact) -> Iterable[Op]:
            return change(fact, list(of.project(fact)))

    return Like()


def _watched(of: Projection, touched: Touched) -> Projection:
    def note(fact: Fact, ops: list[Op]) -> Iterable[Op]:
        touched.facts += 1
        for op in ops:
            touched.add(op)
        return ops

    return _like(of, note)


def _restricted(of: Projection, keys: frozenset[Key]) -> Projection:
    return _like(of, lambda _, ops: [op for op in ops if _key(op) in keys])


@contextmanager
def _scratch() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory(prefix="parchemin-rejeu-") as folder:
        engine = engine_for(f"sqlite:///{Path(folder) / 'rejeu.db'}")
        try:
            yield engine
        finally:
            engine.dispose()
