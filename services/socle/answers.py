"""Answers of the broker in several messages: direct gets, a page of a journal at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error

from services.socle import jsapi
from services.socle.enveloppe import Stored
from services.socle.jsapi import Transient


class Answers:
    """Answers in several messages, for any number of questions at once, on one subscription.

    A subscription per question would cost each load two more commands; this one also survives reconnections.
    """

    def __init__(self, nc: Client) -> None:
        self._nc = nc
        self._prefix = nc.new_inbox()
        self._subscription: Subscription | None = None
        self._opening = asyncio.Lock()
        self._waiting: dict[str, tuple[list[Msg], asyncio.Future[dict[str, str]]]] = {}
        self._count = 0

    async def ask(self, subject: str, body: bytes, timeout: float) -> tuple[list[Msg], dict[str, str]]:
        """The messages received, and the headers of the status that ended them.

        Raises:
            Transient: no end within the time.
            BrokerDenied: the question is forbidden.
        """
        if self._subscription is None:
            await self._open()
        self._count += 1
        token = str(self._count)
        end: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        messages: list[Msg] = []
        self._waiting[token] = (messages, end)
        try:
            async with asyncio.timeout(timeout):
                await self._nc.publish(subject, body, reply=f"{self._prefix}.{token}")
                return messages, await end
        except (TimeoutError, Error, OSError) as error:
            raise jsapi.denied(self._nc, subject) or Transient(f"{type(error).__name__} : {error}") from None
        finally:
            del self._waiting[token]

    async def close(self) -> None:
        if self._subscription is not None and not self._nc.is_closed:
            with suppress(Error):
                await self._subscription.unsubscribe()
        self._subscription = None

    async def _open(self) -> None:
        async with self._opening:
            if self._subscription is None:
                self._subscription = await self._nc.subscribe(
                    f"{self._prefix}.*", cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
                )

    async def _receive(self, message: Msg) -> None:
        found = self._waiting.get(message.subject.rpartition(".")[2])
        if found is None:
            return  # the question was given up
        messages, end = found
        headers = message.headers or {}
        if "Nats-Sequence" in headers:
            messages.append(message)
        elif not end.done():
            end.set_result(headers)


def stored(message: Msg) -> Stored:
    """The message of the journal that a direct get brings back."""
    headers = message.headers or {}
    return Stored(
        headers["Nats-Stream"],
        int(headers["Nats-Sequence"]),
        headers["Nats-Subject"],
        headers,
        message.data,
        datetime.fromisoformat(headers["Nats-Time-Stamp"]),
    )
