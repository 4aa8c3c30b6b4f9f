"""Decisions that mean nothing, for the tests of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.socle.enveloppe import Context, encode
from services.socle.history import NOTHING, History
from services.socle.journal import Appended, Entry, Journal

LE = datetime(2026, 6, 1, 8, tzinfo=UTC)


def entry(subject: str, command: str, history: History = NOTHING, **data: Any) -> Entry:
    """The decision of a command on a history."""
    body, headers = encode(
        subject=subject,
        context=Context(commandeid=command, acteur="a-1", role="essai", le=LE, correlationid=command),
        rang=history.rank + 1,
        precedent=history.digest,
        events=[(f"{command}:1", "publication.essai.v1", data)],
    )
    return Entry(subject, body, headers, history.last_seq)


async def store(journal: Journal, subject: str, command: str, history: History | None = None, **data: Any) -> Appended:
    """Loads, decides, appends."""
    history = await journal.load(subject) if history is None else history
    one = entry(subject, command, history, **data)
    return await journal.append(one.subject, one.body, one.headers, one.expected, command)
