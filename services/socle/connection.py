"""The connection of one identity to the broker, with the same options whoever opens it."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import structlog
from faststream.nats.security import NatsNKey, NatsUserPassword
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import UnexpectedEOF

from services.socle.errors import BrokerAway, BrokerDenied
from services.socle.server import broker_url
from services.socle.settings import Settings

LOG_EVERY = 30.0
# A cut link, or a host that vanished, sends no reset: by default the client notices after six minutes.
PING_EVERY, PINGS_MISSED = 10, 2  # seconds; unanswered ones after which it looks elsewhere
CLOSING = 2.0  # seconds left to a connection that closes: the other end may be frozen
LEAVING = 1.0  # a broker often stops with its services: a loss is told once it is sure that nobody was leaving
HEADER = re.compile(r"^([!-9;-~]+)[ \t]*:([^\r\n]*)", re.MULTILINE)  # a name is printable ASCII without colon

log = structlog.get_logger("courtier")


class RawHeaders(Mapping[str, str]):
    """Headers as received. Who reads a journal asks for one or two of them: the others are parsed if somebody looks."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        sought = b"\r\n%b:" % name.encode()
        at = self._raw.rfind(sought)
        if at < 0:
            raise KeyError(name)
        start = at + len(sought)
        return self._raw[start : self._raw.index(b"\r\n", start)].decode("utf-8", "replace").strip()

    def __iter__(self) -> Iterator[str]:
        return iter(parse_headers(self._raw))

    def __len__(self) -> int:
        return len(parse_headers(self._raw))

    def __repr__(self) -> str:
        return repr(parse_headers(self._raw))


def parse_headers(raw: bytes) -> dict[str, str]:
    return {name: value.strip() for name, value in HEADER.findall(raw.decode("utf-8", "replace"))}


Receive = Callable[[str, str, bytes, Mapping[str, str]], None]  # subject, reply, body, headers


class FastClient(Client):
    """The client, without five defects. Were the private names changed upstream, they would only come back."""

    def __init__(self) -> None:
        super().__init__()
        self._receivers: dict[int, Receive] = {}

    def deliver_directly(self, subscription: Subscription, receive: Receive | None) -> None:
        """Hand what JetStream delivers there over as soon as it is parsed; its callback gets the rest."""
        if receive is None:
            self._receivers.pop(subscription._id, None)
        else:
            self._receivers[subscription._id] = receive

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        # A message object, a queue and a task took half the time of a reading.
        receive = self._receivers.get(sid) if self._receivers else None
        if receive is None or not reply.startswith(b"$JS.ACK."):
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        receive(subject.decode(), reply.decode(), data, RawHeaders(headers) if headers else {})

    async def close(self) -> None:
        """Closes, and ends the reconnection under way if there is one."""
        if not self.is_connected:
            self._pending_data_size = 0  # it would try to write what waits on a dead connection, and stop half-way
        with suppress(OSError):
            async with asyncio.timeout(CLOSING):
                await super().close()
        self._let_go()
        task: asyncio.Task[None] | None = getattr(self, "_reconnection_task", None)
        if task is not None and task is not asyncio.current_task():
            await cancel(task)

    def _let_go(self) -> None:
        """A handshake given up half-way leaves a writer whose end is never told: its socket is dropped."""
        writer: asyncio.StreamWriter | None = getattr(self._transport, "_bare_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        # Two thirds of the time of a reading went into checking each header character by character.
        return parse_headers(raw)


class Watch:
    """Callbacks of one connection. A failure that repeats (reconnection, forbidden subject) is told once in a while."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._told: dict[str, float] = {}
        self.last = ""
        self.client: Client | None = None
        self._telling: asyncio.Task[None] | None = None

    async def error(self, error: Exception) -> None:
        self.last = f"{type(error).__name__} : {error}" if str(error) else type(error).__name__
        now = time.monotonic()
        if now - self._told.get(self.last, -LOG_EVERY) < LOG_EVERY:
            return
        if len(self._told) > 100:
            self._told.clear()
        self._told[self.last] = now
        if "permissions violation" in self.last:
            log.warning("courtier_interdit", identite=self._identity, cause=self.last)
        elif isinstance(error, OSError | UnexpectedEOF):  # `lost` tells it
            log.debug("courtier_injoignable", identite=self._identity, cause=self.last)
        else:
            log.warning("courtier_erreur", identite=self._identity, cause=self.last)

    async def lost(self) -> None:
        if not self._leaves() and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell_lost(LEAVING))

    async def _tell_lost(self, after: float) -> None:
        await asyncio.sleep(after)
        if not self._leaves():
            log.warning("courtier_perdu", identite=self._identity, cause=self.last)

    def _leaves(self) -> bool:
        return self.client is not None and (self.client.is_closed or self.client.is_draining)

    async def found(self) -> None:
        if self._telling is not None and not self._telling.done():
            self._telling.cancel()
            await self._tell_lost(0)
        self._told.clear()
        log.info("courtier_retrouve", identite=self._identity)


def inbox(identity: str) -> str:
    """The only inbox an identity may listen to.

    FastStream does not pass the broker's on to JetStream: each pull subscriber needs ``inbox_prefix=pull_inbox(...)``.
    """
    return f"_INBOX.{identity}"


def pull_inbox(identity: str) -> bytes:
    """The same, as ``subscriber(..., pull_sub=..., inbox_prefix=...)`` takes it."""
    return f"{inbox(identity)}.".encode()


def options(settings: Settings, identity: str, watch: Watch | None = None) -> dict[str, Any]:
    """Keyword arguments for ``nats.connect``. `broker_options` gives the same ones as FastStream takes them."""
    watch = watch or Watch(identity)
    chosen: dict[str, Any] = {
        "servers": broker_url(settings).split(","),
        "name": f"parchemin-{identity}",
        **_proof(settings, identity),
        "inbox_prefix": inbox(identity),
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": settings.reconnect_wait,
        "ping_interval": PING_EVERY,
        "max_outstanding_pings": PINGS_MISSED,
        "error_cb": watch.error,
        "disconnected_cb": watch.lost,
        "reconnected_cb": watch.found,
    }
    if settings.nats_ca is not None:
        chosen["tls"] = ssl.create_default_context(cafile=str(settings.nats_ca))
    return chosen


def _proof(settings: Settings, identity: str) -> dict[str, Any]:
    """What shows the broker who this is: its key, or its password."""
    seed = settings.seed_file(identity)
    if seed is not None:
        return {"nkeys_seed": str(seed)}
    return {"user": identity, "password": settings.password(identity)}


def broker_options(settings: Settings, identity: str, watch: Watch | None = None) -> dict[str, Any]:
    """Keyword arguments for ``NatsBroker``: the same rights, inbox and reconnection as `connect`."""
    chosen = options(settings, identity, watch)
    context = chosen.pop("tls", None)
    secured = {"ssl_context": context, "use_ssl": context is not None}
    if "nkeys_seed" in chosen:
        chosen["security"] = NatsNKey.from_file(chosen.pop("nkeys_seed"), **secured)
    else:
        chosen["security"] = NatsUserPassword(chosen.pop("user"), chosen.pop("password"), **secured)
    return chosen


async def connect(settings: Settings, identity: str) -> Client:
    """A connection that reconnects for ever, once it is made.

    Raises:
        BrokerDenied: the broker does not know this identity, or its password.
        BrokerAway: no broker answers within the time set.
    """
    watch = Watch(identity)
    chosen = options(settings, identity, watch)
    client = watch.client = FastClient()
    opening = asyncio.ensure_future(client.connect(**chosen))
    # With endless attempts the client also retries a wrong password for ever: stop it as soon as it is told.
    try:
        async with asyncio.timeout(settings.connect_timeout):
            while not opening.done() and "uthorization" not in watch.last:
                await asyncio.wait([opening], timeout=0.02)
    except TimeoutError:
        await _give_up(client, opening)
        raise BrokerAway(f"{chosen['servers']} ne répond pas ({watch.last or 'silence'})") from None
    if not opening.done():
        await _give_up(client, opening)
        raise BrokerDenied(f"{chosen['servers']} refuse l'identité {identity} : vérifiez sa clé ou son mot de passe")
    opening.result()
    return client


async def _give_up(client: Client, opening: asyncio.Future[None]) -> None:
    await cancel(opening)
    await client.close()


async def cancel(task: asyncio.Future[Any]) -> None:
    """Until it ends: a cancellation that meets a refused connection is lost (``wait_for`` of Python 3.11)."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.02)
