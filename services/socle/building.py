"""What a service is built from: its environment, its parts, and what it says of itself before it starts."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nats.aio.client import Client
from sqlalchemy import Engine

from contracts.messages import Command, Event, Query, Refus, Registry
from services.socle.aggregates import CACHE
from services.socle.coffre import Coffre
from services.socle.exchanges import Exchanged
from services.socle.facts import events_of
from services.socle.handlers import Handler
from services.socle.history import NOTHING, History
from services.socle.journal import Store, of_session
from services.socle.parking import now
from services.socle.projections import Projection, Projector
from services.socle.reactions import Reaction
from services.socle.runner import Runner
from services.socle.settings import Settings
from services.socle.subjects import subject


@dataclass
class _Seen:
    """An aggregate that lookups ask for again and again: what is known of it, and when its last reading began."""

    tip: History = NOTHING
    events: list[Event] = field(default_factory=list)
    begun: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Environment:
    """What the shell of a service builds on. ``runner`` and ``projector`` are there once the service has started.

    ``exchanges``: by session, what partners share; none where nothing is shared.
    """

    settings: Settings
    service: str
    nc: Client
    journals: Mapping[str, Store]
    coffre: Coffre
    engine: Engine
    registry: Registry
    clock: Callable[[], datetime] = now
    exchanges: Mapping[str, Exchanged] = field(default_factory=dict)
    runner: Runner = field(init=False)
    projector: Projector = field(init=False)
    _seen: OrderedDict[str, _Seen] = field(default_factory=OrderedDict)
    _moments: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def events(self, session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        """Every event of an aggregate, of this service or another, as the journal has them now.

        Raises:
            Refus: ``SESSION_INCONNUE``.
        """
        journal = of_session(self.journals, session)
        path = subject(self.settings.academie, session, diplome, service, aggregate)
        asked, seen = next(self._moments), self._remembered(path)
        async with seen.turn:
            # Of many commands in flight, one looks for all: a reading that began after the question answers it.
            if seen.begun < asked:
                begun = next(self._moments)
                history = await journal.load(path, seen.tip)
                fresh = events_of(history.messages, self.registry)
                seen.begun, seen.tip, seen.events = begun, history.tip, [*seen.events, *fresh]
            return seen.events

    def _remembered(self, path: str) -> _Seen:
        """What is known of an aggregate; of the many that a year asks for, the last ones stay in memory."""
        seen = self._seen.setdefault(path, _Seen())
        self._seen.move_to_end(path)
        if len(self._seen) > CACHE:
            self._seen.popitem(last=False)
        return seen

    async def told(self, academie: str, session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        """Every event of a partner's aggregate that has come here, each once; none where nothing is shared."""
        exchanged = self.exchanges.get(session)
        if exchanged is None:
            return []
        return events_of(
            await exchanged.aggregate(subject(academie, session, diplome, service, aggregate)), self.registry
        )

    async def up_to_date(self, session: str) -> int:
        """Wait until the read models show the journal's present end, and what has come from partners; that end.

        Raises:
            ReadBehind, ProjectionStopped: they do not come.
        """
        return (await self.positions(session))[self.journals[session].stream]

    async def positions(self, session: str) -> dict[str, int]:
        """The same, for each stream that the read models follow in this session: the journal, then the exchanges.

        Raises:
            ReadBehind, ProjectionStopped: as `up_to_date`.
        """
        ends = [await self.journals[session].identity()]
        if session in self.exchanges:
            ends.append(await self.exchanges[session].identity())
        for end in ends:
            await self.projector.wait_for(end.stream, end.last_seq)
        return {end.stream: end.last_seq for end in ends}


Answer = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Parts:
    """What a service is made of, built on its environment."""

    handlers: Sequence[Handler]
    projections: Sequence[Projection]
    reactions: Sequence[Reaction] = ()
    queries: Mapping[type[Query], Answer] = field(default_factory=dict)


Admit = Callable[[Environment, Command], Awaitable[None]]


async def admit_all(env: Environment, command: Command) -> None:
    """Nothing more to look at."""


Heard = Callable[[Environment, Query, Refus], Awaitable[None]]


async def hear_nothing(env: Environment, query: Query, refus: Refus) -> None:
    """A question refused is answered so, and that is all."""


@dataclass(frozen=True)
class ServiceSpec:
    """A service before it starts. ``read_command``/``read_query`` turn the received JSON into messages.

    ``admit`` looks at a command from outside once more, with what the service knows; what reactions owe is not asked.
    """

    name: str
    registry: Registry
    build: Callable[[Environment], Parts]
    read_command: Callable[[Mapping[str, Any]], Command]
    read_query: Callable[[Mapping[str, Any]], Query]
    check: Callable[[Command, str], None]
    check_query: Callable[[Query, str], None]
    internal_roles: frozenset[str] = frozenset()  # those of reactions: never accepted from outside
    backdating_roles: frozenset[str] = frozenset()  # those who may record what happened before
    admit: Admit = admit_all
    heard: Heard = hear_nothing  # of each question refused
    refusals: frozenset[str] = frozenset()  # the codes it announces: the others are counted together
