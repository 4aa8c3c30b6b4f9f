"""Reads a journal in order, without gap, from a position that the caller keeps: no durable consumer, no ack.

An ephemeral pull consumer delivers; whenever a delivery may have been lost (consumer sequence, heartbeat, reconnection,
consumer gone), it is left to die and another starts just after the last message handed out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error

from services.socle import jsapi
from services.socle.connection import FastClient
from services.socle.enveloppe import Stored
from services.socle.errors import BrokerAway, NotDense, StreamChanged
from services.socle.jsapi import Transient
from services.socle.settings import Bounds

CONSUMER_LIFE = 30_000_000_000  # ns without a pull; a batch that takes longer to apply only costs a new consumer
BRIEF_LIFE = 5_000_000_000  # the same for a few aggregates up to a position: a stream has a thousand consumers at most
STALLED = 20  # heartbeats without a message, while some are announced
PULL_LIFE = 30_000_000_000
NAMED = 20  # missing messages of a batch; beyond, they are counted

log = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """Which journal it is (``created`` changes when it is recreated or restored) and how far it goes."""

    stream: str
    created: str
    first_seq: int
    last_seq: int
    messages: int

    def check_dense(self) -> None:
        """Nothing is ever removed, so the last sequence counts the messages.

        Raises:
            NotDense: some are missing.
        """
        if self.messages != self.last_seq or (self.messages and self.first_seq != 1):
            raise NotDense(
                f"{self.stream} : {self.messages} messages de {self.first_seq} à {self.last_seq} ; il en manque "
                f"{self.last_seq - self.messages}, rétablissez-les depuis les segments archivés"
            )

    def check_position(self, after: int, created: str | None) -> None:
        """A stored position still means something in this journal.

        Raises:
            StreamChanged: it does not.
        """
        if created is not None and created != self.created:
            raise StreamChanged(f"{self.stream} : créé le {self.created}, la position venait de celui du {created}")
        if after > self.last_seq:
            raise StreamChanged(f"{self.stream} : s'arrête à {self.last_seq}, la position était {after}")


async def identify(nc: Client, stream: str, timeout: float) -> StreamIdentity:
    """What the server says of a journal, now.

    Raises:
        StreamMissing: it has none of that name.
        Transient: it cannot answer for now.
    """
    info = await jsapi.call(nc, f"STREAM.INFO.{stream}", None, timeout)
    state = info["state"]
    return StreamIdentity(stream, info["created"], state["first_seq"], state["last_seq"], state["messages"])


class _Feed:
    """One ephemeral consumer and its deliveries, until something is lost."""

    def __init__(self, nc: Client, stream: str, position: int, bounds: Bounds, life: int) -> None:
        self._nc = nc
        self._stream = stream
        self._position = position
        self._bounds = bounds
        self._life = life
        self._name = "lecture-" + nc.new_inbox().rsplit(".", 1)[1]
        self._inbox = nc.new_inbox()
        self._epoch = nc.stats["reconnects"]
        self._subscription: Subscription | None = None
        self._buffer: list[Stored] = []
        self._arrived = asyncio.Event()
        self._delivered = 0
        self._asked = 0
        self._heard = 0.0
        self._pending = 0
        self._moved = 0.0
        self._fault = ""

    @property
    def exhausted(self) -> bool:
        """Everything that matched when the last message was sent has been handed out."""
        return self._pending == 0 and not self._buffer

    async def open(self, filters: Sequence[str]) -> None:
        """Creates the consumer and asks for a first run of messages."""
        # The size of what may wait is bounded by what is asked for, not by the client's own limits, which drop.
        self._subscription = await self._nc.subscribe(
            self._inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        if isinstance(self._nc, FastClient):
            self._nc.deliver_directly(self._subscription, self._deliver)
        config: dict[str, Any] = {
            "name": self._name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self._position + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": self._life,
        }
        verb = f"CONSUMER.CREATE.{self._stream}.{self._name}"
        if len(filters) == 1:
            config["filter_subject"] = filters[0]
            verb += f".{filters[0]}"
        elif filters:
            config["filter_subjects"] = list(filters)
        created = await jsapi.call(
            self._nc, verb, {"stream_name": self._stream, "config": config}, self._bounds.request_timeout
        )
        self._pending = int(created["num_pending"])
        self._heard = asyncio.get_running_loop().time()
        await self._ask()

    async def close(self) -> None:
        """Leaves; the server forgets the consumer by itself."""
        if self._subscription is not None and isinstance(self._nc, FastClient):
            self._nc.deliver_directly(self._subscription, None)
        if self._subscription is not None and not self._nc.is_closed:
            try:
                await self._subscription.unsubscribe()
            except Error as error:
                log.debug("desabonnement_impossible", cause=str(error))
        self._subscription = None

    async def take(self, most: int) -> list[Stored]:
        """What has arrived, or nothing after a while.

        Raises:
            Transient: deliveries may have been lost.
        """
        if not self._buffer and not self._fault:
            self._arrived.clear()
            try:
                async with asyncio.timeout(self._bounds.heartbeat / 2):
                    await self._arrived.wait()
            except TimeoutError:
                self._check_alive()
        if self._buffer:
            self._heard = asyncio.get_running_loop().time()  # deliveries come instead of heartbeats
        # Messages received before the fault are in order: they are good.
        if self._fault and not self._buffer:
            raise Transient(self._fault)
        if len(self._buffer) <= most:
            taken, self._buffer = self._buffer, []
        else:
            taken, self._buffer = self._buffer[:most], self._buffer[most:]
        if not self._fault and self._asked + len(self._buffer) <= self._bounds.read_ahead // 2:
            await self._ask()
        return taken

    async def _ask(self) -> None:
        count = self._bounds.read_ahead // 2
        self._asked += count
        self._moved = asyncio.get_running_loop().time()
        pull = {
            "batch": count,
            "max_bytes": self._bounds.read_ahead_bytes // 2,
            "expires": PULL_LIFE,
            "idle_heartbeat": int(self._bounds.heartbeat * 1e9),
        }
        verb = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
        try:
            await self._nc.publish(verb, orjson.dumps(pull), reply=self._inbox)
        except Error as error:
            raise Transient(str(error)) from None

    def _check_alive(self) -> None:
        if self._nc.stats["reconnects"] != self._epoch or not self._nc.is_connected:
            self._fault = "connexion rompue"
        elif asyncio.get_running_loop().time() - self._heard > 2.5 * self._bounds.heartbeat:
            self._fault = "silence du courtier"
        elif self._pending and asyncio.get_running_loop().time() - self._moved > STALLED * self._bounds.heartbeat:
            # It beats, and delivers nothing: it does not read its own copy. Another leader may.
            self._fault = f"le courtier annonce {self._pending} messages et n'en livre aucun : voyez son journal"

    async def _receive(self, message: Msg) -> None:
        if message.reply.startswith("$JS.ACK."):
            self._deliver(message.subject, message.reply, message.data, message.headers or {})
        elif not self._fault:
            self._status(message.headers or {})
            self._arrived.set()

    def _deliver(self, subject: str, reply: str, body: bytes, headers: Mapping[str, str]) -> None:
        if self._fault:
            return
        # $JS.ACK.<stream>.<consumer>.<times>.<seq>.<consumer seq>.<ns>.<pending>, or with a domain and a hash before
        # the stream.
        parts = reply.split(".")
        seq, delivered, nanoseconds, pending = map(int, parts[5:9] if len(parts) == 9 else parts[7:11])
        if delivered == self._delivered + 1:
            self._delivered, self._pending = delivered, pending
            self._asked -= 1
            recorded = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
            self._buffer.append(Stored(self._stream, seq, subject, headers, body, recorded))
            self._moved = asyncio.get_running_loop().time()
        else:
            self._fault = f"livraison {delivered} reçue après {self._delivered}"
        self._arrived.set()

    def _status(self, headers: dict[str, str]) -> None:
        status, text = headers.get("Status", ""), headers.get("Description", "")
        self._heard = asyncio.get_running_loop().time()
        if status == "100":
            return
        # The end of one pull: by time, by count, or because the next message exceeds its share of bytes.
        if status in ("404", "408") or (status == "409" and text.endswith(("Batch Completed", "MaxBytes"))):
            self._asked -= int(headers.get("Nats-Pending-Messages", "0"))
        else:
            self._fault = f"{status} {text}".strip()


class Reader:
    """One reading, from a position to an end (or none). See `Journal.read` for the arguments."""

    def __init__(
        self,
        nc: Client,
        stream: str,
        bounds: Bounds,
        *,
        after: int,
        filters: Sequence[str],
        created: str | None,
        stop_at: int | None,
        follow: bool,
        max_batch: int,
    ) -> None:
        self._nc = nc
        self._stream = stream
        self._bounds = bounds
        self._position = after
        self._filters = filters
        self._created = created
        self._stop_at = stop_at
        self._follow = follow
        self._max_batch = max_batch
        self._feed: _Feed | None = None
        self._head = 0
        self._failures = 0

    async def batches(self) -> AsyncGenerator[list[Stored], None]:
        """Non-empty lists, in order."""
        try:
            while not self._finished():
                batch = await self._next()
                if batch:
                    yield batch
        finally:
            await self._drop()

    def _finished(self) -> bool:
        if self._stop_at is None:
            return False
        if self._position >= self._stop_at:
            return True
        # Filtered, the last message wanted may lie anywhere before the end. The head was known before the consumer
        # counted what it still had to deliver.
        passed = bool(self._filters) and self._head >= self._stop_at
        return passed and self._feed is not None and self._feed.exhausted

    async def _next(self) -> list[Stored]:
        try:
            if self._feed is None:
                await self._open()
                return []
            batch = await self._feed.take(self._max_batch)
            if not batch:
                await self._look_ahead()
        except Transient as error:
            await self._wait(error)
            return []
        return self._accept(batch)

    def _accept(self, batch: list[Stored]) -> list[Stored]:
        """Checks the order, forgets what lies beyond the end, moves the position."""
        if not batch:
            return batch
        self._failures = 0
        first, last = batch[0].seq, batch[-1].seq
        if not self._filters and (first != self._position + 1 or last - first + 1 != len(batch)):
            raise NotDense(
                f"{self._stream} : le serveur ne rend pas {_missing(batch, self._position)}, qu'il compte pourtant ; "
                "rétablissez-les depuis les segments archivés"
            )
        self._position = last
        if self._stop_at is not None and last > self._stop_at:
            return [message for message in batch if message.seq <= self._stop_at]
        return batch

    async def _open(self) -> None:
        identity = await identify(self._nc, self._stream, self._bounds.request_timeout)
        identity.check_position(self._position, self._created)
        if not self._filters:
            identity.check_dense()
        self._created, self._head = identity.created, identity.last_seq
        if self._stop_at is None and not self._follow:
            self._stop_at = identity.last_seq
        if self._stop_at is not None and self._position >= self._stop_at:
            return
        brief = bool(self._filters) and self._stop_at is not None
        life = BRIEF_LIFE if brief else CONSUMER_LIFE
        self._feed = _Feed(self._nc, self._stream, self._position, self._bounds, life)
        await self._feed.open(self._filters)

    async def _look_ahead(self) -> None:
        """With a filter, silence does not tell that the end was passed: ask, and let a new consumer count again."""
        if self._stop_at is None or self._head >= self._stop_at:
            return
        self._head = (await identify(self._nc, self._stream, self._bounds.request_timeout)).last_seq
        if self._head >= self._stop_at and self._filters:
            await self._drop()

    async def _wait(self, error: Transient) -> None:
        """A reading with an end gives up after the bounded attempts; one that follows waits as long as it takes."""
        await self._drop()
        self._failures += 1
        if self._failures == 1:
            log.warning("lecture_interrompue", journal=self._stream, position=self._position, cause=str(error))
        if not self._follow and self._failures >= self._bounds.attempts:
            raise BrokerAway(f"{self._stream} : lecture interrompue à {self._position} ({error})")
        await asyncio.sleep(self._bounds.pause(self._failures - 1) * random.uniform(0.5, 1.0))

    async def _drop(self) -> None:
        if self._feed is not None:
            feed, self._feed = self._feed, None
            await feed.close()


def _missing(batch: Sequence[Stored], after: int) -> str:
    """The messages that should have come with these."""
    seqs = {one.seq for one in batch}
    missing = [seq for seq in range(after + 1, batch[-1].seq + 1) if seq not in seqs]
    more = f" et {len(missing) - NAMED} autres" if len(missing) > NAMED else ""
    return f"{', '.join(map(str, missing[:NAMED]))}{more}"
