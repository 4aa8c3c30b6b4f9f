"""The doors of a service: requests on a subject, each answered in JSON whatever becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, MaxPayloadError

from contracts.messages import ContractError, Data, Refus
from services.socle import conversation
from services.socle.errors import DatabaseAway, SocleError
from services.socle.presence import BASE_AWAY
from services.socle.sql import is_away
from services.socle.telling import trace

log = structlog.get_logger("porte")

WORKERS = 128  # commands in flight: enough to share the broker's fsync between them
CLOSING = 4.0  # seconds left to what is in hand when the service stops

OK, REFUSED, FAILED = "ok", "refus", "erreur"
Answered = Callable[[str, str, str, float], None]  # name in the subject (anybody's words); how it ended; code; seconds


def refused(refus: Refus) -> Data:
    return {"ok": False, "code": refus.regle, "detail": refus.detail, "refus": True}


def as_json(reply: Data) -> bytes:
    # Rows of SQLAlchemy have keys that are not quite `str`; decimals and moments go out as text.
    return orjson.dumps(reply, default=str, option=orjson.OPT_NON_STR_KEYS)


class Door:
    """Requests on a subject, answered by many tasks at once; when they are all busy, the next ones wait on the broker.

    A bare subscription: from a message to its handler, FastStream took more than a third of the time of a command.
    """

    def __init__(
        self, nc: Client, path: str, queue: str, answer: Callable[[bytes], Awaitable[Data]], told: Answered
    ) -> None:
        self._nc, self._path, self._queue, self._answer, self._told = nc, path, queue, answer, told
        self._slots = asyncio.Semaphore(WORKERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None

    async def open(self) -> None:
        self._subscription = await self._nc.subscribe(self._path, queue=self._queue, cb=self._take)

    async def close(self) -> None:
        """What is in hand ends and is answered; nothing else is taken. ``CLOSING`` is for all of it."""
        end = time.monotonic() + CLOSING
        if self._subscription is not None and not self._nc.is_closed:
            try:
                async with asyncio.timeout(CLOSING):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
            except (Error, TimeoutError) as error:
                log.warning("porte_mal_fermee", demandes=self._path, cause=type(error).__name__)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=max(0.0, end - time.monotonic()))

    async def _take(self, message: Msg) -> None:
        await self._slots.acquire()
        task = asyncio.create_task(self._handle(message))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _handle(self, message: Msg) -> None:
        """Every request gets an answer, with a stable code when it is a no; a crash of ours is told without details."""
        begun = time.monotonic()
        under = (message.headers or {}).get("traceparent", "")
        with conversation.within(traceparent=under):
            ended, code, reply = await self._reply(message.data)
            self._told(message.subject.rsplit(".", 1)[-1], ended, code, time.monotonic() - begun)
        if message.reply.startswith("_INBOX."):  # a reply elsewhere would be written with our rights: in the journal
            try:
                await self._answer_to(message.reply, reply)
            except Error as error:  # the connection is closing; whoever asked will ask again
                log.warning("reponse_perdue", demandes=self._path, cause=type(error).__name__)

    async def _answer_to(self, asker: str, reply: bytes) -> None:
        try:
            await self._nc.publish(asker, reply)
        except MaxPayloadError:
            detail = f"la réponse fait {len(reply)} octets, plus que le courtier n'accepte ; demandez moins à la fois"
            told = {"ok": False, "code": "REPONSE_TROP_GRANDE", "detail": detail, "refus": False}
            await self._nc.publish(asker, as_json(told))

    async def _reply(self, body: bytes) -> tuple[str, str, bytes]:
        try:
            return OK, "", as_json({"ok": True, **await self._answer(body)})
        except Refus as refus:
            return REFUSED, refus.regle, as_json(refused(refus))
        except (SocleError, ContractError) as error:
            return FAILED, error.code, as_json({"ok": False, "code": error.code, "detail": str(error), "refus": False})
        except Exception as error:
            if is_away(error):
                return FAILED, DatabaseAway.code, as_json(BASE_AWAY)
            log.exception("erreur_interne", demandes=self._path, **trace())
            told = {"ok": False, "code": "ERREUR_INTERNE", "detail": type(error).__name__, "refus": False}
            return FAILED, "ERREUR_INTERNE", as_json(told)
