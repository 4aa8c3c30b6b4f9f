"""Messages set aside: retried in order, given up with a reason, known for ever by whoever rebuilds from the journal."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Table, select
from structlog.testing import capture_logs

from contracts.messages import Acteur, Registry
from contracts.stationnement import EXPLOITANT, EcarterMessage, MessageEcarte, ReprendreAgregat, RepriseDemandee
from services.socle import parking
from services.socle.enveloppe import Context, encode
from services.socle.health import SHOWN
from services.socle.parking import Parked, stationnes
from services.socle.service import Service
from services.socle.settings import Settings
from services.socle.settlement import GivenUp, decide, evolve
from services.socle.spec import Spec
from services.socle.sql import engine_for
from services.socle.testing import Bench
from services.socle.tests.caisse import LE
from services.socle.tests.test_runner import Ajoute
from services.socle.tests.test_service import SPEC, Porte, Remercie, totaux

PROJECTION, REACTION = "totaux_v1", "publication-merci"
SERVICE = replace(SPEC, registry=Registry([Ajoute, Remercie, MessageEcarte, RepriseDemandee]))
OPERATOR = Acteur(id="ops:1", role=EXPLOITANT, academie="normandie")
Order = EcarterMessage | ReprendreAgregat
SUBJECT = "ev.normandie.2026.essai.publication.c1"
ASIDE = Parked("publication", PROJECTION, "JOURNAL", 7, SUBJECT, "MESSAGE_MALFORME", "illisible", LE)
BEHIND = replace(ASIDE, seq=9, code=parking.WAITING)
BASE: dict[str, Any] = {"le": LE, "par": OPERATOR, "session": "2026", "consommateur": PROJECTION}
GIVEN_UP = MessageEcarte(
    consommateur=PROJECTION, position=7, sujet=SUBJECT, code=ASIDE.code, cause=ASIDE.cause, stationne_le=LE,
    motif="publié à la main",
)  # fmt: skip

given = Spec[GivenUp](partial(decide, parked=ASIDE, head=7), evolve, {}).given
given_nothing_parked = Spec[GivenUp](partial(decide, parked=None), evolve, {}).given
given_one_behind = Spec[GivenUp](partial(decide, parked=BEHIND, head=7), evolve, {}).given
given_head_gone = Spec[GivenUp](partial(decide, parked=BEHIND, head=9), evolve, {}).given


def test_what_is_parked_is_given_up_with_its_motive():
    given().when(EcarterMessage(**BASE, position=7, motif="publié à la main")).then(GIVEN_UP)


@pytest.mark.parametrize("motive", ["", "   "])
def test_nothing_is_given_up_without_a_motive(motive: str):
    given().when(EcarterMessage(**BASE, position=7, motif=motive)).then_refused("MOTIF_ATTENDU")


def test_what_another_gave_up_is_not_given_up_again():
    given(GIVEN_UP).when(EcarterMessage(**BASE, position=7, motif="autre raison")).then_refused("NON_STATIONNE")


def test_the_same_decision_twice_is_one():
    given(GIVEN_UP).when(EcarterMessage(**BASE, position=7, motif=GIVEN_UP.motif)).then_nothing()


@pytest.mark.parametrize("order", [EcarterMessage(**BASE, position=7, motif="x"), ReprendreAgregat(**BASE, position=7)])
def test_nothing_is_decided_of_what_is_not_parked(order: EcarterMessage | ReprendreAgregat):
    given_nothing_parked().when(order).then_refused("NON_STATIONNE")


def test_the_first_of_an_aggregate_is_retried_before_those_behind():
    # Asked twice, it is tried twice: `then` expects of a command that it be done once.
    assert isinstance(given().when(ReprendreAgregat(**BASE, position=7)).events()[0], RepriseDemandee)
    given_one_behind().when(ReprendreAgregat(**BASE, position=9)).then_refused("EN_ATTENTE")


def test_once_the_first_is_given_up_the_next_is_retried():
    [event] = given_head_gone(GIVEN_UP).when(ReprendreAgregat(**BASE, position=9)).events()
    assert (event.consommateur, event.position) == (PROJECTION, 9)


# On the real broker --------------------------------------------------------------------------------------------------


class Stage:
    """A service on its journal, a hand that writes there with its identity, and an operator at its door."""

    def __init__(self, bench: Bench, porte: Porte, settings: Settings) -> None:
        self.bench, self.porte, self.settings = bench, porte, settings
        self._ranks: dict[str, int] = {}

    @asynccontextmanager
    async def running(self, **changed: Any) -> AsyncIterator[Service]:
        async with Service(self.settings.model_copy(update=changed), SERVICE) as service:
            yield service

    async def write(self, compte: str, change: Callable[[bytes], bytes] = bytes, **headers: str | None) -> int:
        """A decision on an account, published by hand; its position."""
        rank = self._ranks[compte] = self._ranks.get(compte, 0) + 1
        body, built = encode(
            subject=self.bench.subject(compte),
            context=Context(str(uuid.uuid4()), "u1", "caissier", LE, "essai"),
            rang=rank,
            precedent="",
            events=[(str(uuid.uuid4()), Ajoute.NAME, {"compte": compte, "montant": rank})],
        )
        sent = {name: value for name, value in {**built, **headers}.items() if value is not None}
        client = await self.bench.client()
        return (await client.jetstream().publish(self.bench.subject(compte), change(body), headers=sent)).seq

    async def order(
        self, kind: type[EcarterMessage] | type[ReprendreAgregat], consumer: str, seq: int, motif: str = ""
    ):
        named: Any = {"par": OPERATOR, "session": self.bench.session, "consommateur": consumer, "position": seq}
        order = kind(**named, le=datetime.now(UTC), motif=motif)
        return await self.porte("cmd", {"commande": kind.NAME, **order.model_dump(mode="json")})

    async def caught_up(self, service: Service, end: int) -> None:
        """Read models and reactions have both seen everything up to there."""
        await service.projector.wait_for(self.bench.stream, end, 60)
        client = (await self.bench.client()).jetstream()

        async def at_rest() -> bool:
            info = await client.consumer_info(self.bench.stream, REACTION)
            return not (info.num_pending or 0) + (info.num_ack_pending or 0)

        await until(at_rest)

    def rows(self, url: str, table: Table) -> list[dict[str, Any]]:
        engine = engine_for(url)
        try:
            with engine.connect() as connection:
                query = select(table).order_by(*table.primary_key)
                return [dict(row) for row in connection.execute(query).mappings()]
        finally:
            engine.dispose()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def porte(journal: Bench) -> Porte:
    return Porte(journal)


@pytest.fixture
def bases(tmp_path: Path) -> tuple[str, str]:
    """Two empty databases: on PostgreSQL, the history of the read stores knows the tables of the real services only."""
    return f"sqlite:///{tmp_path}/un.db", f"sqlite:///{tmp_path}/deux.db"


@pytest.fixture
async def stage(journal: Bench, porte: Porte, tmp_path: Path) -> Stage:
    await journal()
    known = {"sessions": (journal.session,), "db_url": f"sqlite:///{tmp_path}/{{service}}.db"}
    return Stage(journal, porte, journal.settings.model_copy(update=known))


def malformed(body: bytes) -> bytes:
    return body.replace(b'"montant":2', b'"montant":"M. X"')


async def test_given_up_then_retried_and_known_by_a_base_made_again(stage: Stage, bases: tuple[str, str]):
    first, second = bases
    async with stage.running(db_url=first) as service:
        await stage.write("c1")
        bad = await stage.write("c1", malformed)
        behind = await stage.write("c1")
        last = await stage.write("c1")
        end = await stage.write("c2")
        with capture_logs() as logs:
            await stage.caught_up(service, end)
        assert [row["rang"] for row in stage.rows(first, totaux)] == [1, 1]
        for consumer in (PROJECTION, REACTION):
            early = await stage.order(ReprendreAgregat, consumer, behind)
            assert early["code"] == "EN_ATTENTE"
            again = await stage.order(ReprendreAgregat, consumer, bad)
            assert (again["ok"], again["reprises"], again["arret"]["code"]) == (True, 0, "MESSAGE_MALFORME")
            assert "M. X" not in repr(again)
            assert (await stage.order(EcarterMessage, consumer, bad, " "))["code"] == "MOTIF_ATTENDU"
            assert (await stage.order(EcarterMessage, consumer, bad, "publié à la main"))["ok"]
            assert (await stage.order(EcarterMessage, consumer, bad, "deux fois"))["code"] == "NON_STATIONNE"
            done = await stage.order(ReprendreAgregat, consumer, behind, "suite")
            assert (done["reprises"], done["arret"]) == (2, None)
        assert [row["rang"] for row in stage.rows(first, totaux)] == [4, 1]
    errors = [one["event"] for one in logs if one["log_level"] == "error"]
    assert sorted(errors) == ["agregat_stationne", "message_stationne"]  # once a message, not for those behind
    async with stage.running(db_url=second) as service:
        await stage.caught_up(service, (await service.environment.journals[stage.bench.session].identity()).last_seq)
    settled = [row for row in stage.rows(first, stationnes) if row["status"] == parking.DISCARDED]
    assert [(row["consumer"], row["seq"], row["by"], row["reason"]) for row in settled] == [
        (REACTION, bad, "ops:1", "publié à la main"),
        (PROJECTION, bad, "ops:1", "publié à la main"),
    ]
    assert stage.rows(second, stationnes) == settled
    assert stage.rows(second, totaux) == stage.rows(first, totaux)
    assert last > behind


async def test_of_two_operators_at_once_one_wins_and_the_other_is_told(stage: Stage):
    async with stage.running() as service:
        await stage.write("c1")
        bad = await stage.write("c1", malformed)
        await stage.caught_up(service, bad)
        asked = [stage.order(EcarterMessage, PROJECTION, bad, f"raison {number}") for number in range(4)]
        codes = sorted(str(one.get("code")) for one in await asyncio.gather(*asked))
    assert codes == ["NON_STATIONNE"] * 3 + ["None"]


async def test_who_is_no_operator_decides_nothing(stage: Stage):
    async with stage.running() as service:
        bad = await stage.write("c1", lambda body: b"?")
        await stage.caught_up(service, bad)
        order = EcarterMessage(**{**BASE, "session": stage.bench.session}, position=bad, motif="essai")
        raw = {"commande": order.NAME, **order.model_dump(mode="json")}
        for par, code in (
            ({"id": "u1", "role": "candidat", "academie": "normandie"}, "DROIT_ROLE"),
            ({"id": "u1", "role": EXPLOITANT, "academie": "paris"}, "DROIT_ACADEMIE"),
        ):
            assert (await stage.porte("cmd", {**raw, "par": par}))["code"] == code
        [answer] = (await stage.porte("cmd", {"lot": [raw]}))["lot"]
        assert answer["code"] == "COMMANDE_INCONNUE"


def envelope(**changed: Any) -> Callable[[bytes], bytes]:
    return lambda body: orjson.dumps({**orjson.loads(body), **changed})


def renamed(name: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(Ajoute.NAME.encode(), name.encode())


TWO_TYPES = f"{Ajoute.NAME},5"
MALFORMED: Mapping[str, tuple[Callable[[bytes], bytes], Mapping[str, str | None]]] = {
    "json": (lambda body: body[:-3], {}),
    "empty": (lambda body: b"", {}),
    "no_object": (lambda body: b"[1, 2]", {}),
    "no_event": (lambda body: b"[]", {}),
    "huge": (lambda body: b'{"a":"' + b"x" * 1_000_000 + b'"}', {}),
    "deep": (lambda body: b"[" * 100_000, {}),
    "latin1": (lambda body: body.replace(b"essai", b"\xe9"), {}),
    "schema": (envelope(data={"compte": 3}), {}),
    "data_of_no_object": (envelope(data=[1]), {}),
    "naive_time": (envelope(time="2026-06-15T08:00:00"), {}),
    "time_of_a_number": (envelope(time=12), {}),
    "nul": (envelope(acteur="a\0b"), {}),
    "author_of_no_text": (envelope(acteur={"nom": "x"}), {}),
    "rank_of_a_text": (envelope(rang="premier"), {}),
    "rank_too_great": (envelope(rang=2**40), {}),
    "other_types_in_the_header": (envelope(type="publication.autre.v1"), {}),
    "type_of_no_text": (
        lambda body: orjson.dumps([orjson.loads(body), {**orjson.loads(body), "type": 5}]),
        {"Parchemin-Types": TWO_TYPES},
    ),
}
IGNORED: Mapping[str, Mapping[str, str | None]] = {
    "no_types": {"Parchemin-Types": None},
    "unknown_type": {"Parchemin-Types": "publication.inconnu.v1"},
    "types_that_are_none": {"Parchemin-Types": ",,,"},
}


async def test_whatever_is_malformed_is_parked_and_blocks_no_other_aggregate(stage: Stage, bases: tuple[str, str]):
    async with stage.running(db_url=bases[0]) as service:
        wrong = [await stage.write(name, change, **headers) for name, (change, headers) in MALFORMED.items()]
        for name, ignored in IGNORED.items():
            await stage.write(name, bytes, **ignored)
        await stage.write("no_rank", lambda body: b"?", **{"Parchemin-Rang": "x", "Parchemin-Types": None})
        end = await stage.write("c1")
        await stage.caught_up(service, end)
        told = (await service.health()).told()
    parked = stage.rows(bases[0], stationnes)
    for consumer in (PROJECTION, REACTION):
        found = {row["seq"]: row["code"] for row in parked if row["consumer"] == consumer}
        assert found == dict.fromkeys(wrong, "MESSAGE_MALFORME")
    assert [row["compte"] for row in stage.rows(bases[0], totaux)] == ["c1"]
    assert [one["stopped"] for one in told["projections"]] == [None]


async def test_what_stops_a_read_model_can_be_given_up(stage: Stage):
    future = Ajoute.NAME.replace(".v1", ".v999")
    async with stage.running() as service:
        fine = await stage.write("c1")
        await stage.caught_up(service, fine)
        newer = await stage.write("c2", renamed(future), **{"Parchemin-Types": future})
        end = await stage.write("c3")

        async def stopped() -> bool:
            [one] = (await service.health()).told()["projections"]
            return one["stopped"] is not None and "VERSION_INCONNUE" in one["stopped"]

        await until(stopped)
        assert (await stage.order(EcarterMessage, PROJECTION, end, "pas celui-là"))["code"] == "NON_STATIONNE"
        assert (await stage.order(EcarterMessage, PROJECTION, newer, "version inventée"))["ok"]
    async with stage.running() as service:
        await service.projector.wait_for(stage.bench.stream, end, 60)
    url = stage.settings.database_url("publication")
    assert [row["compte"] for row in stage.rows(url, totaux)] == ["c1", "c3"]


async def test_what_no_one_message_stopped_has_none_to_give_up(stage: Stage):
    async with stage.running() as service:
        fine = await stage.write("c1")
        await stage.caught_up(service, fine)
        for feed in service.projector._feeds:
            feed.stop_all("le journal a été recréé")
        next_one = await stage.write("c2")
        answer = await stage.order(EcarterMessage, PROJECTION, next_one, "le premier venu")
        assert answer["code"] == "NON_STATIONNE"
        assert service.instruments.codes == {"NON_STATIONNE": 1}


def test_a_cause_keeps_no_character_that_a_base_refuses(tmp_path: Path):
    engine = engine_for(f"sqlite:///{tmp_path}/base.db")
    parking.prepare(engine)
    with engine.begin() as connection:
        parking.park(connection, [ASIDE])
        parking.park_again(connection, replace(ASIDE, code="ENCORE", cause="a\0b"))
    [found] = parking.list_parked(engine, ASIDE.service)
    engine.dispose()
    assert (found.code, found.cause) == ("ENCORE", "ab")


async def _flood(stage: Stage, count: int, start: int = 0) -> int:
    """Malformed messages, one an aggregate, as fast as the broker takes them."""
    seqs: list[int] = []
    for low in range(start, start + count, 200):
        seqs += await asyncio.gather(*(stage.write(f"m{n}", lambda _: b"?") for n in range(low, low + 200)))
    return max(seqs)


async def test_two_hundred_malformed_messages_do_not_stop_the_service(stage: Stage):
    async with stage.running() as service:
        await stage.caught_up(service, await _flood(stage, 200))
        told = (await stage.porte("qry", {"requete": "sante"}))["reponse"]
        assert len(told["stationnes"]) == SHOWN + 1
        assert told["nombre_stationnes"] >= 200  # told of all, named for the first ones
        assert (await stage.porte("cmd", stage.porte.ajouter("c1", 5)))["ok"]


@pytest.mark.chaos
async def test_ten_thousand_malformed_messages_do_not_grow_its_memory_without_bound(stage: Stage):
    async with stage.running() as service:
        resident = []
        for start in (0, 4_000, 8_000):
            end = await _flood(stage, 2_000 if start == 8_000 else 4_000, start)
            await stage.caught_up(service, end)
            resident.append(_resident())
        assert (await stage.porte("cmd", stage.porte.ajouter("c1", 5)))["ok"]
    assert resident[-1] - resident[0] < 100_000, resident  # kB, for six thousand more: the rows are in the database


def _resident() -> int:
    """Resident memory of this process, in kB."""
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)
