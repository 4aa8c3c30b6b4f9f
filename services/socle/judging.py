"""What becomes of one message that a reaction receives: done, for later, or set aside."""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from contracts.messages import Command, ContractError, Refus, UnknownVersion
from services.socle import conversation
from services.socle.enveloppe import H_TYPES, Fact, Stored
from services.socle.errors import BrokerAway, StreamMissing
from services.socle.exchanges import Exchanged
from services.socle.facts import Decoded, Source, kind, kinds
from services.socle.hindsight import Memory, Owing
from services.socle.owed import ALL, Reaction, derived_id
from services.socle.parking import origin_of
from services.socle.presence import told
from services.socle.sql import is_away
from services.socle.tracing import span

if TYPE_CHECKING:
    from services.socle.reactions import Reactions

NEWER_WAIT = 60.0  # an event newer than the program: wait for the upgrade, do not park
TOLD = 100  # troubles remembered as told

log = structlog.get_logger("reactions")


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


class Troubles:
    """What hinders a reaction on a journal, told once."""

    def __init__(self, service: str, reaction: str, stream: str) -> None:
        self._where = {"service": service, "reaction": reaction, "stream": stream}
        self._told: set[str] = set()

    def tell_once(self, event: str, **details: str) -> None:
        key = event + repr(details)
        if key in self._told:
            return
        if len(self._told) >= TOLD:
            self._told.clear()
        self._told.add(key)
        log.warning(event, **self._where, **details)


class Judge:
    """Reacts to one message after the other, for one reaction on one journal."""

    def __init__(self, owner: Reactions, reaction: Reaction, source: Source, troubles: Troubles) -> None:
        self.owner, self.reaction, self.source = owner, reaction, source
        self._exchanged = source if isinstance(source, Exchanged) else None
        self._troubles = troubles
        self._kinds = kinds(reaction.handles)
        self._attempts: dict[int, int] = {}
        self.remember(0)

    def remember(self, until: int) -> None:
        """Up to this position, what is met may have been handled before."""
        self._memory = Memory(until, lambda event_id, index: derived_id(event_id, self.reaction.name, index))

    def settled(self, seq: int) -> None:
        """It is over for this message: its attempts are forgotten."""
        self._attempts.pop(seq, None)

    def last_try(self, seq: int) -> None:
        """It is tried once more, then given its verdict."""
        self._attempts[seq] = self.owner.attempts

    async def __call__(self, stored: Stored) -> Verdict:
        """React to one message, and say what becomes of it."""
        if not self._kinds.intersection(map(kind, stored.headers.get(H_TYPES, "").split(","))):
            return DONE
        if self._exchanged is not None and not self._exchanged.theirs(stored):
            return DONE
        try:
            facts = Decoded(stored, self.owner.registry).facts(self._kinds)
            async with asyncio.timeout(self.owner.patience):
                for fact in facts:
                    self._memory.note(fact, await self._under(fact))
        except UnknownVersion as error:
            if self._exchanged is not None:  # the upgrade may be long to come, and others' events must go on
                return Park(error.code, str(error))
            self._troubles.tell_once("evenement_plus_recent", cause=str(error))
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
