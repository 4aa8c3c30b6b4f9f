"""Reacting again to old events, when SQL has forgotten which ones were handled (a lost base, a restored journal).

The history of an aggregate knows the commands that changed it, not those that had nothing to do or were refused: done
again on the present state, they could change it. So an old event is handled as it was when it was new: its command is
decided on what the aggregate was then; only what is found owed, and is not in the history, is done now.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from services.socle.enveloppe import Fact, Stored

Identify = Callable[[str, int], str]
Owing = tuple[Fact, int]  # an event, and how many commands it owed


@dataclass(frozen=True, slots=True)
class Then:
    """When an event was new: its position, and the commands that the earlier events of its aggregate owed."""

    seq: int
    before: frozenset[str]

    def saw(self, message: Stored) -> bool:
        """Whether that message was there when the event was handled, for all that can be known."""
        return message.seq <= self.seq or message.commandeid in self.before


@dataclass
class Memory:
    """What one reaction goes through again on one journal, up to ``until``: the end that it had when SQL was empty."""

    until: int
    identify: Identify
    _owed: dict[str, set[str]] = field(default_factory=dict)  # by aggregate; complete, or not there at all
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def covers(self, fact: Fact) -> bool:
        """Whether the event may have been handled already."""
        return fact.seq <= self.until

    async def then(self, fact: Fact, earlier: Callable[[], AsyncIterator[list[Owing]]]) -> Then:
        """The moment of an event. ``earlier`` reads the events of its aggregate that came before its message."""
        async with self._turns[fact.subject]:
            if fact.subject not in self._owed:
                found: set[str] = set()
                if fact.rang > 1:
                    async for some in earlier():
                        for one, count in some:
                            found.update(self._ids(one, count))
                self._owed[fact.subject] = found  # only now: a reading cut short is begun again
        return Then(fact.seq, frozenset(self._owed[fact.subject]))

    def note(self, fact: Fact, count: int) -> None:
        """The event is handled: the next ones of its aggregate came after the commands that it owed."""
        if not self.covers(fact):
            return
        if fact.rang == 1:
            self._owed.setdefault(fact.subject, set())
        if fact.subject in self._owed:  # else they will be read from the journal, from the first
            self._owed[fact.subject].update(self._ids(fact, count))

    def _ids(self, fact: Fact, count: int) -> Iterator[str]:
        return (self.identify(fact.id, index) for index in range(count))
