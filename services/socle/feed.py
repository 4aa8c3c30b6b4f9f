"""One reader of a journal for projections that stand close together: reads ahead, commits, waits out what may pass."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from services.socle import metrics, parking
from services.socle.enveloppe import Stored
from services.socle.errors import BrokerAway, NotDense, SocleError, StreamChanged, StreamMissing
from services.socle.facts import Source
from services.socle.presence import brief, told
from services.socle.read_model import BrokenProjection, Fenced, Outcome, Standing
from services.socle.reader import StreamIdentity
from services.socle.sql import in_writer, is_away
from services.socle.tracing import span

if TYPE_CHECKING:
    from services.socle.projections import Projector

MAX_BATCH = 5_000  # messages in one transaction: enough to share its cost, few enough to keep it under 0.2 s
DEPTH = 8  # batches read ahead while one is written
MAX_WAIT = 5.0
SMALL = 500  # messages; from there on a transaction pays for itself

log = structlog.get_logger("projections")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a catch-up is, in messages of one stream."""

    stream: str
    done: int
    total: int
    rate: float


Watcher = Callable[[Progress], None]


class _Rewound(Exception):
    """The position went behind what was read: read again from there."""


class Feed:
    """One reader of one journal, for the projections that stand close together; one transaction a batch."""

    def __init__(self, owner: Projector, source: Source, standings: list[Standing]) -> None:
        self.owner, self.source, self.standings = owner, source, standings
        self.trouble: str | None = None
        self._quiet = False  # the loss of the server is told once for the whole service, elsewhere
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
                    ours = isinstance(error, SocleError)  # it says what is wrong: this program is not
                    self.stop_all(("" if ours else "erreur du programme : ") + parking.origin_of(error))
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
                began = time.monotonic()
                await self._commit(batch)
                if self.owner.polite:  # as much time to the others as one took: SQLite has one writer, and no queue
                    await asyncio.sleep(time.monotonic() - began)
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
                outcomes = await self._apply(batch)
            except Fenced:
                await self._follow_rival()
            except BrokenProjection as error:
                alone = batch[0].seq if len(batch) == 1 else 0
                self._stop(error.standing, f"{batch[0].where}…{batch[-1].seq} : {error.detail}", alone)
            except Exception as error:
                if not is_away(error):
                    raise
                await self.back_off(error)
            else:
                self._read_up_to = batch[-1].seq
                self._healthy("base")
                self._adopt(outcomes)
                return

    async def _apply(self, batch: list[Stored]) -> list[Outcome]:
        service, stream, begun = self.owner.service, self.source.stream, time.perf_counter()
        with span("projections", "CONSUMER", service=service, journal=stream, messages=len(batch)) as here:
            here.set(position=batch[-1].seq, projections=len(self.moving))
            done = await in_writer(self.owner.engine, self.owner.transaction.apply, batch, self.moving)
        metrics.PROJECTION_TIME.labels(service).observe(time.perf_counter() - begun)
        metrics.PROJECTED.labels(service, stream).inc(len(batch))
        return done

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
                    where = {"service": self.owner.service, "projection": one.consumer, "code": one.code}
                    log.error("agregat_stationne", **where, message=f"{one.stream}@{one.seq}")
            if outcome.stopped is not None:
                self._stop(outcome.standing, outcome.stopped, outcome.seq + 1)
        self.owner.wake()

    def _stop(self, standing: Standing, why: str, message: int = 0) -> None:
        standing.stopped, standing.stopped_on = why, message
        where = {"service": self.owner.service, "projection": standing.projection.label}
        log.error("projection_arretee", **where, stream=standing.stream, cause=why)
        self.owner.wake()

    def stop_all(self, why: str) -> None:
        for one in self.moving:
            self._stop(one, why)

    async def back_off(self, error: Exception) -> None:
        """Wait longer each time, up to a bound; tell the change of state once."""
        what = "base" if is_away(error) else "journal"
        if self.trouble is None:
            self._quiet = told(self.owner.engine, error)
            event = "base_absente" if what == "base" else "journal_absent"
            where = {"service": self.owner.service, "stream": self.source.stream}
            (log.debug if self._quiet else log.warning)(event, **where, cause=brief(error))
        self.trouble = f"{what} : {brief(error)}"
        self._wait = min(MAX_WAIT, max(0.05, self._wait * 2))
        await asyncio.sleep(self._wait * random.uniform(0.5, 1))

    def _healthy(self, what: str) -> None:
        if self.trouble is not None and self.trouble.startswith(what):
            where = {"service": self.owner.service, "stream": self.source.stream}
            (log.debug if self._quiet else log.info)("projections_reprises", **where, apres=self.trouble)
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
