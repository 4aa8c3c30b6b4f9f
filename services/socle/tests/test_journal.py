"""The journal on a real broker: load, append, batches, and what each failure says."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from services.socle import jsapi
from services.socle.errors import (
    BadSubject,
    BrokerAway,
    BrokerDenied,
    ChainBroken,
    Conflict,
    StreamMissing,
    StreamRefused,
    TooLarge,
)
from services.socle.history import NOTHING
from services.socle.journal import Entry, Journal
from services.socle.provision import TIMEOUT
from services.socle.server import EmbeddedServer
from services.socle.settings import Bounds, Settings
from services.socle.testing import Bench
from services.socle.tests.decisions import entry, store


async def test_new_aggregate_has_no_history(journal: Bench):
    assert await (await journal()).load(journal.subject("a")) == NOTHING


async def test_what_is_appended_is_loaded_in_order_and_chained(journal: Bench):
    j, a = await journal(), journal.subject("a")
    for n in range(3):
        await store(j, a, f"commande-{n}", n=n)
        await store(j, journal.subject("autre"), f"commande-autre-{n}")
    history = await j.load(a)
    assert [message.envelopes[0]["data"]["n"] for message in history.messages] == [0, 1, 2]
    assert (history.rank, history.last_seq) == (3, 5)
    assert history.digest == history.messages[-1].digest
    assert history.messages[0].types == ("publication.essai.v1",)
    assert history.messages[0].subject == a
    assert history.messages[0].recorded is not None


async def test_load_after_a_known_history_gives_the_rest_checked(journal: Bench):
    j, a = await journal(), journal.subject("a")
    await store(j, a, "commande-1")
    known = (await j.load(a)).tip
    await store(j, a, "commande-2")
    rest = await j.load(a, known)
    assert [message.commandeid for message in rest.messages] == ["commande-2"]
    assert (rest.rank, rest.tip) == (2, (await j.load(a)).tip)
    with pytest.raises(ChainBroken):
        await j.load(a, replace(known, digest="0" * 64))


async def test_long_history_comes_in_several_pages(journal: Bench):
    j, a = await journal(bounds=Bounds(load_page=4)), journal.subject("a")
    for n in range(9):
        await store(j, a, f"commande-{n}")
    assert (await j.load(a)).rank == 9


async def test_hundreds_of_loads_at_once_do_not_mix(journal: Bench):
    j = await journal()
    subjects = [journal.subject(f"a{n}") for n in range(100)]
    await j.append_batch([entry(a, "commande-1", n=n) for n, a in enumerate(subjects)], "commande-1")
    found = await asyncio.gather(*(j.load(a) for a in subjects * 3))
    assert [history.messages[0].subject for history in found] == subjects * 3


@pytest.mark.parametrize("wrong", [{"rang": 3}, {"precedent": "0" * 64}])
async def test_broken_chain_is_refused(journal: Bench, wrong: dict[str, Any]):
    j, a = await journal(), journal.subject("a")
    await store(j, a, "commande-1")
    history = await j.load(a)
    forged = replace(history, rank=wrong.get("rang", 2) - 1, digest=wrong.get("precedent", history.digest))
    await store(j, a, "commande-2", forged)
    with pytest.raises(ChainBroken, match="CHAINE_ROMPUE"):
        await j.load(a)


async def test_stale_version_is_a_conflict_and_stores_nothing(journal: Bench):
    j, a = await journal(), journal.subject("a")
    await store(j, a, "commande-1")
    with pytest.raises(Conflict) as error:
        await store(j, a, "commande-2", NOTHING)
    assert error.value.subjects == (a,)
    assert (await j.load(a)).rank == 1


async def test_two_hundred_rival_writers_leave_one_line_of_history(journal: Bench):
    j, a = await journal(), journal.subject("a")

    async def write(n: int) -> bool:
        try:
            await store(j, a, f"commande-{n}", NOTHING)
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(write(n) for n in range(200)))
    history = await j.load(a)
    assert won.count(True) == 1
    assert history.messages[0].commandeid == f"commande-{won.index(True)}"
    assert history.rank == 1


async def test_rivals_that_decide_again_all_end_up_in_the_chain(journal: Bench):
    j, a = await journal(), journal.subject("a")

    async def insist(n: int) -> None:
        while True:
            try:
                await store(j, a, f"commande-{n}")
                return
            except Conflict:
                continue

    await asyncio.gather(*(insist(n) for n in range(20)))
    history = await j.load(a)
    assert sorted(message.commandeid for message in history.messages) == sorted(f"commande-{n}" for n in range(20))


@pytest.fixture
def lose_first_answer(monkeypatch: pytest.MonkeyPatch):
    """The broker stores the message, its first answer never arrives."""
    real = jsapi.request
    lost: list[Any] = []

    async def request(nc: Any, subject: str, *rest: Any) -> Any:
        answer = await real(nc, subject, *rest)
        if subject.startswith("ev.") and not lost:
            lost.append(answer)
            raise jsapi.Transient("réponse perdue")
        return answer

    monkeypatch.setattr(jsapi, "request", request)
    return lost


async def test_retry_after_a_lost_answer_finds_its_own_message(journal: Bench, lose_first_answer: list[Any]):
    j, a = await journal(), journal.subject("a")
    done = await store(j, a, "commande-1")
    assert lose_first_answer
    assert done.duplicate
    assert done.seq == (await j.load(a)).last_seq == 1


async def test_batch_retried_after_a_lost_answer_finds_its_own_messages(journal: Bench, lose_first_answer: list[Any]):
    j = await journal()
    entries = [entry(journal.subject(f"a{n}"), "commande-1") for n in range(5)]
    done = await j.append_batch(entries, "commande-1")
    assert lose_first_answer
    assert [one.seq for one in done] == [1, 2, 3, 4, 5]
    assert all(one.duplicate for one in done)
    assert (await j.identity()).messages == 5


async def test_same_command_appended_again_later_answers_the_first_time(journal: Bench):
    j, a = await journal(), journal.subject("a")
    first = await store(j, a, "commande-1", NOTHING)
    await store(j, a, "commande-2")
    again = await store(j, a, "commande-1", NOTHING)
    assert (again.seq, again.duplicate) == (first.seq, True)
    assert (await j.load(a)).rank == 2


async def test_batch_is_stored_whole_in_order(journal: Bench):
    j = await journal()
    entries = [entry(journal.subject(f"a{n}"), "commande-1", n=n) for n in range(1000)]
    done = await j.append_batch(entries, "commande-1")
    assert [one.seq for one in done] == list(range(1, 1001))
    assert (await j.load(entries[700].subject)).last_seq == done[700].seq
    assert await j.append_batch([], "commande-2") == []


async def test_one_stale_aggregate_stops_the_whole_batch(journal: Bench):
    j = await journal()
    a, b, c = (journal.subject(name) for name in "abc")
    await store(j, b, "commande-1")
    with pytest.raises(Conflict) as error:
        await j.append_batch([entry(one, "commande-2") for one in (a, b, c)], "commande-2")
    assert error.value.subjects == (b,)
    assert await j.load(a) == await j.load(c) == NOTHING
    assert (await j.identity()).messages == 1


async def test_more_batches_at_once_than_the_server_opens(journal: Bench):
    j = await journal()

    async def one(n: int) -> None:
        await j.append_batch([entry(journal.subject(f"b{n}-{k}"), f"commande-{n}") for k in range(3)], f"commande-{n}")

    await asyncio.gather(*(one(n) for n in range(120)))
    assert (await j.identity()).messages == 360


async def test_batch_that_cannot_be_is_refused_before_it_is_sent(journal: Bench):
    j, a = await journal(), journal.subject("a")
    with pytest.raises(BadSubject, match="même agrégat"):
        await j.append_batch([entry(a, "commande-1")] * 2, "commande-1")
    with pytest.raises(TooLarge, match="1000 au plus"):
        await j.append_batch([entry(journal.subject(f"a{n}"), "commande-1") for n in range(1001)], "commande-1")


async def test_oversized_decision_is_refused_here_and_by_the_broker(journal: Bench):
    a = journal.subject("a")
    j = await journal()
    limit = j.bounds.message_max
    assert (await store(j, a, "commande-1", texte="x" * (limit - 2000))).seq == 1
    with pytest.raises(TooLarge, match="MESSAGE_TROP_GRAND"):
        await store(j, a, "commande-2", texte="x" * limit)
    with pytest.raises(TooLarge):
        await j.append(a, b"{}", {f"H{n}": "x" * 1000 for n in range(70)}, 1, "commande-2")
    lax = await journal(bounds=Bounds(message_max=10_000_000))
    with pytest.raises(TooLarge):
        await lax.append(a, b"x" * (limit + 10), {}, 1, "commande-2")
    with pytest.raises(TooLarge):
        await lax.append_batch([Entry(a, b"x" * (limit + 10), {}, 1)], "commande-2")
    assert (await j.load(a)).rank == 1


async def test_wildcard_is_not_an_aggregate(journal: Bench):
    with pytest.raises(BadSubject):
        await (await journal()).append(journal.subject("a") + ".>", b"{}", {}, 0, "commande-1")


async def test_journal_that_does_not_exist(journal: Bench):
    await journal()
    j = Journal(await journal.client(), "JOURNAL_ABSENT", journal.settings.bounds)
    elsewhere = journal.subject("a").replace(journal.session, "1999")
    for attempt in (store(j, elsewhere, "commande-1"), j.load(elsewhere), j.identity()):
        with pytest.raises(StreamMissing, match="JOURNAL_ABSENT"):
            await attempt
    with pytest.raises(StreamMissing):
        await anext(j.read())


async def test_subject_of_another_journal(journal: Bench):
    j = Journal((await journal()).nc, "JOURNAL_AUTRE")
    with pytest.raises(StreamMissing, match="autre journal"):
        await j.append(journal.subject("a"), b"{}", {}, 0, "commande-1")


async def test_sealed_journal_reads_and_refuses_to_write(journal: Bench):
    j, a = await journal(), journal.subject("a")
    await store(j, a, "commande-1")
    provision = await journal.client("provision")
    config = (await jsapi.call(provision, f"STREAM.INFO.{j.stream}", None, TIMEOUT))["config"]
    await jsapi.call(provision, f"STREAM.UPDATE.{j.stream}", config | {"sealed": True}, TIMEOUT)
    with pytest.raises(StreamRefused, match="JOURNAL_REFUSE"):
        await store(j, a, "commande-2")
    assert (await j.load(a)).rank == 1


async def test_writing_for_another_service_is_denied_not_lost(journal: Bench):
    j = await journal(bounds=Bounds(request_timeout=0.3))
    with pytest.raises(BrokerDenied, match="COURTIER_INTERDIT"):
        await j.append(journal.subject("a", service="notation"), b"{}", {}, 0, "commande-1")


async def test_broker_away_is_told_in_bounded_time_then_the_same_command_is_done_once(journal: Bench, tmp_path):
    settings = Settings(donnees=tmp_path, nats_url="", reconnect_wait=0.05)
    server = EmbeddedServer(settings)
    server.start()
    bench = Bench(settings, journal._stack)
    j, a = await bench(bounds=Bounds(request_timeout=0.2, attempts=3)), bench.subject("a")
    await store(j, a, "commande-1")
    history = await j.load(a)
    await asyncio.to_thread(server.stop)
    for attempt in (store(j, a, "commande-2", history), j.load(a), j.identity()):
        began = time.monotonic()
        with pytest.raises(BrokerAway, match="COURTIER_ABSENT"):
            await attempt
        assert time.monotonic() - began < 2
    await asyncio.to_thread(server.start)
    try:
        j.bounds = Bounds()
        assert (await store(j, a, "commande-2", history)).seq == 2
        assert (await j.load(a)).rank == 2
    finally:
        await asyncio.to_thread(server.stop)
