"""What partners share with this académie: a stream filled from theirs, read like a journal, never written.

It may hold a message twice: a partner restored from its archive sends its history again. So what reads it must know
what it has already taken (`seen`), by the place of the message in its aggregate, and not by its position here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile

import structlog

from services.socle.enveloppe import Stored, header_rank
from services.socle.errors import BadSubject
from services.socle.facts import Source
from services.socle.reader import StreamIdentity
from services.socle.subjects import split

log = structlog.get_logger("echanges")


@dataclass(frozen=True)
class Exchanged:
    """The exchanges of one session, as a `Source`. Nothing there can speak in the name of ``academie``, ours."""

    source: Source
    academie: str

    @property
    def stream(self) -> str:
        return self.source.stream

    async def identity(self) -> StreamIdentity:
        return await self.source.identity()

    async def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncIterator[list[Stored]]:
        async for batch in self.source.read(after, filters=filters, created=created, stop_at=stop_at):
            yield [one if self.theirs(one) else _silenced(one) for one in batch]

    async def aggregate(self, subject: str) -> list[Stored]:
        """The messages of a partner's aggregate that have come, by rank, each once: the first that came at its rank.

        Up to the first one missing, which a replaced history may leave.
        """
        end = (await self.source.identity()).last_seq
        by_rank: dict[int, Stored] = {}
        async for batch in self.read(filters=(subject,), stop_at=end):
            for one in batch:
                if one.body:
                    by_rank.setdefault(header_rank(one), one)
        complete = takewhile(lambda pair: pair[0] == pair[1], zip(sorted(by_rank), count(1), strict=False))
        return [by_rank[rank] for rank, _ in complete]

    def theirs(self, stored: Stored) -> bool:
        """Whether it is a partner's event. Ours are in our journal: here they could only be forged."""
        try:
            ours = split(stored.subject).academie == self.academie
        except BadSubject:
            ours = True
        if ours:
            log.error("echange_refuse", message=stored.where, cause="au nom de cette académie, ou hors d'un agrégat")
        return not ours


def _silenced(stored: Stored) -> Stored:
    """The same place, saying nothing: the position must move on."""
    return Stored(stored.stream, stored.seq, stored.subject, {}, b"", stored.recorded)
