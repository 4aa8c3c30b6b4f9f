"""The journal: loads the history of an aggregate, appends a decision to it, reads everything in order.

One message is one decision. It is stored only if its aggregate has not moved since it was loaded, and the hash that it
carries of the message before makes the history of each aggregate a chain.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self, TypeVar

import orjson
from nats.aio.client import Client
from nats.errors import Error, NoRespondersError

from contracts.messages import Refus
from services.socle import jsapi
from services.socle.answers import Answers, stored
from services.socle.enveloppe import H_COMMAND, Stored
from services.socle.errors import BadSubject, BrokerAway, Conflict, TooLarge
from services.socle.history import NOTHING, History, follow
from services.socle.jsapi import Transient
from services.socle.reader import Reader, StreamIdentity, identify
from services.socle.settings import Bounds

HEADERS_MAX = 65_000  # the server refuses 64 KiB with an answer that looks like a missing stream
OWN_HEADERS = 400  # room for what append adds to the headers it is given
LOOK_BACKS = 32

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the decision is. ``duplicate``: it already was, this command had been done before."""

    seq: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision to append: ``expected`` is the sequence of the aggregate's last message (0: none).

    ``commandeid`` is for batches that gather several commands (imports); empty, it is that of the whole batch.
    """

    subject: str
    body: bytes
    headers: Mapping[str, str]
    expected: int
    commandeid: str = ""

    def wire(self, stream: str, commandeid: str) -> dict[str, str]:
        """Headers as sent. The message id holds the subject too: one command may touch several aggregates."""
        commandeid = self.commandeid or commandeid
        return {
            **self.headers,
            H_COMMAND: commandeid,
            "Nats-Msg-Id": f"{commandeid}@{self.subject}",
            "Nats-Expected-Stream": stream,
            "Nats-Expected-Last-Subject-Sequence": str(self.expected),
        }


class Store(Protocol):
    """What the rest of the system asks of a journal: the real one, or the one in memory."""

    @property
    def stream(self) -> str: ...

    async def load(self, subject: str, after: History = NOTHING) -> History: ...

    async def append(
        self, subject: str, body: bytes, headers: Mapping[str, str], expected: int, commandeid: str
    ) -> Appended: ...

    async def append_batch(self, entries: Sequence[Entry], commandeid: str) -> list[Appended]: ...

    async def identity(self) -> StreamIdentity: ...

    def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncIterator[list[Stored]]: ...


S = TypeVar("S", bound=Store)


class Journal:
    """One stream seen by one connection. Safe for any number of concurrent tasks."""

    def __init__(self, nc: Client, stream: str, bounds: Bounds | None = None) -> None:
        self.nc = nc
        self.stream = stream
        self.bounds = bounds or Bounds()
        self._answers = Answers(nc)
        # The server opens 50 batches per stream for all its clients together: one process must not take them all.
        self._batches = asyncio.Semaphore(self.bounds.open_batches)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Frees the inbox; the connection belongs to the caller."""
        await self._answers.close()

    # Aggregates ---------------------------------------------------------------------------------------------------

    async def load(self, subject: str, after: History = NOTHING) -> History:
        """The messages of one aggregate that come after a known history, checked to follow it.

        Raises:
            ChainBroken: ranks or hashes do not follow.
            StreamMissing, BrokerAway, BrokerDenied: it could not be read.
        """
        return follow(subject, after, await self._messages(subject, after.last_seq))

    async def append(
        self, subject: str, body: bytes, headers: Mapping[str, str], expected: int, commandeid: str
    ) -> Appended:
        """Stores one decision if the last message of its aggregate is still ``expected``.

        Raises:
            Conflict: the aggregate moved; nothing was stored.
            BrokerAway: no answer; it may have been stored, the same command may be sent again.
            TooLarge, StreamMissing, StreamRefused, BrokerDenied: it was not stored and cannot be.
        """
        entry = Entry(subject, body, headers, expected)
        self._check(entry)
        wire = entry.wire(self.stream, commandeid)
        answer = await self._insist(lambda: self._publish(subject, body, wire), subject)
        if _stale(answer):
            found = await self._look_back(entry, commandeid)
            if found is None:
                raise _conflict([entry])
            return found
        return Appended(int(answer["seq"]), bool(answer.get("duplicate")))

    async def append_batch(self, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        """Stores one decision on each of several aggregates, all or none; answers in the order of ``entries``.

        Raises:
            Conflict: at least one aggregate moved (see its ``subjects``); nothing was stored.
            TooLarge, StreamMissing, StreamRefused, BrokerAway, BrokerDenied: as `append`.
        """
        if not entries:
            return []
        self._check_batch(entries)
        async with self._batches:
            answer = await self._insist(lambda: self._publish_batch(entries, commandeid), entries[-1].subject)
        if _stale(answer):
            return await self._look_back_batch(entries, commandeid)
        last = int(answer["seq"])
        return [Appended(last - len(entries) + n) for n in range(1, len(entries) + 1)]

    # The whole journal --------------------------------------------------------------------------------------------

    async def identity(self) -> StreamIdentity:
        """Which journal this is, and how far it goes now.

        Raises:
            StreamMissing, BrokerAway, BrokerDenied: it could not be told.
        """
        return await self._insist(lambda: identify(self.nc, self.stream, self.bounds.request_timeout), self.stream)

    def read(
        self,
        after: int = 0,
        *,
        filters: Sequence[str] = (),
        created: str | None = None,
        stop_at: int | None = None,
        follow: bool = True,
        max_batch: int = 1_000,
    ) -> AsyncGenerator[list[Stored], None]:
        """Every message after a position, in order, by non-empty lists; only the subjects of ``filters`` if given.

        It goes on for ever, through losses and restarts of the broker, unless ``stop_at`` gives the last sequence
        wanted, or ``follow=False`` stops it at the end that the journal has when it starts. ``created`` is the
        identity of the journal that the position belongs to.

        Raises:
            StreamChanged: the journal is another one, or is shorter than the position.
            NotDense: messages are missing (unfiltered reading).
            StreamMissing: it does not exist.
            BrokerAway: no broker within the bounded attempts (only with ``follow=False``).
        """
        reader = Reader(
            self.nc,
            self.stream,
            self.bounds,
            after=after,
            filters=filters,
            created=created,
            stop_at=stop_at,
            follow=follow,
            max_batch=max_batch,
        )
        return reader.batches()

    # Sending ------------------------------------------------------------------------------------------------------

    def _check(self, entry: Entry) -> None:
        if "*" in entry.subject or ">" in entry.subject:
            raise BadSubject(f"{entry.subject} : un agrégat a un sujet exact, sans joker")
        head = OWN_HEADERS + 2 * len(entry.subject) + sum(len(k) + len(v) + 4 for k, v in entry.headers.items())
        limit = min(self.bounds.message_max, self.nc.max_payload or self.bounds.message_max)
        if head > HEADERS_MAX or head + len(entry.body) > limit:
            raise TooLarge(
                f"{entry.subject} : décision de {head + len(entry.body)} octets dont {head} d'en-têtes, "
                f"pour {limit} et {HEADERS_MAX} au plus ; découpez la commande"
            )

    def _check_batch(self, entries: Sequence[Entry]) -> None:
        if len(entries) > self.bounds.batch_max:
            raise TooLarge(f"lot de {len(entries)} décisions, {self.bounds.batch_max} au plus ; découpez-le")
        if len({entry.subject for entry in entries}) < len(entries):
            raise BadSubject("lot refusé : deux décisions y portent sur le même agrégat ; réunissez-les en une seule")
        for entry in entries:
            self._check(entry)

    async def _publish(self, subject: str, body: bytes, headers: dict[str, str]) -> jsapi.Data:
        """The broker's verdict; an ``error`` in it can only be a matter of versions."""
        answer = await jsapi.request(self.nc, subject, body, self.bounds.request_timeout, headers)
        if "error" in answer and not _stale(answer):
            raise jsapi.failure(subject, answer["error"])
        return answer

    async def _publish_batch(self, entries: Sequence[Entry], commandeid: str) -> jsapi.Data:
        """All but the last need no answer: what is wrong with one of them is told when the last one commits."""
        batch = self.nc.new_inbox().rsplit(".", 1)[1]
        for number, entry in enumerate(entries, 1):
            wire = entry.wire(self.stream, commandeid)
            wire |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            if number == len(entries):
                return await self._publish(entry.subject, entry.body, wire | {"Nats-Batch-Commit": "1"})
            try:
                await self.nc.publish(entry.subject, entry.body, headers=wire)
            except Error as error:
                raise Transient(str(error)) from None
        raise AssertionError("un lot vide ne se publie pas")

    async def _insist(self, send: Callable[[], Awaitable[T]], where: str) -> T:
        """Repeats what may pass, with the same ids, a bounded number of times."""
        cause = ""
        for attempt in range(self.bounds.attempts):
            if attempt:
                await asyncio.sleep(self.bounds.pause(attempt - 1) * random.uniform(0.5, 1.0))
            try:
                await self._connected()
                return await send()
            except NoRespondersError:
                # No stream listens to that subject, or it has no leader for now: its description tells which.
                cause = await self._why_silent()
            except Transient as error:
                cause = str(error)
        raise BrokerAway(f"{where} : pas de réponse en {self.bounds.attempts} essais ({cause}) ; renvoyez la commande")

    async def _connected(self) -> None:
        """Waits for the connection rather than let the client buffer: what is given up must not be sent later."""
        if self.nc.is_connected:
            return
        deadline = asyncio.get_running_loop().time() + self.bounds.request_timeout
        while not self.nc.is_connected:
            if self.nc.is_closed:
                raise BrokerAway("la connexion au courtier est fermée : relancez le programme")
            if asyncio.get_running_loop().time() > deadline:
                raise Transient("connexion rompue")
            await asyncio.sleep(0.02)

    async def _why_silent(self) -> str:
        try:
            await identify(self.nc, self.stream, self.bounds.request_timeout)
        except Transient as error:
            return str(error)
        return "le journal existe mais n'a pas de chef, ou n'accepte pas ce sujet"

    # Looking back -------------------------------------------------------------------------------------------------

    async def _look_back(self, entry: Entry, commandeid: str) -> Appended | None:
        """A stale version may be our own doing: the first attempt was stored, and its answer lost."""
        for message in await self._messages(entry.subject, entry.expected):
            if message.commandeid == commandeid:
                return Appended(message.seq, duplicate=True)
        return None

    async def _look_back_batch(self, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        slots = asyncio.Semaphore(LOOK_BACKS)

        async def one(entry: Entry) -> tuple[Appended | None, bool]:
            async with slots:
                tail = await self._messages(entry.subject, entry.expected)
            wanted = entry.commandeid or commandeid
            ours = next((Appended(m.seq, duplicate=True) for m in tail if m.commandeid == wanted), None)
            return ours, bool(tail)

        found = await asyncio.gather(*(one(entry) for entry in entries))
        done = [ours for ours, _ in found if ours is not None]
        if len(done) == len(entries):
            return done
        raise _conflict([entry for entry, (_, moved) in zip(entries, found, strict=True) if moved])

    async def _messages(self, subject: str, after: int) -> list[Stored]:
        found: list[Stored] = []
        more = True
        while more:
            start = found[-1].seq if found else after
            page, more = await self._insist(partial(self._page, subject, start), subject)
            found += page
        return found

    async def _page(self, subject: str, after: int) -> tuple[list[Stored], bool]:
        """One batched direct get, and whether there is more after it."""
        pull = {"seq": after + 1, "batch": self.bounds.load_page, "next_by_subj": subject}
        messages, end = await self._answers.ask(
            f"$JS.API.DIRECT.GET.{self.stream}", orjson.dumps(pull), self.bounds.request_timeout
        )
        match end.get("Status"):
            case "204":
                page = [stored(message) for message in messages]
                if page and int(end.get("Nats-Last-Sequence", page[-1].seq)) != page[-1].seq:
                    raise Transient("page incomplète")
                return page, int(end.get("Nats-Num-Pending", "0")) > 0
            case "404":
                return [], False
            case "503":
                raise NoRespondersError
            case status:
                raise jsapi.ApiError(subject, int(status or 0), end.get("Description", "réponse inattendue"))


def of_session(journals: Mapping[str, S], session: str) -> S:
    """The journal of a session.

    Raises:
        Refus: ``SESSION_INCONNUE``.
    """
    found = journals.get(session)
    if found is None:
        raise Refus("SESSION_INCONNUE", f"la session « {session} » n'a pas de journal ici (PARCHEMIN_SESSIONS)")
    return found


def _stale(answer: jsapi.Data) -> bool:
    number = answer.get("error", {}).get("err_code", 0)
    return number in jsapi.STALE or number == jsapi.DUPLICATE_IN_BATCH


def _conflict(moved: Sequence[Entry]) -> Conflict:
    """On a replica that lags nothing may seem to have moved; it is a conflict all the same, that reloading settles."""
    names = tuple(entry.subject for entry in moved)
    shown = ", ".join(names[:5]) + (f" et {len(names) - 5} autres" if len(names) > 5 else "")
    return Conflict(f"{shown or 'un agrégat'} : modifié entre-temps ; relisez puis décidez à nouveau", names)
