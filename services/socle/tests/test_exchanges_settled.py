"""A message of a partner that is set aside: retried, given up, and known again wherever the exchanges deliver it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from contracts.messages import Registry
from contracts.stationnement import EcarterMessage, MessageEcarte, ReprendreAgregat, RepriseDemandee
from services.socle import jsapi, parking
from services.socle.enveloppe import Context, encode
from services.socle.journal import Journal
from services.socle.parking import Parked, stationnes
from services.socle.provision import provision
from services.socle.seen import DIVERGENT, ecartes
from services.socle.service import Environment, Parts, Service
from services.socle.settlement import EVENTS, GivenUp, decide, evolve
from services.socle.spec import Spec
from services.socle.sql import engine_for
from services.socle.subjects import exchange_name, stream_name, subject
from services.socle.testing import WRITER, Bench
from services.socle.tests.caisse import LE
from services.socle.tests.test_exchanges import until
from services.socle.tests.test_runner import Ajoute
from services.socle.tests.test_service import SPEC, Porte, Remercie, Totaux, totaux
from services.socle.tests.test_settlement import OPERATOR, PROJECTION, REACTION, Order, malformed

PARTENAIRE = "mayotte"
DIGEST = "d" * 64
SUJET = "ev.mayotte.2026.essai.publication.c1"
ASIDE = Parked("publication", PROJECTION, "ECHANGES_NORMANDIE_2026", 7, SUJET, DIVERGENT, "autre", LE)
BASE: dict[str, Any] = {"le": LE, "par": OPERATOR, "session": "2026", "consommateur": PROJECTION, "echanges": True}
GIVEN_UP = MessageEcarte(
    consommateur=PROJECTION, position=7, sujet=SUJET, code=DIVERGENT, cause="autre", stationne_le=LE,
    motif="vu avec le partenaire", empreinte=DIGEST,
)  # fmt: skip

given = Spec[GivenUp](partial(decide, parked=ASIDE, head=7, digest=DIGEST), evolve, {}).given
given_ours = Spec[GivenUp](partial(decide, parked=ASIDE, head=7), evolve, {}).given


def test_what_is_given_up_of_a_partner_is_told_by_what_it_holds():
    given().when(EcarterMessage(**BASE, position=7, motif=GIVEN_UP.motif)).then(GIVEN_UP)


def test_the_same_position_of_our_journal_is_another_message():
    [event] = given_ours(GIVEN_UP).when(EcarterMessage(**BASE, position=7, motif="le nôtre")).events()
    assert (event.empreinte, event.motif) == ("", "le nôtre")


class TotauxPartages(Totaux):
    """A read model that shows partners' accounts too."""

    exchanged = True


def build(env: Environment) -> Parts:
    parts = SPEC.build(env)
    reactions = [replace(one, exchanged=True) for one in parts.reactions]
    return replace(parts, projections=[TotauxPartages()], reactions=reactions)


SERVICE = replace(SPEC, registry=Registry([Ajoute, Remercie, MessageEcarte, RepriseDemandee]), build=build)


class Stage:
    """A service, the journal of a partner, the exchanges that the broker fills from it, an operator at the door."""

    def __init__(self, bench: Bench, folder: Path, stack: AsyncExitStack) -> None:
        self.bench, self.folder, self._stack, self.porte = bench, folder, stack, Porte(bench)
        session = {"sessions": (bench.session,), "echanges": (bench.session,)}
        self.settings = bench.settings.model_copy(update=session)
        self.theirs = stream_name(PARTENAIRE, bench.session)
        self.shared = exchange_name(bench.settings.academie, bench.session)
        self._ranks: dict[str, int] = {}

    async def set_up(self) -> None:
        await self.bench()
        await provision(await self.bench.client("provision"), PARTENAIRE, [self.bench.session])
        await self.fill()

    async def fill(self, *first: str) -> None:
        """The exchanges are made (again); what of ``first`` comes before the rest, as when links are cut and heal."""
        nc = await self.bench.client("provision")
        if first:
            await jsapi.call(nc, f"STREAM.DELETE.{self.shared}", None, 5.0)
        sources = [{"name": self.theirs, "filter_subject": self.subject(one)} for one in first or ["*"]]
        config: dict[str, Any] = {"name": self.shared, "storage": "file", "sources": sources[:1]}
        await jsapi.call(nc, f"STREAM.CREATE.{self.shared}", config, 5.0)
        for count in range(2, len(sources) + 1):
            before = await self.end()
            await jsapi.call(nc, f"STREAM.UPDATE.{self.shared}", {**config, "sources": sources[:count]}, 5.0)
            await until(partial(self.further, before))

    async def further(self, than: int) -> bool:
        return await self.end() > than

    def subject(self, compte: str) -> str:
        return subject(PARTENAIRE, self.bench.session, "essai", WRITER, "x").removesuffix("x") + compte

    async def journal(self, stream: str) -> Journal:
        return await self._stack.enter_async_context(Journal(await self.bench.client(), stream))

    async def end(self) -> int:
        return (await (await self.journal(self.shared)).identity()).last_seq

    async def write(self, compte: str, change: Callable[[bytes], bytes] = bytes, rank: int = 0) -> int:
        """A decision of the partner; where it is in the exchanges."""
        rank = rank or self._ranks.get(compte, 0) + 1
        self._ranks[compte] = rank
        body, headers = encode(
            subject=self.subject(compte),
            context=Context(str(uuid.uuid4()), "u1", "caissier", LE, "essai"),
            rang=rank,
            precedent="",
            events=[(str(uuid.uuid4()), Ajoute.NAME, {"compte": compte, "montant": rank})],
        )
        before = await self.end()
        client = await self.bench.client()
        await client.jetstream().publish(self.subject(compte), change(body), headers=headers)
        await until(partial(self.further, before))
        return await self.end()

    async def order(self, kind: type[EcarterMessage] | type[ReprendreAgregat], consumer: str, seq: int, motif: str):
        named: dict[str, Any] = {"par": OPERATOR, "session": self.bench.session, "consommateur": consumer}
        order: Order = kind(**named, position=seq, echanges=True, le=datetime.now(UTC), motif=motif)
        return await self.porte("cmd", {"commande": kind.NAME, **order.model_dump(mode="json")})

    @asynccontextmanager
    async def running(self, base: str) -> AsyncIterator[Service]:
        settings = self.settings.model_copy(update={"db_url": self.url(base)})
        async with Service(settings, SERVICE) as service:
            yield service

    async def caught_up(self, service: Service) -> None:
        end, client = await self.end(), (await self.bench.client()).jetstream()
        await service.projector.wait_for(self.shared, end, 60)

        async def at_rest() -> bool:
            info = await client.consumer_info(self.shared, REACTION)
            return not (info.num_pending or 0) + (info.num_ack_pending or 0)

        await until(at_rest)

    def url(self, base: str) -> str:
        return f"sqlite:///{self.folder}/{base}.db"

    def rows(self, base: str, table: Table) -> list[dict[str, Any]]:
        engine = engine_for(self.url(base))
        try:
            with engine.connect() as connection:
                return [dict(row) for row in connection.execute(select(table).order_by(*table.c)).mappings()]
        finally:
            engine.dispose()

    def parked(self, base: str) -> list[tuple[str, str]]:
        found = self.rows(base, stationnes)
        return sorted((row["consumer"], row["code"]) for row in found if row["status"] == parking.PARKED)


@pytest.fixture
async def stage(journal: Bench, tmp_path: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        made = Stage(journal, tmp_path, stack)
        await made.set_up()
        yield made


async def decisions(service: Service, stage: Stage) -> list[Any]:
    """What the journal says was decided."""
    where = stage.bench.subject("stationnement", diplome="exploitation").replace(
        f".exploitation.{WRITER}.", ".exploitation.publication."
    )
    history = await service.environment.journals[stage.bench.session].load(where)
    return [EVENTS.load(one["type"], one["data"]) for message in history.messages for one in message.envelopes]


async def test_a_partner_s_message_is_retried_then_given_up_and_what_waits_goes_on(stage: Stage):
    async with stage.running("un") as service:
        await stage.write("b")
        bad = await stage.write("b", malformed)
        behind = await stage.write("b")
        await stage.caught_up(service)
        for consumer in (PROJECTION, REACTION):
            again = await stage.order(ReprendreAgregat, consumer, bad, "essai")
            assert (again["ok"], again["reprises"], again["arret"]["code"]) == (True, 0, "MESSAGE_MALFORME")
            early = await stage.order(ReprendreAgregat, consumer, behind, "trop tôt")
            assert early["code"] == "EN_ATTENTE"
            assert (await stage.order(EcarterMessage, consumer, bad, "vu avec lui"))["ok"]
            assert (await stage.order(EcarterMessage, consumer, bad, "deux fois"))["code"] == "NON_STATIONNE"
            done = await stage.order(ReprendreAgregat, consumer, behind, "suite")
            assert (done["reprises"], done["arret"]) == (1, None)
        told = await decisions(service, stage)
    assert [(row["compte"], row["rang"]) for row in stage.rows("un", totaux)] == [("b", 3)]
    assert stage.parked("un") == []
    kinds = [type(one).__name__ for one in told]
    assert kinds == 2 * ["RepriseDemandee", "MessageEcarte", "RepriseDemandee"]
    assert {one.sujet for one in told} == {stage.subject("b")}
    assert all(len(one.empreinte) == 64 for one in told)


async def test_given_up_it_is_passed_over_in_exchanges_filled_again_in_another_order(stage: Stage):
    async with stage.running("un") as service:
        await stage.write("b")
        bad = await stage.write("b", malformed)
        await stage.write("c")
        await stage.write("c", malformed)  # nothing is decided of this one
        await stage.caught_up(service)
        for consumer in (PROJECTION, REACTION):
            assert (await stage.order(EcarterMessage, consumer, bad, "vu avec lui"))["ok"]
        assert len(stage.rows("un", ecartes)) == 2
    await stage.fill("c", "b")  # the one given up had the second place: c's malformed one has it now

    async with stage.running("deux") as service:
        await stage.caught_up(service)

    assert stage.parked("deux") == [(REACTION, "MESSAGE_MALFORME"), (PROJECTION, "MESSAGE_MALFORME")]
    assert {row["subject"] for row in stage.rows("deux", stationnes)} == {stage.subject("c")}
    assert stage.rows("deux", ecartes) == stage.rows("un", ecartes)
    assert [(row["compte"], row["rang"]) for row in stage.rows("deux", totaux)] == [("b", 1), ("c", 1)]


async def test_an_effect_that_a_crash_prevented_is_made_when_the_service_starts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    async with stage.running("un") as service:
        bad = await stage.write("b", lambda _: b"?")
        await stage.caught_up(service)
        monkeypatch.setattr(service.settlement, "follow", _nothing)
        assert (await stage.order(EcarterMessage, PROJECTION, bad, "vu avec lui"))["ok"]
        assert (PROJECTION, "MESSAGE_MALFORME") in stage.parked("un")

    async with stage.running("un"):
        pass

    assert stage.parked("un") == [(REACTION, "MESSAGE_MALFORME")]


async def _nothing(*_: object) -> dict[str, Any]:
    return {}


async def test_of_two_histories_the_one_that_is_retried_stands_and_may_come_again(stage: Stage):
    async with stage.running("un") as service:
        await stage.write("b")
        other = await stage.write("b", rank=1)
        await stage.caught_up(service)
        assert (PROJECTION, DIVERGENT) in stage.parked("un")

        done = await stage.order(ReprendreAgregat, PROJECTION, other, "sa nouvelle histoire")
        assert (done["reprises"], done["arret"]) == (1, None)
        source = await stage.journal(stage.theirs)
        kept = [one async for batch in source.read(stop_at=2) for one in batch][1]
        client = await stage.bench.client()
        headers = {name: value for name, value in kept.headers.items() if not name.startswith("Nats-")}
        await client.jetstream().publish(kept.subject, kept.body, headers=headers)
        await until(partial(stage.further, other))
        await stage.caught_up(service)

    assert stage.parked("un") == []


async def test_what_partners_do_not_share_here_is_said(stage: Stage):
    async with stage.running("un"):
        named: dict[str, Any] = {"par": OPERATOR, "consommateur": PROJECTION, "position": 1, "motif": "x"}
        order = EcarterMessage(**named, session="1999", echanges=True, le=LE)
        answer = await stage.porte("cmd", {"commande": order.NAME, **order.model_dump(mode="json")})
        assert answer["code"] == "SESSION_INCONNUE"
        far = await stage.order(EcarterMessage, PROJECTION, 10**6, "rien là")
        assert far["code"] == "NON_STATIONNE"
