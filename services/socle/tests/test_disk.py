"""A full disk: what was acknowledged is kept, what is new is refused, and work goes on when there is room again."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from services.socle.connection import connect
from services.socle.enveloppe import Context, encode
from services.socle.errors import BrokerAway, StreamRefused
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.server import EmbeddedServer
from services.socle.settings import Settings
from services.socle.subjects import stream_name, subject
from services.socle.tests.caisse import LE

ACADEMIE, SESSION = "normandie", "2026"
BLOCK = 1 << 16


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB: the broker takes three quarters, and writes a block of 8 MiB again beside it to compress it."""
    place = tmp_path / "disque"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"aucun système de fichiers à monter ici : {mounted.stderr.strip() or os.geteuid()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


class Writer:
    """Writes new aggregates of 40 kB that do not compress, and remembers what was acknowledged."""

    def __init__(self, journal: Journal) -> None:
        self.journal, self.acknowledged, self._count = journal, dict[str, int](), 0

    async def write(self) -> None:
        self._count += 1
        path = subject(ACADEMIE, SESSION, "essai", "publication", f"a{self._count}")
        context = Context(str(uuid.uuid4()), "u1", "caissier", LE, "essai")
        text = os.urandom(20_000).hex()
        events = [(str(uuid.uuid4()), "publication.essai.v1", {"texte": text})]
        body, headers = encode(subject=path, context=context, rang=1, precedent="", events=events)
        done = await self.journal.append(path, body, headers, 0, context.commandeid)
        self.acknowledged[path] = done.seq

    async def write_until_refused(self, *, unanswered: int = 0) -> None:
        """Writes until the journal refuses. The broker may leave a few writes without an answer as the disk fills."""
        for _ in range(2_000):
            try:
                await self.write()
            except BrokerAway:
                unanswered -= 1
                if unanswered < 0:
                    raise

    async def kept(self) -> bool:
        """Is all that was acknowledged there, at its place?"""
        found = {one.subject: one.seq async for lot in self.journal.read(follow=False) for one in lot}
        return self.acknowledged.items() <= found.items()


@asynccontextmanager
async def writing(disk: Path) -> AsyncIterator[Writer]:
    settings = Settings(donnees=disk / "donnees", sessions=(SESSION,), request_timeout=1.0, attempts=2)
    async with EmbeddedServer(settings):
        nc = await connect(settings, "provision")
        await provision(nc, ACADEMIE, [SESSION])
        await nc.close()
        nc = await connect(settings, "publication")
        try:
            async with Journal(nc, stream_name(ACADEMIE, SESSION), settings.bounds) as journal:
                yield Writer(journal)
        finally:
            await nc.close()


async def test_a_journal_that_fills_its_share_of_the_disk_refuses_and_forgets_nothing(disk: Path):
    async with writing(disk) as writer:
        with pytest.raises(StreamRefused, match="JOURNAL_REFUSE"):
            await writer.write_until_refused(unanswered=20)
        with pytest.raises(StreamRefused):
            await writer.write()
        assert len(writer.acknowledged) > 10
        assert await writer.kept()


async def test_a_disk_filled_by_others_stops_the_journal_until_there_is_room_again(disk: Path):
    async with writing(disk) as writer:
        for _ in range(5):
            await writer.write()
        with (disk / "lest").open("wb") as ballast, suppress(OSError):
            while True:
                ballast.write(b"0" * BLOCK)
                ballast.flush()
        with pytest.raises(BrokerAway):
            await writer.write_until_refused()
        (disk / "lest").unlink()
        before = len(writer.acknowledged)
        for _ in range(30):
            with suppress(BrokerAway):
                await writer.write()
                break
        assert len(writer.acknowledged) == before + 1
        assert await writer.kept()
