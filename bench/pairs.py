"""The peers: the best known event sourcing library of Python, and the broker's own client used bare."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import nats.js.errors
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, OperationalError
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig
from sqlalchemy.engine import make_url

FILS = 8  # threads, and connections: more of them only wait for the table lock that orders its notifications
FETCH = 1_000

# pyeventsourcing ---------------------------------------------------------------------------------------------------


class Releve(Aggregate):
    """The same facts as our relevé, in its own way of writing them."""

    def __init__(self, candidat: str, categorie: str, reglement: str, modes: dict[str, str]) -> None:
        self.candidat = candidat
        self.notes: dict[str, str] = {}

    @event("NoteSaisie")
    def saisir(self, epreuve: str, note: str, auteur: str, role: str, commandeid: str, regle: str) -> None:
        self.notes[epreuve] = note


def sur_postgres(url: str) -> Application[UUID]:
    parsed = make_url(url)
    return Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parsed.database),
            "POSTGRES_HOST": str(parsed.host),
            "POSTGRES_PORT": str(parsed.port),
            "POSTGRES_USER": str(parsed.username),
            "POSTGRES_PASSWORD": "sans",  # asked for by the library, ignored by a server that trusts
            "POSTGRES_POOL_SIZE": str(FILS),
            "POSTGRES_MAX_OVERFLOW": "0",
        }
    )


def sur_sqlite(path: Path) -> Application[UUID]:
    """It puts the file in WAL; SQLite then waits for the disk at each commit (``synchronous=FULL``, its default)."""
    return Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(path),
            "SQLITE_LOCK_TIMEOUT": "30",
        }
    )


class Bibliotheque:
    """One application and what it is asked: load, trigger, save; again when somebody else was first."""

    def __init__(self, application: Application[UUID]) -> None:
        self._application = application

    def ouvrir(self, nombre: int, modes: dict[str, str]) -> list[UUID]:
        opened = [Releve(f"C{n:07d}", "apprenti", "CAP-OSRCL-2026", modes) for n in range(nombre)]
        for start in range(0, nombre, 500):
            self._application.save(*opened[start : start + 500])
        return [one.id for one in opened]

    def commander(self, ordre: tuple[UUID, str, str, str]) -> None:
        who, epreuve, note, commandeid = ordre
        while True:
            releve: Releve = self._application.repository.get(who)
            releve.saisir(
                epreuve=epreuve,
                note=note,
                auteur="banc-gestionnaire",
                role="gestionnaire",
                commandeid=commandeid,
                regle="DC-CAP10",
            )
            with suppress(IntegrityError, OperationalError):
                self._application.save(releve)
                return

    def un_par_un(self, ordres: Sequence[tuple[UUID, str, str, str]]) -> float:
        begun = time.perf_counter()
        for ordre in ordres:
            self.commander(ordre)
        return time.perf_counter() - begun

    def ensemble(self, ordres: Sequence[tuple[UUID, str, str, str]]) -> float:
        with ThreadPoolExecutor(FILS) as threads:
            list(threads.map(lambda _: None, range(FILS)))
            begun = time.perf_counter()
            list(threads.map(self.commander, ordres))
            return time.perf_counter() - begun

    def fermer(self) -> None:
        self._application.close()


# nats-py -----------------------------------------------------------------------------------------------------------

Message = tuple[str, bytes, dict[str, str]]


async def ajouter(nc: Client, stream: str, messages: Sequence[Message], ensemble: int) -> float:
    """Bare appends, each with the sequence expected on its subject; ``ensemble`` of them in flight."""
    js = nc.jetstream(timeout=10)
    last: dict[str, int] = {}
    locks: dict[str, asyncio.Lock] = {subject: asyncio.Lock() for subject, _, _ in messages}
    waiting = iter(messages)

    async def worker() -> None:
        for subject, body, headers in waiting:
            async with locks[subject]:
                expected = {"Nats-Expected-Last-Subject-Sequence": str(last.get(subject, 0))}
                ack = await js.publish(subject, body, stream=stream, headers={**headers, **expected})
                last[subject] = ack.seq

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(ensemble)))
    return time.perf_counter() - begun


async def ajouter_par_lots(nc: Client, lots: Sequence[Sequence[Message]], en_vol: int) -> float:
    """Bare atomic batches, so many in flight: only the last message of each is answered."""
    waiting = iter(lots)

    async def worker() -> None:
        for lot in waiting:
            await _ajouter_lot(nc, lot)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(en_vol)))
    return time.perf_counter() - begun


async def _ajouter_lot(nc: Client, lot: Sequence[Message]) -> None:
    batch = nc.new_inbox().rsplit(".", 1)[1]
    for place, (subject, body, headers) in enumerate(lot, 1):
        wire = {**headers, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(place)}
        wire["Nats-Expected-Last-Subject-Sequence"] = "0"
        if place < len(lot):
            await nc.publish(subject, body, headers=wire)
            continue
        answer = await nc.request(subject, body, timeout=10, headers={**wire, "Nats-Batch-Commit": "1"})
        if b'"error"' in answer.data:
            raise nats.js.errors.Error(answer.data.decode())


async def lire_fetch(nc: Client, stream: str, nombre: int, *, nouveaux: bool = False, pret: Any = None) -> float:
    """Pull, by thousands, without acknowledging nor looking. Time from the first ask to the last message."""
    js = nc.jetstream(timeout=10)
    policy = "new" if nouveaux else "all"
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, mem_storage=True, num_replicas=1, deliver_policy=policy)  # type: ignore[arg-type]
    subscription = await js.pull_subscribe("ev.>", stream=stream, config=config)
    begun = await _depart(pret)
    seen = 0
    while seen < nombre:
        with suppress(TimeoutError):
            seen += len(await subscription.fetch(min(FETCH, nombre - seen), timeout=1))
    spent = time.perf_counter() - begun
    await subscription.unsubscribe()
    return spent


async def lire_ordonne(nc: Client, stream: str, nombre: int, *, nouveaux: bool = False, pret: Any = None) -> float:
    """Ordered consumer, its callback counts."""
    js = nc.jetstream(timeout=10)
    seen, done = 0, asyncio.Event()

    async def count(message: Msg) -> None:
        nonlocal seen
        seen += 1
        if seen >= nombre:
            done.set()

    begun = time.perf_counter()
    config = ConsumerConfig(deliver_policy="new" if nouveaux else "all")  # type: ignore[arg-type]
    subscription = await js.subscribe(
        "ev.>",
        stream=stream,
        ordered_consumer=True,
        cb=count,
        config=config,
        pending_msgs_limit=-1,
        pending_bytes_limit=-1,
    )
    if pret is not None:
        begun = await _depart(pret)
    await asyncio.wait_for(done.wait(), 120)
    spent = time.perf_counter() - begun
    await subscription.unsubscribe()
    return spent


async def _depart(pret: Any) -> float:
    begun = time.perf_counter()
    if pret is not None:
        await pret()
    return begun


def lire_journal(application: Application[UUID], nombre: int) -> float:
    """Its notification log from the start, a section at a time, undecoded. Seconds."""
    begun, seen = time.perf_counter(), 0
    while seen < nombre:
        section = application.recorder.select_notifications(start=seen + 1, limit=FETCH)
        seen = int(section[-1].id)
    return time.perf_counter() - begun
