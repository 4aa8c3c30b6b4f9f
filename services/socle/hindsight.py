"""Reacting again to old events, when SQL has forgotten which ones were handled (a lost base, a restored journal).

The history of an aggregate knows the commands that changed it, not those that had nothing to do or were refused: done
again on the present state, they could change it. So an old event is handled as it was when it was new: its command is
decided on what the aggregate was then; only what is found owed, and is not in the history, is done now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from services.socle.enveloppe import Fact, Stored

SIBLINGS = 8  # commands that one event owes to one aggregate, at most

Identify = Callable[[str, int], str]


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
    _owed: dict[str, set[str]] = field(default_factory=dict)

    def covers(self, fact: Fact) -> bool:
        """Whether the event may have been handled already."""
        return fact.seq <= self.until

    async def then(self, fact: Fact, earlier: Callable[[], AsyncIterator[list[Fact]]]) -> Then:
        """The moment of an event. ``earlier`` reads the events of its aggregate that came before its message."""
        if fact.subject not in self._owed:
            self._owed[fact.subject] = set()
            if fact.rang > 1:
                async for facts in earlier():
                    for one in facts:
                        self.note(one)
        return Then(fact.seq, frozenset(self._owed[fact.subject]))

    def note(self, fact: Fact) -> None:
        """The event is handled: the next ones of its aggregate came after what it owed."""
        if self.covers(fact):
            owed = self._owed.setdefault(fact.subject, set())
            owed.update(self.identify(fact.id, index) for index in range(SIBLINGS))
