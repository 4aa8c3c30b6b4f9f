"""Messages of a durable consumer, as FastStream fetches them, without losing those that come while nobody waits.

The client's own ``fetch`` gives up what it holds when a request of its ends badly; what is given up is delivered again
only after the consumer's whole ack wait. Here what has arrived stays until it is taken.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error
from nats.errors import TimeoutError as NothingCame

EXPIRES = 5.0  # seconds a request waits on the server
LULL = 1.0  # seconds to wait for a first message: an idle consumer wakes up once a second


class Pull:
    """One durable consumer. ``mend`` is called when it seems to be gone, and must pause."""

    def __init__(
        self,
        nc: Client,
        stream: str,
        durable: str,
        inbox: str,
        batch: int,
        fill: float,
        mend: Callable[[], Awaitable[None]],
    ) -> None:
        self._nc, self._batch, self._fill, self._mend = nc, batch, fill, mend
        self._verb = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = f"{inbox}{durable}.{nc.new_inbox().rsplit('.', 1)[1]}"
        self._subscription: Subscription | None = None
        self._buffer: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._asked = 0
        self._until = 0.0
        self._epoch = -1
        self._gone = ""
        self._given = 0.0
        self._closed = False

    async def fetch(self, batch: int = 1, timeout: float | None = 5) -> list[Msg]:
        """What has arrived, at most ``batch``; waits longer for a first message than to fill a batch.

        Raises:
            nats.errors.TimeoutError: nothing came.
        """
        wait = self._fill if timeout is None else timeout
        if not self._buffer:
            await self._ask()
            # Just after it gave some, this is FastStream filling its batch: what it holds must not wait for a lull.
            filling = time.monotonic() - self._given < self._fill
            await self._wait(wait if filling else max(wait, LULL))
        if self._gone and not self._buffer:
            self._gone, self._asked = "", 0
            await self._mend()
        if not self._buffer:
            raise NothingCame  # the only one that FastStream expects: any other would cost it what it already holds
        self._given = time.monotonic()
        return [self._buffer.popleft() for _ in range(min(batch, len(self._buffer)))]

    async def unsubscribe(self) -> None:
        """Leave; what was not taken is delivered to somebody else after the ack wait."""
        self._closed = True
        self._arrived.set()
        if self._subscription is not None:
            await self._subscription.unsubscribe()
            self._subscription = None

    async def _ask(self) -> None:
        """A request on the server at all times, and one only: what it promised may have been lost with a connection."""
        epoch = self._nc.stats["reconnects"]
        if self._asked > 0 and epoch == self._epoch and time.monotonic() < self._until:
            return
        try:
            if self._subscription is None:
                self._subscription = await self._nc.subscribe(
                    self._inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
                )
            request = {"batch": self._batch, "expires": int(EXPIRES * 1e9)}
            await self._nc.publish(self._verb, orjson.dumps(request), reply=self._inbox)
        except Error:
            return  # the connection is down; it is asked again when it is back
        self._asked, self._epoch, self._until = self._batch, epoch, time.monotonic() + EXPIRES + 1.0

    async def _wait(self, seconds: float) -> None:
        self._arrived.clear()
        if self._buffer or self._gone or self._closed:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            pass

    async def _receive(self, message: Msg) -> None:
        if message.reply.startswith("$JS.ACK."):
            self._buffer.append(message)
            self._asked -= 1
        else:
            status = (message.headers or {}).get("Status", "")
            text = (message.headers or {}).get("Description", "")
            if status == "503" or (status == "409" and "Deleted" in text):
                self._gone = f"{status} {text}"
            if status != "100":
                self._asked = 0
        self._arrived.set()
