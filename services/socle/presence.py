"""A database server as one process sees it: lost and found again told once, and tried less and less often meanwhile.

The service's feeds, reactions and doors all want the server back at once; each would connect again and again. Here
every connection of the service to that server passes: while it is away one attempt is made in a while, the others fail
at once with the same error, which their own back-off takes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from contracts.messages import Data
from services.socle.errors import DatabaseAway, DatabaseDenied, StopAsked
from services.socle.sql import is_denied, is_lost

PAUSE_MIN, PAUSE_MAX = 0.1, 2.0  # seconds between two attempts

# What is told instead of an answer; the loss itself is told once, below.
BASE_AWAY: Data = {
    "ok": False,
    "refus": False,
    "code": DatabaseAway.code,
    "detail": f"[{DatabaseAway.code}] la base du service ne répond pas ; rien n'est perdu : renvoyez la même demande, "
    "avec le même id",
}

log = structlog.get_logger("base")


_watched: WeakSet[Engine] = WeakSet()


@dataclass
class Presence:
    """Shared by the engines of one server. Safe between threads."""

    name: str
    clock: Callable[[], float] = time.monotonic
    attempts: int = 0  # connections really tried
    lost_since: float | None = None
    _next: float = 0.0
    _pause: float = PAUSE_MIN
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, engine: Engine) -> None:
        """Pass the connections of this engine through here."""
        _watched.add(engine)
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "handle_error", self._failed)

    def _connect(self, dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        away = dialect.loaded_dbapi.OperationalError
        if not self._may_try():
            raise away(f"base absente ; prochain essai dans moins de {PAUSE_MAX:.0f} s")
        try:
            made = dialect.connect(*arguments, **named)
        except away as error:
            self.lost(error)
            raise
        self.found()
        return made

    def _failed(self, context: ExceptionContext) -> None:
        """A connection in use that breaks. One that was idle is replaced first: `_connect` tells how that goes."""
        if context.is_disconnect and not context.is_pre_ping:
            self.lost(context.original_exception)

    def _may_try(self) -> bool:
        with self._lock:
            now = self.clock()
            if self.lost_since is not None and now < self._next:
                return False
            # Taken at once: of many threads that find the time come, one tries.
            self._next = now + self._pause
            self.attempts += 1
            return True

    def lost(self, error: BaseException) -> None:
        """The server does not answer."""
        with self._lock:
            first = self.lost_since is None
            now = self.clock()
            if first:
                self.lost_since, self._pause, self._next = now, PAUSE_MIN, now
            else:
                self._pause = min(PAUSE_MAX, self._pause * 2)
                self._next = now + self._pause
        if first:
            log.warning("base_perdue", base=self.name, cause=brief(error))

    def found(self) -> None:
        """It answers."""
        with self._lock:
            since, self.lost_since, self._pause = self.lost_since, None, PAUSE_MIN
            now = self.clock()
        if since is not None:
            log.info("base_retrouvee", base=self.name, absente_s=round(now - since, 1))


def told(engine: Engine, error: BaseException) -> bool:
    """Whether a loss is told here already: whoever meets it has nothing to add."""
    return engine in _watched and is_lost(error)


def brief(error: BaseException) -> str:
    """First line of what the driver says: no statement, no values."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__} : {(str(cause).splitlines() or [''])[0][:200]}"


@dataclass(frozen=True)
class Patience:
    """How long to wait, while starting, for what is away; and the event that ends the wait, when a stop is asked."""

    seconds: float = 30.0
    stop: asyncio.Event | None = None

    async def pause(self, seconds: float) -> None:
        """Let that time pass.

        Raises:
            StopAsked: the process is to stop.
        """
        if self.stop is None:
            return await asyncio.sleep(seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
        if self.stop.is_set():
            raise StopAsked("arrêt demandé avant que tout ne réponde")


async def waiting(name: str, work: Callable[[], Awaitable[None]], patience: Patience) -> None:
    """Do the work once the database is there.

    Raises:
        DatabaseAway: it did not come back in that many seconds.
        DatabaseDenied: it is there, and forbids.
        StopAsked: the process is to stop.
    """
    deadline, pause = time.monotonic() + patience.seconds, PAUSE_MIN
    while True:
        try:
            return await work()
        except Exception as error:
            if is_denied(error):
                raise DatabaseDenied(
                    f"la base de {name} refuse son rôle ({brief(error)}) : « parchemin base roles » dit les droits "
                    "qu'il lui faut, « parchemin base migrer » donne ceux du coffre"
                ) from None
            if not is_lost(error):
                raise
            if time.monotonic() > deadline:
                raise DatabaseAway(f"la base de {name} ne répond pas ({brief(error)}) ; vérifiez son adresse") from None
        await patience.pause(pause)
        pause = min(PAUSE_MAX, pause * 2)
