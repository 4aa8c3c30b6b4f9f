"""How a service goes: measured from time to time for the metrics, told when asked, summed up as what keeps it from
being ready. Every look is bounded: what does not answer is part of the answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.errors import Error
from sqlalchemy import Engine, select

from contracts.messages import Data
from services.socle import generations, jsapi, metrics, parking
from services.socle.building import Environment
from services.socle.errors import NotDense, SocleError
from services.socle.jsapi import Transient
from services.socle.metrics import Instruments
from services.socle.parking import Parked
from services.socle.projections import Projector, Status
from services.socle.reacting import Reacting
from services.socle.reactions import Reactions
from services.socle.reader import StreamIdentity, identify
from services.socle.recording import age_of

BASE_PATIENCE = 3.0  # seconds left to the database to answer
SHOWN = 50  # messages set aside that the answer about health names


@dataclass(frozen=True, slots=True)
class Follower:
    """A read model or a reaction on one journal: how late, in messages and in seconds. ``None``: cannot be told."""

    name: str
    stream: str
    lag: int | None
    age: float | None
    stopped: str | None = None
    trouble: str | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class FromBase:
    """What the base says: the first messages set aside, how many by consumer, what is being built."""

    parked: Sequence[Parked] = ()
    parked_by: Mapping[str, int] = field(default_factory=dict)
    building: Sequence[str] = ()


@dataclass(frozen=True)
class Health:
    """What a look saw."""

    service: str
    connections: Mapping[str, bool]
    base: str | None
    journals: Mapping[str, StreamIdentity | str]
    projections: Sequence[Follower]
    reactions: Sequence[Follower]
    parked: Sequence[Parked]  # the first of them
    parked_by: Mapping[str, int]  # how many of each consumer
    building: Sequence[str]
    instruments: Instruments
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def not_ready(self, late: float) -> list[str]:
        """In French, what keeps it from serving; empty when it is ready. ``late``: seconds that may pass."""
        return list(self._reasons(late))

    def _reasons(self, late: float) -> Iterator[str]:
        for name, there in self.connections.items():
            if not there:
                yield f"connexion au courtier rompue ({name})"
        if self.base is not None:
            yield f"base injoignable ({self.base})"
        for stream, found in self.journals.items():
            if isinstance(found, str):
                yield f"{stream} : {found}"
        for what, some in (("projection", self.projections), ("réaction", self.reactions)):
            yield from (f"{what} {one.name} sur {one.stream} : {why}" for one in some for why in _why(one, late))

    def told(self) -> Data:
        """As the question about health is answered: JSON, no data of anybody."""
        return {
            "service": self.service,
            "connexions": dict(self.connections),
            "base": self.base,
            "journaux": {name: found if isinstance(found, str) else None for name, found in self.journals.items()},
            "projections": [_named("projection", one) for one in self.projections],
            "reactions": [_named("reaction", one) for one in self.reactions],
            "stationnes": _told_parked(self.parked, sum(self.parked_by.values())),
            "nombre_stationnes": sum(self.parked_by.values()),
            "constructions": list(self.building),
            "commandes": dict(self.instruments.outcomes),
            "refus": dict(self.instruments.codes),
            "derniers_refus": [
                {"code": one.code, "commande": one.command, "le": one.at.isoformat(timespec="seconds")}
                for one in self.instruments.recent
            ],
        }


def _named(what: str, one: Follower) -> Data:
    told = asdict(one)
    return {what: told.pop("name"), **told}


def _why(one: Follower, late: float) -> Iterator[str]:
    if one.stopped is not None:
        yield f"arrêtée ({one.stopped})"
    elif one.trouble is not None:
        yield one.trouble
    elif one.age is not None and one.age > late:
        yield f"en retard de {one.lag} messages, {one.age:.0f} s"


class Probe:
    """Looks at one service that runs."""

    def __init__(
        self,
        env: Environment,
        instruments: Instruments,
        projector: Projector,
        reactions: Reactions,
        broker: NatsBroker,
    ) -> None:
        self._env, self._instruments = env, instruments
        self._projector, self._reactions, self._broker = projector, reactions, broker
        self._timeout = env.settings.request_timeout
        self._looking: asyncio.Task[FromBase] | None = None

    @property
    def connected(self) -> dict[str, bool]:
        """Its two connections, now."""
        ours, theirs = metrics.CONNECTIONS
        with suppress(IncorrectState):  # FastStream's own is gone once it stops
            return {ours: self._env.nc.is_connected, theirs: self._broker.connection.is_connected}
        return {ours: self._env.nc.is_connected, theirs: False}

    async def look(self) -> Health:
        """Everything, at once; the metrics are brought up to date with it."""
        (cause, aside), journals = await asyncio.gather(self._base(), self._journals())
        health = Health(
            self._env.service,
            self.connected,
            cause,
            journals,
            await self._projections(journals),
            await _all(self._reaction(one, journals) for one in self._reactions.runners),
            aside.parked,
            aside.parked_by,
            aside.building,
            self._instruments,
        )
        publish(health, self._consumers())
        return health

    async def _base(self) -> tuple[str | None, FromBase]:
        """One question at a time: each that hangs holds a thread, and a connection that the service may want."""
        if self._looking is None or self._looking.done():
            asked = asyncio.to_thread(_aside, self._env.engine, self._env.service)
            self._looking = asyncio.create_task(asked)
        try:
            async with asyncio.timeout(BASE_PATIENCE):
                return None, await asyncio.shield(self._looking)
        except TimeoutError:
            return f"pas de réponse en {BASE_PATIENCE:.0f} s", FromBase()
        except Exception as error:
            return type(getattr(error, "orig", None) or error).__name__, FromBase()

    async def _journals(self) -> dict[str, StreamIdentity | str]:
        streams = [one.stream for one in self._projector.sources]  # the exchanges with partners too
        return dict(zip(streams, await _all(map(self._journal, streams)), strict=True))

    async def _journal(self, stream: str) -> StreamIdentity | str:
        found = await journal_now(self._env.nc, stream, self._timeout)
        publish_journal(stream, found)
        try:
            if isinstance(found, StreamIdentity):
                found.check_dense()
        except NotDense as error:
            return error.detail
        return found

    async def _projections(self, journals: Mapping[str, StreamIdentity | str]) -> list[Follower]:
        ends = {name: None if isinstance(one, str) else one.last_seq for name, one in journals.items()}
        statuses = self._projector.status_at(ends)
        ages = await _all(self._projection_age(one) for one in statuses)
        return [
            Follower(one.projection, one.stream, one.lag, age, one.stopped, one.trouble, one.seq)
            for one, age in zip(statuses, ages, strict=True)
        ]

    async def _projection_age(self, one: Status) -> float | None:
        return await self._age(one.stream, one.seq + 1) if one.lag else None if one.lag is None else 0.0

    async def _reaction(self, one: Reacting, journals: Mapping[str, StreamIdentity | str]) -> Follower:
        name, stream = one.reaction.name, one.source.stream
        stopped = None if one.running else "ne tire plus ses messages"
        if isinstance(journals[stream], str):
            return Follower(name, stream, None, None, stopped)
        try:
            info = await jsapi.call(self._env.nc, f"CONSUMER.INFO.{stream}.{one.durable}", None, self._timeout)
        except (SocleError, Transient, Error):
            return Follower(name, stream, None, None, stopped, "son abonnement durable ne répond pas")
        lag, floor = info["num_pending"] + info["num_ack_pending"], info["ack_floor"]["stream_seq"]
        ages = await _all(self._age(stream, floor + 1, one) for one in one.reaction.filters) if lag else [0.0]
        return Follower(name, stream, lag, max((age for age in ages if age is not None), default=0.0), stopped)

    async def _age(self, stream: str, seq: int, path: str = "") -> float | None:
        return await age_of(self._env.nc, stream, seq, self._timeout, path)

    def _consumers(self) -> set[str]:
        return {one.label for one in self._projector.projections} | {one.durable for one in self._reactions.runners}


async def _all(some: Iterable[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*some))


def _aside(engine: Engine, service: str) -> FromBase:
    """A bounded look: whoever set ten thousand messages aside is asked how it goes as often as another."""
    table = generations.generations
    query = select(table.c.projection, table.c.version, table.c.generation).where(table.c.etat == generations.BUILDING)
    with engine.connect() as connection:
        parked = parking.first_parked(connection, service, SHOWN)
        parked_by = parking.count_parked(connection, service)
        rows = connection.execute(query.order_by(table.c.projection)).all()
    return FromBase(parked, parked_by, [f"{name}_v{version}, génération {number}" for name, version, number in rows])


def publish(health: Health, consumers: set[str]) -> None:
    """The gauges of a service, as this look saw it; a lag that nobody can tell keeps its last value."""
    name = health.service
    for connection, there in health.connections.items():
        metrics.BROKER.labels(name, connection).set(there)
    metrics.BASE.labels(name).set(health.base is None)
    metrics.MEASURED.labels(name).set(health.at.timestamp())
    for one in health.projections:
        _set(metrics.PROJECTION_LAG.labels(name, one.name, one.stream), one.lag)
        _set(metrics.PROJECTION_AGE.labels(name, one.name, one.stream), one.age)
        metrics.PROJECTION_STOPPED.labels(name, one.name, one.stream).set(one.stopped is not None)
    for one in health.reactions:
        _set(metrics.REACTION_LAG.labels(name, one.name, one.stream), one.lag)
        _set(metrics.REACTION_AGE.labels(name, one.name, one.stream), one.age)
        metrics.REACTION_RUNS.labels(name, one.name, one.stream).set(one.stopped is None)
    if health.base is None:
        _publish_parked(name, health.parked_by, consumers)


def _publish_parked(service: str, parked_by: Mapping[str, int], consumers: set[str]) -> None:
    counts = Counter[str]()
    for consumer, many in parked_by.items():
        counts[consumer if consumer in consumers else metrics.OTHER] += many
    for consumer in consumers | {metrics.OTHER}:
        metrics.PARKED_NOW.labels(service, consumer).set(counts[consumer])


def _set(gauge: Any, value: float | None) -> None:
    if value is not None:
        gauge.set(value)


def publish_journal(stream: str, found: StreamIdentity | str) -> None:
    """The gauges of a journal."""
    metrics.JOURNAL_THERE.labels(stream).set(not isinstance(found, str))
    if isinstance(found, StreamIdentity):
        metrics.JOURNAL_END.labels(stream).set(found.last_seq)
        metrics.JOURNAL_HOLES.labels(stream).set(max(0, found.last_seq - found.messages))


async def journal_now(nc: Client, stream: str, timeout: float) -> StreamIdentity | str:
    """A journal as the broker tells it now, dense or not; or why it cannot be told."""
    if not nc.is_connected:
        return "courtier absent"
    try:
        return await identify(nc, stream, timeout)
    except (SocleError, Transient, Error) as error:
        return getattr(error, "detail", None) or "ne répond pas"


def _told_parked(parked: Sequence[Parked], total: int) -> list[str]:
    """The first of them, and how many more."""
    told = [f"{one.consumer} {one.stream}@{one.seq} {one.code}" for one in parked]
    more = total - len(parked)
    return [*told, f"et {more} autres ; voyez « parchemin stationnes lister »"] if more > 0 else told
