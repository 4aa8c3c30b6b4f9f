"""A whole service at work on the real broker: its doors, its read models, its reactions, its stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import orjson
import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, select

from contracts.messages import Command, Data, Event, Query, Refus, Registry
from services.socle import door, health
from services.socle.door import Door
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, on
from services.socle.projections import Op, Projection, Upsert
from services.socle.reactions import Reaction
from services.socle.server import EmbeddedServer
from services.socle.service import Environment, Parts, Service, ServiceSpec
from services.socle.settings import Settings
from services.socle.sql import SortedText
from services.socle.telling import trace
from services.socle.testing import Bench
from services.socle.tests.caisse import LE
from services.socle.tests.test_runner import QUI, Ajoute, Ajouter, Solde, decide, evolve


class Remercie(Event):
    NAME: ClassVar[str] = "publication.remercie.v1"
    compte: str


class Remercier(Command):
    NAME: ClassVar[str] = "publication.remercier"
    compte: str
    lot: str = ""


class Voir(Query):
    NAME: ClassVar[str] = "publication.voir"
    compte: str


META = MetaData()
totaux = Table(
    "totaux_v1", META, Column("compte", SortedText, primary_key=True), Column("rang", Integer), Column("merci", Integer)
)


class Totaux(Projection):
    name = "totaux"
    VERSION = 1
    tables = (totaux,)
    handles = frozenset({Ajoute, Remercie})

    def project(self, fact: Fact) -> list[Op]:
        if isinstance(fact.event, Ajoute):
            return [Upsert(totaux, {"compte": fact.event.compte}, {"rang": fact.rang})]
        assert isinstance(fact.event, Remercie)
        return [Upsert(totaux, {"compte": fact.event.compte}, {"merci": 1})]


REGISTRE = Registry([Ajoute, Remercie])
COMMANDES: Mapping[str, type[Command]] = {one.NAME: one for one in (Ajouter, Remercier)}
COMPTE = Family("compte", Solde(), evolve)
MERCI = Family("merci", False, lambda state, event: True)


def read_command(raw: Mapping[str, Any]) -> Command:
    name = str(raw.get("commande"))
    if name not in COMMANDES:
        raise Refus("COMMANDE_INCONNUE")
    try:
        return COMMANDES[name].model_validate({k: v for k, v in raw.items() if k != "commande"})
    except ValueError:
        raise Refus("COMMANDE_MALFORMEE") from None


def remercier(command: Remercier, done: bool) -> list[Event]:
    return [] if done else [Remercie(compte=command.compte)]


def owed(fact: Fact) -> list[Command]:
    assert isinstance(fact.event, Ajoute)
    session = fact.subject.split(".")[2]
    return [Remercier(compte=fact.event.compte, le=fact.context.le, par=QUI, session=session, diplome="essai")]


def build(env: Environment) -> Parts:
    async def voir(query: Voir) -> Data | None:
        with env.engine.connect() as connection:
            row = connection.execute(select(totaux).where(totaux.c.compte == query.compte)).mappings().first()
        return dict(row) if row else None

    return Parts(
        handlers=[
            *on(COMPTE, [Ajouter], lambda c: c.compte, decide),
            *on(MERCI, [Remercier], lambda c: f"merci-{c.compte}", remercier),
        ],
        projections=[Totaux()],
        reactions=[Reaction("merci", frozenset({Ajoute}), owed)],
        queries={Voir: voir},
    )


SPEC = ServiceSpec(
    name="publication",
    registry=REGISTRE,
    build=build,
    read_command=read_command,
    read_query=lambda raw: Voir(compte=str(raw["compte"])),
    check=lambda command, academie: None,
    check_query=lambda query, academie: None,
)


class Porte:
    """A client of the service, under the identity of the door."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def __call__(self, kind: str, payload: Any) -> Data:
        nc = await self._bench.client("commandes")
        body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        path = f"{kind}.{self._bench.settings.academie}.publication.x"
        answer: Data = orjson.loads((await nc.request(path, body, timeout=5)).data)
        return answer

    def ajouter(self, compte: str, montant: int, **champs: Any) -> Data:
        command = Ajouter(compte=compte, montant=montant, le=LE, par=QUI, session=self._bench.session, diplome="essai")
        return {"commande": Ajouter.NAME, **command.model_dump(mode="json"), **champs}


@pytest.fixture
async def porte(journal: Bench) -> Porte:
    return Porte(journal)


@pytest.fixture
async def settings(journal: Bench, tmp_path: Path) -> Settings:
    await journal()
    return journal.settings.model_copy(
        update={"sessions": (journal.session,), "db_url": f"sqlite:///{tmp_path}/{{service}}.db"}
    )


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with Service(settings, SPEC) as running:
        yield running


async def test_une_commande_puis_sa_lecture_a_la_position_rendue(service: Service, porte: Porte) -> None:
    done = await porte("cmd", porte.ajouter("c1", 5))
    assert done["ok"]
    assert [one["type"] for one in done["evenements"]] == ["publication.ajoute.v1"]
    position = {"journal": done["journal"], "seq": done["position"]}
    seen = await porte("qry", {"requete": "x", "compte": "c1", "position": position})
    assert seen["reponse"]["rang"] == 1


async def test_la_reaction_suit_le_fait(service: Service, porte: Porte) -> None:
    await porte("cmd", porte.ajouter("c1", 5))
    for _ in range(100):
        seen = await porte("qry", {"requete": "x", "compte": "c1"})
        if seen["reponse"] and seen["reponse"]["merci"]:
            return
        await asyncio.sleep(0.05)
    pytest.fail("la réaction n'a pas eu lieu")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\xff\xfe pas du json", "COMMANDE_MALFORMEE"),
        (b"[1, 2]", "COMMANDE_MALFORMEE"),
        (b"{}", "COMMANDE_INCONNUE"),
        (b'{"commande": "publication.ajouter", "compte": 3}', "COMMANDE_MALFORMEE"),
        (b'{"a": ' + b'{"b": ' * 1000 + b'"\\u0000"' + b"}" * 1001, "COMMANDE_MALFORMEE"),
    ],
)
async def test_un_corps_mal_forme_recoit_un_code(service: Service, porte: Porte, body: bytes, code: str) -> None:
    answer = await porte("cmd", body)
    assert (answer["ok"], answer["code"]) == (False, code)
    assert (await porte("cmd", porte.ajouter("c1", 1)))["ok"]


async def test_un_refus_dit_sa_regle(service: Service, porte: Porte) -> None:
    answer = await porte("cmd", porte.ajouter("c1", 5_000))
    assert (answer["ok"], answer["refus"], answer["code"]) == (False, True, "PLAFOND")


async def test_un_lot_repond_ligne_par_ligne(service: Service, porte: Porte) -> None:
    lot = [porte.ajouter("c1", 1), {"commande": "publication.disparue"}, porte.ajouter("c2", 5_000)]
    answer = await porte("cmd", {"lot": lot})
    assert [one.get("code", "fait") for one in answer["lot"]] == ["fait", "COMMANDE_INCONNUE", "PLAFOND"]


async def test_une_commande_qui_a_un_champ_lot_n_est_pas_un_lot(service: Service, porte: Porte) -> None:
    command = Remercier(compte="c1", lot="L12", le=LE, par=QUI, session=service.settings.sessions[0], diplome="essai")
    done = await porte("cmd", {"commande": Remercier.NAME, **command.model_dump(mode="json")})
    assert (done["ok"], "lot" in done) == (True, False)
    assert [one["type"] for one in done["evenements"]] == [Remercie.NAME]


async def test_la_sante_se_demande_sans_droits(service: Service, porte: Porte) -> None:
    told = (await porte("qry", {"requete": "sante"}))["reponse"]
    assert [one["projection"] for one in told["projections"]] == ["totaux_v1"]
    assert told["stationnes"] == []


async def test_la_sante_repond_des_que_la_porte_s_ouvre(
    settings: Settings, porte: Porte, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Data] = []
    ouvrir = Door.open

    async def ouvrir_et_demander(door: Door) -> None:
        await ouvrir(door)
        if door._path.startswith("qry."):
            await door._nc.flush()
            told.append(await porte("qry", {"requete": "sante"}))

    monkeypatch.setattr(Door, "open", ouvrir_et_demander)
    async with Service(settings, SPEC):
        assert [one["ok"] for one in told] == [True]


async def test_une_base_qui_se_tait_n_est_interrogee_qu_une_fois_a_la_fois(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendre, asked, look = threading.Event(), list[str](), health._aside

    def muette(engine: Engine, name: str) -> health.FromBase:
        asked.append(name)
        rendre.wait(60)
        return look(engine, name)

    monkeypatch.setattr(health, "_aside", muette)
    monkeypatch.setattr(health, "BASE_PATIENCE", 0.05)
    try:
        vues = [await service.health() for _ in range(3)]
    finally:
        rendre.set()
    assert all(one.base is not None for one in vues)
    assert asked == ["publication"]
    monkeypatch.setattr(health, "BASE_PATIENCE", 60.0)
    assert (await service.health()).base is None


async def test_ce_qui_est_dit_d_une_question_l_est_dans_sa_trace() -> None:
    traces: list[dict[str, str]] = []

    async def answer(body: bytes) -> Data:
        return {}

    nobody: Any = None
    one = Door(nobody, "qry.>", "q", answer, lambda *_: traces.append(trace()))
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    question: Any = SimpleNamespace(headers=headers, data=b"{}", subject="qry.normandie.x.y", reply="")
    await one._handle(question)
    assert traces == [{"trace": "a" * 32}]


async def test_l_arret_repond_a_ce_qui_est_en_cours(settings: Settings, journal: Bench, porte: Porte) -> None:
    async with Service(settings, SPEC):
        await porte("qry", {"requete": "sante"})
        asked = [asyncio.create_task(porte("cmd", porte.ajouter(f"c{n}", 1))) for n in range(50)]
        await asyncio.sleep(0.02)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    done = [one for one in answers if isinstance(one, dict) and one["ok"]]
    assert done
    # What was not answered was not done: nothing is left between the two.
    store = await journal()
    stored = [len((await store.load(journal.subject(f"c{n}"))).messages) for n in range(50)]
    assert sum(stored) == len(done)


async def test_un_courtier_gele_ne_retient_pas_l_arret(
    settings: Settings, nats_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rien ne se ferme, rien ne répond : on n'attend que ce qui est laissé aux demandes en cours."""
    monkeypatch.setattr(door, "CLOSING", 0.2)
    async with Service(settings, SPEC) as one:
        os.kill(nats_server.endpoint.pid, signal.SIGSTOP)
        try:
            leaving = asyncio.create_task(one._stack.aclose())
            done, _ = await asyncio.wait([leaving], timeout=8)  # chaque vidange, sans borne, en prendrait dix
        finally:
            os.kill(nats_server.endpoint.pid, signal.SIGCONT)
    assert done
    assert one.environment.nc.is_closed


async def test_une_reponse_ne_s_ecrit_pas_dans_le_journal(service: Service, journal: Bench, porte: Porte) -> None:
    """Whoever asks chooses where to be answered, and the answer goes with the service's rights."""
    await porte("qry", {"requete": "sante"})
    nc = await journal.client("commandes")
    path = f"cmd.{journal.settings.academie}.publication.x"
    await nc.publish(path, b"{}", reply=journal.subject("c1"))
    assert (await porte("cmd", porte.ajouter("c1", 1)))["ok"]
    store = await journal()
    assert (await store.load(journal.subject("c1"))).rank == 1  # and its chain is whole


@pytest.fixture
async def stricte(settings: Settings) -> AsyncIterator[Service]:
    """A service that accepts orders of now only, but from who may record the past."""
    spec = replace(SPEC, internal_roles=frozenset({"systeme"}), backdating_roles=frozenset({"archiviste"}))
    async with Service(settings.model_copy(update={"clock_lag": 900.0}), spec) as running:
        yield running


@pytest.mark.parametrize(
    ("champs", "code"),
    [
        ({"par": QUI.model_copy(update={"role": "systeme"}).model_dump()}, "DROIT_ROLE"),
        ({"id": "r:2f1c7c0e-0000"}, "DROIT_ROLE"),
        ({"le": "2024-01-05T08:00:00+00:00"}, "DATE_PASSEE"),
        ({"le": "2150-01-05T08:00:00+00:00"}, "DATE_FUTURE"),
    ],
)
async def test_la_porte_n_accepte_que_des_ordres_du_dehors(
    stricte: Service, porte: Porte, champs: dict[str, Any], code: str
) -> None:
    assert (await porte("cmd", porte.ajouter("c1", 1, **champs)))["code"] == code


async def test_qui_peut_antidater_antidate(stricte: Service, porte: Porte) -> None:
    par = QUI.model_copy(update={"role": "archiviste"}).model_dump()
    assert (await porte("cmd", porte.ajouter("c1", 1, par=par, le="2024-01-05T08:00:00+00:00")))["ok"]
