"""A read model that shows what partners share, rebuilt from our journal and the exchanges: apart, beside, past."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, Table, select, update

from services.socle import generations, parking, seen
from services.socle.beside import Building
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.past import UntilSource, position_at
from services.socle.replay import aside_of, compare, positions, replay
from services.socle.replay_one import OneAggregate
from services.socle.sql import engine_for, writing
from services.socle.tests.caisse import CAISSE, CAISSE_V2, Depot, DepotV2, Ouvert, comptes, mouvements
from services.socle.tests.test_exchanges import Partages, PartagesEnV2, Scene, scene
from services.socle.versions import Succession

__all__ = ["scene"]

DIX = Decimal(10)
NOM = Partages().label


def _next(table: Table) -> Table:
    return table.to_metadata(MetaData(), name=table.name.replace("_v1", "_v2"))


class PartagesSuivants(Partages):
    """The version that comes next: other names, same rows."""

    VERSION = 2
    tables = (_next(comptes), _next(mouvements))

    def project(self, fact):
        ours = dict(zip(Partages.tables, self.tables, strict=True))
        return [op._replace(table=ours[op.table]) for op in super().project(fact)]


@pytest.fixture
def scratch(tmp_path: Path) -> Engine:
    return engine_for(f"sqlite:///{tmp_path}/scratch.db")


def sources(scene: Scene) -> list[Source]:
    return [scene.ours.journal, scene.exchanged]


async def both(scene: Scene) -> None:
    """Something of ours, and of a partner that sent all it had once more."""
    await scene.ours.write("a", Ouvert(compte="a"), Depot(compte="a", montant=DIX))
    for rang in range(4):
        await scene.theirs.write("b", Depot(compte="b", montant=Decimal(rang)))
    await scene.theirs.write("c", Ouvert(compte="c"))
    await scene.arrived(5)
    for seq in range(1, 6):
        await scene.sent_again_from(seq)


async def rebuilt(scene: Scene, scratch: Engine) -> bool:
    aside = aside_of(scene.engine, "caisse", NOM)
    until = positions(scene.engine, Partages())
    ask = {"registry": CAISSE, "sources": sources(scene), "engine": scratch, "until": until}
    assert await replay(Partages(), **ask, aside=aside) == until  # type: ignore[arg-type]
    return compare(scene.engine, scratch, Partages()).equal


async def test_rebuilt_apart_from_its_journals_and_the_exchanges_it_is_equal(scene: Scene, scratch: Engine):
    await both(scene)
    await scene.projector().catch_up()
    assert len(positions(scene.engine, Partages())) == 2

    assert await rebuilt(scene, scratch)

    with writing(scratch) as connection:
        connection.execute(update(comptes).where(comptes.c.compte == "b").values(rang=99))
    assert not compare(scene.engine, scratch, Partages()).equal


async def test_what_was_set_aside_given_up_or_tried_again_of_a_partner_is_so_alike(scene: Scene, scratch: Engine):
    await both(scene)
    body = {b'"montant":"5"': b'"montant":"x"'}
    await scene.theirs.write("d", Depot(compte="d", montant=Decimal(5)), mangle=body)
    await scene.theirs.write("d", Depot(compte="d", montant=DIX))
    await scene.theirs.write("e", Depot(compte="e", montant=Decimal(5)), mangle=body)
    await scene.theirs.write("f", Depot(compte="f", montant=Decimal(6)))
    await scene.arrived(14)
    kept = [one async for batch in scene.exchanged.read(stop_at=14) for one in batch][-1]
    await scene.write_raw(await scene.bench.client(), kept, kept.body.replace(b'"6"', b'"66"'))
    await scene.arrived(15)
    live = scene.projector()
    await live.catch_up()
    parked = {one.code + one.subject[-1]: one for one in parking.list_parked(scene.engine, "caisse")}
    assert set(parked) == {"MESSAGE_MALFORMEd", "EN_ATTENTEd", "MESSAGE_MALFORMEe", seen.DIVERGENT + "f"}
    await _given_up(scene, parked["MESSAGE_MALFORMEe"].seq)
    divergent = parked[seen.DIVERGENT + "f"]
    assert (await live.retry(NOM, divergent.stream, divergent.subject, by="u1")).stopped is None

    assert await rebuilt(scene, scratch)

    with scratch.connect() as connection:
        shown = {row.compte: row.depose for row in connection.execute(select(comptes))}
    assert (shown["f"], "d" in shown, "e" in shown) == (Decimal(66), False, False)


async def _given_up(scene: Scene, seq: int) -> None:
    [message] = [one async for batch in scene.exchanged.read(seq - 1, stop_at=seq) for one in batch]
    with writing(scene.engine) as connection:
        one = parking.read_one(connection, service="caisse", consumer=NOM, stream=message.stream, seq=seq)
        assert one is not None
        parking.settle_discarded(connection, one, by="u1", reason="vu avec lui", at=parking.now())
        where = {"service": "caisse", "consumer": parking.stem(NOM), "stream": message.stream}
        assert seen.forgo(connection, **where, subject=message.subject, digest=message.digest)


@pytest.fixture(params=["sqlite", "postgres"])
async def engine(request: pytest.FixtureRequest, scene: Scene) -> Engine:
    if request.param == "postgres":
        scene.engine = engine_for(request.getfixturevalue("postgres_base"))
    return scene.engine


async def test_built_beside_itself_and_switched_while_a_partner_sends_it_goes_on(scene: Scene, engine: Engine):
    await both(scene)
    async with scene.projector() as live:
        await live.wait_for(scene.exchanged.stream, 10, 60)
        one = Building("caisse", Partages(), CAISSE, engine, sources(scene))
        built = await one.prepare()
        await one.catch_up(built)
        await scene.theirs.write("g", Depot(compte="g", montant=DIX))
        await scene.arrived(11)
        await live.wait_for(scene.exchanged.stream, 11, 60)
        assert (await one.compare(built)).equal
        await one.switch(built)
        await scene.sent_again_from(6)
        end = (await scene.exchanged.identity()).last_seq
        await live.wait_for(scene.exchanged.stream, end, 60)
    assert parking.list_parked(engine, "caisse") == []
    with engine.connect() as connection:
        assert {row.consumer for row in connection.execute(select(seen.recus))} == {NOM}
    assert len(await one.abandon()) == 1
    again = await one.prepare()  # under a number that was used: nothing is known of what it has taken
    await one.catch_up(again)
    assert (await one.compare(again)).equal


async def test_a_new_version_takes_what_partners_shared_too(scene: Scene):
    await both(scene)
    await scene.projector().catch_up()
    coming = Succession("caisse", PartagesSuivants(), CAISSE, scene.engine, sources(scene))
    with writing(scene.engine) as connection:
        generations.serve(connection, Partages(), parking.now())
    old = await coming.replaced()
    assert old is not None
    await coming.catch_up(old)
    assert [one.changed for one in await coming.changes(old)] == [0, 0]
    assert await coming.switch()


async def test_one_aggregate_of_a_partner_is_compared_alone(scene: Scene):
    await both(scene)
    await scene.projector().catch_up()
    aside = aside_of(scene.engine, "caisse", NOM)
    one = OneAggregate(Partages(), CAISSE, sources(scene), scene.engine, [scene.theirs.subject("b")], aside)
    checked = await one.check()
    assert (checked.facts, checked.rows, checked.differences) == (4, 5, ())
    with writing(scene.engine) as connection:
        connection.execute(update(comptes).where(comptes.c.compte == "b").values(rang=99))
    [difference] = (await one.check()).differences
    assert difference.key == ("b",)


async def test_the_past_shows_of_partners_what_had_come_by_then(scene: Scene, scratch: Engine):
    await scene.theirs.write("b", Depot(compte="b", montant=DIX))
    await scene.arrived(1)
    await asyncio.sleep(0.01)
    moment = parking.now()
    await asyncio.sleep(0.01)
    await scene.theirs.write("b", Depot(compte="b", montant=Decimal(99)))
    await scene.arrived(2)
    then = UntilSource(scene.exchanged.source, await position_at(scene.exchanged, moment))
    past = [Exchanged(then, scene.exchanged.academie)]
    await replay(Partages(), registry=CAISSE, sources=past, engine=scratch)
    with scratch.connect() as connection:
        assert [row.depose for row in connection.execute(select(comptes))] == [DIX]


async def test_what_waited_for_an_upgrade_is_rebuilt_by_the_upgraded_program(scene: Scene, scratch: Engine):
    await scene.theirs.write("b", DepotV2(compte="b", montant=DIX, devise="XPF"))
    await scene.arrived(1)
    await scene.projector().catch_up()
    upgraded = scene.projector(PartagesEnV2(), registry=CAISSE_V2)
    await upgraded.catch_up()
    assert await upgraded.retry_newer() == 1
    until = positions(scene.engine, Partages())
    aside = aside_of(scene.engine, "caisse", NOM)
    chosen = {"registry": CAISSE_V2, "sources": sources(scene), "engine": scratch, "until": until, "aside": aside}
    await replay(PartagesEnV2(), **chosen)  # type: ignore[arg-type]
    assert compare(scene.engine, scratch, Partages()).equal
