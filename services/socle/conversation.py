"""What a piece of work belongs to: the conversation that began it, and the span (W3C) that caused it.

A context variable, so that it crosses lookups, lots and the commands of reactions without being an argument of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """``correlation`` is that of the event that asked, if any; ``traceparent`` the span that work is done under."""

    correlation: str = ""
    traceparent: str = ""


_current: ContextVar[Conversation] = ContextVar("conversation", default=Conversation())  # noqa: B039 - immutable


def current() -> Conversation:
    return _current.get()


def enter(one: Conversation) -> Token[Conversation]:
    return _current.set(one)


def leave(token: Token[Conversation]) -> None:
    _current.reset(token)


@contextmanager
def within(correlation: str = "", traceparent: str | None = "") -> Iterator[None]:
    """Work done in a conversation, under a span; what does not look like one is left out."""
    span = traceparent if traceparent and TRACEPARENT.fullmatch(traceparent) else ""
    token = enter(Conversation(correlation, span))
    try:
        yield
    finally:
        leave(token)
