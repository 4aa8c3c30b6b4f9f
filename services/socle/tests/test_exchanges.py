"""What partners share: seen by what asks for it alone, taken once, set aside when it is newer than this program."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from contracts.messages import Command, Registry
from services.socle import jsapi, parking
from services.socle.enveloppe import H_RANK, Fact, Stored, header_rank
from services.socle.exchanges import Exchanged
from services.socle.facts import Source
from services.socle.journal import Journal
from services.socle.projections import Projector
from services.socle.provision import provision
from services.socle.reactions import Reaction, Reactions, broker_for
from services.socle.seen import DIVERGENT
from services.socle.service import Environment, Parts, Service
from services.socle.sql import engine_for
from services.socle.subjects import exchange_name, stream_name, subject
from services.socle.testing import WRITER, Bench
from services.socle.tests.caisse import (
    CAISSE,
    CAISSE_V2,
    Comptes,
    Depot,
    DepotV2,
    Ferme,
    Ouvert,
    Ouverts,
    Teller,
    mouvements,
    ouverts,
    remercier,
)
from services.socle.tests.test_service import SPEC

PARTENAIRE = "mayotte"
DIX = Decimal(10)


class Partages(Comptes):
    """A read model that asks for what partners share."""

    exchanged = True


class PartagesEnV2(Partages):
    handles = frozenset({Ouvert, DepotV2, Ferme})


class Scene:
    """A partner's journal beside ours, and our exchanges, filled from it by the broker."""

    def __init__(self, bench: Bench, engine: Engine, stack: AsyncExitStack) -> None:
        self.bench, self.engine, self._stack = bench, engine, stack
        self.ours: Teller
        self.theirs: Teller
        self.exchanged: Exchanged

    async def set_up(self) -> None:
        bench = self.bench
        self.ours = Teller(await bench(), bench.subject("x").removesuffix("x"))
        nc = await bench.client("provision")
        await provision(nc, PARTENAIRE, [bench.session])
        prefix = subject(PARTENAIRE, bench.session, "essai", WRITER, "x").removesuffix("x")
        self.theirs = Teller(await self._journal(stream_name(PARTENAIRE, bench.session)), prefix)
        name = exchange_name(bench.settings.academie, bench.session)
        sources = [{"name": self.theirs.journal.stream, "filter_subject": prefix + ">"}]
        await jsapi.call(nc, f"STREAM.CREATE.{name}", {"name": name, "storage": "file", "sources": sources}, 5.0)
        self.exchanged = Exchanged(await self._journal(name), bench.settings.academie)

    async def _journal(self, stream: str) -> Journal:
        journal = Journal(await self.bench.client(), stream, self.bench.settings.bounds)
        return await self._stack.enter_async_context(journal)

    async def arrived(self, count: int) -> None:
        """Wait until the exchanges hold that many messages."""

        async def there() -> bool:
            return (await self.exchanged.identity()).last_seq >= count

        await until(there)

    async def sent_again(self) -> None:
        """The partner's journal is lost, made again, and filled with the same messages from its archive."""
        stream, end = self.theirs.journal.stream, (await self.theirs.journal.identity()).last_seq
        kept = [message async for batch in self.theirs.journal.read(stop_at=end) for message in batch]
        nc, writer = await self.bench.client("provision"), await self.bench.client()
        await jsapi.call(nc, f"STREAM.DELETE.{stream}", None, 5.0)
        await provision(nc, PARTENAIRE, [self.bench.session])
        for one in kept:
            await self.write_raw(writer, one)
        await self.arrived(2 * len(kept))

    async def sent_again_from(self, seq: int) -> None:
        """One message that the exchanges hold comes once more."""
        batches = self.exchanged.read(seq - 1, stop_at=seq)
        [kept] = [one async for batch in batches for one in batch]
        before = (await self.exchanged.identity()).last_seq
        await self.write_raw(await self.bench.client(), kept)
        await self.arrived(before + 1)

    @staticmethod
    async def write_raw(writer: Any, one: Stored, body: bytes | None = None) -> None:
        headers = {key: value for key, value in one.headers.items() if key.startswith(("Parchemin-", "Content-"))}
        answer = await jsapi.request(writer, one.subject, body or one.body, 5.0, headers)
        assert "error" not in answer, answer

    def projector(self, *projections: Comptes | Ouverts, registry: Registry = CAISSE) -> Projector:
        sources: list[Source] = [self.ours.journal, self.exchanged]
        return Projector("caisse", registry, self.engine, sources, projections or [Partages()])

    async def reactions(self, execute: Any, registry: Registry = CAISSE, **named: Any) -> Reactions:
        """Reactions to deposits, running until the end of the test."""
        broker = broker_for(self.bench.settings, WRITER)
        await broker.connect()
        self._stack.push_async_callback(broker.stop)
        handles = frozenset({DepotV2 if registry is CAISSE_V2 else Depot})
        chosen = {"name": "remercier", "handles": handles, "owed": owed, "exchanged": True, **named}
        subjects = (f"ev.*.{self.bench.session}.essai.{WRITER}.>",)
        made = Reactions(
            "caisse",
            registry,
            self.engine,
            broker,
            [self.ours.journal, self.exchanged],
            [Reaction(subjects=subjects, **chosen)],
            execute,
            inbox=f"_INBOX.{WRITER}.",
            backoff=(0.1,),
        )
        await made.start()
        self._stack.push_async_callback(made.stop)
        return made


def owed(fact: Fact) -> list[Command]:
    return [remercier(f"{fact.event.compte}:{fact.event.montant}")]  # type: ignore[attr-defined]


class Done:
    """Stands for the runner of commands."""

    def __init__(self) -> None:
        self.comptes: list[str] = []

    async def __call__(self, command: Command) -> None:
        self.comptes.append(command.compte)  # type: ignore[attr-defined]


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while True:
            found = condition()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def scene(journal: Bench, tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        made = Scene(journal, engine_for(f"sqlite:///{tmp_path}/live.db"), stack)
        await made.set_up()
        yield made


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(table))]


async def test_par_defaut_un_modele_de_lecture_ne_voit_que_son_academie(scene: Scene):
    await scene.ours.write("a", Ouvert(compte="a"), Depot(compte="a", montant=DIX))
    await scene.theirs.write("b", Ouvert(compte="b"), Depot(compte="b", montant=DIX))
    await scene.arrived(1)

    await scene.projector(Ouverts(), Partages()).catch_up()

    assert [row[0] for row in rows(scene.engine, ouverts)] == ["a"]
    assert sorted(row[0] for row in rows(scene.engine, mouvements)) == ["a", "b"]


async def test_par_defaut_une_reaction_ne_voit_que_son_academie(scene: Scene):
    own, shared = Done(), Done()
    await scene.reactions(own, name="chez_nous", exchanged=False)
    await scene.reactions(shared, name="partout")
    await scene.theirs.write("b", Depot(compte="b", montant=DIX))
    await scene.ours.write("a", Depot(compte="a", montant=DIX))

    await until(lambda: len(shared.comptes) == 2 and len(own.comptes) == 1)

    assert own.comptes == ["a:10"]


async def test_les_echanges_sont_denses_dans_leur_propre_suite(scene: Scene):
    other = Teller(scene.theirs.journal, subject(PARTENAIRE, scene.bench.session, "autre", WRITER, "x")[:-1])
    for rang in range(10):
        await other.write(f"o{rang}", Ouvert(compte="o"))
        await scene.theirs.write(f"b{rang}", Ouvert(compte="b"))
    await scene.arrived(10)

    identity = await scene.exchanged.identity()

    identity.check_dense()
    assert identity.last_seq == 10


async def test_un_partenaire_restaure_renvoie_tout_sans_rien_changer(scene: Scene):
    done = Done()
    await scene.reactions(done)
    for rang in range(5):
        await scene.theirs.write("b", Depot(compte="b", montant=Decimal(rang)))
    await scene.arrived(5)
    await scene.projector().catch_up()
    before = rows(scene.engine, mouvements)

    await scene.sent_again()
    await scene.projector().catch_up()
    await scene.theirs.write("b", Depot(compte="b", montant=DIX))
    await scene.arrived(11)
    await scene.projector().catch_up()

    await until(lambda: "b:10" in done.comptes)
    assert rows(scene.engine, mouvements)[:5] == before
    assert done.comptes == [f"b:{rang}" for rang in (0, 1, 2, 3, 4, 10)]


async def test_une_histoire_remplacee_par_une_autre_est_mise_de_cote(scene: Scene):
    await scene.theirs.write("b", Depot(compte="b", montant=DIX))
    await scene.arrived(1)
    [[kept]] = [batch async for batch in scene.theirs.journal.read(stop_at=1)]
    await scene.write_raw(await scene.bench.client(), kept, kept.body.replace(b'"10"', b'"99"'))
    await scene.arrived(2)

    await scene.projector().catch_up()

    [parked] = parking.list_parked(scene.engine, "caisse")
    assert (parked.code, parked.seq) == (DIVERGENT, 2)
    assert [row[3] for row in rows(scene.engine, mouvements)] == [DIX]


async def test_l_histoire_d_un_agregat_d_un_partenaire_se_lit_une_fois_telle_qu_elle_est_venue_d_abord(scene: Scene):
    for rang in range(4):
        await scene.theirs.write("b", Depot(compte="b", montant=Decimal(rang)))
        await scene.theirs.write("c", Depot(compte="c", montant=DIX))
    await scene.arrived(8)
    await scene.sent_again()
    path = scene.theirs.prefix + "b"
    [[kept]] = [batch async for batch in scene.theirs.journal.read(filters=(path,), stop_at=1)]
    await scene.write_raw(await scene.bench.client(), kept, kept.body.replace(b'"0"', b'"99"'))
    await scene.arrived(17)

    found = await scene.exchanged.aggregate(path)

    assert [header_rank(one) for one in found] == [1, 2, 3, 4]
    assert found[0].body == kept.body
    assert await scene.exchanged.aggregate(scene.theirs.prefix + "personne") == []


async def test_d_une_histoire_trouee_seul_le_debut_se_lit(scene: Scene):
    for rang in range(3):
        await scene.theirs.write("b", Depot(compte="b", montant=Decimal(rang)))
    await scene.arrived(3)
    path = scene.theirs.prefix + "b"
    (_, _, last) = await scene.exchanged.aggregate(path)
    beyond = replace(last, headers={**last.headers, H_RANK: "5"})
    await scene.write_raw(await scene.bench.client(), beyond)
    await scene.arrived(4)

    assert [header_rank(one) for one in await scene.exchanged.aggregate(path)] == [1, 2, 3]


async def test_une_version_plus_recente_attend_la_mise_a_niveau_sans_arreter_les_autres(scene: Scene):
    await scene.theirs.write("b", DepotV2(compte="b", montant=DIX, devise="XPF"))
    await scene.theirs.write("b", Depot(compte="b", montant=Decimal(2)))
    await scene.theirs.write("c", Depot(compte="c", montant=Decimal(3)))
    await scene.arrived(3)

    await scene.projector().catch_up()

    assert [row[0] for row in rows(scene.engine, mouvements)] == ["c"]
    parked = parking.list_parked(scene.engine, "caisse")
    assert [one.code for one in parked] == ["VERSION_INCONNUE", parking.WAITING]

    upgraded = scene.projector(PartagesEnV2(), registry=CAISSE_V2)
    await upgraded.catch_up()
    assert await upgraded.retry_newer() == 2
    assert sorted(row[3] for row in rows(scene.engine, mouvements)) == [Decimal(2), Decimal(3), DIX]
    assert parking.list_parked(scene.engine, "caisse") == []


async def test_une_reaction_a_une_version_plus_recente_se_fait_apres_la_mise_a_niveau(scene: Scene):
    done = Done()
    old = await scene.reactions(done)
    await scene.theirs.write("b", DepotV2(compte="b", montant=DIX, devise="XPF"))
    await scene.theirs.write("c", Depot(compte="c", montant=DIX))
    await until(lambda: done.comptes == ["c:10"])

    async def parked() -> bool:
        return [one.code for one in await old.parked()] == ["VERSION_INCONNUE"]

    await until(parked)
    await old.stop()

    await scene.reactions(done, registry=CAISSE_V2)

    await until(lambda: sorted(done.comptes) == ["b:10", "c:10"])


async def test_un_evenement_au_nom_de_cette_academie_venu_d_un_partenaire_est_ignore(scene: Scene):
    done = Done()
    nc = await scene.bench.client("provision")
    name = scene.exchanged.stream
    config = (await jsapi.call(nc, f"STREAM.INFO.{name}", None, 5.0))["config"]
    config["sources"].append({"name": scene.ours.journal.stream})  # what a forging partner would look like
    await jsapi.call(nc, f"STREAM.UPDATE.{name}", config, 5.0)
    await scene.reactions(done)
    await scene.ours.write("a", Depot(compte="a", montant=DIX))
    await scene.theirs.write("b", Depot(compte="b", montant=DIX))
    await scene.arrived(2)

    await scene.projector(Partages()).catch_up()
    await until(lambda: len(done.comptes) >= 2)

    assert sorted(row[0] for row in rows(scene.engine, mouvements)) == ["a", "b"]
    assert sorted(done.comptes) == ["a:10", "b:10"]


async def test_la_sante_dit_les_echanges_aussi(scene: Scene, tmp_path: Path):
    def build(env: Environment) -> Parts:
        parts = SPEC.build(env)
        return replace(parts, reactions=[replace(one, exchanged=True) for one in parts.reactions])

    session, stream = scene.bench.session, scene.exchanged.stream
    here = {"sessions": (session,), "echanges": (session,), "db_url": f"sqlite:///{tmp_path}/{{service}}.db"}
    async with Service(scene.bench.settings.model_copy(update=here), replace(SPEC, build=build)) as service:
        told = (await service.health()).told()
    assert told["journaux"][stream] is None
    assert stream in [one["stream"] for one in told["reactions"]]


@pytest.mark.parametrize(("dit", "rang"), [("7", 7), ("", 0), ("x", 0), (str(2**31), 0), ("9" * 5_000, 0)])
def test_un_rang_qui_ne_peut_etre_n_arrete_pas_un_modele_de_lecture(dit: str, rang: int):
    assert header_rank(Stored("ECHANGES", 1, "ev.x", {H_RANK: dit}, b"{}")) == rang
