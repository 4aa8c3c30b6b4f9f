"""The history of one aggregate: its messages, checked to follow each other by rank and hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.socle.enveloppe import GENESIS, Stored
from services.socle.errors import ChainBroken


@dataclass(frozen=True, slots=True)
class History:
    """What an aggregate's messages say up to ``last_seq``, checked. `NOTHING` is that of a new aggregate.

    ``messages`` are those after the history given to `Journal.load`; ``rank`` and ``digest`` those of the last message
    of all, which the next decision continues.
    """

    messages: tuple[Stored, ...] = ()
    last_seq: int = 0
    rank: int = 0
    digest: str = GENESIS

    @property
    def tip(self) -> History:
        """The same place without the messages, to keep beside a cached state."""
        return replace(self, messages=())


NOTHING = History()


def follow(subject: str, base: History, messages: Sequence[Stored]) -> History:
    """The history that continues ``base``, once ranks and hashes are checked.

    Raises:
        ChainBroken: they do not follow.
    """
    rank, digest = base.rank, base.digest
    for message in messages:
        rank += 1
        for envelope in message.envelopes:
            if envelope["rang"] != rank or envelope.get("precedent") != digest:
                raise ChainBroken(
                    f"{subject} à {message.where} : rang {envelope['rang']} pour {rank} attendu, ou empreinte du "
                    f"message précédent différente ; n'écrivez plus sur cet agrégat, comparez aux segments archivés"
                )
        digest = message.digest
    return History(tuple(messages), messages[-1].seq if messages else base.last_seq, rank, digest)
