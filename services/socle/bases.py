"""The databases of an installation, opened under the role of whoever asks.

On PostgreSQL each service has its own role and password; the coffre is opened under the service's role too, and by its
owner (``coffre``) for what operations do to it. The password enters here, and no text that is shown holds it.
"""

from __future__ import annotations

from sqlalchemy import URL, Engine, make_url

from services.socle.migrating import COFFRE
from services.socle.presence import Presence
from services.socle.settings import Settings
from services.socle.sql import engine_for


def open_base(settings: Settings, service: str, presence: Presence | None = None) -> Engine:
    """The read models of a service; ``coffre``: the coffre, as its owner."""
    if service == COFFRE:
        return open_coffre(settings, presence=presence)
    return engine_for(_with_password(settings, settings.database_url(service), service), presence)


def open_coffre(settings: Settings, service: str = COFFRE, presence: Presence | None = None) -> Engine:
    """The coffre, under the role of a service."""
    return engine_for(_with_password(settings, settings.coffre(service), service), presence)


def presences(settings: Settings, service: str) -> tuple[Presence, Presence]:
    """What watches a service's base and its coffre: one when they are on one server, so that a loss is told once."""
    here, there = make_url(settings.database_url(service)), make_url(settings.coffre(service))
    mine = Presence(service)
    together = (here.host, here.port) == (there.host, there.port)
    return mine, mine if together else Presence(f"{service}, coffre")


def _with_password(settings: Settings, url: str, service: str) -> URL:
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql" or parsed.password is not None:
        return parsed
    known = settings.db_password(service)
    return parsed if known is None else parsed.set(password=known)
