"""A read model rebuilt beside itself while everything runs, in both engines: no half state is read, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Index, Integer, MetaData, Table, func, inspect, select, update

from services.socle import generations, parking, projections
from services.socle.beside import Building, NothingBuilt
from services.socle.enveloppe import Fact
from services.socle.errors import StopAsked
from services.socle.generations import BUILDING, KEPT, SERVED
from services.socle.parking import now
from services.socle.presence import Patience
from services.socle.projections import Op, Projection, ProjectionStopped, Projector, Upsert
from services.socle.replay import compare, positions, replay
from services.socle.sql import SortedText, engine_for, in_writer, writing
from services.socle.testing import Bench
from services.socle.tests.caisse import (
    CAISSE,
    Comptes,
    Depot,
    Ferme,
    Ouvert,
    Teller,
    comptes,
    mouvements,
)
from services.socle.tests.parked import give_up
from services.socle.versions import Succession

DIX = Decimal(10)


@pytest.fixture
async def teller(journal: Bench) -> Teller:
    return Teller(await journal(), journal.subject("x").removesuffix("x"))


@pytest.fixture
def scratch(tmp_path: Path) -> Engine:
    return engine_for(f"sqlite:///{tmp_path}/scratch.db")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return engine_for(f"sqlite:///{tmp_path}/live.db")
    return engine_for(request.getfixturevalue("postgres_base"))


def another(engine: Engine) -> Engine:
    """The same database seen by another process."""
    return engine_for(engine.url.render_as_string(hide_password=False))


def projector(engine: Engine, teller: Teller, *chosen: Projection) -> Projector:
    return Projector("caisse", CAISSE, engine, [teller.journal], chosen or [Comptes()])


def building(engine: Engine, teller: Teller, projection: Projection | None = None) -> Building:
    return Building("caisse", projection or Comptes(), CAISSE, another(engine), [teller.journal])


async def open_all(teller: Teller, names: list[str]) -> int:
    return (await teller.write_all({name: [Ouvert(compte=name)] for name in names}))[-1]


def states(engine: Engine, name: str = "comptes") -> dict[int, str]:
    with engine.connect() as connection:
        return {one.number: one.state for one in generations.known(connection, name)}


@asynccontextmanager
async def in_the_background(*work) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [one for one in ended if isinstance(one, Exception)] == []


async def write_for_ever(teller: Teller, names: list[str], written: list[int]) -> None:
    number = 0
    while True:
        number += 1
        done = await teller.write_all({name: [Depot(compte=name, montant=Decimal(number))] for name in names})
        written.append(done[-1])
        await asyncio.sleep(0.02)


async def read_for_ever(engine: Engine, seen: list[tuple[int, int]]) -> None:
    """Total of the ranks, and of the deposits that made them: tables of two moments would not agree."""
    reader = another(engine)

    def read() -> tuple[int, int]:
        with reader.connect() as connection:
            ranks = select(func.sum(comptes.c.rang)).scalar_subquery()
            deposits = select(func.count()).select_from(mouvements).scalar_subquery()
            return tuple(connection.execute(select(ranks, deposits)).one())

    while True:
        seen.append(await in_writer(reader, read))
        await asyncio.sleep(0.001)


async def more(written: list[int], count: int) -> None:
    wanted = len(written) + count
    async with asyncio.timeout(30):
        while len(written) < wanted:  # noqa: ASYNC110 - written by another task, all along
            await asyncio.sleep(0.02)


async def test_repaired_in_place_under_two_rivals_with_live_events_and_readers(
    engine: Engine, scratch: Engine, teller: Teller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(projections, "LINGER", 0.02)
    names = [f"c{n}" for n in range(20)]
    last = await open_all(teller, names)
    written: list[int] = []
    seen: list[tuple[int, int]] = []
    async with projector(engine, teller) as first, projector(another(engine), teller) as second:
        await first.wait_for(teller.journal.stream, last)
        with writing(another(engine)) as connection:
            connection.execute(update(comptes).where(comptes.c.compte == "c7").values(le=None))
        one = building(engine, teller)
        async with in_the_background(write_for_ever(teller, names, written), read_for_ever(engine, seen)):
            await asyncio.sleep(0.3)
            built = await one.prepare()
            assert states(engine) == {1: SERVED, 2: BUILDING}
            await one.catch_up(built)
            await more(written, 10)
            compared = await one.compare(built)
            assert [(item.table, item.key) for item in compared.differences] == [("comptes_v1", ("c7",))]
            assert compared.rows[0] == compared.rows[1] > 20
            await one.switch(built)
            await more(written, 10)
        for live in (first, second):
            await live.wait_for(teller.journal.stream, written[-1], 10)
            assert [(item.stopped, item.trouble) for item in await live.status()] == [(None, None)]
    assert states(engine) == {1: KEPT, 2: SERVED}
    assert all(ranks == deposits + len(names) for ranks, deposits in seen)
    assert [deposits for _, deposits in seen] == sorted(deposits for _, deposits in seen)
    await replay(Comptes(), registry=CAISSE, sources=[teller.journal], engine=scratch)
    assert compare(engine, scratch, Comptes()).equal
    assert len(seen) > 20


async def test_the_old_generation_is_kept_until_it_is_forgotten_and_again(engine: Engine, teller: Teller):
    await open_all(teller, ["a", "b"])
    await projector(engine, teller).catch_up()
    one = building(engine, teller)
    for number in (2, 3):
        built = await one.prepare()
        assert built.number == number
        assert (await one.compare(built)).equal
        await one.switch(built)
        assert {f"g{number - 1}_comptes_v1", f"g{number - 1}_mouvements_v1"} <= set(inspect(engine).get_table_names())
    gone = await one.abandon()
    assert [(item.number, item.state) for item in gone] == [(1, KEPT), (2, KEPT)]
    assert [name for name in inspect(engine).get_table_names() if name.startswith("g")] == []
    assert states(engine) == {3: SERVED}
    last = await teller.write("a", Depot(compte="a", montant=DIX))
    await projector(engine, teller).catch_up()
    assert positions(engine, Comptes()) == {teller.journal.stream: last}


async def test_a_building_that_was_left_is_resumed_and_one_that_was_taken_is_told(engine: Engine, teller: Teller):
    await open_all(teller, ["a", "b"])
    await projector(engine, teller).catch_up()
    left = building(engine, teller)
    await left.catch_up(await left.prepare())
    again = building(engine, teller)
    built = await again.prepare()
    assert built == await left.prepare()
    await again.switch(built)
    with pytest.raises(NothingBuilt):
        await left.switch(built)
    assert states(engine) == {1: KEPT, 2: SERVED}


async def test_what_is_set_aside_goes_with_the_rows(engine: Engine, teller: Teller):
    await open_all(teller, ["a", "b"])
    bad = await teller.write("a", Depot(compte="a", montant=DIX), mangle={b'"montant":"10"': b'"montant":"dix"'})
    behind = await teller.write("a", Ferme(compte="a"))
    live = projector(engine, teller)
    await live.catch_up()
    one = building(engine, teller)
    built = await one.prepare()
    assert (await one.compare(built)).equal
    await one.switch(built)
    parked = parking.list_parked(engine, "caisse")
    assert [(item.consumer, item.seq) for item in parked] == [("comptes_v1", bad), ("comptes_v1", behind)]
    assert give_up(engine, parked[0])
    again = await projector(engine, teller).retry("comptes_v1", teller.journal.stream, teller.subject("a"), by="u1")
    assert again.done == 1
    with engine.connect() as connection:
        assert list(connection.scalars(select(comptes.c.compte))) == ["b"]


async def test_an_event_that_cannot_be_taken_stops_the_building_and_leaves_the_live_one_alone(
    engine: Engine, teller: Teller
):
    class Fautive(Comptes):
        def project(self, fact: Fact):
            if isinstance(fact.event, Ferme):
                raise ZeroDivisionError
            return super().project(fact)

    await open_all(teller, ["a", "b"])
    bad = await teller.write("a", Ferme(compte="a"))
    await projector(engine, teller).catch_up()
    one = building(engine, teller, Fautive())
    built = await one.prepare()
    with pytest.raises(ProjectionStopped, match=rf"@{bad} : caisse.ferme.v1 : .*ZeroDivisionError"):
        await one.compare(built)
    assert states(engine) == {1: SERVED, 2: BUILDING}
    with engine.connect() as connection:
        assert list(connection.scalars(select(comptes.c.compte))) == ["b"]


# A new version ------------------------------------------------------------------------------------------------------

comptes_v2 = Table(
    "comptes_v2",
    MetaData(),
    Column("compte", SortedText, primary_key=True),
    Column("rang", Integer),
    Column("faits", Integer),
    Index("comptes_v2_rang", "rang"),
)


class ComptesV2(Projection):
    """The next version: no deposits, the rank one higher."""

    name = "comptes"
    VERSION = 2
    tables = (comptes_v2,)
    handles = frozenset({Ouvert, Depot})

    def project(self, fact: Fact) -> Iterable[Op]:
        yield Upsert(comptes_v2, {"compte": fact.event.compte}, {"rang": fact.rang + 1})  # type: ignore[attr-defined]


def succession(engine: Engine, teller: Teller) -> Succession:
    return Succession("caisse", ComptesV2(), CAISSE, another(engine), [teller.journal])


async def test_a_new_version_is_built_while_the_old_one_serves_then_served(engine: Engine, teller: Teller):
    last = await open_all(teller, ["a", "b"])
    async with projector(engine, teller) as old:
        await old.enter_service()
        await old.wait_for(teller.journal.stream, last)
        coming = succession(engine, teller)
        replaced = await coming.replaced()
        assert replaced is not None
        assert (replaced.version, replaced.state) == (1, SERVED)
        assert not await coming.switch(), "it shows nothing yet"
        last = await teller.write("a", Depot(compte="a", montant=DIX))
        await old.wait_for(teller.journal.stream, last)
        await coming.catch_up(replaced)
        [change] = await coming.changes(replaced)
        assert (change.table, change.rows, change.gained, change.changed) == ("comptes", (2, 2), ("faits",), 2)
        assert change.lost == ("depose", "details", "le", "ouvert")
        assert await coming.switch()
        seq = await teller.write("b", Depot(compte="b", montant=DIX))
        await old.wait_for(teller.journal.stream, seq)  # the old program goes on until it is stopped
    async with projector(engine, teller, ComptesV2()) as new:
        await new.enter_service()
        await new.wait_for(teller.journal.stream, seq)
    assert await coming.replaced() is None
    assert [one.label for one in await in_writer(engine, generations.forget, engine, ComptesV2())] == [replaced.label]
    assert not {"comptes_v1", "mouvements_v1"} & set(inspect(engine).get_table_names())


async def test_a_journal_that_is_not_followed_any_more_is_not_waited_for(engine: Engine, teller: Teller):
    await open_all(teller, ["a"])
    await projector(engine, teller).catch_up()
    assert generations.enter(engine, [ComptesV2()], [teller.journal.stream], now()) == ["comptes_v2"]
    assert generations.enter(engine, [ComptesV2()], ["JOURNAL_SUIVANT"], now()) == []


async def test_a_stop_asked_while_a_new_version_is_built_is_heard(engine: Engine, teller: Teller):
    await open_all(teller, ["a"])
    await projector(engine, teller).catch_up()
    assert generations.enter(engine, [Comptes()], [teller.journal.stream], now()) == []
    stop = asyncio.Event()
    entering = asyncio.create_task(projector(engine, teller, ComptesV2()).enter_service(Patience(stop=stop).pause))
    done, _ = await asyncio.wait([entering], timeout=0.3)
    assert not done, "nobody builds it"
    stop.set()
    with pytest.raises(StopAsked):
        await asyncio.wait_for(entering, 60)


async def test_a_program_reads_its_new_version_only_once_it_has_caught_up(engine: Engine, teller: Teller):
    last = await open_all(teller, [f"c{n}" for n in range(30)])
    await projector(engine, teller).catch_up()
    assert generations.enter(engine, [Comptes()], [teller.journal.stream], now()) == []
    assert generations.enter(engine, [ComptesV2()], [teller.journal.stream], now()) == ["comptes_v2"]
    async with projector(another(engine), teller, ComptesV2()) as new:
        await new.enter_service()
        assert set(positions(engine, ComptesV2()).values()) == {last}
    await teller.write("c1", Depot(compte="c1", montant=DIX))
    await projector(engine, teller, ComptesV2()).catch_up()
    assert generations.enter(engine, [Comptes()], [teller.journal.stream], now()) == ["comptes_v1"], (
        "the old one come back is behind in turn"
    )
    await projector(engine, teller).catch_up()
    assert generations.enter(engine, [Comptes()], [teller.journal.stream], now()) == []
