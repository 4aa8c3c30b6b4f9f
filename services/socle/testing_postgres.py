"""A real PostgreSQL for the tests.

Pytest plugin: ``pytest_plugins = ["services.socle.testing_postgres"]`` brings the fixtures `postgres_url` (one server
for the session) and `postgres_base` (an empty database of that server for each test).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.socle.testing_server import Postgres, obstacle, programs

__all__ = ["Postgres"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server itself, for the tests that stop and start it."""
    binaries, why = programs(), obstacle()
    if binaries is None or why is not None:
        pytest.skip(why or "aucun programme PostgreSQL")
    server = Postgres(binaries)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """Address of the maintenance database of the session's server."""
    return postgres.url


@pytest.fixture
def postgres_base(postgres: Postgres) -> str:
    """Address of a database that this test alone uses."""
    return postgres.database()
