"""Read models: exact whatever fails, stopped or parked when they must be, the same when replayed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from contracts.messages import Registry
from services.socle import parking, projections
from services.socle.enveloppe import Fact, Stored
from services.socle.errors import SocleError
from services.socle.feed import Progress
from services.socle.parking import Retried
from services.socle.past import UntilSource
from services.socle.projections import (
    Projection,
    ProjectionStopped,
    Projector,
    ReadBehind,
    _close_together,
)
from services.socle.read_model import Outcome, Standing, position
from services.socle.replay import compare, positions, replay
from services.socle.rows import Upsert, state_hash
from services.socle.server import EmbeddedServer
from services.socle.sql import engine_for, in_writer, writing
from services.socle.testing import Bench
from services.socle.testing_postgres import Postgres
from services.socle.tests.caisse import (
    CAISSE,
    CAISSE_V2,
    Comptes,
    ComptesEnV2,
    Depot,
    DepotV2,
    Ferme,
    Ouvert,
    Ouverts,
    Teller,
    comptes,
    mouvements,
    ouverts,
)
from services.socle.tests.parked import give_up

DIX = Decimal(10)


@pytest.fixture
async def teller(journal: Bench) -> Teller:
    return Teller(await journal(), journal.subject("x").removesuffix("x"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    return engine_for(f"sqlite:///{tmp_path}/live.db")


@pytest.fixture
def scratch(tmp_path: Path) -> Engine:
    return engine_for(f"sqlite:///{tmp_path}/scratch.db")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return engine_for(f"sqlite:///{tmp_path}/live.db")
    return engine_for(request.getfixturevalue("postgres_base"))


def projector(engine: Engine, teller: Teller, *projections: Projection, registry: Registry = CAISSE) -> Projector:
    return Projector("caisse", registry, engine, [teller.journal], projections or [Comptes()])


def column(engine: Engine, wanted, where=None) -> list:
    with engine.connect() as connection:
        query = select(wanted).order_by(wanted) if where is None else select(wanted).where(where).order_by(wanted)
        return list(connection.scalars(query))


def break_at_random(engine: Engine, share: float, seed: int) -> list[str]:
    """Make a share of the writing transactions fail: half of them midway, half when they commit."""
    broken, chance = [], random.Random(seed)

    def fail(where: str) -> None:
        if chance.random() < share / 2:
            broken.append(where)
            raise OperationalError("essai", None, Exception("panne provoquée"))

    @event.listens_for(engine, "before_cursor_execute")
    def midway(_c, _cursor, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO comptes"):
            fail("midway")

    @event.listens_for(engine, "commit")
    def at_commit(connection) -> None:
        if connection.get_execution_options().get("parchemin_writes"):
            fail("commit")

    return broken


async def write_rounds(teller: Teller, names: list[str], rounds: int, pause: float = 0.0) -> int:
    last = (await teller.write_all({name: [Ouvert(compte=name)] for name in names}))[-1]
    for number in range(rounds):
        decisions = {
            name: [Depot(compte=name, montant=Decimal(number)), Depot(compte=name, montant=DIX)] for name in names
        }
        last = (await teller.write_all(decisions))[-1]
        await asyncio.sleep(pause)
    return last


async def test_exact_with_failures_two_rivals_and_a_killed_broker(
    engine: Engine, scratch: Engine, teller: Teller, nats_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(projections, "LINGER", 0.02)  # many small transactions: as many occasions to fail
    names = [f"c{n}" for n in range(60)]
    rival_engine = engine_for(engine.url.render_as_string(hide_password=False))
    async with projector(engine, teller) as first, projector(rival_engine, teller) as second:
        await asyncio.sleep(0.2)  # tables exist
        broken = [break_at_random(one, 0.25, seed) for seed, one in enumerate((engine, rival_engine))]
        writing_task = asyncio.create_task(write_rounds(teller, names, 30, 0.03))
        await asyncio.sleep(0.5)
        os.kill(nats_server.endpoint.pid, signal.SIGKILL)
        last = await writing_task
        await first.wait_for(teller.journal.stream, last, 20)
        await second.wait_for(teller.journal.stream, last, 20)
    assert sum(map(len, broken)) > 3
    await replay(Comptes(), registry=CAISSE, sources=[teller.journal], engine=scratch)
    assert compare(rival_engine, scratch, Comptes()).differences == ()
    assert compare(rival_engine, scratch, Comptes()).equal
    assert len(column(scratch, mouvements.c.seq)) == 60 * 30


async def test_sqlite_and_postgres_hold_the_same_rows(
    sqlite: Engine, scratch: Engine, teller: Teller, postgres_base: str
):
    await write_rounds(teller, ["b", "a"], 3)
    await teller.write("a", Ferme(compte="a"))
    await teller.write("a", Depot(compte="a", montant=Decimal("0.50")))
    other = engine_for(postgres_base)
    for one in (sqlite, other):
        await projector(one, teller).catch_up()
    assert state_hash(sqlite, Comptes.tables) == state_hash(other, Comptes.tables)
    assert compare(sqlite, other, Comptes()).equal


async def test_what_interests_nobody_is_not_parsed_but_the_position_moves(sqlite: Engine, teller: Teller):
    await teller.write("a", Ouvert(compte="a"))
    last = await teller.write("a", Depot(compte="a", montant=DIX), mangle={b"{": b"?"})
    await projector(sqlite, teller, Ouverts()).catch_up()
    assert positions(sqlite, Ouverts()) == {teller.journal.stream: last}
    assert column(sqlite, ouverts.c.compte) == ["a"]


async def test_a_malformed_message_parks_its_aggregate_and_nothing_else(engine: Engine, teller: Teller):
    await teller.write_all({"a": [Ouvert(compte="a")], "b": [Ouvert(compte="b")]})
    bad = await teller.write("a", Depot(compte="a", montant=DIX), mangle={b'"montant":"10"': b'"montant":"M. X"'})
    behind = await teller.write("a", Depot(compte="a", montant=Decimal(11)))
    last = await teller.write("b", Depot(compte="b", montant=Decimal(12)))
    both = projector(engine, teller, Comptes(), Ouverts())
    with capture_logs() as logs:
        await both.catch_up()
    assert column(engine, mouvements.c.montant) == [Decimal(12)]
    parked = parking.list_parked(engine, "caisse")
    assert [(one.consumer, one.seq, one.code) for one in parked] == [
        ("comptes_v1", bad, "MESSAGE_MALFORME"),
        ("comptes_v1", behind, "EN_ATTENTE"),
    ]
    assert "montant" in parked[0].cause
    assert "M. X" not in parked[0].cause + repr(logs)
    assert set(positions(engine, Comptes()).values()) == {last}
    assert column(engine, ouverts.c.compte) == ["a", "b"]


async def test_a_parked_aggregate_is_discarded_and_retried(engine: Engine, teller: Teller):
    await teller.write("a", Ouvert(compte="a"))
    await teller.write("a", Depot(compte="a", montant=DIX), mangle={b'"montant":"10"': b'"montant":"dix"'})
    await teller.write("a", Depot(compte="a", montant=Decimal(11)))
    one = projector(engine, teller)
    await one.catch_up()
    stream, subject = teller.journal.stream, teller.subject("a")
    again = await one.retry("comptes_v1", stream, subject, by="u1")
    assert again.done == 0
    assert again.stopped is not None
    assert again.stopped.code == "MESSAGE_MALFORME"
    head = parking.list_parked(engine, "caisse")[0]
    assert give_up(engine, head)
    assert not give_up(engine, head)
    assert await projector(engine, teller).retry("comptes_v1", stream, subject, by="u1") == Retried(
        1
    )  # from another process
    await teller.write("a", Depot(compte="a", montant=Decimal(12)))
    await projector(engine, teller).catch_up()
    assert column(engine, mouvements.c.montant) == [Decimal(11), Decimal(12)]
    assert parking.list_parked(engine, "caisse") == []


async def test_a_newer_version_stops_the_projection_until_the_upgrade(engine: Engine, teller: Teller):
    await teller.write("a", Ouvert(compte="a"))
    fine = await teller.write("a", Depot(compte="a", montant=DIX))
    newer = await teller.write("b", Ouvert(compte="b"), DepotV2(compte="b", montant=DIX, devise="EUR"))
    last = await teller.write("c", Ouvert(compte="c"))
    both = projector(engine, teller, Comptes(), Ouverts())
    with capture_logs() as logs, pytest.raises(ProjectionStopped, match=rf"@{newer} : .*VERSION_INCONNUE"):
        await both.catch_up()
    assert [entry["projection"] for entry in logs if entry["event"] == "projection_arretee"] == ["comptes_v1"]
    assert [(one.projection, one.seq, one.stopped is None) for one in await both.status()] == [
        ("comptes_v1", newer - 1, False),
        ("ouverts_v1", last, True),
    ]
    assert (newer - 1, column(engine, comptes.c.compte)) == (fine, ["a"])
    with pytest.raises(ProjectionStopped):
        await both.wait_for(teller.journal.stream, last)
    await projector(engine, teller, ComptesEnV2(), Ouverts(), registry=CAISSE_V2).catch_up()
    assert column(engine, comptes.c.compte) == ["a", "b", "c"]


async def test_a_fault_of_the_program_stops_the_projection_without_half_a_decision(engine: Engine, teller: Teller):
    class Fautive(Comptes):
        def project(self, fact: Fact):
            if fact.event == Depot(compte="a", montant=DIX):
                raise ZeroDivisionError("M. X")
            return super().project(fact)

    await teller.write("a", Ouvert(compte="a"))
    await teller.write("a", Depot(compte="a", montant=Decimal(1)), Depot(compte="a", montant=DIX))
    with pytest.raises(ProjectionStopped, match="ZeroDivisionError") as caught:
        await projector(engine, teller, Fautive()).catch_up()
    assert "M. X" not in str(caught.value)
    assert column(engine, mouvements.c.seq) == []
    assert list(positions(engine, Comptes()).values()) == [1]


async def test_a_damaged_source_is_told_by_its_code_not_as_a_fault_of_the_program(engine: Engine, teller: Teller):
    class Damage(SocleError):
        code = "COPIE_ABIMEE"

    class Damaged(UntilSource):
        async def read(self, *_: object, **__: object) -> AsyncIterator[list[Stored]]:
            raise Damage("segment 2")
            yield []

    source = Damaged(teller.journal, await teller.write("a", Ouvert(compte="a")))
    with pytest.raises(ProjectionStopped, match=r"COPIE_ABIMEE.*segment 2") as caught:
        await replay(Comptes(), registry=CAISSE, sources=[source], engine=engine)
    assert "erreur du programme" not in str(caught.value)


async def test_rows_that_the_database_refuses_stop_that_projection_alone(engine: Engine, teller: Teller):
    class Fausse(Comptes):
        def project(self, fact: Fact):
            yield Upsert(comptes, {"compte": "x"}, {"rang": "un"})

    last = await teller.write("a", Ouvert(compte="a"))
    with pytest.raises(ProjectionStopped, match="la base refuse"):
        await projector(engine, teller, Fausse(), Ouverts()).catch_up()
    assert positions(engine, Ouverts()) == {teller.journal.stream: last}


@pytest.mark.parametrize("change", [{"created": "2020-01-01T00:00:00Z"}, {"seq": 99}])
async def test_another_or_shorter_journal_stops_everything(engine: Engine, teller: Teller, change: dict):
    await teller.write("a", Ouvert(compte="a"))
    await projector(engine, teller).catch_up()
    with writing(engine) as connection:
        connection.execute(position.update().values(**change))
    async with projector(engine, teller) as one:
        with pytest.raises(ProjectionStopped, match="JOURNAL_CHANGE"):
            await one.wait_for(teller.journal.stream, 100)


async def test_a_write_is_read_after_waiting_for_its_position(sqlite: Engine, teller: Teller):
    async with projector(sqlite, teller, Comptes(), Ouverts()) as one:
        for number in range(5):
            seq = await teller.write("a", Depot(compte="a", montant=Decimal(number)))
            await one.wait_for(teller.journal.stream, seq)
            assert Decimal(number) in column(sqlite, mouvements.c.montant)
        with pytest.raises(ReadBehind):
            await one.wait_for(teller.journal.stream, seq + 1, timeout=0.05)
        assert {entry.lag for entry in await one.status()} == {0}


async def test_a_trickle_shares_transactions_but_nobody_waits_for_that(
    sqlite: Engine, teller: Teller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(projections, "LINGER", 2.0)
    async with projector(sqlite, teller) as one:
        batches: list[int] = []
        apply = one.transaction.apply

        def counted(batch: Sequence[Stored], standings: Sequence[Standing]) -> list[Outcome]:
            batches.append(len(batch))
            return apply(batch, standings)

        monkeypatch.setattr(one.transaction, "apply", counted)
        last = await write_rounds(teller, ["a"], 10)
        began = time.monotonic()
        await one.wait_for(teller.journal.stream, last)
        assert time.monotonic() - began < 1.0
        assert sum(batches) == last
        assert len(batches) <= 4  # one for what came first, one for what gathered while it was written, the rest


async def test_a_database_that_goes_away_comes_back_by_itself(
    postgres: Postgres, postgres_base: str, teller: Teller, scratch: Engine
):
    engine = engine_for(postgres_base)
    with capture_logs() as logs:
        async with projector(engine, teller) as one:
            await one.wait_for(teller.journal.stream, await write_rounds(teller, ["a", "b"], 2))
            await in_writer(scratch, postgres.stop)
            last = await write_rounds(Teller(teller.journal, teller.subject("x-")), ["c"], 5, 0.05)
            with pytest.raises(ReadBehind):
                await one.wait_for(teller.journal.stream, last, timeout=0.3)
            assert "base" in str((await one.status())[0].trouble)
            await in_writer(scratch, postgres.start)
            await one.wait_for(teller.journal.stream, last, timeout=10)
            assert (await one.status())[0].trouble is None
    told = [entry["event"] for entry in logs if entry["event"] in ("base_absente", "projections_reprises")]
    assert told == ["base_absente", "projections_reprises"]
    await replay(Comptes(), registry=CAISSE, sources=[teller.journal], engine=scratch)
    assert compare(engine, scratch, Comptes()).equal


async def test_replay_tells_how_far_it_is_and_finds_an_altered_row(sqlite: Engine, scratch: Engine, teller: Teller):
    last = await write_rounds(teller, ["a", "b"], 4)
    await projector(sqlite, teller).catch_up()
    seen: list[Progress] = []
    reached = await replay(Comptes(), registry=CAISSE, sources=[teller.journal], engine=scratch, watch=seen.append)
    assert reached == {teller.journal.stream: last}
    assert (seen[-1].done, seen[-1].total) == (last, last)
    assert compare(sqlite, scratch, Comptes()).equal
    with writing(sqlite) as connection:
        connection.execute(comptes.update().where(comptes.c.compte == "b").values(rang=77))
    found = compare(sqlite, scratch, Comptes())
    assert not found.equal
    assert [(one.table, one.key) for one in found.differences] == [("comptes_v1", ("b",))]
    with pytest.raises(ValueError, match="base vide"):
        await replay(Comptes(), registry=CAISSE, sources=[teller.journal], engine=scratch)


async def test_replay_up_to_the_live_position(sqlite: Engine, scratch: Engine, teller: Teller):
    await write_rounds(teller, ["a"], 3)
    await projector(sqlite, teller).catch_up()
    live = positions(sqlite, Comptes())
    await write_rounds(Teller(teller.journal, teller.subject("x-")), ["b"], 3)
    reached = await replay(Comptes(), registry=CAISSE, sources=[teller.journal], engine=scratch, until=live)
    assert reached == live
    assert compare(sqlite, scratch, Comptes()).equal


async def test_a_new_projection_starts_from_the_beginning_beside_the_others(sqlite: Engine, teller: Teller):
    await write_rounds(teller, ["a", "b"], 2)
    await projector(sqlite, teller).catch_up()
    await projector(sqlite, teller, Comptes(), Ouverts()).catch_up()
    assert column(sqlite, ouverts.c.compte) == ["a", "b"]


def test_a_projection_far_behind_reads_alone():
    standings = [Standing(Comptes(), "s", seq=seq) for seq in (1_000_000, 3, 999_000, 0)]
    assert [[one.seq for one in group] for group in _close_together(standings)] == [[1_000_000, 999_000], [3, 0]]
