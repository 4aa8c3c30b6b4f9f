"""Read models kept up to date: reads the journals ahead of one writer thread, heals by itself, and says how it goes.

The journal only delivers; SQL decides (`read_model`). There is no durable consumer and no acknowledgement to keep in
step with the database. Live and replay are the same code.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

import structlog
from sqlalchemy import Engine, select

from contracts.messages import Registry
from services.socle import parking, read_model
from services.socle.enveloppe import Stored
from services.socle.errors import BrokerAway, NotDense, SocleError, StreamChanged, StreamMissing
from services.socle.facts import Source
from services.socle.parking import Parked, now
from services.socle.read_model import BrokenProjection, Fenced, Outcome, Projection, Standing, Transaction, position
from services.socle.reader import StreamIdentity
from services.socle.rows import Comparison, Delete, Op, Upsert, compare_tables, state_hash
from services.socle.sql import create_tables, in_writer, is_away

__all__ = ["Delete", "Fenced", "Op", "Projection", "Projector", "Upsert", "compare", "replay", "state_hash"]

MAX_BATCH = 5_000  # messages in one transaction: enough to share its cost, few enough to keep it under 0.2 s
DEPTH = 8  # batches read ahead while one is written
CLOSE = 50_000  # projections nearer than that share a reader; a new one reads alone and holds nobody back
MAX_WAIT = 5.0
LINGER = 0.025  # seconds between two small transactions: a trickle of commands would otherwise pay for one each
SMALL = 500  # messages; from there on a transaction pays for itself

log = structlog.get_logger("projections")


class ProjectionStopped(SocleError):
    """The projection does not move any more; the detail says why and what to do."""

    code = "PROJECTION_ARRETEE"


class ReadBehind(SocleError):
    """The read model did not reach the position asked for in time: the write is done, its reading comes later."""

    code = "LECTURE_EN_RETARD"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a catch-up is, in messages of one stream."""

    stream: str
    done: int
    total: int
    rate: float


@dataclass(frozen=True, slots=True)
class Status:
    """Health of one projection on one stream. ``lag`` is in messages; ``None`` when the journal does not answer."""

    projection: str
    stream: str
    seq: int
    lag: int | None
    stopped: str | None
    trouble: str | None


Watcher = Callable[[Progress], None]


class _Rewound(Exception):
    """The position went behind what was read: read again from there."""


class _Feed:
    """One reader of one journal, for the projections that stand close together; one transaction a batch."""

    def __init__(self, owner: Projector, source: Source, standings: list[Standing]) -> None:
        self.owner, self.source, self.standings = owner, source, standings
        self.trouble: str | None = None
        self._read_up_to = 0
        self._wait = 0.0

    @property
    def moving(self) -> list[Standing]:
        return [one for one in self.standings if one.stopped is None]

    async def run(self, stop_at: int | None = None, watch: Watcher | None = None) -> None:
        """Follow the journal for ever, or up to a position."""
        while self.moving:
            try:
                await self._follow(stop_at, watch)
            except (StreamChanged, NotDense) as error:
                self.stop_all(str(error))
            except (_Rewound, Fenced):
                continue
            except Exception as error:
                if passing(error):
                    await self.back_off(error)
                else:
                    self.stop_all(f"erreur du programme : {parking.origin_of(error)}")
            else:
                return

    async def _follow(self, stop_at: int | None, watch: Watcher | None) -> None:
        await self._take_stand(await self.source.identity())
        start = self._read_up_to = min(one.seq for one in self.moving)
        if stop_at is not None and stop_at <= start:
            return
        queue: asyncio.Queue[list[Stored] | Exception | None] = asyncio.Queue(DEPTH)
        reading = asyncio.create_task(self._read(queue, start, stop_at))
        begun = time.monotonic()
        try:
            async for batch in _batches(queue):
                await self._commit(batch)
                if watch is not None and stop_at is not None:
                    done = self._read_up_to - start
                    watch(Progress(self.source.stream, done, stop_at - start, done / (time.monotonic() - begun)))
                if not self.moving:
                    return
                if stop_at is None and len(batch) < SMALL:
                    await self.owner.linger()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _take_stand(self, identity: StreamIdentity) -> None:
        """Positions from the database, checked against the stream they were made on."""
        await in_writer(self.owner.engine, self.owner.transaction.take_stand, self.moving, identity.created)
        identity = await self.source.identity()  # after the positions: a rival may have moved them past the old end
        for what in ("journal", "base"):  # both just answered
            self._healthy(what)
        self.owner.wake()  # a rival may have brought the position that somebody waits for here
        for one in self.moving:
            identity.check_position(one.seq, one.created)

    async def _read(self, queue: asyncio.Queue[Any], start: int, stop_at: int | None) -> None:
        """Read ahead while the writer thread works; the bounded queue holds the reader back."""
        try:
            created = self.moving[0].created
            async for batch in self.source.read(start, filters=self.owner.filters, created=created, stop_at=stop_at):
                self._healthy("journal")
                await queue.put(batch)
        except Exception as error:
            await queue.put(error)
        else:
            await queue.put(None)

    async def _commit(self, batch: list[Stored]) -> None:
        """Try until the batch is in, by us or by a rival."""
        while self.moving:
            try:
                outcomes = await in_writer(self.owner.engine, self.owner.transaction.apply, batch, self.moving)
            except Fenced:
                await self._follow_rival()
            except BrokenProjection as error:
                self._stop(error.standing, f"{batch[0].where}…{batch[-1].seq} : {error.detail}")
            except Exception as error:
                if not is_away(error):
                    raise
                await self.back_off(error)
            else:
                self._read_up_to = batch[-1].seq
                self._healthy("base")
                self._adopt(outcomes)
                return

    async def _follow_rival(self) -> None:
        """Skip what the rival did. The pause lets it lead instead of fighting over every batch."""
        await asyncio.sleep(random.uniform(0.01, 0.1))
        await self._take_stand(await self.source.identity())
        if min(one.seq for one in self.moving) < self._read_up_to:
            raise _Rewound

    def _adopt(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            outcome.standing.seq = outcome.seq
            for one in outcome.parked:
                if one.code != parking.WAITING:
                    log.error(
                        "agregat_stationne", projection=one.consumer, message=f"{one.stream}@{one.seq}", code=one.code
                    )
            if outcome.stopped is not None:
                self._stop(outcome.standing, outcome.stopped)
        self.owner.wake()

    def _stop(self, standing: Standing, why: str) -> None:
        standing.stopped = why
        log.error("projection_arretee", projection=standing.projection.label, stream=standing.stream, cause=why)
        self.owner.wake()

    def stop_all(self, why: str) -> None:
        for one in self.moving:
            self._stop(one, why)

    async def back_off(self, error: Exception) -> None:
        """Wait longer each time, up to a bound; tell the change of state once."""
        what = "base" if is_away(error) else "journal"
        if self.trouble is None:
            log.warning(
                f"{what}_absente" if what == "base" else f"{what}_absent",
                stream=self.source.stream,
                cause=_brief(error),
            )
        self.trouble = f"{what} : {_brief(error)}"
        self._wait = min(MAX_WAIT, max(0.05, self._wait * 2))
        await asyncio.sleep(self._wait * random.uniform(0.5, 1))

    def _healthy(self, what: str) -> None:
        if self.trouble is not None and self.trouble.startswith(what):
            log.info("projections_reprises", stream=self.source.stream, apres=self.trouble)
            self.trouble, self._wait = None, 0.0


def passing(error: Exception) -> bool:
    """Whether waiting may be enough."""
    return is_away(error) or isinstance(error, (BrokerAway, StreamMissing, TimeoutError, OSError))


async def _batches(queue: asyncio.Queue[list[Stored] | Exception | None]) -> AsyncIterator[list[Stored]]:
    """What was read since the last transaction, together: small transactions when calm, large ones under load."""
    over = False
    while not over:
        item = await queue.get()
        batch: list[Stored] = []
        while isinstance(item, list):
            batch.extend(item)
            if queue.empty() or len(batch) >= MAX_BATCH:
                break
            item = queue.get_nowait()
        if batch:
            yield batch
        if isinstance(item, Exception):
            raise item
        over = item is None


def _brief(error: Exception) -> str:
    """First line of what the driver says: no statement, no values."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__} : {(str(cause).splitlines() or [''])[0][:200]}"


@dataclass
class Projector:
    """All the projections of a service, fed from its journals.

    ``async with Projector(...)`` follows them in the background; `catch_up` runs to the end and returns.
    """

    service: str
    registry: Registry
    engine: Engine
    sources: Sequence[Source]
    projections: Sequence[Projection]
    filters: Sequence[str] = ()
    clock: Callable[[], datetime] = now
    transaction: Transaction = field(init=False)

    def __post_init__(self) -> None:
        labels = [one.label for one in self.projections]
        if len(set(labels)) != len(labels):
            raise ValueError(f"deux projections du même nom : {labels}")
        self.transaction = Transaction(self.service, self.registry, self.engine, self.clock)
        # Same order in every instance: rivals take the position locks in the same order and cannot deadlock.
        ordered = sorted(self.projections, key=lambda one: one.label)
        self._standings = [Standing(one, source.stream) for source in self.sources for one in ordered]
        self._moved = asyncio.Event()
        self._hurry, self._waiting = asyncio.Event(), 0
        self._feeds: list[_Feed] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._feed_stream(source)) for source in self.sources]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop reading, and wait for the transaction in flight: after this the database is quiet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await in_writer(self.engine, lambda: None)

    async def catch_up(self, until: Mapping[str, int] | None = None, watch: Watcher | None = None) -> None:
        """Project up to a position of each stream (by default its present end), then return.

        Raises:
            ProjectionStopped: one of them could not go on.
        """
        for source in self.sources:
            stop_at = (await source.identity()).last_seq if until is None else until.get(source.stream, 0)
            await self._feed_stream(source, stop_at, watch)
        for one in self._standings:
            if one.stopped is not None:
                raise ProjectionStopped(f"{one.projection.label} sur {one.stream} : {one.stopped}")

    async def _feed_stream(self, source: Source, stop_at: int | None = None, watch: Watcher | None = None) -> None:
        mine = [one for one in self._standings if one.stream == source.stream]
        first = _Feed(self, source, mine)
        self._feeds.append(first)
        await self._prepare(first)
        groups = _close_together(first.moving)
        feeds = [first, *(_Feed(self, source, group) for group in groups[1:])]
        first.standings = groups[0] if groups else []
        self._feeds.extend(feeds[1:])
        await asyncio.gather(*(feed.run(stop_at, watch) for feed in feeds))

    async def _prepare(self, feed: _Feed) -> None:
        """Tables and positions, as soon as the database and the journal answer."""
        tables = [*read_model.metadata.sorted_tables, *parking.metadata.sorted_tables]
        tables += [table for one in self.projections for table in one.tables]
        while feed.moving:
            try:
                await in_writer(self.engine, create_tables, self.engine, tables)
                return await in_writer(
                    self.engine, self.transaction.take_stand, feed.moving, (await feed.source.identity()).created
                )
            except Exception as error:
                if not passing(error):
                    return feed.stop_all(f"préparation impossible : {parking.origin_of(error)}")
                await feed.back_off(error)

    def wake(self) -> None:
        """Something moved: whoever waits looks again."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def linger(self) -> None:
        """Let a few messages gather, unless somebody waits to read what he has just written."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._hurry.wait()

    @asynccontextmanager
    async def _hurried(self) -> AsyncIterator[None]:
        self._waiting += 1
        self._hurry.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._hurry.clear()

    async def wait_for(self, stream: str, seq: int, timeout: float = 5.0, projection: str | None = None) -> None:
        """Return once the rows show everything up to ``seq`` (the position got from append).

        Raises:
            ReadBehind: not within the time.
            ProjectionStopped: it will not come.
        """
        mine = [one for one in self._standings if one.stream == stream and projection in (None, one.projection.name)]
        try:
            async with self._hurried(), asyncio.timeout(timeout):
                while behind := [one for one in mine if one.seq < seq]:
                    for one in behind:
                        if one.stopped is not None:
                            raise ProjectionStopped(f"{one.projection.label} sur {stream} : {one.stopped}")
                    await self._moved.wait()
        except TimeoutError:
            raise ReadBehind(f"{stream}@{seq} n'est pas encore lisible ; réessayez dans un instant") from None

    async def status(self) -> list[Status]:
        """Where every projection stands, for health checks and metrics."""
        ends = {source.stream: await _end(source) for source in self.sources}
        troubles = {feed.source.stream: feed.trouble for feed in self._feeds if feed.trouble}

        def lag(one: Standing) -> int | None:
            end = ends[one.stream]
            return None if end is None else max(0, end - one.seq)

        return [
            Status(one.projection.label, one.stream, one.seq, lag(one), one.stopped, troubles.get(one.stream))
            for one in self._standings
        ]

    async def retry(self, projection: str, stream: str, subject: str, *, by: str) -> int:
        """Project the parked messages of an aggregate again, all of them or none; how many.

        Raises:
            ContractError: one of them still cannot be read (discard it, or upgrade the program).
            NotParked: nothing is parked there.
        """
        standing = next(one for one in self._standings if (one.projection.label, one.stream) == (projection, stream))
        source = next(one for one in self.sources if one.stream == stream)
        while True:
            listed = await in_writer(self.engine, parking.list_parked, self.engine, self.service, projection, subject)
            parked = [one for one in listed if one.stream == stream]
            if not parked:
                raise parking.NotParked(f"{projection} : rien de stationné pour {subject}")
            messages = await reread(source, parked)
            try:
                await in_writer(self.engine, self.transaction.project_again, standing, parked, messages, by)
            except Fenced:
                continue
            return len(parked)


async def reread(source: Source, parked: Sequence[Parked]) -> list[Stored]:
    """The parked messages of one aggregate, from the journal."""
    wanted = {one.seq for one in parked}
    first, last, subject = min(wanted), max(wanted), parked[0].subject
    batches = source.read(after=first - 1, filters=(subject,), stop_at=last)
    return [message async for batch in batches for message in batch if message.seq in wanted]


async def _end(source: Source) -> int | None:
    try:
        return (await source.identity()).last_seq
    except (SocleError, TimeoutError, OSError):
        return None


def _close_together(standings: list[Standing]) -> list[list[Standing]]:
    """Groups that may share a reader, the most advanced first."""
    ordered = sorted(standings, key=lambda one: -one.seq)
    cuts = [index for index, (one, two) in enumerate(pairwise(ordered), 1) if one.seq - two.seq > CLOSE]
    bounds = [0, *cuts, len(ordered)]
    groups = [ordered[start:end] for start, end in pairwise(bounds)]
    return [sorted(group, key=lambda one: one.projection.label) for group in groups if group]


# Replay and comparison ---------------------------------------------------------------------------------------------


async def replay(
    projection: Projection,
    *,
    registry: Registry,
    sources: Sequence[Source],
    engine: Engine,
    until: Mapping[str, int] | None = None,
    watch: Watcher | None = None,
) -> dict[str, int]:
    """Rebuild one projection from the journals into a scratch database; the positions reached.

    Raises:
        ProjectionStopped: it could not go to the end.
        ValueError: the database already holds rows of this projection.
    """
    rebuilt = Projector("rejeu", registry, engine, sources, [projection])
    await in_writer(engine, create_tables, engine, read_model.metadata.sorted_tables)
    if any(positions(engine, projection).values()):
        raise ValueError(f"{projection.label} a déjà des lignes dans cette base : rejouez dans une base vide")
    await rebuilt.catch_up(until, watch)
    return positions(engine, projection)


def positions(engine: Engine, projection: Projection) -> dict[str, int]:
    """Position of the projection on each stream."""
    query = select(position.c.stream, position.c.seq).where(
        position.c.projection == projection.name, position.c.version == projection.VERSION
    )
    with engine.connect() as connection:
        return {stream: int(seq) for stream, seq in connection.execute(query)}


def compare(live: Engine, rebuilt: Engine, projection: Projection) -> Comparison:
    """Rows and state hashes of the two databases.

    Raises:
        ValueError: they do not stand at the same positions, so their rows may rightly differ.
    """
    here, there = positions(live, projection), positions(rebuilt, projection)
    if here != there:
        raise ValueError(f"{projection.label} : positions différentes ({here} et {there}) ; rejouez jusqu'à la même")
    return compare_tables(live, rebuilt, projection.tables)
