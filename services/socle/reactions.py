"""An event there makes a command here: at least once, in the order of each aggregate, and once in effect.

FastStream durable pull consumers deliver; SQL remembers, for each aggregate, the last rank that was handled. With it a
redelivery is recognised, a message that arrives before its predecessor is put back in order whatever the broker does,
and two instances may share a durable. The effect is single because the id of a command derives from the event's.

What cannot be handled is parked with its cause, and the later messages of its aggregate wait behind it.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

import structlog
from faststream import AckPolicy, Context
from faststream.nats import JStream, NatsBroker, PullSub
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy as ServerAck
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from sqlalchemy import Engine, Table

from contracts.messages import Command, ContractError, Event, Refus, Registry, UnknownVersion
from services.socle import conversation, metrics, parking, ranks
from services.socle.connection import broker_options
from services.socle.enveloppe import H_RANK, H_TYPES, Fact, Stored
from services.socle.errors import BrokerAway, StreamMissing
from services.socle.exchanges import Exchanged
from services.socle.facts import Decoded, Source, kind, kinds
from services.socle.hindsight import Memory, Owing, Then
from services.socle.parking import Parked, Retried, now, origin_of
from services.socle.presence import told
from services.socle.pull import Pull
from services.socle.ranks import Aggregate, Ranks
from services.socle.runner import DERIVED
from services.socle.settings import Settings
from services.socle.sql import create_tables, in_writer, is_away
from services.socle.tracing import span

ALL: Final = None  # every refusal is an acceptable outcome

BATCH = 64
FILL = 0.05  # seconds to fill a batch: what a lone event waits at most
BACKOFF = (0.5, 2.0, 8.0, 30.0, 60.0)
NEWER_WAIT = 60.0  # an event newer than the program: wait for the upgrade, do not park
MEND_EVERY = 0.5
LULL, LULL_MAX = 0.1, 2.0
TOLD = 100  # troubles remembered as told
LATER = "une panne, ou un événement plus récent que ce programme : réessayez quand elle est finie, ou mettez à jour"

DELIVERED = Context("message")

NAMESPACE = uuid.UUID("c8a0b9a4-6c1f-5d0e-9a57-3f5f8a3d2b11")

log = structlog.get_logger("reactions")

Execute = Callable[[Command], Awaitable[object]]
Review = Callable[[Command, Then], Awaitable[bool]]
Owed = Callable[[Fact], Iterable[Command] | Awaitable[Iterable[Command]]]


def derived_id(event_id: str, reaction: str, index: int) -> str:
    """The id of the index-th command that a reaction owes to an event: always the same, so it is done once."""
    return f"{DERIVED}{uuid.uuid5(NAMESPACE, f'{event_id}/{reaction}/{index}')}"


@dataclass(frozen=True)
class Reaction:
    """What an event calls for. ``owed`` is a pure function of the fact, or an async one that looks things up.

    ``tolerated`` names the refusals that are an acceptable outcome (`ALL`: any); another refusal parks the message.
    ``together`` of the commands owed to one event may run at once; those of the same ``about`` keep their order.
    ``subjects`` must cover whole aggregates, because their ranks are followed one by one; by default, every aggregate
    of the services whose events are handled. ``exchanged``: it also reacts to what partners share; what it then
    commands is this académie's own.
    """

    name: str
    handles: frozenset[type[Event]]
    owed: Owed
    tolerated: frozenset[str] | None = frozenset()
    subjects: tuple[str, ...] = ()
    together: int = 1
    about: Callable[[Command], str] = lambda command: ""
    exchanged: bool = False

    @property
    def filters(self) -> list[str]:
        services = sorted({event.NAME.partition(".")[0] for event in self.handles})
        return list(self.subjects) or [f"ev.*.*.*.{service}.>" for service in services]


def broker_for(settings: Settings, identity: str) -> NatsBroker:
    """A FastStream broker with the rights and the reconnection of an ordinary connection."""
    return NatsBroker(**broker_options(settings, identity), logger=None)


# What becomes of one message ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """Handled, or not concerned."""


@dataclass(frozen=True, slots=True)
class Later:
    """To be delivered again after a while; what follows in the aggregate waits too."""

    delay: float


@dataclass(frozen=True, slots=True)
class Park:
    """To be set aside."""

    code: str
    cause: str


Verdict = Done | Later | Park
DONE: Final = Done()
HANDLED: Final = Done()  # it was concerned


class Runner:
    """One reaction on one journal."""

    def __init__(self, owner: Reactions, reaction: Reaction, source: Source) -> None:
        self.owner, self.reaction, self.source = owner, reaction, source
        self.exchanged = source if isinstance(source, Exchanged) else None
        self.durable = f"{owner.service}-{reaction.name}"
        self._ranks = Ranks(owner.engine, owner.service, reaction.name, self.durable, source.stream)
        self.turn = asyncio.Lock()  # a batch and a retry by hand never interleave
        self._kinds = kinds(reaction.handles)
        self._attempts: dict[int, int] = {}
        self._due: dict[str, float] = {}  # aggregates in backoff: a later message must not wake them early
        self._told: set[str] = set()
        self._lull = 0.0  # seconds to leave between two batches that could not be handled
        self._subscriber: Any = None
        self._memory = self._remember(0)

    # Delivery ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        until = await in_writer(self.owner.engine, self._ranks.begin, await self.source.identity())
        self._memory = self._remember(until)
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

    def _remember(self, until: int) -> Memory:
        return Memory(until, lambda event_id, index: derived_id(event_id, self.reaction.name, index))

    async def stop(self) -> None:
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
            await self._jetstream.consumer_info(self.source.stream, self.durable)
        except NotFoundError:
            self._incident("durable_supprime", stream=self.source.stream, suite="recree")
            await self._declare()
        except NatsError as error:
            self._tell_once("durable_injoignable", cause=type(error).__name__)

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
        self._attempts.pop(stored.seq, None)
        self._due.pop(one.subject, None)
        return 0.0

    async def _verdict(self, one: Aggregate, stored: Stored) -> Verdict:
        if stored.seq in one.given_up:
            return DONE
        if one.parked:
            return Park(parking.WAITING, "un message antérieur de cet agrégat est stationné")
        return await self.judge(stored)

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

    # One message -------------------------------------------------------------------------------------------------

    async def judge(self, stored: Stored) -> Verdict:
        """React to one message, and say what becomes of it."""
        if not self._kinds.intersection(map(kind, stored.headers.get(H_TYPES, "").split(","))):
            return DONE
        if self.exchanged is not None and not self.exchanged.theirs(stored):
            return DONE
        try:
            facts = Decoded(stored, self.owner.registry).facts(self._kinds)
            async with asyncio.timeout(self.owner.patience):
                for fact in facts:
                    self._memory.note(fact, await self._under(fact))
        except UnknownVersion as error:
            if self.exchanged is not None:  # the upgrade may be long to come, and others' events must go on
                return Park(error.code, str(error))
            self._tell_once("evenement_plus_recent", cause=str(error))
            return Later(NEWER_WAIT)
        except ContractError as error:
            return Park(error.code, str(error))
        except Refus as refusal:
            return Park(refusal.regle, f"commande refusée : {refusal.detail}")
        except Exception as error:
            return self._failed(stored, error)
        return HANDLED

    async def _under(self, fact: Fact) -> int:
        """React in the conversation of the event, under the span that made it."""
        service, name = self.owner.service, self.reaction.name
        with (
            conversation.within(fact.context.correlationid, fact.context.traceparent),
            span(f"reaction {name}", "CONSUMER", service=service, reaction=name, evenement=fact.name) as here,
        ):
            here.set(journal=fact.stream, position=fact.seq)
            return await self._react(fact)

    async def _commands(self, fact: Fact) -> list[Command]:
        owed = self.reaction.owed(fact)
        return list(await owed if inspect.isawaitable(owed) else owed)

    async def _react(self, fact: Fact) -> int:
        """Do what an event owes; how many commands that is."""
        commands = await self._commands(fact)
        by_subject: dict[str, list[Command]] = defaultdict(list)
        for index, command in enumerate(commands):
            identified = command.model_copy(update={"id": derived_id(fact.id, self.reaction.name, index)})
            by_subject[self.reaction.about(command)].append(identified)
        slots = asyncio.Semaphore(self.reaction.together)

        async def in_order(some: list[Command]) -> Refus | None:
            async with slots:
                refused = [await self._execute(fact, one) for one in some]
            return next((one for one in refused if one is not None), None)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(in_order(some)) for some in by_subject.values()]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        refused = next((task.result() for task in tasks if task.result() is not None), None)
        if refused is not None:
            raise refused
        return len(commands)

    async def _execute(self, fact: Fact, command: Command) -> Refus | None:
        """Do one command that is owed; its refusal, unless it is an acceptable outcome."""
        try:
            if not await self._settled_then(fact, command):
                await self.owner.execute(command)
        except Refus as refusal:
            if self.reaction.tolerated is not ALL and refusal.regle not in self.reaction.tolerated:
                return refusal  # the others are owed all the same
            log.info(
                "refus_tolere",
                service=self.owner.service,
                reaction=self.reaction.name,
                evenement=fact.id,
                regle=refusal.regle,
            )
        return None

    async def _settled_then(self, fact: Fact, command: Command) -> bool:
        """Whether, when the event was new, there was nothing to do.

        Raises:
            Refus: the command was refused then.
        """
        if self.owner.review is None or not self._memory.covers(fact):
            return False
        return await self.owner.review(command, await self._memory.then(fact, partial(self._earlier, fact)))

    async def _earlier(self, fact: Fact) -> AsyncIterator[list[Owing]]:
        async for batch in self.source.read(0, filters=(fact.subject,), stop_at=fact.seq - 1):
            for stored in batch:
                facts = Decoded(stored, self.owner.registry).facts(self._kinds)
                yield [(one, len(await self._commands(one))) for one in facts]

    def _failed(self, stored: Stored, error: Exception) -> Verdict:
        """An outage is waited out, however long; a failure of the message itself is tried a bounded number of times."""
        backoff, count = self.owner.backoff, self._attempts.get(stored.seq, 0) + 1
        self._attempts[stored.seq] = count
        outage = is_away(error) or isinstance(error, (BrokerAway, StreamMissing))
        if count >= self.owner.attempts and not outage:
            return Park(getattr(error, "code", None) or "REACTION_EN_ECHEC", f"{count} essais : {origin_of(error)}")
        if count == 1 and not told(self.owner.engine, error):
            where = {"service": self.owner.service, "reaction": self.reaction.name}
            log.warning("reaction_a_reessayer", **where, message=stored.where, cause=origin_of(error))
        return Later(backoff[min(count, len(backoff)) - 1])

    def _tell_waiting(self, error: Exception) -> None:
        if not told(self.owner.engine, error):
            self._tell_once("reaction_en_attente", cause=origin_of(error))

    def _incident(self, event: str, **details: str) -> None:
        log.error(event, service=self.owner.service, reaction=self.reaction.name, **details)

    def _tell_once(self, event: str, **details: str) -> None:
        key = event + repr(details)
        if key not in self._told:
            if len(self._told) >= TOLD:
                self._told.clear()
            self._told.add(key)
            log.warning(
                event, service=self.owner.service, reaction=self.reaction.name, stream=self.source.stream, **details
            )

    # Operations --------------------------------------------------------------------------------------------------

    async def retry(self, subject: str, by: str, reason: str) -> Retried:
        """React again to the parked messages of an aggregate, in order, until one fails again."""
        done = 0
        async with self.turn:
            while parked := await in_writer(self.owner.engine, self._ranks.parked, subject):
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
        self._attempts[one.seq] = self.owner.attempts  # asked for by someone: one attempt, then parked again
        verdict = await self.judge(stored)
        self._attempts.pop(one.seq, None)
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


@dataclass
class Reactions:
    """The reactions of a service. ``execute`` sends a command and raises `Refus` when it is refused; ``review`` tells
    of a command owed to an old event whether it had nothing to do when the event was new (see `hindsight`).

    ``broker`` is connected by its owner, with endless reconnection attempts; ``inbox`` is the prefix its rights allow.
    """

    service: str
    registry: Registry
    engine: Engine
    broker: NatsBroker
    sources: Sequence[Source]
    reactions: Sequence[Reaction]
    execute: Execute
    review: Review | None = None
    inbox: str = "_INBOX."
    concurrency: int = 32
    attempts: int = 6
    backoff: Sequence[float] = BACKOFF
    ack_wait: float = 6.0  # seconds before what a killed process held is delivered again
    patience: float = 300.0  # seconds that one message may take
    clock: Callable[[], datetime] = now

    def __post_init__(self) -> None:
        names = [one.name for one in self.reactions]
        if len(set(names)) != len(names):
            raise ValueError(f"deux réactions du même nom : {names}")
        self.runners = [
            Runner(self, reaction, source)
            for reaction in self.reactions
            for source in self.sources
            if reaction.exchanged or not isinstance(source, Exchanged)
        ]

    async def start(self) -> None:
        """Start pulling.

        Raises:
            StreamMissing: a journal does not exist.
            StreamChanged: a journal was recreated or restored since these reactions last ran.
        """
        await in_writer(self.engine, create_tables, self.engine, [*ranks.metadata.sorted_tables, *_parking_tables()])
        for runner in self.runners:
            await runner.start()
        await self.retry_newer()

    async def stop(self) -> None:
        """Stop pulling, and wait for what is in hand."""
        await asyncio.gather(*(runner.stop() for runner in self.runners))

    async def parked(self, reaction: str | None = None, subject: str | None = None) -> list[Parked]:
        """What is set aside, in journal order, the waiting ones included."""
        durables = {one.durable for one in self.runners if reaction in (None, one.reaction.name)}
        listed = await in_writer(self.engine, parking.list_parked, self.engine, self.service, None, subject)
        return [one for one in listed if one.consumer in durables]

    async def retry_newer(self) -> int:
        """React to what partners sent in a version that this program did not know, if it now does; how many."""
        streams = {one.source.stream for one in self.runners if one.exchanged is not None}
        parked = [one for one in await self.parked() if one.stream in streams and one.code == UnknownVersion.code]
        return sum([(await self.retry(one, by="mise à niveau")).done for one in parked])

    async def retry(self, one: Parked, *, by: str, reason: str = "reprise") -> Retried:
        """React again to everything parked on the aggregate of ``one``, in order, up to the first that still fails.

        Raises:
            NotParked: nothing is parked there, or no such reaction is in this program.
        """
        return await self._runner(one).retry(one.subject, by, reason)

    async def discard(self, one: Parked, *, by: str, reason: str) -> None:
        """Give one message up, with the reason; then `retry` what waited behind it."""
        self._runner(one)
        await in_writer(self.engine, parking.discard, self.engine, one, by=by, reason=reason, at=self.clock())

    def _runner(self, one: Parked) -> Runner:
        for runner in self.runners:
            if (runner.durable, runner.source.stream) == (one.consumer, one.stream):
                return runner
        raise parking.NotParked(f"aucune réaction {one.consumer} sur {one.stream} dans ce programme")


def _parking_tables() -> list[Table]:
    return list(parking.metadata.sorted_tables)


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
    text = stored.headers.get(H_RANK, "")
    rank = int(text) if text.isdecimal() and len(text) < 20 else 0
    return rank if rank <= stored.seq else 0
