"""What operators decide about a message set aside, as the tables are told of it once the journal holds it."""

from __future__ import annotations

from sqlalchemy import Engine

from services.socle.parking import Parked, now, remember_discarded
from services.socle.sql import writing


def give_up(engine: Engine, one: Parked) -> bool:
    """Given up for good; whether that was news."""
    with writing(engine) as connection:
        return remember_discarded(connection, one, by="u1", reason="saisie impossible", at=now())
