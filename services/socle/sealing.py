"""Personal data on its way to the journal: keys made first, fields sealed, nothing clear kept in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.messages import Data, Event, Personnel
from services.socle.coffre import Coffre
from services.socle.sql import in_writer

_NOTHING_CLEAR = Personnel[Any]()  # made once: naming the type costs more than the copy of the event


async def ensure_keys(coffre: Coffre, events: Iterable[Event]) -> None:
    """Keys first, durably: a sealed event whose key is lost is a person erased.

    Raises:
        Refus: ``PERSONNE_EFFACEE``.
    """
    persons = {
        str(getattr(event, event.PERSON))
        for event in events
        if any(getattr(event, name) is not None for name in event.PERSONAL)
    }
    if persons:
        # One writer at a time: rivals for the lock of SQLite sleep longer than a turn takes.
        await in_writer(coffre.engine, coffre.ensure, persons)


def sealed(coffre: Coffre, event: Event) -> Data:
    """The event as it is stored: its personal fields under the key of their person."""
    data: Data = event.model_dump(mode="json")
    for name in event.PERSONAL:
        value: Personnel[Any] | None = getattr(event, name)
        if value is not None and value.clair is not None:
            person = str(getattr(event, event.PERSON))
            cipher = coffre.seal(person, value.clair.model_dump_json().encode())
            data[name] = {"scelle": {"personne": person, "chiffre": cipher}}
    return data


def without_clear(event: Event) -> Event:
    """The event as a later load will give it: what memory keeps holds no clear personal data either."""
    clear = [name for name in event.PERSONAL if getattr(event, name) is not None]
    return event.model_copy(update=dict.fromkeys(clear, _NOTHING_CLEAR)) if clear else event
