"""One reaction on one journal: batches come, the ranks say what is new, what is judged is remembered, then acked.

SQL remembers, for each aggregate, the last rank that was handled: see `reactions`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import structlog
from faststream import AckPolicy, Context
from faststream.nats import JStream, PullSub
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy as ServerAck
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from services.socle import metrics, parking
from services.socle.enveloppe import Stored, header_rank
from services.socle.errors import StreamMissing
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.judging import DONE, Done, Judge, Later, Park, Troubles, Verdict
from services.socle.owed import Reaction
from services.socle.parking import Parked, Retried, origin_of
from services.socle.presence import told
from services.socle.pull import Pull
from services.socle.ranks import Aggregate, Ranks
from services.socle.sql import in_writer

if TYPE_CHECKING:
    from services.socle.reactions import Reactions

BATCH = 64
FILL = 0.05  # seconds to fill a batch: what a lone event waits at most
MEND_EVERY = 0.5
LULL, LULL_MAX = 0.1, 2.0
LATER = "une panne, ou un événement plus récent que ce programme : réessayez quand elle est finie, ou mettez à jour"
LEAVING = "le service s'arrête : réessayez quand il tourne de nouveau"

DELIVERED = Context("message")

log = structlog.get_logger("reactions")


class Reacting:
    """One reaction on one journal: its deliveries, batch after batch."""

    def __init__(self, owner: Reactions, reaction: Reaction, source: Source) -> None:
        self.owner, self.reaction, self.source = owner, reaction, source
        self.durable = f"{owner.service}-{reaction.name}"
        self._exchanged = isinstance(source, Exchanged)
        self._ranks = Ranks(owner.engine, owner.service, reaction.name, self.durable, source.stream, self._exchanged)
        self.turn = asyncio.Lock()  # a batch and a retry by hand never interleave
        self._troubles = Troubles(owner.service, reaction.name, source.stream)
        self._judge = Judge(owner, reaction, source, self._troubles)
        self._due: dict[str, float] = {}  # aggregates in backoff: a later message must not wake them early
        self._lull = 0.0  # seconds to leave between two batches that could not be handled
        self._subscriber: Any = None
        self._leaving = False

    # Delivery ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        until = await in_writer(self.owner.engine, self._ranks.begin, await self.source.identity())
        self._judge.remember(until)
        await self._declare()
        subscriber = self.owner.broker.subscriber(
            "",
            durable=self.durable,
            config=self._config(),
            stream=JStream(self.source.stream, declare=False),  # declaring would reset the stream's settings
            pull_sub=PullSub(batch=True, batch_size=BATCH, timeout=FILL),
            ack_policy=AckPolicy.MANUAL,  # the default policy drops a message whose handler fails
            inbox_prefix=self.owner.inbox.encode(),
            decoder=_undecoded,  # a body that is not JSON must reach `_react`, which parks it
        )

        @subscriber
        async def consume(message: Any = DELIVERED) -> None:
            await self.take(message.raw_message)

        stream, inbox, nc = self.source.stream, self.owner.inbox, self.owner.broker.connection
        pull = Pull(nc, stream, self.durable, inbox, BATCH, FILL, self.mend)
        self._subscriber = await _started(cast(Any, subscriber), pull)

    async def stop(self) -> None:
        self._leaving = True
        if self._subscriber is not None:
            await self._subscriber.stop()
        async with self.turn:  # the batch in hand ends; what it did not settle is delivered again
            self._subscriber = None

    @property
    def running(self) -> bool:
        """Whether it pulls."""
        return self._subscriber is not None and any(not task.done() for task in self._subscriber.tasks)

    def _config(self) -> ConsumerConfig:
        return ConsumerConfig(
            name=self.durable,
            durable_name=self.durable,
            filter_subjects=self.reaction.filters,
            # From the very first message, also when it is created again: the ranks in SQL tell what was handled.
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=ServerAck.EXPLICIT,
            ack_wait=self.owner.ack_wait,
            max_deliver=-1,  # giving up is decided here, with a cause, not by a silent counter
            max_ack_pending=BATCH * 64,
        )

    async def _declare(self) -> None:
        """Create the durable, or bring its filters up to date."""
        try:
            await self._jetstream.add_consumer(self.source.stream, self._config())
        except NotFoundError:
            raise StreamMissing(f"{self.source.stream} : ce journal n'existe pas sur ce serveur") from None

    @property
    def _jetstream(self) -> JetStreamContext:
        return self.owner.broker.connection.jetstream()

    async def mend(self) -> None:
        """FastStream pulls from a deleted durable for ever, in a tight loop: pause, then bring the durable back."""
        await asyncio.sleep(MEND_EVERY)
        try:
            await self._bring_back()
        except Exception as error:  # whatever it is: let out, it would cost FastStream a task each time, for ever
            self._troubles.tell_once("durable_injoignable", cause=type(error).__name__)

    async def _bring_back(self) -> None:
        try:
            await self._jetstream.consumer_info(self.source.stream, self.durable)
        except NotFoundError:
            # With the ranks of another journal, its events would pass for handled.
            await in_writer(self.owner.engine, self._ranks.begin, await self.source.identity())
            await self._declare()
            self._incident("durable_supprime", stream=self.source.stream, suite="recree")

    # A batch -----------------------------------------------------------------------------------------------------

    async def take(self, messages: list[Msg]) -> None:
        """Handle a batch, remember it, and only then acknowledge it."""
        async with self.turn:
            keeping = asyncio.create_task(self._keep(messages))
            try:
                aggregates = await self._handle_all(messages)
            except Exception as error:
                self._tell_waiting(error)
                self._lull = min(LULL_MAX, max(LULL, self._lull * 2))
                await self._postpone(messages, self.owner.backoff[0] + self._lull)
                aggregates = None
            finally:
                keeping.cancel()
        if aggregates is None:
            # Else thousands of messages would come and go, twice a second, as long as the database is away.
            return await asyncio.sleep(self._lull)
        self._lull = 0.0
        with suppress(NatsError):  # an answer that is lost is a delivery again, recognised by its rank
            for one in aggregates:
                for message in one.settled:
                    await message.ack()
                for message, delay in one.postponed:
                    await message.nak(delay=delay * random.uniform(1.0, 1.2))

    async def _keep(self, messages: list[Msg]) -> None:
        """Tell the broker that they are in hand: the ack wait measures a process that is gone, not a long task."""
        while True:
            await asyncio.sleep(self.owner.ack_wait / 3)
            with suppress(NatsError):
                for message in messages:
                    await message.in_progress()

    async def _postpone(self, messages: list[Msg], delay: float) -> None:
        with suppress(NatsError):
            for message in messages:
                await message.nak(delay=delay)

    async def _handle_all(self, messages: list[Msg]) -> list[Aggregate]:
        by_subject: dict[str, list[tuple[Msg, Stored]]] = defaultdict(list)
        for message in messages:
            by_subject[message.subject].append((message, _stored(message)))
        aggregates = await in_writer(self.owner.engine, self._ranks.load, list(by_subject))
        slots = asyncio.Semaphore(self.owner.concurrency)

        async def one_by_one(aggregate: Aggregate) -> None:
            deliveries = by_subject[aggregate.subject]
            async with slots:
                try:
                    await self._advance(aggregate, deliveries)
                except Exception as error:  # of the machinery: one aggregate must not take the batch down
                    self._tell_waiting(error)
                    aggregate.settled = []
                    aggregate.postponed = [(message, self.owner.backoff[0]) for message, _ in deliveries]

        await asyncio.gather(*map(one_by_one, aggregates))
        for one in await in_writer(self.owner.engine, self._ranks.save, aggregates):
            one.postponed += [(message, FILL) for message in one.settled]
            one.settled = []
        self._tell([parked for one in aggregates for parked in one.newly])
        return aggregates

    def _tell(self, newly: Iterable[Parked]) -> None:
        """Once they are set aside for good; those that wait behind are told by the one they wait for."""
        for one in newly:
            if one.code != parking.WAITING:
                where = f"{one.stream}@{one.seq}"
                self._incident("message_stationne", message=where, code=one.code, cause=one.cause)

    async def _advance(self, one: Aggregate, deliveries: list[tuple[Msg, Stored]]) -> None:
        """The deliveries of one aggregate, in journal order, up to the first that must wait."""
        waiting = max(0.0, self._due.get(one.subject, 0.0) - time.monotonic())
        for message, stored in sorted(deliveries, key=lambda pair: pair[1].seq):
            if not waiting:
                waiting = await self._reach(one, stored)
            if waiting and _rank(stored) > one.rank:
                one.postponed.append((message, waiting))
            else:
                one.settled.append(message)

    async def _reach(self, one: Aggregate, stored: Stored) -> float:
        """Bring the aggregate up to this message; seconds to wait if it could not."""
        rank = _rank(stored)
        if rank == 0:
            log.error("message_etranger", message=stored.where, cause="sans rang juste : écrit hors du système, ignoré")
        if rank <= one.rank:
            return 0.0  # delivered again
        if rank == one.rank + 1:
            return await self._step(one, stored, rank)
        # Its predecessors are not handled: the broker will deliver them, but in no promised order after a failure.
        async for batch in self.source.read(one.seq, filters=(one.subject,), stop_at=stored.seq):
            for message in batch:
                delay = await self._step(one, message, _rank(message)) if _rank(message) > one.rank else 0.0
                if delay:
                    return delay
        return 0.0

    async def _step(self, one: Aggregate, stored: Stored, rank: int) -> float:
        judged = await self._verdict(one, stored)
        self._count(stored, judged)
        match judged:
            case Later(delay=delay):
                self._due[one.subject] = time.monotonic() + delay
                return delay
            case Park(code=code, cause=cause):
                one.parked = True
                one.newly.append(self._parked(stored, code, cause))
            case Done():
                pass
        one.rank, one.seq = rank, stored.seq
        self._judge.settled(stored.seq)
        self._due.pop(one.subject, None)
        return 0.0

    async def _verdict(self, one: Aggregate, stored: Stored) -> Verdict:
        if (stored.digest if self._exchanged else stored.seq) in one.given_up:
            return DONE
        if one.parked:
            return Park(parking.WAITING, "un message antérieur de cet agrégat est stationné")
        return await self._judge(stored)

    def _count(self, stored: Stored, verdict: Verdict) -> None:
        """One line for what the reaction had to do with; the rest of the aggregate passes in silence."""
        if verdict is DONE:
            return
        issue = {Done: metrics.DONE, Later: metrics.LATER, Park: metrics.PARKED}[type(verdict)]
        metrics.REACTIONS.labels(self.owner.service, self.reaction.name, issue).inc()
        if not isinstance(verdict, Park):  # told as what it is, an incident
            where = {"service": self.owner.service, "reaction": self.reaction.name, "issue": issue}
            log.debug("reaction", **where, message=stored.where, declencheur=stored.commandeid)

    def _parked(self, stored: Stored, code: str, cause: str) -> Parked:
        at = self.owner.clock()
        return Parked(self.owner.service, self.durable, stored.stream, stored.seq, stored.subject, code, cause, at)

    def _tell_waiting(self, error: Exception) -> None:
        if not told(self.owner.engine, error):
            self._troubles.tell_once("reaction_en_attente", cause=origin_of(error))

    def _incident(self, event: str, **details: str) -> None:
        log.error(event, service=self.owner.service, reaction=self.reaction.name, **details)

    # Operations --------------------------------------------------------------------------------------------------

    async def retry(self, subject: str, by: str, reason: str) -> Retried:
        """React again to the parked messages of an aggregate, in order, until one fails again."""
        done = 0
        async with self.turn:
            while parked := await in_writer(self.owner.engine, self._ranks.parked, subject):
                if self._leaving:  # each of them may take minutes, and the stop waits for this
                    return Retried(done, replace(parked[0], code="A_RETARDER", cause=LEAVING))
                failed = await self._again(parked[0], by, reason)
                if failed is not None:
                    return Retried(done, failed)
                done += 1
        if not done:
            raise parking.NotParked(f"{self.durable} : rien de stationné pour {subject}")
        return Retried(done)

    async def _again(self, one: Parked, by: str, reason: str) -> Parked | None:
        """React to one parked message; what stops it, if something does."""
        batches = self.source.read(one.seq - 1, filters=(one.subject,), stop_at=one.seq)
        [stored] = [message async for batch in batches for message in batch]
        self._judge.last_try(one.seq)  # asked for by someone: one attempt, then parked again
        verdict = await self._judge(stored)
        self._judge.settled(one.seq)
        match verdict:
            case Done():
                settle = self._ranks.settle
                await in_writer(self.owner.engine, settle, one, by=by, reason=reason, at=self.owner.clock())
                return None
            case Park(code=code, cause=cause):
                failed = replace(one, code=code, cause=cause)
                await in_writer(self.owner.engine, self._ranks.park_again, failed)
                return failed
            case Later():
                return replace(one, code="A_RETARDER", cause=LATER)


async def _started(subscriber: Any, pull: Pull) -> Any:
    """FastStream's subscriber, fed by our pull instead of the client's (see `pull`)."""

    async def create() -> None:
        if subscriber.subscription is None:
            subscriber.subscription = pull
            subscriber.add_task(subscriber._consume_pull)

    subscriber._create_subscription = create
    await subscriber.start()
    return subscriber


async def _undecoded(message: Any) -> list[bytes]:
    return [one.data for one in message.raw_message]


def _stored(message: Msg) -> Stored:
    meta = message.metadata
    return Stored(
        meta.stream, meta.sequence.stream, message.subject, message.headers or {}, message.data, meta.timestamp
    )


def _rank(stored: Stored) -> int:
    """Version of the aggregate after this message; 0 when it does not say, or says what cannot be.

    Each version is one message of the journal: there are no more of them than positions.
    """
    rank = header_rank(stored)
    return rank if rank <= stored.seq else 0
