"""The embedded broker, its rights, and the creation of journals."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from typing import Any

import nats
import pytest
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from nats.aio.client import Client
from structlog.testing import capture_logs

from services.socle import connection, jsapi
from services.socle.connection import broker_options, connect, options, pull_inbox
from services.socle.errors import (
    BadSubject,
    BrokerAway,
    BrokerDenied,
    BrokerFailed,
    BrokerRunning,
    Misconfigured,
    StreamMismatch,
)
from services.socle.provision import TIMEOUT, provision, wanted
from services.socle.server import PORTS, EmbeddedServer, identities, running
from services.socle.settings import ROOT, Settings
from services.socle.subjects import split, stream_name, subject
from services.socle.testing import Bench
from services.socle.tests.decisions import store

SERVICES = ["inscription", "conformite", "notation", "deliberation", "publication"]
EVERYONE = ["commandes", "exploitation", "provision", *SERVICES]
WRITES_STREAMS = [
    f"$JS.API.STREAM.{verb}.X" for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "RESTORE", "MSG.DELETE")
]
READS = [
    "$JS.API.STREAM.INFO.X",
    "$JS.API.DIRECT.GET.X",
    "$JS.API.CONSUMER.CREATE.X.c",
    "$JS.API.CONSUMER.CREATE.X.c.ev.>",
]
PULLS = ["$JS.API.CONSUMER.INFO.X.c", "$JS.API.CONSUMER.MSG.NEXT.X.c"]
UNNAMED = ["$JS.API.CONSUMER.CREATE.X", "$JS.API.CONSUMER.DURABLE.CREATE.X.c"]  # no name to judge by, or the old way
ACK = "$JS.ACK.X.c.1.1.1.1.0"


class Probe:
    """What the broker lets an identity do, without any effect: the subjects lead nowhere."""

    def __init__(self, client: Client, errors: list[str]) -> None:
        self._client = client
        self._errors = errors

    async def publishes(self, target: str) -> bool:
        await self._client.publish(target, b"?")
        return await self._allowed("publish", target)

    async def listens(self, target: str) -> bool:
        await self._client.subscribe(target)
        return await self._allowed("subscription", target)

    async def _allowed(self, action: str, target: str) -> bool:
        # The client sends its first PING ahead of what waits to be written; the second one comes after.
        await self._client.flush()
        await self._client.flush()
        return not any(action in error and f'"{target.lower()}"' in error.lower() for error in self._errors)


@pytest.fixture
async def probe(nats_server: EmbeddedServer, nats_settings: Settings):
    clients: list[Client] = []

    async def make(identity: str) -> Probe:
        errors: list[str] = []

        async def note(error: Exception) -> None:
            errors.append(str(error))

        clients.append(await nats.connect(**options(nats_settings, identity) | {"error_cb": note}))
        return Probe(clients[-1], errors)

    yield make
    for client in clients:
        await client.close()


def test_the_rights_file_knows_everyone(nats_settings: Settings):
    assert identities(nats_settings) == sorted([*EVERYONE, "restauration"])  # the last one in no server in service


@pytest.mark.parametrize("service", SERVICES)
async def test_rights_of_a_service(probe: Any, service: str):
    may = await probe(service)
    assert await may.publishes(f"ev.nulle.part.x.{service}.a")
    for target in [*READS, *PULLS, ACK, "_INBOX.commandes.r"]:
        assert await may.publishes(target), target
    for target in (f"cmd.normandie.{service}.x", f"qry.normandie.{service}.>", f"_INBOX.{service}.*"):
        assert await may.listens(target), target
    others = [f"ev.nulle.part.x.{other}.a" for other in SERVICES if other != service]
    more = [*UNNAMED, "$JS.API.STREAM.SNAPSHOT.X", "$JS.API.CONSUMER.DELETE.X.c", "cmd.a.b.c", "_INBOX.provision.r"]
    for target in [*others, *WRITES_STREAMS, *more]:
        assert not await may.publishes(target), target
    foreign = next(other for other in SERVICES if other != service)
    for target in ("ev.>", f"cmd.normandie.{foreign}.x", "cmd.>", "_INBOX.>", f"_INBOX.{foreign}.>", ">"):
        assert not await may.listens(target), target


async def test_rights_of_provision(probe: Any):
    may = await probe("provision")
    for target in [*WRITES_STREAMS, *READS, "$JS.API.STREAM.LIST"]:
        assert await may.publishes(target), target
    for target in ("ev.nulle.part.x.publication.a", "cmd.a.b.c", ACK):
        assert not await may.publishes(target), target
    assert not await may.listens("ev.>")


async def test_rights_of_exploitation(probe: Any):
    may = await probe("exploitation")
    listed = [f"$JS.API.STREAM.{verb}" for verb in ("LIST", "NAMES", "MSG.GET.X")]
    for target in [*READS, *PULLS, *listed]:
        assert await may.publishes(target), target
    others = [*UNNAMED, ACK, "$JS.API.STREAM.SNAPSHOT.X", "cmd.a.b.c"]
    for target in [*WRITES_STREAMS, *(f"ev.nulle.part.x.{service}.a" for service in SERVICES), *others]:
        assert not await may.publishes(target), target
    for target in ("$JS.EVENT.ADVISORY.>", "_INBOX.exploitation.x"):
        assert await may.listens(target), target
    for target in ("_INBOX.>", "ev.>", "ev.nulle.part.x.notation.a"):
        assert not await may.listens(target), target


async def test_rights_of_commandes(probe: Any):
    may = await probe("commandes")
    for target in ("cmd.normandie.notation.x", "qry.normandie.notation.x"):
        assert await may.publishes(target), target
    for target in ["ev.nulle.part.x.notation.a", *WRITES_STREAMS, *READS, *PULLS, ACK, "_INBOX.notation.r"]:
        assert not await may.publishes(target), target
    assert await may.listens("_INBOX.commandes.x")
    for target in ("ev.>", "cmd.>", "qry.>", "_INBOX.>"):
        assert not await may.listens(target), target


async def test_request_and_answer_between_identities(journal: Bench):
    service, door = await journal.client("notation"), await journal.client("commandes")

    async def answer(message: Any) -> None:
        await message.respond(b"fait")

    await service.subscribe("cmd.normandie.notation.*", cb=answer)
    await service.flush()
    assert (await door.request("cmd.normandie.notation.x", b"", timeout=1)).data == b"fait"


async def test_forbidden_subject_is_logged_once(journal: Bench):
    client = await connect(journal.settings, "publication")
    with capture_logs() as lines:
        for _ in range(5):
            await client.publish("ev.a.b.c.notation.x", b"")
        await client.flush()
        await asyncio.sleep(0.05)
    await client.close()
    assert [line["event"] for line in lines] == ["courtier_interdit"]


async def test_a_broker_that_says_nothing_any_more_is_lost_then_found(
    nats_server: EmbeddedServer, journal: Bench, monkeypatch: pytest.MonkeyPatch
):
    """As behind a cut link: nothing is refused, nothing is closed."""
    monkeypatch.setattr(connection, "PING_EVERY", 0.1)
    client = await connect(journal.settings, "publication")
    async with asyncio.timeout(60):
        os.kill(nats_server.endpoint.pid, signal.SIGSTOP)
        try:
            while client.is_connected:  # noqa: ASYNC110 - what is waited for happens elsewhere
                await asyncio.sleep(0.05)
        finally:
            os.kill(nats_server.endpoint.pid, signal.SIGCONT)
        while not client.is_connected:  # noqa: ASYNC110 - idem
            await asyncio.sleep(0.05)
        await client.flush()
    await client.close()


def test_a_silent_broker_is_left_within_a_minute(journal: Bench):
    for asked in (options(journal.settings, "publication"), broker_options(journal.settings, "publication")):
        assert asked["ping_interval"] * (asked["max_outstanding_pings"] + 1) <= 60


async def test_wrong_password_and_silence_are_told_apart(journal: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PARCHEMIN_NATS_MDP_NOTATION", "faux")
    with pytest.raises(BrokerDenied, match="clé ou son mot de passe"):
        await connect(journal.settings, "notation")
    nowhere = Settings(donnees=journal.settings.donnees, nats_url="nats://127.0.0.1:1", connect_timeout=0.3)
    with pytest.raises(BrokerAway):
        await connect(nowhere, "publication")
    with pytest.raises(Misconfigured, match="PARCHEMIN_NATS_MDP_INCONNU"):
        await connect(journal.settings, "inconnu")


def test_its_port_is_never_one_that_an_outgoing_connection_could_take_while_it_is_down(tmp_path):
    with EmbeddedServer(Settings(donnees=tmp_path, nats_url="")) as server:
        assert server.endpoint.port in PORTS


def test_keeps_its_port_and_stops_clean(tmp_path):
    settings = Settings(donnees=tmp_path / "un dossier", nats_url="")
    assert running(settings) is None
    with EmbeddedServer(settings) as server:
        first = server.endpoint
        assert running(settings) == first
        secrets = settings.secrets_file
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        assert len({settings.password(name) for name in EVERYONE}) == len(EVERYONE)
        before = secrets.read_bytes()
    assert running(settings) is None
    with pytest.raises(ProcessLookupError):
        os.kill(first.pid, 0)
    with EmbeddedServer(settings) as server:
        assert server.endpoint.port == first.port
        assert secrets.read_bytes() == before


def test_second_server_on_the_same_directory_is_refused(nats_server: EmbeddedServer, nats_settings: Settings):
    with pytest.raises(BrokerRunning, match=nats_server.endpoint.url):
        EmbeddedServer(nats_settings).start()
    assert running(nats_settings) == nats_server.endpoint


def test_is_restarted_when_it_dies(tmp_path):
    settings = Settings(donnees=tmp_path, nats_url="")
    with capture_logs() as lines, EmbeddedServer(settings) as server:
        for _ in range(2):
            before = server.endpoint
            os.kill(before.pid, signal.SIGKILL)
            deadline = time.monotonic() + 5
            while server.endpoint.pid == before.pid and time.monotonic() < deadline:
                time.sleep(0.01)
            assert (server.endpoint.url, server.endpoint.pid == before.pid) == (before.url, False)
            assert running(settings) == server.endpoint
    assert [line["event"] for line in lines].count("courtier_mort") == 2


def test_failure_to_start_says_why(tmp_path):
    deploy = tmp_path / "deploy"
    (deploy / "nats").mkdir(parents=True)
    (deploy / "nats" / "journal.conf").write_text("port: $ABSENTE\n")
    with pytest.raises(BrokerFailed, match="COURTIER_EN_ECHEC"):
        EmbeddedServer(Settings(donnees=tmp_path, deploiement=deploy, nats_url="")).start()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends a child with its parent")
def test_killed_application_leaves_no_broker(tmp_path):
    program = (
        "import sys, time, pathlib\n"
        "from services.socle.server import EmbeddedServer\n"
        "from services.socle.settings import Settings\n"
        f"EmbeddedServer(Settings(donnees=pathlib.Path({str(tmp_path)!r}), nats_url='')).start()\n"
        "print('pret', flush=True)\n"
        "time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert child.stdout is not None
    while b"pret" not in child.stdout.readline():
        assert child.poll() is None
    child.kill()
    child.communicate()
    settings = Settings(donnees=tmp_path, nats_url="")
    deadline = time.monotonic() + 5
    while running(settings) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    with EmbeddedServer(settings):
        pass


async def test_provisioning_creates_then_leaves_alone(journal: Bench):
    admin = await journal.client("provision")
    academie, session = journal.settings.academie, journal.session
    first = await provision(admin, academie, [session, session + "-b"])
    assert [one.action for one in first] == ["cree", "cree"]
    assert [one.stream for one in first] == [stream_name(academie, session), stream_name(academie, session + "-b")]
    assert [one.action for one in await provision(admin, academie, [session, session + "-b"])] == ["inchange"] * 2


async def test_provisioning_adjusts_what_is_harmless_only(journal: Bench):
    j = await journal()
    admin = await journal.client("provision")
    config = (await jsapi.call(admin, f"STREAM.INFO.{j.stream}", None, TIMEOUT))["config"]
    await jsapi.call(admin, f"STREAM.UPDATE.{j.stream}", config | {"max_msg_size": 1000}, TIMEOUT)
    done = await provision(admin, journal.settings.academie, [journal.session])
    assert done[0].action == "ajuste"
    assert done[0].changes == {"max_msg_size": (1000, wanted("a", "b")["max_msg_size"])}
    await jsapi.call(admin, f"STREAM.UPDATE.{j.stream}", config | {"max_age": 10**18}, TIMEOUT)
    with pytest.raises(StreamMismatch, match="max_age"):
        await provision(admin, journal.settings.academie, [journal.session])
    left = (await jsapi.call(admin, f"STREAM.INFO.{j.stream}", None, TIMEOUT))["config"]
    assert left["max_age"] == 10**18


async def test_a_journal_of_before_is_not_compressed_any_more(journal: Bench):
    j = await journal()
    admin = await journal.client("provision")
    config = (await jsapi.call(admin, f"STREAM.INFO.{j.stream}", None, TIMEOUT))["config"]
    await jsapi.call(admin, f"STREAM.UPDATE.{j.stream}", config | {"compression": "s2"}, TIMEOUT)
    await store(j, journal.subject("a"), "avant", n=1)
    [done] = await provision(admin, journal.settings.academie, [journal.session])
    assert done.changes == {"compression": ("s2", "none")}
    await store(j, journal.subject("b"), "apres", n=2)
    assert [one.seq async for batch in j.read(follow=False) for one in batch] == [1, 2]


async def test_only_provision_can_provision(journal: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.socle.provision.TIMEOUT", 0.3)
    with pytest.raises(BrokerDenied):
        await provision(await journal.client("publication"), "normandie", [journal.session])


async def test_stored_messages_cannot_be_removed(journal: Bench):
    j = await journal()
    admin = await journal.client("provision")
    for verb, payload in (("STREAM.PURGE", {"keep": 0}), ("STREAM.MSG.DELETE", {"seq": 1})):
        with pytest.raises(jsapi.ApiError, match="not permitted"):
            await jsapi.call(admin, f"{verb}.{j.stream}", payload, TIMEOUT)


def test_subjects():
    text = subject("aix-marseille", "2026", "bts_ndrc", "notation", "copie.E4-12")
    assert text == "ev.aix-marseille.2026.bts_ndrc.notation.copie.E4-12"
    assert split(text).aggregate == "copie.E4-12"
    assert (str(split(text)), split(text).stream) == (text, "JOURNAL_AIX_MARSEILLE_2026")


@pytest.mark.parametrize("bad", ["", "*", ">", "a.b", "A", "é", "a b", "a\r\nPUB", "-a", "x" * 65])
def test_token_that_would_be_read_otherwise(bad: str):
    with pytest.raises(BadSubject, match="SUJET_INVALIDE"):
        stream_name("normandie", bad)
    with pytest.raises(BadSubject):
        subject("normandie", "2026", bad, "notation", "a")


@pytest.mark.parametrize("bad", ["", "*", "a.>", "a..b", ".a", "a.", "é", "a b", "a\n", "x" * 121])
def test_aggregate_that_would_be_read_otherwise(bad: str):
    with pytest.raises(BadSubject):
        subject("normandie", "2026", "bts", "notation", bad)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("PARCHEMIN_SESSIONS", "2024, 2025,2026")
    monkeypatch.setenv("PARCHEMIN_REPLICAS", "3")
    monkeypatch.setenv("PARCHEMIN_ATTEMPTS", "2")
    monkeypatch.setenv("PARCHEMIN_NATS_MDP_NOTATION", "secret")
    settings = Settings(donnees=tmp_path)
    assert (settings.sessions, settings.replicas, settings.bounds.attempts) == (("2024", "2025", "2026"), 3, 2)
    assert settings.password("notation") == "secret"
    assert settings.database_url("notation") == f"sqlite:///{tmp_path}/notation.db"
    with pytest.raises(Misconfigured, match="CONFIGURATION"):
        settings.password("publication")


async def test_faststream_reacts_and_answers_within_its_rights(journal: Bench):
    j = await journal()
    seen: asyncio.Queue[Any] = asyncio.Queue()
    broker = NatsBroker(**broker_options(journal.settings, "notation"))

    @broker.subscriber(
        f"ev.{journal.settings.academie}.{journal.session}.*.publication.>",
        stream=JStream(j.stream, declare=False),
        durable="notation-reaction",
        pull_sub=PullSub(batch_size=1),
        inbox_prefix=pull_inbox("notation"),
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def react(envelope: Any) -> None:
        await seen.put(envelope)

    @broker.subscriber("cmd.normandie.notation.*")
    async def answer(body: bytes) -> bytes:
        return b"fait"

    async with broker, asyncio.timeout(5):
        await broker.start()
        await store(j, journal.subject("a"), "commande-1")
        assert (await seen.get())["commandeid"] == "commande-1"
        door = await journal.client("commandes")
        assert (await door.request("cmd.normandie.notation.x", b"")).data == b"fait"
