"""A service as it stood at a position of its journals: its questions, answered by its own code on rebuilt read models.

Nothing is connected to: no door, no reaction, no command. The journals end at the position asked for and take nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

import orjson
from nats.aio.client import Client
from sqlalchemy import Engine

from contracts.messages import Data, Query, Refus
from services.socle.coffre import Coffre, CoffreError, master_key
from services.socle.door import as_json
from services.socle.enveloppe import Stored
from services.socle.errors import SocleError
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.feed import Watcher
from services.socle.history import NOTHING, History
from services.socle.journal import Appended, Entry, Store
from services.socle.projections import Projector
from services.socle.read_model import Aside
from services.socle.reader import StreamIdentity
from services.socle.runner import Runner
from services.socle.service import Environment, Parts, ServiceSpec
from services.socle.settings import Settings


class NothingWritten(SocleError):
    """The past takes no event."""

    code = "PASSE_IMMUABLE"


class ReadCoffre(Coffre):
    """The coffre of this installation, opened to read alone: no key is ever made.

    Raises:
        CoffreError: there is no master key here, or later, a key asked for does not exist.
    """

    def __init__(self, engine: Engine, key: Path) -> None:
        if not key.exists():  # `master_key` would make one
            raise CoffreError(f"{key} n'existe pas : vérifiez PARCHEMIN_DONNEES ou PARCHEMIN_COFFRE_CLE")
        super().__init__(engine, master_key(key), create=False)

    def ensure(self, persons: Iterable[str]) -> None:
        wanted = list(dict.fromkeys(persons))
        known = self._fetch(wanted)
        if len(known) < len(wanted):
            raise CoffreError("une clé manque au coffre, et aucune ne se crée en lisant le passé")
        self._due.update(known)


class UntilSource:
    """A `Source` that ends at a position, whatever was written since."""

    def __init__(self, source: Source, end: int) -> None:
        self.whole, self.end = source, end

    @property
    def stream(self) -> str:
        return self.whole.stream

    async def identity(self) -> StreamIdentity:
        """The source's own, but for its end."""
        found = await self.whole.identity()
        return replace(found, last_seq=min(self.end, found.last_seq), messages=min(self.end, found.messages))

    def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncIterator[list[Stored]]:
        end = self.end if stop_at is None else min(self.end, stop_at)
        return self.whole.read(after, filters=filters, created=created, stop_at=end)


class Until(UntilSource):
    """A journal that ends at a position."""

    def __init__(self, journal: Store, source: Source, end: int) -> None:
        super().__init__(source, end)
        self._journal = journal

    async def load(self, subject: str, after: History = NOTHING) -> History:
        """See `Journal.load`; later messages are not seen."""
        return _cut(after, await self._journal.load(subject, after), self.end)

    async def append(
        self, subject: str, body: bytes, headers: Mapping[str, str], expected: int, commandeid: str
    ) -> Appended:
        raise NothingWritten(f"{self.stream} est lu tel qu'il était à la position {self.end} : rien ne s'y écrit")

    async def append_batch(self, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        raise NothingWritten(f"{self.stream} est lu tel qu'il était à la position {self.end} : rien ne s'y écrit")


def _cut(known: History, found: History, end: int) -> History:
    """What a history was at a position: the messages up to it, and the tip that they make."""
    if found.last_seq <= end:
        return found
    kept = tuple(one for one in found.messages if one.seq <= end)
    if not kept:
        return replace(known, messages=())
    return History(kept, kept[-1].seq, found.rank - (len(found.messages) - len(kept)), kept[-1].digest)


async def position_at(source: Source, moment: datetime) -> int:
    """The last position recorded at that moment or before; 0 if there is none.

    The time of recording is the journal's and never goes back, so the journal is searched by halves.
    """
    low, high = 0, (await source.identity()).last_seq
    while low < high:
        middle = (low + high + 1) // 2
        recorded = await recorded_at(source, middle)
        low, high = (middle, high) if recorded is None or recorded <= moment else (low, middle - 1)
    return low


async def recorded_at(source: Source, seq: int) -> datetime | None:
    """When the journal recorded one message."""
    async for batch in source.read(seq - 1, stop_at=seq):
        for one in batch:
            return one.recorded
    return None


@dataclass
class Past:
    """One service at given positions. ``parts`` hold its handlers and questions; its clock is stopped."""

    spec: ServiceSpec
    environment: Environment
    parts: Parts

    @classmethod
    def of(
        cls,
        spec: ServiceSpec,
        settings: Settings,
        *,
        journals: Mapping[str, Until],
        coffre: Coffre,
        engine: Engine,
        moment: datetime,
        asides: Mapping[str, Aside],
        exchanges: Mapping[str, Exchanged] | None = None,
    ) -> Past:
        no_broker = cast(Client, None)  # nothing here talks to a broker, but for the journals, which only read
        shared = exchanges or {}
        env = Environment(
            settings, spec.name, no_broker, journals, coffre, engine, spec.registry, lambda: moment, shared
        )
        parts = spec.build(env)
        env.runner = Runner(
            academie=settings.academie,
            service=spec.name,
            journals=journals,
            registry=spec.registry,
            coffre=coffre,
            handlers=parts.handlers,
            check=spec.check,
        )
        sources: list[Source] = [*journals.values(), *shared.values()]
        env.projector = Projector(spec.name, spec.registry, engine, sources, list(parts.projections), asides=asides)
        return cls(spec, env, parts)

    async def rebuild(self, watch: Watcher | None = None) -> None:
        """Bring the read models to the positions, from wherever their database stands.

        Raises:
            ProjectionStopped: an event cannot be taken.
        """
        ends = [one.source if isinstance(one, Exchanged) else one for one in self.environment.projector.sources]
        await self.environment.projector.rebuild(
            {one.stream: one.end for one in ends if isinstance(one, UntilSource)}, watch
        )

    async def ask(self, query: Query) -> Data:
        """The answer as the service would have given it then, in JSON values."""
        answer = self.parts.queries.get(type(query))
        if answer is None:
            raise Refus("REQUETE_INCONNUE", f"{query.NAME} n'est pas une question du service {self.spec.name}")
        self.spec.check_query(query, self.environment.settings.academie)
        told: Data = orjson.loads(as_json({"reponse": await answer(query)}))
        return told
