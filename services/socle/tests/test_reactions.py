"""Reactions: at least once in delivery, once in effect, in the order of each aggregate, parked when they must be."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from nats.js.errors import NotFoundError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from contracts.messages import Command, Refus, Registry
from services.socle import reacting
from services.socle.enveloppe import H_RANK, H_TYPES, Fact
from services.socle.errors import BrokerAway, StreamChanged
from services.socle.provision import provision
from services.socle.ranks import Aggregate, Ranks, origin
from services.socle.reacting import BATCH, LULL, LULL_MAX, Reacting
from services.socle.reactions import ALL, Reaction, Reactions, broker_for, derived_id
from services.socle.server import EmbeddedServer
from services.socle.sql import engine_for, writing
from services.socle.testing import WRITER, Bench
from services.socle.tests.caisse import CAISSE, CAISSE_V2, Depot, DepotV2, Ouvert, Remercier, Teller, remercier
from services.socle.tests.parked import give_up

FAST = (0.1, 0.15)


class Recorder:
    """Stands for the runner of commands: remembers, repeats nothing, fails when told."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.done: dict[str, str] = {}
        self.failing: dict[str, Callable[[], Exception]] = {}
        self.running = self.most = 0
        self.pause = 0.0

    async def __call__(self, command: Command) -> None:
        assert isinstance(command, Remercier)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.pause)
        self.running -= 1
        self.ids.append(command.id)
        failure = self.failing.get(command.compte)
        if failure is not None:
            raise failure()
        self.done[command.id] = command.compte

    @property
    def comptes(self) -> list[str]:
        """What was done, in order, each once."""
        return list(self.done.values())


def owed(fact: Fact) -> list[Command]:
    """One thank-you for each deposit, named after the account and the amount."""
    return [remercier(f"{fact.event.compte}:{fact.event.montant}")]  # type: ignore[attr-defined]


class Stage:
    """Starts reactions on the journal of the test, and stops them."""

    def __init__(self, bench: Bench, teller: Teller, engine: Engine, stack: AsyncExitStack) -> None:
        self.bench, self.teller, self.engine, self._stack = bench, teller, engine, stack

    async def __call__(self, execute: Any, registry: Registry = CAISSE, start: bool = True, **named: Any) -> Reactions:
        chosen = {"name": "remercier", "handles": frozenset({Depot}), "owed": owed, **named}
        reaction = Reaction(subjects=(self.teller.subject(">"),), **chosen)
        broker = broker_for(self.bench.settings, WRITER)
        await broker.connect()
        self._stack.push_async_callback(broker.stop)
        reactions = Reactions(
            "caisse",
            registry,
            self.engine,
            broker,
            [self.teller.journal],
            [reaction],
            execute,
            inbox=f"_INBOX.{WRITER}.",
            attempts=3,
            backoff=FAST,
            ack_wait=2.0,
        )
        if start:
            await reactions.start()
            self._stack.push_async_callback(reactions.stop)
        return reactions


@pytest.fixture
async def teller(journal: Bench) -> Teller:
    return Teller(await journal(), journal.subject("x").removesuffix("x"))


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return engine_for(f"sqlite:///{tmp_path}/live.db")
    return engine_for(request.getfixturevalue("postgres_base"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    return engine_for(f"sqlite:///{tmp_path}/live.db")


@pytest.fixture
async def stage(journal: Bench, teller: Teller, sqlite: Engine) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(journal, teller, sqlite, stack)


async def until(condition: Callable[[], Any] | Callable[[], Awaitable[Any]], timeout: float = 60.0) -> None:
    async with asyncio.timeout(timeout):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


def deposits(name: str, *amounts: int) -> Sequence[Depot]:
    return [Depot(compte=name, montant=Decimal(amount)) for amount in amounts]


async def pending(stage: Stage) -> int:
    """Messages that the durable still owes or waits an answer for."""
    info = await (await stage.bench.client()).jetstream().consumer_info(stage.teller.journal.stream, "caisse-remercier")
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


@pytest.mark.parametrize("rank", ["99999999999999999999", "2147483648", "-1", "un", ""])
async def test_a_message_whose_rank_cannot_be_holds_nobody_else_back(
    stage: Stage, teller: Teller, engine: Engine, rank: str
) -> None:
    stage.engine = engine
    await teller.journal.append(teller.subject("faux"), b"{", {H_RANK: rank, H_TYPES: Depot.NAME}, 0, "faux")
    await teller.write("a", *deposits("a", 1))
    done = Recorder()
    await stage(done)
    await until(lambda: done.comptes == ["a:1"], 60)
    await until(lambda: _at_rest(stage), 60)


async def _at_rest(stage: Stage) -> bool:
    return await pending(stage) == 0


def test_a_derived_id_depends_on_the_event_the_reaction_and_the_index_alone():
    one = derived_id("e1", "r", 0)
    assert one == derived_id("e1", "r", 0)
    assert len({one, derived_id("e2", "r", 0), derived_id("e1", "s", 0), derived_id("e1", "r", 1)}) == 4
    assert remercier("a").model_validate({**remercier("a").model_dump(), "id": one}).id == one


async def test_each_event_makes_its_command_in_order_and_aggregates_run_together(stage: Stage):
    recorder = Recorder()
    recorder.pause = 0.02
    await stage.teller.write_all({f"c{n}": [Ouvert(compte=f"c{n}")] for n in range(10)})
    for amount in range(3):
        await stage.teller.write_all({f"c{n}": deposits(f"c{n}", amount, amount + 100) for n in range(10)})
    await stage(recorder)
    await until(lambda: len(recorder.done) == 60)
    for n in range(10):
        mine = [compte for compte in recorder.comptes if compte.startswith(f"c{n}:")]
        assert mine == [f"c{n}:{amount}" for amount in (0, 100, 1, 101, 2, 102)]
    assert recorder.most > 5
    await until(lambda: _is_zero(stage))


async def test_the_commands_owed_to_one_event_run_together_but_those_about_one_thing_in_order(stage: Stage):
    recorder = Recorder()
    recorder.pause = 0.02
    await stage.teller.write_all({"c": [Ouvert(compte="c")]})
    await stage.teller.write_all({"c": deposits("c", 1)})
    many = [remercier(f"{about}:{n}") for n in range(3) for about in "abcdef"]
    recorder.failing = {"b:0": lambda: ConnectionError("coupure")}
    await stage(recorder, owed=lambda fact: many, together=4, about=lambda one: one.compte[0])
    await until(lambda: recorder.ids)
    assert recorder.most == 4
    recorder.failing = {}
    await until(lambda: len(recorder.done) == len(many))
    for about in "abcdef":
        assert [one for one in recorder.comptes if one[0] == about] == [f"{about}:{n}" for n in range(3)]
    assert set(recorder.done) == set(recorder.ids)  # tried again under the same ids
    await until(lambda: _is_zero(stage))


async def _is_zero(stage: Stage) -> bool:
    return await pending(stage) == 0


async def test_redelivered_and_out_of_order_messages_take_effect_once_and_in_order(stage: Stage):
    recorder = Recorder()
    for amount in range(4):
        await stage.teller.write("a", *deposits("a", amount))
    reactions = await stage(recorder, start=False)
    runner = reactions.runners[0]
    await reactions.start()
    await until(lambda: len(recorder.done) == 4)
    await reactions.stop()
    later = [await stage.teller.write("a", *deposits("a", amount)) for amount in (4, 5, 6)]
    messages = {one.seq: Delivery(one) async for one in _messages(stage)}
    await runner.take([messages[later[2]], messages[2]])  # type: ignore[list-item]  # the last first, an old one again
    await runner.take([messages[later[1]], messages[later[0]], messages[later[2]]])  # type: ignore[list-item]
    assert recorder.comptes == [f"a:{amount}" for amount in range(7)]
    assert len(recorder.ids) == 7
    assert all(one.answers[-1:] != ["nak"] for one in messages.values())


async def _messages(stage: Stage):
    async for batch in stage.teller.journal.read(follow=False):
        for message in batch:
            yield message


class Delivery:
    """A stored message as the broker delivers it."""

    def __init__(self, stored: Any) -> None:
        self.subject, self.headers, self.data = stored.subject, stored.headers, stored.body
        self.answers: list[str] = []
        self._stored = stored

    @property
    def metadata(self) -> Any:
        one = self._stored
        sequence = type("Sequence", (), {"stream": one.seq})
        return type("Metadata", (), {"stream": one.stream, "sequence": sequence, "timestamp": one.recorded})

    async def ack(self) -> None:
        self.answers.append("ack")

    async def nak(self, delay: float | None = None) -> None:
        self.answers.append("nak")


async def test_a_passing_failure_is_tried_again_and_what_follows_waits(stage: Stage):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: ValueError("M. X")
    await stage.teller.write("a", *deposits("a", 1))
    await stage.teller.write("a", *deposits("a", 2))
    await stage.teller.write("b", *deposits("b", 1))
    with capture_logs() as logs:
        reactions = await stage(recorder)
        await until(lambda: recorder.ids)
        recorder.failing.clear()
        await until(lambda: len(recorder.done) == 3)
    assert recorder.comptes.index("a:1") < recorder.comptes.index("a:2")
    assert await reactions.parked() == []
    assert len(recorder.ids) == 4
    assert "M. X" not in repr(logs)


async def test_what_keeps_failing_is_parked_with_its_cause_and_retried_with_those_behind(stage: Stage):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: ValueError("M. X")
    await stage.teller.write("a", *deposits("a", 1))
    await stage.teller.write("a", *deposits("a", 2))
    reactions = await stage(recorder)
    await until(lambda: _count(reactions, 2))
    await stage.teller.write("a", *deposits("a", 3))
    await stage.teller.write("b", *deposits("b", 1))
    await until(lambda: _count(reactions, 3))
    await until(lambda: recorder.comptes == ["b:1"])
    head, *behind = await reactions.parked()
    assert (head.seq, head.code, head.cause.partition("(")[0]) == (1, "REACTION_EN_ECHEC", "3 essais : ValueError ")
    assert "M. X" not in head.cause
    assert [one.code for one in behind] == ["EN_ATTENTE"] * 2
    assert (await reactions.retry(head, by="u1")).done == 0
    assert len(await reactions.parked()) == 3
    recorder.failing.clear()
    assert (await reactions.retry(head, by="u1")).done == 3
    assert recorder.comptes == ["b:1", "a:1", "a:2", "a:3"]
    assert await reactions.parked() == []
    await stage.teller.write("a", *deposits("a", 4))
    await until(lambda: recorder.comptes[-1] == "a:4")


async def test_a_retry_by_hand_does_not_hold_the_stop_back(stage: Stage):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: Refus("X-01", "compte clos")
    for amount in (1, 2, 3):
        await stage.teller.write("a", *deposits("a", amount))
    reactions = await stage(recorder)
    await until(lambda: _count(reactions, 3), timeout=60)
    head = (await reactions.parked())[0]
    recorder.failing.clear()
    recorder.pause = 0.5
    retrying = asyncio.create_task(reactions.retry(head, by="u1"))
    await until(lambda: recorder.running > 0, timeout=60)
    await reactions.stop()
    told = await retrying
    assert told.stopped is not None
    assert told.stopped.code == "A_RETARDER"
    assert told.done < 3
    assert len(await reactions.parked()) == 3 - told.done


async def _count(reactions: Reactions, wanted: int) -> bool:
    return len(await reactions.parked()) == wanted


async def test_a_discarded_message_lets_the_others_go_on(stage: Stage):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: Refus("X-01", "compte clos")
    await stage.teller.write("a", *deposits("a", 1))
    await stage.teller.write("a", *deposits("a", 2))
    reactions = await stage(recorder)
    await until(lambda: _count(reactions, 2))
    head = (await reactions.parked())[0]
    assert (head.code, head.cause) == ("X-01", "commande refusée : compte clos")
    assert len(recorder.ids) == 1  # a refusal is a decision: it is not tried again
    assert give_up(stage.engine, head)
    assert (await reactions.retry(head, by="u1")).done == 1
    assert recorder.comptes == ["a:2"]


@pytest.mark.parametrize("tolerated", [frozenset({"X-01"}), ALL])
async def test_a_tolerated_refusal_is_an_outcome(stage: Stage, tolerated: frozenset[str] | None):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: Refus("X-01")
    await stage.teller.write("a", *deposits("a", 1, 2))
    reactions = await stage(recorder, tolerated=tolerated)
    await until(lambda: recorder.comptes == ["a:2"])
    await until(lambda: _is_zero(stage))
    assert await reactions.parked() == []


async def test_an_outage_is_waited_out_and_parks_nothing(stage: Stage):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: BrokerAway("essai")
    await stage.teller.write("a", *deposits("a", 1))
    reactions = await stage(recorder)
    await until(lambda: len(recorder.ids) > 4)
    assert await reactions.parked() == []
    recorder.failing.clear()
    await until(lambda: recorder.comptes == ["a:1"])


async def test_a_malformed_message_is_parked_at_once_and_a_newer_one_waits_for_the_upgrade(stage: Stage):
    recorder = Recorder()
    bad = await stage.teller.write("a", *deposits("a", 1), mangle={b'"montant":"1"': b'"montant":"M. X"'})
    await stage.teller.write("b", *deposits("b", 1), mangle={b"{": b"?"})
    await stage.teller.write("c", DepotV2(compte="c", montant=Decimal(1), devise="EUR"))
    reactions = await stage(recorder)
    await until(lambda: _count(reactions, 2))
    assert [(one.seq, one.code) for one in await reactions.parked()] == [
        (bad, "MESSAGE_MALFORME"),
        (bad + 1, "MESSAGE_MALFORME"),
    ]
    assert recorder.ids == []
    await reactions.stop()
    upgraded = await stage(recorder, CAISSE_V2, start=False, handles=frozenset({DepotV2}))
    messages = [Delivery(one) async for one in _messages(stage)]
    await upgraded.runners[0].take(messages[2:])  # type: ignore[arg-type]
    assert recorder.comptes == ["c:1"]


async def test_an_async_function_may_look_things_up(stage: Stage):
    recorder = Recorder()

    async def look_up(fact: Fact) -> list[Command]:
        await asyncio.sleep(0)
        return owed(fact)

    await stage.teller.write("a", *deposits("a", 1))
    await stage(recorder, owed=look_up)
    await until(lambda: recorder.comptes == ["a:1"])


async def test_a_deleted_durable_comes_back_and_nothing_is_done_twice(stage: Stage):
    recorder = Recorder()
    await stage.teller.write("a", *deposits("a", 1))
    await stage(recorder)
    await until(lambda: recorder.comptes == ["a:1"])
    admin = (await stage.bench.client("provision")).jetstream()
    with capture_logs() as logs:
        await admin.delete_consumer(stage.teller.journal.stream, "caisse-remercier")
        await stage.teller.write("a", *deposits("a", 2))
        await until(lambda: recorder.comptes == ["a:1", "a:2"])
    assert len(recorder.ids) == 2
    assert [entry["event"] for entry in logs].count("durable_supprime") == 1


async def test_a_journal_that_is_gone_is_told_once_and_looked_for_without_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    looked, mend = 0, Reacting.mend

    async def counted(self: Reacting) -> None:
        nonlocal looked
        looked += 1
        await mend(self)

    monkeypatch.setattr(reacting, "MEND_EVERY", 0.01)
    monkeypatch.setattr(Reacting, "mend", counted)
    recorder = Recorder()
    [runner] = (await stage(recorder)).runners
    await stage.teller.write("a", *deposits("a", 1))
    await until(lambda: recorder.comptes == ["a:1"])
    admin = (await stage.bench.client("provision")).jetstream()
    with capture_logs() as logs:
        await admin.delete_stream(stage.teller.journal.stream)
        await until(lambda: looked >= 6)
    told = [(entry["event"], entry.get("cause")) for entry in logs]
    assert ("durable_injoignable", "StreamMissing") in told
    assert len(told) == len(set(told)) <= 3
    assert len(runner._subscriber.tasks) == 1


async def test_a_journal_made_again_is_not_judged_by_the_ranks_of_the_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reacting, "MEND_EVERY", 0.01)
    recorder, stream = Recorder(), stage.teller.journal.stream
    [runner] = (await stage(recorder)).runners
    await stage.teller.write("a", *deposits("a", 1))
    await until(lambda: recorder.comptes == ["a:1"])
    admin = await stage.bench.client("provision")
    with capture_logs() as logs:
        await admin.jetstream().delete_stream(stream)
        await provision(admin, stage.bench.settings.academie, [stage.bench.session])
        await until(lambda: ("durable_injoignable", "StreamChanged") in [(e["event"], e.get("cause")) for e in logs])
    with pytest.raises(NotFoundError):
        await admin.jetstream().consumer_info(stream, runner.durable)


async def test_two_instances_share_a_durable(stage: Stage):
    recorder = Recorder()
    recorder.pause = 0.005
    first, second = await stage(recorder), await stage(recorder)
    for amount in range(10):
        await stage.teller.write_all({name: deposits(name, amount) for name in ("a", "b", "c")})
    await until(lambda: len(recorder.done) == 30)
    await until(lambda: _is_zero(stage))
    for name in "abc":
        assert [one for one in recorder.comptes if one[0] == name] == [f"{name}:{amount}" for amount in range(10)]
    assert await first.parked() == await second.parked() == []


async def test_a_killed_broker_and_a_restarted_program_lose_nothing(stage: Stage, nats_server: EmbeddedServer):
    recorder = Recorder()
    recorder.pause = 0.01
    reactions = await stage(recorder)
    for amount in range(6):
        await stage.teller.write_all({name: deposits(name, amount) for name in ("a", "b")})
        if amount == 2:
            os.kill(nats_server.endpoint.pid, signal.SIGKILL)
        if amount == 4:
            await reactions.stop()
            await stage(recorder)
    await until(lambda: len(recorder.done) == 12, timeout=15)
    for name in "ab":
        assert [one for one in recorder.comptes if one[0] == name] == [f"{name}:{amount}" for amount in range(6)]


async def test_a_database_that_is_away_is_not_asked_in_a_tight_loop(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many messages wait: they come and go no faster for that. Counted in questions, not in seconds."""
    asked, away, done = 0, True, []
    load = Ranks.load

    def counted(self: Ranks, subjects: list[str]) -> list[Aggregate]:
        nonlocal asked
        asked += 1
        if away:
            raise OperationalError("SELECT", None, sqlite3.OperationalError("absente"))
        return load(self, subjects)

    async def execute(command: Command) -> None:
        done.append(command.id)

    monkeypatch.setattr(Ranks, "load", counted)
    rounds = 10
    count = rounds * BATCH
    await stage(execute)
    for amount in range(rounds):
        await stage.teller.write_all({f"c{n}": deposits(f"c{n}", amount) for n in range(BATCH)})
    await until(lambda: asked >= 5, 60.0)
    began, before = time.monotonic(), asked
    await asyncio.sleep(2 * LULL_MAX)
    assert asked - before <= 2 + (time.monotonic() - began) / LULL
    assert asked - before <= count // BATCH, "moins que d'une seule redistribution de tout ce qui attend"
    away = False
    await until(lambda: len(set(done)) == count, 60.0)
    assert len(done) == count


async def test_on_postgres_too(journal: Bench, teller: Teller, postgres_base: str):
    recorder = Recorder()
    recorder.failing["a:1"] = lambda: ValueError()
    await teller.write_all({"a": deposits("a", 1), "b": deposits("b", 1)})
    async with AsyncExitStack() as stack:
        reactions = await Stage(journal, teller, engine_for(postgres_base), stack)(recorder)
        await until(lambda: _count(reactions, 1))
        await teller.write("a", *deposits("a", 2))
        await until(lambda: _count(reactions, 2))
        recorder.failing.clear()
        assert (await reactions.retry((await reactions.parked())[0], by="u1")).done == 2
        assert recorder.comptes == ["b:1", "a:1", "a:2"]


async def test_a_restored_journal_is_not_followed_blindly(stage: Stage):
    reactions = await stage(Recorder())
    await reactions.stop()
    with writing(stage.engine) as connection:
        connection.execute(origin.update().values(created="2020-01-01T00:00:00Z"))
    with pytest.raises(StreamChanged):
        await stage(Recorder())


async def test_a_message_from_elsewhere_is_ignored_and_said(stage: Stage):
    recorder = Recorder()
    with capture_logs() as logs:
        client = await stage.bench.client()
        await client.jetstream().publish(stage.teller.subject("z"), b"?")
        await stage.teller.write("a", *deposits("a", 1))
        await stage(recorder)
        await until(lambda: recorder.comptes == ["a:1"])
        await until(lambda: _is_zero(stage))
    assert "message_etranger" in [entry["event"] for entry in logs]
