"""An event there makes a command here: at least once, in the order of each aggregate, and once in effect.

FastStream durable pull consumers deliver; SQL remembers, for each aggregate, the last rank that was handled. With it a
redelivery is recognised, a message that arrives before its predecessor is put back in order whatever the broker does,
and two instances may share a durable. The effect is single because the id of a command derives from the event's.

What cannot be handled is parked with its cause, and the later messages of its aggregate wait behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from faststream.nats import NatsBroker
from sqlalchemy import Engine, Table

from contracts.messages import Command, Registry, UnknownVersion
from services.socle import parking, ranks, seen
from services.socle.connection import broker_options
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.hindsight import Then
from services.socle.owed import ALL, Reaction, derived_id
from services.socle.parking import Parked, Retried, now
from services.socle.reacting import Reacting
from services.socle.settings import Settings
from services.socle.sql import create_tables, in_writer

__all__ = ["ALL", "Reaction", "Reactions", "broker_for", "derived_id"]

BACKOFF = (0.5, 2.0, 8.0, 30.0, 60.0)

Execute = Callable[[Command], Awaitable[object]]
Review = Callable[[Command, Then], Awaitable[bool]]


def broker_for(settings: Settings, identity: str) -> NatsBroker:
    """A FastStream broker with the rights and the reconnection of an ordinary connection."""
    return NatsBroker(**broker_options(settings, identity), logger=None)


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
            Reacting(self, reaction, source)
            for reaction in self.reactions
            for source in self.sources
            if (reaction.exchanged if isinstance(source, Exchanged) else reaction.own)
        ]

    async def start(self) -> None:
        """Start pulling.

        Raises:
            StreamMissing: a journal does not exist.
            StreamChanged: a journal was recreated or restored since these reactions last ran.
        """
        await in_writer(self.engine, create_tables, self.engine, _tables())
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
        streams = {one.source.stream for one in self.runners if isinstance(one.source, Exchanged)}
        parked = [one for one in await self.parked() if one.stream in streams and one.code == UnknownVersion.code]
        done = 0
        for one in parked:
            with suppress(parking.NotParked):  # another instance that starts was first
                done += (await self.retry(one, by="mise à niveau")).done
        return done

    async def retry(self, one: Parked, *, by: str, reason: str = "reprise") -> Retried:
        """React again to everything parked on the aggregate of ``one``, in order, up to the first that still fails.

        Raises:
            NotParked: nothing is parked there, or no such reaction is in this program.
        """
        return await self._runner(one).retry(one.subject, by, reason)

    def _runner(self, one: Parked) -> Reacting:
        for runner in self.runners:
            if (runner.durable, runner.source.stream) == (one.consumer, one.stream):
                return runner
        raise parking.NotParked(f"aucune réaction {one.consumer} sur {one.stream} dans ce programme")


def _tables() -> list[Table]:
    return [table for one in (ranks, parking, seen) for table in one.metadata.sorted_tables]
