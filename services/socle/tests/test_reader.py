"""Reading the journal in order: to the end, as it grows, through the death of the broker."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from nats.aio.client import Client

from services.socle import jsapi
from services.socle.connection import FastClient, RawHeaders
from services.socle.enveloppe import Stored
from services.socle.errors import BrokerAway, NotDense, StreamChanged
from services.socle.journal import Journal
from services.socle.provision import TIMEOUT, wanted
from services.socle.reader import StreamIdentity
from services.socle.server import EmbeddedServer
from services.socle.settings import Bounds, Settings
from services.socle.testing import Bench
from services.socle.tests.decisions import entry, store


async def fill(bench: Bench, j: Journal, count: int, prefix: str = "a") -> None:
    for start in range(0, count, 500):
        command = f"remplir-{prefix}-{start}"
        numbers = range(start, min(start + 500, count))
        await j.append_batch([entry(bench.subject(f"{prefix}{n}"), command) for n in numbers], command)


async def sequences(batches: AsyncIterator[list[Stored]]) -> list[int]:
    return [message.seq async for batch in batches for message in batch]


async def following(batches: AsyncIterator[list[Stored]], count: int) -> list[int]:
    """The next `count` positions: the broker cuts what it sends into batches as it likes."""
    seen: list[int] = []
    while len(seen) < count:
        seen += [message.seq for message in await anext(batches)]
    return seen


async def test_reads_everything_in_order_to_the_end(journal: Bench):
    j = await journal()
    assert await sequences(j.read(follow=False)) == []
    await fill(journal, j, 2500)
    assert await sequences(j.read(follow=False)) == list(range(1, 2501))
    assert await sequences(j.read(2400, follow=False, max_batch=7)) == list(range(2401, 2501))
    assert await sequences(j.read(2500, follow=False)) == []


async def test_what_is_read_is_what_is_loaded(journal: Bench):
    j, a = await journal(), journal.subject("a")
    await store(j, a, "commande-1", n=1)
    batch = await anext(j.read())
    loaded = (await j.load(a)).messages[0]
    assert (batch[0].subject, batch[0].body, batch[0].commandeid) == (loaded.subject, loaded.body, loaded.commandeid)
    assert batch[0].recorded is not None
    assert loaded.recorded is not None
    assert abs((batch[0].recorded - loaded.recorded).total_seconds()) < 0.001


async def test_headers_read_lazily_are_those_of_the_message(journal: Bench):
    j, a = await journal(), journal.subject("a")
    await store(j, a, "commande-1", n=1)
    (read,) = await anext(j.read())
    loaded = {k: v for k, v in (await j.load(a)).messages[0].headers.items() if k in read.headers}
    assert isinstance(read.headers, RawHeaders)
    assert dict(read.headers) == loaded
    assert all(read.headers[name] == value for name, value in loaded.items())
    assert (read.headers.get("Absent"), len(read.headers)) == (None, len(loaded))


async def test_reads_on_past_what_it_asks_for_at_once_and_past_its_share_of_bytes(journal: Bench):
    j = await journal(bounds=Bounds(read_ahead=20, read_ahead_bytes=200_000))
    for n in range(30):
        await store(j, journal.subject(f"a{n}"), f"commande-{n}", texte="x" * (90_000 if n % 3 == 0 else 10))
    assert await sequences(j.read(follow=False)) == list(range(1, 31))


async def test_filters_and_stops_where_told(journal: Bench):
    j = await journal()
    a, b, c = (journal.subject(name) for name in "abc")
    for n, subject in enumerate([a, b, a, c, a, b]):
        await store(j, subject, f"commande-{n}")
    assert await sequences(j.read(filters=[a], follow=False)) == [1, 3, 5]
    assert await sequences(j.read(filters=[a, c], follow=False)) == [1, 3, 4, 5]
    assert await sequences(j.read(filters=[journal.subject("zzz")], follow=False)) == []
    assert await sequences(j.read(1, stop_at=4)) == [2, 3, 4]
    assert await sequences(j.read(filters=[c], stop_at=5)) == [4]


async def test_end_that_is_yet_to_come(journal: Bench):
    j = await journal(bounds=Bounds(heartbeat=0.2))
    await store(j, journal.subject("a"), "commande-1")
    plain = asyncio.create_task(sequences(j.read(stop_at=3)))
    filtered = asyncio.create_task(sequences(j.read(filters=[journal.subject("a")], stop_at=3)))
    await asyncio.sleep(0.1)
    await store(j, journal.subject("b"), "commande-2")
    await store(j, journal.subject("b"), "commande-3")
    assert await asyncio.wait_for(plain, 3) == [1, 2, 3]
    assert await asyncio.wait_for(filtered, 3) == [1]


async def test_follows_as_it_grows(journal: Bench):
    j = await journal()
    await fill(journal, j, 10)
    seen: list[int] = []
    async with asyncio.timeout(5), aclosing(j.read()) as batches:
        async for batch in batches:
            seen += [message.seq for message in batch]
            if len(seen) == 10:
                await fill(journal, j, 10, "b")
            if len(seen) == 20:
                break
    assert seen == list(range(1, 21))


async def test_consumer_deleted_under_the_reader(journal: Bench):
    j = await journal(bounds=Bounds(heartbeat=0.2))
    await fill(journal, j, 3)
    admin = await journal.client("provision")
    async with asyncio.timeout(5), aclosing(j.read()) as batches:
        assert await following(batches, 3) == [1, 2, 3]
        names = (await jsapi.call(admin, f"CONSUMER.NAMES.{j.stream}", None, TIMEOUT))["consumers"]
        await jsapi.call(admin, f"CONSUMER.DELETE.{j.stream}.{names[0]}", None, TIMEOUT)
        await fill(journal, j, 3, "b")
        assert await following(batches, 3) == [4, 5, 6]


async def test_goes_on_through_the_death_of_the_broker(journal: Bench, tmp_path):
    settings = Settings(donnees=tmp_path, nats_url="", reconnect_wait=0.05)
    async with EmbeddedServer(settings) as server:
        bench = Bench(settings, journal._stack)
        j = await bench(bounds=Bounds(request_timeout=0.5, attempts=20, heartbeat=0.3))
        reading = asyncio.create_task(sequences(j.read(stop_at=900, max_batch=50)))
        for prefix in "abc":
            await fill(bench, j, 300, prefix)
            os.kill(server.endpoint.pid, signal.SIGKILL)
        assert await asyncio.wait_for(reading, 10) == list(range(1, 901))
        (await j.identity()).check_dense()


async def test_reading_with_an_end_gives_up_when_the_broker_is_gone(journal: Bench, tmp_path):
    settings = Settings(donnees=tmp_path, nats_url="", reconnect_wait=0.05)
    async with EmbeddedServer(settings) as server:
        bench = Bench(settings, journal._stack)
        j = await bench(bounds=Bounds(request_timeout=0.2, attempts=2, backoff_max=0.1, heartbeat=0.2))
        await fill(bench, j, 1)
        await asyncio.to_thread(server.stop)
        async with asyncio.timeout(5):
            with pytest.raises(BrokerAway):
                await sequences(j.read(follow=False))


async def test_journal_recreated_or_shorter_is_not_read(journal: Bench):
    j = await journal()
    await fill(journal, j, 5)
    created = (await j.identity()).created
    assert len(await sequences(j.read(2, created=created, follow=False))) == 3
    with pytest.raises(StreamChanged, match="JOURNAL_CHANGE"):
        await anext(j.read(9, created=created))
    admin = await journal.client("provision")
    await jsapi.call(admin, f"STREAM.DELETE.{j.stream}", None, TIMEOUT)
    config = wanted(journal.settings.academie, journal.session)
    await jsapi.call(admin, f"STREAM.CREATE.{j.stream}", config, TIMEOUT)
    await fill(journal, j, 5)
    with pytest.raises(StreamChanged, match="créé le"):
        await anext(j.read(2, created=created))


@pytest.mark.parametrize("lost", [{"seq": 3}, {"seq": 1}])
async def test_missing_message_is_noticed(journal: Bench, lost: dict[str, int]):
    j = await journal()
    admin = await journal.client("provision")
    await jsapi.call(admin, f"STREAM.DELETE.{j.stream}", None, TIMEOUT)
    config = wanted(journal.settings.academie, journal.session) | {"deny_delete": False}
    await jsapi.call(admin, f"STREAM.CREATE.{j.stream}", config, TIMEOUT)
    await fill(journal, j, 5)
    (await j.identity()).check_dense()
    await jsapi.call(admin, f"STREAM.MSG.DELETE.{j.stream}", lost, TIMEOUT)
    with pytest.raises(NotDense, match="JOURNAL_TROUE"):
        (await j.identity()).check_dense()
    with pytest.raises(NotDense):
        await sequences(j.read(follow=False))


def test_emptied_journal_is_not_dense():
    with pytest.raises(NotDense):
        StreamIdentity("J", "hier", first_seq=10, last_seq=9, messages=0).check_dense()
    StreamIdentity("J", "hier", first_seq=0, last_seq=0, messages=0).check_dense()


def test_headers_are_parsed_as_the_client_does():
    names, values = ["A", "Nats-Msg-Id", "no space"], ["", "b", "a:b: c", "é", "x \t"]
    for name, separator, value in itertools.product(names, [":", ": ", ":\t", " : "], values):
        raw = f"{name}{separator}{value}\r\nZ: z\r\n\r\n".encode()
        assert FastClient._parse_header_lines(raw) == Client._parse_header_lines(raw)


async def test_a_broker_that_beats_and_delivers_nothing_is_left_for_another_consumer(journal: Bench):
    j = await journal(bounds=Bounds(heartbeat=0.1, read_ahead=100))
    await fill(journal, j, 500)
    admin = await journal.client("provision")
    async with aclosing(j.read(stop_at=500, max_batch=10)) as batches:
        seen = [message.seq for message in await anext(batches)]
        [name] = (await jsapi.call(admin, f"CONSUMER.NAMES.{j.stream}", None, TIMEOUT))["consumers"]
        pause = {"pause_until": "2999-01-01T00:00:00Z"}
        await jsapi.call(admin, f"CONSUMER.PAUSE.{j.stream}.{name}", pause, TIMEOUT)  # heartbeats go on
        async with asyncio.timeout(60):
            seen += await sequences(batches)
    assert seen == list(range(1, 501))
