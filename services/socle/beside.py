"""A read model built again beside the one in service, in the same database, then put in its place.

The two are followed by the same machinery, each with its own position, so live events reach both. The switch renames
tables, positions and what is set aside in one transaction (both engines roll DDL back): whoever reads by the plain
names sees the old generation or the new one, and an instance that was writing the old one is fenced by its position,
looks where it stands, and goes on with the new one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, MetaData, Table, delete, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.elements import quoted_name

from contracts.messages import Registry
from services.socle import generations, parking, seen
from services.socle.enveloppe import Fact, Stored
from services.socle.errors import SocleError
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.feed import Watcher
from services.socle.generations import Generation, apart
from services.socle.parking import now, stationnes
from services.socle.projections import ProjectionStopped, Projector
from services.socle.read_model import BrokenProjection, Outcome, Projection, Standing, Transaction, position
from services.socle.replay import aside_of, aside_within
from services.socle.rows import Comparison, Delete, Op, Upsert, compare_tables, snapshot
from services.socle.sql import in_writer, writing

T = TypeVar("T")
Ahead = dict[str, list[Stored]]  # messages by stream

ATTEMPTS = 60
# Shorter than PostgreSQL's deadlock_timeout (1 s): whoever reads several tables is never the one that is given up.
LOCK_WAIT = "200ms"


class NotSettled(SocleError):
    """The live read model moves on too fast to be met at one position: nothing was changed."""

    code = "BASCULE_IMPOSSIBLE"


class NothingBuilt(SocleError):
    """There is no generation under construction: it was switched to, or forgotten, meanwhile."""

    code = "CONSTRUCTION_ABSENTE"


class _NotNow(Exception):
    """The new generation shows less than the old one, or readers hold the tables: look again in a moment."""


def beside(of: Projection, number: int) -> Projection:
    """The same read model under other names: tables, position, what is set aside."""
    clones = {table: _clone(table, number) for table in of.tables}

    class Beside(Projection):
        name = apart(of.name, number)
        VERSION = of.VERSION
        tables = tuple(clones.values())
        handles = of.handles
        exchanged = of.exchanged

        def project(self, fact: Fact) -> Iterable[Op]:
            return [_moved(op, clones) for op in of.project(fact)]

    return Beside()


def _moved(op: Op, clones: dict[Table, Table]) -> Op:
    table = clones[op.table]
    return Upsert(table, op.key, op.values) if isinstance(op, Upsert) else Delete(table, op.key)


def _clone(table: Table, number: int) -> Table:
    clone = table.to_metadata(MetaData(), name=apart(table.name, number))
    for index in clone.indexes:
        index.name = quoted_name(apart(str(index.name), number), quote=None)
    return clone


@dataclass
class Building:
    """One read model of one service being built again beside itself. Everything may be stopped and done again."""

    service: str
    projection: Projection
    registry: Registry
    engine: Engine
    sources: Sequence[Source]

    async def prepare(self) -> Generation:
        """What is under construction: begun now, or found as it was left."""
        return await in_writer(self.engine, self._prepare)

    def _prepare(self) -> Generation:
        with writing(self.engine) as connection:
            generations.serve(connection, self.projection, now())
            return generations.start(connection, self.projection, now())

    async def catch_up(self, built: Generation, watch: Watcher | None = None) -> None:
        """Build up to where the live one stands.

        Raises:
            ProjectionStopped: an event that the live one took cannot be taken.
        """
        until = await in_writer(self.engine, self._reached, self.projection.name)
        aside = await in_writer(self.engine, aside_of, self.engine, self.service, self.projection.label)
        target = beside(self.projection, built.number)
        await Projector(
            self.service, self.registry, self.engine, self.sources, [target], asides={target.label: aside}, polite=True
        ).rebuild(until, watch)

    async def compare(self, built: Generation) -> Comparison:
        """Rows and state hashes of the two generations, at one position and in one snapshot.

        Raises:
            NotSettled: they were never seen at the same position.
            NothingBuilt: somebody switched or forgot it meanwhile.
        """
        return await self._insist(built, self._compare, "comparé")

    async def switch(self, built: Generation) -> None:
        """Put the new generation in the place of the old one, which is kept.

        Raises:
            NotSettled: the journal grows too fast, or readers never let go of the tables.
            NothingBuilt: somebody switched or forgot it meanwhile.
        """
        await self._insist(built, self._switch, "basculé")

    async def _insist(self, built: Generation, work: Callable[[Generation, Ahead], T], done: str) -> T:
        """Try until the two stand at one position: the live one is held still no longer than a few messages take."""
        for _ in range(ATTEMPTS):
            await self.catch_up(built)
            try:
                return await in_writer(self.engine, work, built, await self._read_ahead(built))
            except _NotNow:
                await asyncio.sleep(random.uniform(0.01, 0.1))
        raise NotSettled(
            f"{self.projection.label} n'a pas pu être {done} : le journal avance trop vite, ou une lecture tient ses "
            "tables ; rien n'a changé, relancez la même commande à un moment plus calme"
        )

    async def _read_ahead(self, built: Generation) -> Ahead:
        """What the live one may have taken since: read before it is held, so that nothing is waited for then."""
        name = apart(self.projection.name, built.number)
        mine = await in_writer(self.engine, self._reached, name)
        found: Ahead = {}
        for source in self.sources:
            end, start = (await source.identity()).last_seq, mine.get(source.stream, 0)
            batches = source.read(start, stop_at=end) if start < end else _nothing()
            found[source.stream] = [message async for batch in batches for message in batch]
        return found

    def _reached(self, name: str) -> dict[str, int]:
        with self.engine.connect() as connection:
            return generations.reached(connection, name, self.projection.VERSION)

    def _compare(self, built: Generation, ahead: Ahead) -> Comparison:
        target = beside(self.projection, built.number)
        with _at_once(self.engine) as connection:
            self._meet(connection, built, target, ahead)
        with snapshot(self.engine) as connection:
            live = generations.reached(connection, self.projection.name, self.projection.VERSION)
            if not generations.level(live, generations.reached(connection, target.name, target.VERSION)):
                raise _NotNow
            return compare_tables(connection, connection, zip(self.projection.tables, target.tables, strict=True))

    def _switch(self, built: Generation, ahead: Ahead) -> None:
        target, at = beside(self.projection, built.number), now()
        with _at_once(self.engine) as connection:
            old = self._meet(connection, built, target, ahead)
            _rename_tables(connection, old, built)
            kept = apart(self.projection.name, old.number)
            generations.rename_positions(connection, self.projection.name, kept, old.version)
            generations.rename_positions(connection, target.name, self.projection.name, old.version)
            self._take_aside(connection, target.label)
            seen.rename(connection, target.label, self.projection.label)
            generations.promote(connection, old, built, at)

    def _meet(self, connection: Connection, built: Generation, target: Projection, ahead: Ahead) -> Generation:
        """Hold the live one, and bring the new one where it stands; the generation that is in service."""
        old = self._hold(connection, built)
        live = generations.reached(connection, self.projection.name, self.projection.VERSION)
        aside = aside_within(connection, self.service, self.projection.label)
        transaction = Transaction(self.service, self.registry, self.engine, now, {target.label: aside})
        theirs = {one.stream for one in self.sources if isinstance(one, Exchanged)}
        for standing in generations.standings(connection, target):
            standing.exchanged = standing.stream in theirs
            end = live.get(standing.stream, 0)
            batch = [one for one in ahead.get(standing.stream, []) if standing.seq < one.seq <= end]
            for outcome in _applied(transaction, connection, batch, standing):
                standing.seq = outcome.seq
                if outcome.stopped is not None:
                    raise ProjectionStopped(f"{target.label} sur {standing.stream} : {outcome.stopped}")
        if not generations.level(live, generations.reached(connection, target.name, target.VERSION)):
            raise _NotNow
        return old

    def _hold(self, connection: Connection, built: Generation) -> Generation:
        """Take the live positions: whoever writes the live rows holds them first, so nobody writes from here on."""
        mine = (position.c.projection == self.projection.name, position.c.version == self.projection.VERSION)
        connection.execute(update(position).where(*mine).values(seq=position.c.seq))
        found = generations.known(connection, self.projection.name)
        old = next((one for one in found if one.state == generations.SERVED), None)
        if built not in found or old is None or old.version != built.version:
            raise NothingBuilt(
                f"{self.projection.label} : plus rien n'est en construction ; voyez ce qui est en service"
            )
        return old

    def _take_aside(self, connection: Connection, built: str) -> None:
        """What is parked is what the new rows lack; what was settled of it before is history, and stays."""
        columns = stationnes.c
        label = self.projection.label
        ours = (columns.service == self.service, columns.consumer == built)
        live = (columns.service == self.service, columns.consumer == label)
        connection.execute(delete(stationnes).where(*live, columns.status == parking.PARKED))
        for stream, seq in connection.execute(select(columns.stream, columns.seq).where(*ours)).all():
            connection.execute(delete(stationnes).where(*live, columns.stream == stream, columns.seq == seq))
        connection.execute(update(stationnes).where(*ours).values(consumer=label))

    async def abandon(self) -> list[Generation]:
        """Drop what is kept or under construction."""
        return await in_writer(self.engine, generations.forget, self.engine, self.projection)


async def _nothing() -> AsyncIterator[list[Stored]]:
    return
    yield


def _applied(
    transaction: Transaction, connection: Connection, batch: Sequence[Stored], standing: Standing
) -> Sequence[Outcome]:
    try:
        return transaction.apply_within(connection, batch, [standing]) if batch else ()
    except BrokenProjection as error:
        label = standing.projection.label
        raise ProjectionStopped(f"{label} sur {batch[0].where}…{batch[-1].seq} : {error.detail}") from error


def _rename_tables(connection: Connection, old: Generation, built: Generation) -> None:
    quote = connection.dialect.identifier_preparer.quote
    for name in old.tables:
        for here, there in ((name, apart(name, old.number)), (apart(name, built.number), name)):
            connection.exec_driver_sql(f"ALTER TABLE {quote(here)} RENAME TO {quote(there)}")


@contextmanager
def _at_once(engine: Engine) -> Iterator[Connection]:
    """A writing transaction that gives way to readers: on PostgreSQL it waits for no lock longer than a moment."""
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
            yield connection
    except OperationalError as error:
        if not _is_lock(error):
            raise
        raise _NotNow from error


def _is_lock(error: OperationalError) -> bool:
    """Somebody else holds what was asked for."""
    cause = error.orig
    held = getattr(cause, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return held or getattr(cause, "sqlstate", None) in {"55P03", "40P01"}
