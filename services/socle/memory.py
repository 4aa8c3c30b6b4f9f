"""A journal in memory: the same promises as the real one, for worked cases and fast journeys. Nothing survives it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime

from services.socle.enveloppe import H_COMMAND, Stored
from services.socle.errors import Conflict
from services.socle.history import NOTHING, History, follow
from services.socle.journal import Appended, Entry
from services.socle.reader import StreamIdentity


class MemoryJournal:
    """Stands where a `Journal` stands."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.messages: list[Stored] = []
        self._by_subject: dict[str, list[Stored]] = {}

    async def load(self, subject: str, after: History = NOTHING) -> History:
        """See `Journal.load`."""
        known = self._by_subject.get(subject, [])
        return follow(subject, after, [one for one in known if one.seq > after.last_seq])

    async def append(
        self, subject: str, body: bytes, headers: Mapping[str, str], expected: int, commandeid: str
    ) -> Appended:
        """See `Journal.append`."""
        return (await self.append_batch([Entry(subject, body, headers, expected)], commandeid))[0]

    async def append_batch(self, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        """See `Journal.append_batch`."""
        moved = tuple(one.subject for one in entries if self._last(one.subject) != one.expected)
        if moved:
            raise Conflict(f"{', '.join(moved[:5])} : modifié entre-temps ; relisez puis décidez à nouveau", moved)
        return [self._store(one, one.commandeid or commandeid) for one in entries]

    async def identity(self) -> StreamIdentity:
        """See `Journal.identity`."""
        count = len(self.messages)
        return StreamIdentity(self.stream, "memoire", min(1, count), count, count)

    async def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncGenerator[list[Stored], None]:
        """What is there now, then the end: nobody follows a journal that lives as long as one case."""
        found = self.messages[after : stop_at if stop_at is not None else len(self.messages)]
        if found:
            yield found

    def take(self, stored: Stored) -> None:
        """A message written elsewhere, at its place: the next one."""
        if stored.seq != len(self.messages) + 1:
            raise ValueError(f"{stored.where} : {len(self.messages) + 1} attendu")
        self.messages.append(stored)
        self._by_subject.setdefault(stored.subject, []).append(stored)

    def _last(self, subject: str) -> int:
        known = self._by_subject.get(subject)
        return known[-1].seq if known else 0

    def _store(self, entry: Entry, commandeid: str) -> Appended:
        headers = {**entry.headers, H_COMMAND: commandeid}
        seq = len(self.messages) + 1
        stored = Stored(self.stream, seq, entry.subject, headers, entry.body, datetime.now(UTC))
        self.messages.append(stored)
        self._by_subject.setdefault(entry.subject, []).append(stored)
        return Appended(seq)
