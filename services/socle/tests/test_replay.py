"""Rebuilding: resumed after a cut, stopped by name at what cannot be taken, one aggregate alone, at a past moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from services.socle import feed, parking
from services.socle.enveloppe import Fact
from services.socle.past import position_at, recorded_at
from services.socle.projections import Projection, ProjectionStopped, Projector
from services.socle.read_model import Aside
from services.socle.replay import aside_of, compare, positions, replay
from services.socle.replay_one import OneAggregate
from services.socle.rows import Upsert
from services.socle.sql import engine_for, writing
from services.socle.testing import Bench
from services.socle.tests.caisse import CAISSE, Comptes, Depot, Ferme, Ouvert, Teller, comptes
from services.socle.tests.parked import give_up

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


async def live(engine: Engine, teller: Teller, projection: Projection | None = None) -> None:
    await Projector("caisse", CAISSE, engine, [teller.journal], [projection or Comptes()]).catch_up()


async def write(teller: Teller, names: list[str], rounds: int) -> int:
    last = (await teller.write_all({name: [Ouvert(compte=name)] for name in names}))[-1]
    for number in range(rounds):
        last = (await teller.write_all({name: [Depot(compte=name, montant=Decimal(number))] for name in names}))[-1]
    return last


async def test_cut_in_the_middle_then_resumed_the_rows_are_equal(
    engine: Engine, scratch: Engine, teller: Teller, monkeypatch: pytest.MonkeyPatch
):
    last = await write(teller, [f"c{n}" for n in range(40)], 20)
    await live(engine, teller)
    monkeypatch.setattr(feed, "MAX_BATCH", 50)
    until = positions(engine, Comptes())
    several = asyncio.Event()

    def watch(progress: feed.Progress) -> None:
        if progress.done >= 200:
            several.set()

    ask: dict[str, Any] = {
        "registry": CAISSE,
        "sources": [teller.journal],
        "engine": scratch,
        "until": until,
        "resume": True,
    }
    task = asyncio.create_task(replay(Comptes(), watch=watch, **ask))
    await several.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [cut] = positions(scratch, Comptes()).values()
    assert 200 <= cut < last
    resumed: list[feed.Progress] = []
    assert await replay(Comptes(), watch=resumed.append, **ask) == until
    assert resumed[-1].total == last - cut, "it went on from where it stood"
    assert compare(engine, scratch, Comptes()).equal


async def test_an_event_that_the_live_one_took_stops_the_rebuilding_and_is_named(
    engine: Engine, scratch: Engine, teller: Teller
):
    class Fautive(Comptes):
        def project(self, fact: Fact):
            if isinstance(fact.event, Ferme):
                raise ZeroDivisionError("M. X")
            return super().project(fact)

    await write(teller, ["a", "b"], 1)
    bad = await teller.write("a", Ferme(compte="a"))
    await live(engine, teller)
    with pytest.raises(ProjectionStopped) as caught:
        await replay(
            Fautive(), registry=CAISSE, sources=[teller.journal], engine=scratch, aside=aside_of(engine, "caisse", "x")
        )
    for told in (f"@{bad}", "caisse.ferme.v1", "ZeroDivisionError"):
        assert told in str(caught.value)
    assert "M. X" not in str(caught.value)


async def test_what_the_live_one_parked_or_discarded_is_set_aside_alike(
    engine: Engine, scratch: Engine, teller: Teller
):
    names = ["a", "b", "c"]
    await write(teller, names, 1)
    broken = {b'"montant":"10"': b'"montant":"dix"'}
    bad = {name: await teller.write(name, Depot(compte=name, montant=DIX), mangle=broken) for name in ("a", "b")}
    for name in names:
        await teller.write(name, Depot(compte=name, montant=Decimal(11)))
    one = Projector("caisse", CAISSE, engine, [teller.journal], [Comptes()])
    await one.catch_up()
    head = next(item for item in parking.list_parked(engine, "caisse") if item.seq == bad["a"])
    assert give_up(engine, head)
    await one.retry("comptes_v1", teller.journal.stream, teller.subject("a"), by="u1")
    ask: dict[str, Any] = {"registry": CAISSE, "sources": [teller.journal], "engine": scratch, "resume": True}
    with pytest.raises(ProjectionStopped, match=rf"@{bad['a']} : caisse.depot.v1 : .*MESSAGE_MALFORME"):
        await replay(Comptes(), aside=Aside(), **ask)
    await replay(Comptes(), aside=aside_of(engine, "caisse", "comptes_v1"), **ask)
    assert compare(engine, scratch, Comptes()).equal


@pytest.fixture
def one_account(engine: Engine, teller: Teller):
    def build(name: str, projection: Projection | None = None) -> OneAggregate:
        subject = teller.subject(name)
        return OneAggregate(projection or Comptes(), CAISSE, [teller.journal], engine, [subject], Aside())

    return build


async def test_one_aggregate_is_compared_on_the_rows_that_it_writes(engine: Engine, teller: Teller, one_account):
    await write(teller, ["a", "b"], 2)
    await teller.write("b", Ferme(compte="b"))
    await live(engine, teller)
    for name, rows in (("a", 3), ("b", 3)):
        found = await one_account(name).check()
        assert (found.rows, found.differences) == (rows, ())
    with writing(engine) as connection:
        connection.execute(update(comptes).where(comptes.c.compte == "a").values(rang=99))
    assert (await one_account("b").check()).differences == ()
    [difference] = (await one_account("a").check()).differences
    assert (difference.table, difference.key) == ("comptes_v1", ("a",))
    assert (difference.live["rang"], difference.rebuilt["rang"]) == (99, 3)


async def test_a_column_that_another_aggregate_wrote_since_is_no_difference(
    engine: Engine, teller: Teller, one_account
):
    class Commune(Comptes):
        """One row for all the accounts."""

        def project(self, fact: Fact):
            yield Upsert(comptes, {"compte": "tous"}, {"rang": fact.seq})

    await write(teller, ["a", "b"], 2)
    await live(engine, teller, Commune())
    assert (await one_account("a", Commune()).check()).differences == ()
    with writing(engine) as connection:
        connection.execute(update(comptes).values(rang=99))
    assert len((await one_account("a", Commune()).check()).differences) == 1


async def test_a_moment_is_the_last_position_recorded_by_then(teller: Teller):
    last = await write(teller, ["a"], 6)
    times = [one for seq in range(1, last + 1) if (one := await recorded_at(teller.journal, seq))]
    assert len(times) == last
    assert times == sorted(times)
    for seq, moment in enumerate(times, 1):
        assert await position_at(teller.journal, moment) == max(n for n, one in enumerate(times, 1) if one <= moment)
        assert seq <= await position_at(teller.journal, moment)
    assert await position_at(teller.journal, times[0] - timedelta(seconds=1)) == 0
    assert await position_at(teller.journal, times[-1] + timedelta(days=1)) == last
