"""Where it is measured: a durable broker and a durable PostgreSQL of our own, in folders that disappear at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
from nats.aio.client import Client

from services.socle.connection import connect
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.server import EmbeddedServer
from services.socle.settings import ROOT, Settings
from services.socle.subjects import stream_name
from services.socle.testing_server import Postgres, obstacle, programs

SESSION = "2026"
DIPLOME = "cap_osrcl"
PAIR = "banc"  # the identity of the peers: everything is open to it, and it exists on this broker alone


@dataclass
class Lieu:
    """One broker, one PostgreSQL. Each measure takes a journal of its own: that of an académie it names."""

    dossier: Path
    base: Settings
    postgres: Postgres | None
    pile: AsyncExitStack

    def settings(self, academie: str) -> Settings:
        return self.base.model_copy(
            update={"academie": academie, "db_url": f"sqlite:///{self.dossier}/{academie}-{{service}}.db"}
        )

    async def journal(self, academie: str, identite: str) -> Journal:
        """The journal of an académie, made if need be."""
        settings = self.settings(academie)
        nc = await connect(settings, "provision")
        await provision(nc, academie, [SESSION])
        await nc.close()
        client = await connect(settings, identite)
        self.pile.push_async_callback(client.close)
        journal = Journal(client, stream_name(academie, SESSION), settings.bounds)
        return await self.pile.enter_async_context(journal)

    async def pair(self) -> Client:
        """nats-py as it comes, for the peers."""
        settings = self.base
        client = await nats.connect(
            servers=[self.url], user=PAIR, password=settings.password(PAIR), inbox_prefix=f"_INBOX.{PAIR}"
        )
        self.pile.push_async_callback(client.close)
        return client

    @property
    def url(self) -> str:
        return (self.dossier / "url").read_text()

    def base_postgres(self) -> str | None:
        """A new empty database, or nothing where PostgreSQL cannot run."""
        return self.postgres.database() if self.postgres else None

    @asynccontextmanager
    async def processus(self, settings: Settings, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """``python -m bench.processus …``, ready; it ends with the block, at the latest with us (its input closes)."""
        environment = {
            **os.environ,
            "PARCHEMIN_DONNEES": str(settings.donnees),
            "PARCHEMIN_DEPLOIEMENT": str(settings.deploiement),
            "PARCHEMIN_ACADEMIE": settings.academie,
            "PARCHEMIN_SESSIONS": SESSION,
            "PARCHEMIN_DB_URL": settings.db_url,
            "PARCHEMIN_LOG_LEVEL": "ERROR",
            "PARCHEMIN_CLOCK_LAG": "0",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bench.processus", *arguments),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        try:
            await attendre(process, b"pret", 60)
            yield process
        finally:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


async def attendre(process: asyncio.subprocess.Process, mot: bytes, secondes: float) -> None:
    """Wait for a line from a process of ours.

    Raises:
        RuntimeError: it ended without saying it.
    """
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), secondes)
    if line.strip() != mot:
        raise RuntimeError(f"le processus du banc a dit {line!r} au lieu de {mot!r}")


@asynccontextmanager
async def ouvrir(dossier: Path | None) -> AsyncIterator[Lieu]:
    """Everything started, then everything stopped and deleted."""
    async with AsyncExitStack() as pile:
        folder = Path(pile.enter_context(tempfile.TemporaryDirectory(prefix="parchemin-banc-", dir=dossier)))
        settings = Settings(
            donnees=folder,
            deploiement=_deploiement(folder),
            sessions=(SESSION,),
            nats_url="",
            log_level="WARNING",
            clock_lag=0,
        )
        server = await pile.enter_async_context(EmbeddedServer(settings))
        (folder / "url").write_text(server.endpoint.url)
        clients = await pile.enter_async_context(AsyncExitStack())
        yield Lieu(folder, settings, await asyncio.to_thread(_postgres, pile), clients)


def _deploiement(folder: Path) -> Path:
    """The deployed configuration, with one more identity: ordered consumers need rights that no service has."""
    copy = folder / "deploy"
    shutil.copytree(ROOT / "deploy", copy)
    rights = copy / "nats" / "droits.conf"
    user = f"{{ user: {PAIR}, password: $PARCHEMIN_NATS_MDP_{PAIR.upper()} }}"
    rights.write_text(rights.read_text().replace("users: [", f"users: [\n      {user}", 1))
    return copy


def _postgres(pile: AsyncExitStack) -> Postgres | None:
    binaries = programs()
    if binaries is None or obstacle() is not None:
        return None
    server = Postgres(binaries, durable=True)
    pile.callback(server.remove)
    server.start()
    return server


def fsync_ms(dossier: Path, essais: int = 100) -> float:
    """Median time, in ms, to write 1 kB at the end of a file and have it on the disk: what durability costs here."""
    path, spent = dossier / "fsync", []
    with path.open("ab") as file:
        for _ in range(essais):
            begun = time.perf_counter()
            file.write(b"x" * 1_000)
            file.flush()
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - begun)
    path.unlink()
    return statistics.median(spent) * 1_000
