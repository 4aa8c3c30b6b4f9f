"""Read models kept up to date: reads the journals ahead of one writer thread, heals by itself, and says how it goes.

The journal only delivers; SQL decides (`read_model`). There is no durable consumer and no acknowledgement to keep in
step with the database. Live and replay are the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Self

import structlog
from sqlalchemy import Engine

from contracts.messages import ContractError, Registry, UnknownVersion
from services.socle import generations, parking, read_model, seen
from services.socle.again import Again
from services.socle.enveloppe import Stored
from services.socle.errors import SocleError
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.feed import Feed, Watcher, passing
from services.socle.parking import Parked, Retried, now
from services.socle.read_model import Aside, Fenced, Projection, Standing, Transaction
from services.socle.rows import Delete, Op, Upsert
from services.socle.sql import create_tables, in_writer, is_away

__all__ = ["Delete", "Op", "Projection", "Projector", "Upsert"]

CLOSE = 50_000  # projections nearer than that share a reader; a new one reads alone and holds nobody back
# Seconds between two small transactions while nobody waits to read: each costs an fsync, and more CPU than its rows.
LINGER = 0.1
UPGRADE = "mise à niveau"  # who tries again what waited for this program
ENTER = 0.2  # seconds between two looks at whether a new version has caught up with the one in service

log = structlog.get_logger("projections")


class ProjectionStopped(SocleError):
    """The projection does not move any more; the detail says why and what to do."""

    code = "PROJECTION_ARRETEE"


class ReadBehind(SocleError):
    """The read model did not reach the position asked for in time: the write is done, its reading comes later."""

    code = "LECTURE_EN_RETARD"


@dataclass(frozen=True, slots=True)
class Status:
    """Health of one projection on one stream. ``lag`` is in messages; ``None`` when the journal does not answer."""

    projection: str
    stream: str
    seq: int
    lag: int | None
    stopped: str | None
    trouble: str | None


@dataclass
class Projector:
    """All the projections of a service, fed from its journals.

    ``async with Projector(...)`` follows them in the background; `catch_up` runs to the end and returns. One that
    rebuilds is given what the live one set aside, by label, and is ``polite`` when it shares the live one's database.
    """

    service: str
    registry: Registry
    engine: Engine
    sources: Sequence[Source]
    projections: Sequence[Projection]
    filters: Sequence[str] = ()
    clock: Callable[[], datetime] = now
    asides: Mapping[str, Aside] = field(default_factory=dict)
    polite: bool = False
    transaction: Transaction = field(init=False)

    def __post_init__(self) -> None:
        labels = [one.label for one in self.projections]
        if len(set(labels)) != len(labels):
            raise ValueError(f"deux projections du même nom : {labels}")
        self.transaction = Transaction(self.service, self.registry, self.engine, self.clock, self.asides)
        # Same order in every instance: rivals take the position locks in the same order and cannot deadlock.
        ordered = sorted(self.projections, key=lambda one: one.label)
        self._standings = [
            Standing(one, source.stream, exchanged=exchanged)
            for source, exchanged in ((source, isinstance(source, Exchanged)) for source in self.sources)
            for one in ordered
            if one.exchanged or not exchanged
        ]
        self._moved = asyncio.Event()
        self._hurry, self._waiting = asyncio.Event(), 0
        self._feeds: list[Feed] = []
        self._created = False
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
        followed = {one.stream for one in self._standings}
        for source in [one for one in self.sources if one.stream in followed]:
            stop_at = (await source.identity()).last_seq if until is None else until.get(source.stream, 0)
            if stop_at or not self._stands_on(source.stream):
                await self._feed_stream(source, stop_at, watch)
        for one in self._standings:
            if one.stopped is not None:
                raise ProjectionStopped(f"{one.projection.label} sur {one.stream} : {one.stopped}")

    async def rebuild(self, until: Mapping[str, int] | None = None, watch: Watcher | None = None) -> None:
        """`catch_up`; cancelled midway, the transaction in flight ends before the database is left.

        Raises:
            ProjectionStopped: as `catch_up`.
        """
        try:
            await self.catch_up(until, watch)
        finally:
            await self.stop()

    async def _feed_stream(self, source: Source, stop_at: int | None = None, watch: Watcher | None = None) -> None:
        mine = [one for one in self._standings if one.stream == source.stream]
        first = Feed(self, source, mine)
        self._feeds = [*(one for one in self._feeds if one.source is not source), first]
        await self._prepare(first)
        groups = _close_together(first.moving)
        feeds = [first, *(Feed(self, source, group) for group in groups[1:])]
        first.standings = groups[0] if groups else []
        self._feeds.extend(feeds[1:])
        await asyncio.gather(*(feed.run(stop_at, watch) for feed in feeds))

    async def _prepare(self, feed: Feed) -> None:
        """Tables and positions, as soon as the database and the journal answer."""
        while feed.moving:
            try:
                await self._create()
                return await in_writer(
                    self.engine, self.transaction.take_stand, feed.moving, (await feed.source.identity()).created
                )
            except Exception as error:
                if not passing(error):
                    return feed.stop_all(f"préparation impossible : {parking.origin_of(error)}")
                await feed.back_off(error)

    def _stands_on(self, stream: str) -> bool:
        return all(one.created for one in self._standings if one.stream == stream)

    async def _create(self) -> None:
        """The tables, once: looking for each of them costs more than a small transaction."""
        if self._created:
            return
        tables = [*read_model.metadata.sorted_tables, *parking.metadata.sorted_tables]
        tables += [*generations.metadata.sorted_tables, *seen.metadata.sorted_tables]
        tables += [table for one in self.projections for table in one.tables]
        await in_writer(self.engine, create_tables, self.engine, tables)
        self._created = True

    async def enter_service(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Wait until each read model shows all that another version of it showed, then record it as the one to read.

        One that is stopped is not waited for: it says so itself. ``pause`` may end the wait, which can be long.
        """
        told, streams = False, frozenset(one.stream for one in self.sources)
        while True:
            going = [one for one in self.projections if not self._is_stopped(one)]
            try:
                late = await in_writer(self.engine, generations.enter, self.engine, going, streams, self.clock())
            except Exception as error:
                if not is_away(error):
                    raise
                late = ["base"]
            if not late:
                return
            if not told:
                log.info("version_en_construction", service=self.service, attendues=late)
                told = True
            await pause(ENTER)

    def _is_stopped(self, projection: Projection) -> bool:
        return any(one.stopped is not None for one in self._standings if one.projection is projection)

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
        return self.status_at({source.stream: await _end(source) for source in self.sources})

    def status_at(self, ends: Mapping[str, int | None]) -> list[Status]:
        """The same, of journals whose ends are known (``None``: not)."""
        troubles = {feed.source.stream: feed.trouble for feed in self._feeds if feed.trouble}

        def lag(one: Standing) -> int | None:
            end = ends.get(one.stream)
            return None if end is None else max(0, end - one.seq)

        return [
            Status(one.projection.label, one.stream, one.seq, lag(one), one.stopped, troubles.get(one.stream))
            for one in self._standings
        ]

    async def retry(self, projection: str, stream: str, subject: str, *, by: str, reason: str = "reprise") -> Retried:
        """Project the parked messages of an aggregate again, in order, up to the first that still fails.

        Raises:
            NotParked: nothing is parked there, or no such read model is in this program.
        """
        standing = self._standing(projection, stream)
        source = next(one for one in self.sources if one.stream == stream)
        while True:
            listed = await in_writer(self.engine, parking.list_parked, self.engine, self.service, projection, subject)
            parked = [one for one in listed if one.stream == stream]
            if not parked:
                raise parking.NotParked(f"{projection} : rien de stationné pour {subject}")
            messages = await reread(source, parked)
            try:
                again = Again(self.service, self.registry, self.engine, self.clock)
                return await in_writer(self.engine, again, standing, parked, messages, by, reason)
            except Fenced:
                continue

    def _standing(self, projection: str, stream: str) -> Standing:
        for one in self._standings:
            if (one.projection.label, one.stream) == (projection, stream):
                return one
        raise parking.NotParked(f"aucune projection {projection} sur {stream} dans ce programme")

    def stopped_at(self, projection: str, stream: str) -> tuple[int, str] | None:
        """The message that a read model stopped at, and why; nothing while it moves, or when no one message did it."""
        one = self._standing(projection, stream)
        return (one.stopped_on, one.stopped) if one.stopped is not None and one.stopped_on else None

    async def retry_newer(self) -> int:
        """Project what partners sent in a version that this program did not know, if it now does; how many."""
        done = 0
        for one in self._standings:
            if not one.exchanged:
                continue
            label = one.projection.label
            listed = await in_writer(self.engine, parking.list_parked, self.engine, self.service, label, None)
            newer = {each.subject for each in listed if (each.stream, each.code) == (one.stream, UnknownVersion.code)}
            for subject in sorted(newer):
                with suppress(ContractError, parking.NotParked):
                    done += (await self.retry(label, one.stream, subject, by=UPGRADE)).done
        return done


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
