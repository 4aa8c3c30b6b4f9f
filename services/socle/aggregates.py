"""The aggregates that this process remembers: folded from the journal, within a bound, a command at a time on each."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from contracts.messages import Registry
from services.socle.decided import Done, Draft, Loaded, Trust
from services.socle.enveloppe import Stored, digest
from services.socle.facts import events_of
from services.socle.handlers import Family
from services.socle.history import History
from services.socle.journal import Store
from services.socle.locks import Locks
from services.socle.sealing import without_clear

CACHE = 20_000


class Aggregates:
    """Memory is a shortcut: whatever is appended is checked by the broker against what the state had seen."""

    def __init__(self, registry: Registry, size: int = CACHE) -> None:
        self._registry, self._size = registry, size
        self._cache: OrderedDict[str, Loaded] = OrderedDict()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._cache

    def turns(self, paths: Sequence[str]) -> Locks:
        """One command at a time on these aggregates."""
        return Locks(self._locks, sorted(set(paths)))

    def at_hand(self, path: str, family: Family) -> Loaded:
        """What memory knows; an aggregate it does not know is taken for new, which the append will check."""
        return self._cache.get(path) or Loaded(family.initial)

    def folded(self, family: Family, messages: Iterable[Stored], state: Any = None) -> Any:
        """The state after these messages, from that one or from nothing."""
        state = family.initial if state is None else state
        for event in events_of(messages, self._registry):
            state = family.evolve(state, event)
        return state

    async def load(self, journal: Store, path: str, family: Family, trust: Trust) -> Loaded:
        """The aggregate, from where it may come.

        Raises:
            SocleError: the journal cannot be reached or trusted.
        """
        known = self._cache.get(path)
        if known is not None and trust is Trust.MEMORY:
            self._cache.move_to_end(path)
            return known
        known = known or Loaded(family.initial)
        history = await journal.load(path, known.tip)
        state, done = self.folded(family, history.messages, known.state), {}
        for stored in history.messages:
            events = tuple((one["type"], one["data"]) for one in stored.envelopes)
            first = stored.envelopes[0]
            done[stored.commandeid] = Done(events, first["acteur"], first.get("sceau", ""))
        known.done.update(done)
        loaded = Loaded(state, history.tip, known.done)
        self._keep(path, loaded)
        return loaded

    def remember(self, draft: Draft, seq: int) -> None:
        """What an aggregate is once its draft is stored at that position."""
        state, done, entry = draft.loaded.state, draft.loaded.done, draft.entry
        for event in draft.events:
            state = draft.ref.family.evolve(state, without_clear(event))
        done[entry.commandeid] = Done(draft.stored, draft.context.acteur, draft.context.sceau)
        tip = History((), seq, draft.loaded.tip.rank + 1, digest(entry.body))
        self._keep(entry.subject, Loaded(state, tip, done))

    def _keep(self, path: str, loaded: Loaded) -> None:
        self._cache[path] = loaded
        self._cache.move_to_end(path)
        if len(self._cache) > self._size:
            self._cache.popitem(last=False)
