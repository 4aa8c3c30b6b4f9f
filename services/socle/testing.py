"""Fixtures for every test that needs the real broker (a pytest plugin, registered by the root ``conftest.py``).

One server per run, one fresh stream per test.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from nats.aio.client import Client

from services.socle.connection import connect
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.server import EmbeddedServer
from services.socle.settings import Bounds, Settings
from services.socle.subjects import stream_name, subject

WRITER = "publication"

_numbers = itertools.count(1)


class Bench:
    """A fresh journal, and connections to it under any identity. Call it to get a `Journal`."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.session = f"t{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        self.stream = stream_name(settings.academie, self.session)
        self._stack = stack
        self._clients: dict[str, Client] = {}
        self._provisioned = False

    async def __call__(self, identity: str = WRITER, bounds: Bounds | None = None) -> Journal:
        """The journal of this test, seen by an identity."""
        if not self._provisioned:
            self._provisioned = True
            await provision(await self.client("provision"), self.settings.academie, [self.session])
        journal = Journal(await self.client(identity), self.stream, bounds or self.settings.bounds)
        return await self._stack.enter_async_context(journal)

    async def client(self, identity: str = WRITER) -> Client:
        """The connection of an identity, closed at the end of the test."""
        if identity not in self._clients:
            client = await connect(self.settings, identity)
            self._stack.push_async_callback(client.close)
            self._clients[identity] = client
        return self._clients[identity]

    def subject(self, aggregate: str, service: str = WRITER, diplome: str = "essai") -> str:
        return subject(self.settings.academie, self.session, diplome, service, aggregate)


@pytest.fixture(scope="session")
def nats_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the run: everything under a temporary directory, short waits."""
    directory = tmp_path_factory.mktemp("donnees")
    return Settings(
        donnees=directory, nats_url="", request_timeout=1.0, reconnect_wait=0.05, log_format="texte", clock_lag=0
    )


@pytest.fixture(scope="session")
def nats_server(nats_settings: Settings) -> Iterator[EmbeddedServer]:
    """The broker of the run."""
    with EmbeddedServer(nats_settings) as server:
        yield server


@pytest.fixture
async def journal(nats_server: EmbeddedServer, nats_settings: Settings) -> AsyncIterator[Bench]:
    """Factory of journals on a stream of this test's own: ``await journal()``, ``journal.subject("a1")``."""
    async with AsyncExitStack() as stack:
        yield Bench(nats_settings, stack)
