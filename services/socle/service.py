"""A service at work: its connection, journals, runner, read models and reactions, and the doors it answers at.

Commands come in by request/reply on ``cmd.<academie>.<service>.<command>``, questions on
``qry.<academie>.<service>.<query>``; every answer is JSON, ``{"ok": true, …}`` or ``{"ok": false, "code", "detail"}``.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self

import orjson
import structlog
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, MaxPayloadError
from sqlalchemy import Engine

from contracts.messages import Command, ContractError, Data, Event, Query, Refus, Registry
from contracts.stationnement import OrdreStationnement
from services.socle import migrating, parking
from services.socle.bases import open_base, open_coffre, presences
from services.socle.coffre import Coffre, master_key
from services.socle.connection import Watch, broker_options, connect, pull_inbox
from services.socle.enveloppe import has_nul
from services.socle.errors import DatabaseAway, SocleError
from services.socle.handlers import Handler
from services.socle.journal import NOTHING, History, Journal, Store
from services.socle.migrating import history_of, history_of_coffre, prepare
from services.socle.parking import Parked, now
from services.socle.presence import BASE_AWAY, Patience, waiting
from services.socle.projections import Projection, Projector
from services.socle.reactions import Reaction, Reactions
from services.socle.runner import DERIVED, Outcome, Runner
from services.socle.settings import Settings
from services.socle.settlement import Settlement, check_order, read_order
from services.socle.sql import in_writer, is_away
from services.socle.subjects import stream_name, subject

log = structlog.get_logger("service")

SHOWN = 50  # messages set aside that the answer about health names
HEALTH = "sante"  # the one question every service answers, whoever asks
WORKERS = 128  # commands in flight: enough to share the broker's fsync between them
COLLECT = (100_000, 20, 20)  # the default, (700, 10, 10), goes through all that memory holds many times a second
CLOSING = 4.0  # seconds left to what is in hand when the service stops


@dataclass
class _Seen:
    """An aggregate that lookups ask for again and again: what is known of it, and when its last reading began."""

    tip: History = NOTHING
    events: list[Event] = field(default_factory=list)
    begun: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Environment:
    """What the shell of a service builds on. ``runner`` and ``projector`` are there once the service has started."""

    settings: Settings
    service: str
    nc: Client
    journals: Mapping[str, Store]
    coffre: Coffre
    engine: Engine
    registry: Registry
    clock: Callable[[], datetime] = now
    runner: Runner = field(init=False)
    projector: Projector = field(init=False)
    _seen: dict[str, _Seen] = field(default_factory=lambda: defaultdict(_Seen))
    _moments: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def events(self, session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        """Every event of an aggregate, of this service or another, as the journal has them now.

        Raises:
            Refus: ``SESSION_INCONNUE``.
        """
        journal = self.journals.get(session)
        if journal is None:
            raise Refus("SESSION_INCONNUE", f"la session « {session} » n'a pas de journal ici (PARCHEMIN_SESSIONS)")
        path = subject(self.settings.academie, session, diplome, service, aggregate)
        asked, seen = next(self._moments), self._seen[path]
        async with seen.turn:
            # Of many commands in flight, one looks for all: a reading that began after the question answers it.
            if seen.begun < asked:
                begun = next(self._moments)
                history = await journal.load(path, seen.tip)
                fresh = [self.registry.load(one["type"], one["data"]) for m in history.messages for one in m.envelopes]
                seen.begun, seen.tip, seen.events = begun, history.tip, [*seen.events, *fresh]
            return seen.events

    async def up_to_date(self, session: str) -> int:
        """Wait until the read models show the journal's present end; that position.

        Raises:
            ReadBehind, ProjectionStopped: they do not come.
        """
        end = await self.journals[session].identity()
        await self.projector.wait_for(end.stream, end.last_seq)
        return end.last_seq


Answer = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Parts:
    """What a service is made of, built on its environment."""

    handlers: Sequence[Handler]
    projections: Sequence[Projection]
    reactions: Sequence[Reaction] = ()
    queries: Mapping[type[Query], Answer] = field(default_factory=dict)


Admit = Callable[[Environment, Command], Awaitable[None]]


async def admit_all(env: Environment, command: Command) -> None:
    """Nothing more to look at."""


@dataclass(frozen=True)
class ServiceSpec:
    """A service before it starts. ``read_command``/``read_query`` turn the received JSON into messages.

    ``admit`` looks at a command from outside once more, with what the service knows; what reactions owe is not asked.
    """

    name: str
    registry: Registry
    build: Callable[[Environment], Parts]
    read_command: Callable[[Mapping[str, Any]], Command]
    read_query: Callable[[Mapping[str, Any]], Query]
    check: Callable[[Command, str], None]
    check_query: Callable[[Query, str], None]
    internal_roles: frozenset[str] = frozenset()  # those of reactions: never accepted from outside
    backdating_roles: frozenset[str] = frozenset()  # those who may record what happened before
    admit: Admit = admit_all


def collect_rarely() -> None:
    """Look for garbage less often: a process that keeps thousands of aggregates spent a third of an import on it."""
    gc.freeze()
    gc.set_threshold(*COLLECT)


class Service:
    """One running service. ``async with Service(settings, spec)``: ready when entered, quiet when left.

    ``patience``: how long it waits for a database that is away when it starts; once started, it waits for ever.
    """

    def __init__(self, settings: Settings, spec: ServiceSpec, patience: Patience | None = None) -> None:
        self.settings, self.spec, self.patience = settings, spec, patience or Patience()
        self._stack = AsyncExitStack()
        self.environment: Environment
        self.parts: Parts
        self.runner: Runner
        self.projector: Projector
        self.reactions: Reactions

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        log.info("service_arrete", service=self.spec.name)

    async def _start(self) -> None:
        begun = time.monotonic()
        settings, spec = self.settings, self.spec
        nc = await connect(settings, spec.name)
        self._stack.push_async_callback(nc.close)
        journals: dict[str, Store] = {}
        for session in settings.sessions:
            journal = Journal(nc, stream_name(settings.academie, session), settings.bounds)
            journals[session] = await self._stack.enter_async_context(journal)
        here, there = presences(settings, spec.name)
        engine, safe = open_base(settings, spec.name, here), open_coffre(settings, spec.name, there)
        for one in (engine, safe):
            self._stack.callback(one.dispose)
        key = master_key(settings.coffre_cle_file)
        await self._base(safe, history_of_coffre())
        coffre = Coffre(safe, key, create=False)
        env = self.environment = Environment(settings, spec.name, nc, journals, coffre, engine, spec.registry)
        self.parts = spec.build(env)
        await self._base(engine, history_of(spec.name, self.parts.projections))
        self.projector = env.projector = Projector(
            spec.name, spec.registry, engine, list(journals.values()), list(self.parts.projections)
        )
        self.settlement = Settlement(settings.academie, spec.name, engine, journals, self.projector)
        self.runner = env.runner = Runner(
            academie=settings.academie,
            service=spec.name,
            journals=journals,
            registry=spec.registry,
            coffre=coffre,
            handlers=[*self.parts.handlers, *self.settlement.handlers()],
            check=self._may,
        )
        await waiting("stationnements", self.settlement.recall, self.patience)
        await self._stack.enter_async_context(self.projector)
        await self.projector.enter_service()
        await self._open_doors()
        collect_rarely()
        log.info("service_pret", service=spec.name, ms=round((time.monotonic() - begun) * 1000))

    async def _open_doors(self) -> None:
        name, academie = self.spec.name, self.settings.academie
        for prefix, answer in (("cmd", self.command), ("qry", self.query)):
            door = _Door(self.environment.nc, f"{prefix}.{academie}.{name}.>", name, answer)
            await door.open()
            self._stack.push_async_callback(door.close)
        watch = Watch(name)
        broker = NatsBroker(**broker_options(self.settings, name, watch), logger=None, graceful_timeout=CLOSING)
        await broker.start()
        watch.client = broker.connection  # so that leaving is not told as losing
        self._stack.push_async_callback(_stop, broker)
        self.reactions = Reactions(
            service=name,
            registry=self.spec.registry,
            engine=self.environment.engine,
            broker=broker,
            sources=list(self.environment.journals.values()),
            reactions=self.parts.reactions,
            execute=self.runner.execute,
            review=self.runner.pointless,
            inbox=pull_inbox(name).decode(),
        )
        await self.reactions.start()
        self.settlement.open(self.reactions)
        self._stack.push_async_callback(self.reactions.stop)

    async def _base(self, engine: Engine, history: migrating.History) -> None:
        """The base at its revision; a server that is away is waited for."""
        allowed = self.settings.base_migrer or engine.dialect.name == "sqlite"
        await waiting(
            history.name, partial(in_writer, engine, prepare, engine, history, allowed=allowed), self.patience
        )

    async def command(self, body: bytes) -> Data:
        """The answer to a command received as JSON, or to a ``lot`` of them (imports; ``essai``: decide only)."""
        raw = _mapping(body, "COMMANDE_MALFORMEE")
        if "commande" in raw or "lot" not in raw:  # a command may have a field of that name
            return await self._done(await self._read(raw))
        lot = raw["lot"]
        if not isinstance(lot, list) or not all(isinstance(one, dict) for one in lot):
            raise Refus("COMMANDE_MALFORMEE", "« lot » doit être une liste de commandes")
        read = [await self._try(one) for one in lot]
        commands = [one for one in read if isinstance(one, Command)]
        outcomes = iter(await self.runner.execute_many(commands, dry_run=bool(raw.get("essai"))))
        answers = [one if isinstance(one, Refus) else next(outcomes) for one in read]
        return {"lot": [_refused(one) if isinstance(one, Refus) else {"ok": True, **_told(one)} for one in answers]}

    async def _done(self, command: Command) -> Data:
        outcome = await self.runner.execute(command)
        if isinstance(command, OrdreStationnement):
            return {**_told(outcome), **await self.settlement.follow(command, outcome)}
        return _told(outcome)

    def _may(self, command: Command, academie: str) -> None:
        (check_order if isinstance(command, OrdreStationnement) else self.spec.check)(command, academie)

    async def _try(self, raw: Mapping[str, Any]) -> Command | Refus:
        try:
            command = await self._read(raw)
        except Refus as refus:
            return refus
        if isinstance(command, OrdreStationnement):
            return Refus("COMMANDE_INCONNUE", f"{command.NAME} se donne seule, jamais dans un lot")
        return command

    async def _read(self, raw: Mapping[str, Any]) -> Command:
        command = read_order(raw) or self.spec.read_command(raw)
        if type(command) not in self.runner.handlers:
            raise Refus("COMMANDE_INCONNUE", f"{command.NAME} n'est pas une commande du service {self.spec.name}")
        self._check_door(command)
        await self.spec.admit(self.environment, command)
        return command

    def _check_door(self, command: Command) -> None:
        """What is true of an order from outside, whatever it asks."""
        spec, by, now = self.spec, command.par, datetime.now(UTC)
        if by.role in spec.internal_roles or command.id.startswith(DERIVED):
            raise Refus(
                "DROIT_ROLE", f"le rôle « {by.role} » et les identifiants « {DERIVED}… » sont ceux des réactions"
            )
        if command.le > now + timedelta(seconds=self.settings.clock_tolerance):
            # What waits for a date (an embargo) must not yield to whoever writes that date in advance.
            raise Refus("DATE_FUTURE", f"{command.NAME} est datée du {command.le.isoformat()} : une date à venir")
        lag = self.settings.clock_lag
        if lag and by.role not in spec.backdating_roles and command.le < now - timedelta(seconds=lag):
            raise Refus("DATE_PASSEE", f"le rôle « {by.role} » n'antidate pas : datez {command.NAME} de maintenant")

    async def health(self) -> Data:
        """Read models with their lag, and what is set aside. No data of anybody: asked without rights."""
        standings = await self.projector.status()
        parked = await in_writer(
            self.environment.engine, parking.list_parked, self.environment.engine, self.spec.name, None, None
        )
        return {
            "service": self.spec.name,
            "projections": [asdict(one) for one in standings],
            "stationnes": _told_parked(parked),
        }

    async def query(self, body: bytes) -> Data:
        """The answer to a question received as JSON; ``position`` asks to see at least that point of the journal."""
        raw = _mapping(body, "REQUETE_MALFORMEE")
        if raw.get("requete") == HEALTH:
            return {"reponse": await self.health()}
        position = raw.pop("position", None)
        query = self.spec.read_query(raw)
        answer = self.parts.queries.get(type(query))
        if answer is None:
            raise Refus("REQUETE_INCONNUE", f"{query.NAME} n'est pas une question du service {self.spec.name}")
        self.spec.check_query(query, self.settings.academie)
        if position is not None:
            await self.projector.wait_for(*_position(position))
        return {"reponse": await answer(query)}


def _told_parked(parked: Sequence[Parked]) -> list[str]:
    """The first of them, and how many more: whoever set ten thousand aside must still be able to say how it is."""
    told = [f"{one.consumer} {one.stream}@{one.seq} {one.code}" for one in parked[:SHOWN]]
    more = len(parked) - SHOWN
    return [*told, f"et {more} autres ; voyez « parchemin stationnes lister »"] if more > 0 else told


async def _stop(broker: NatsBroker) -> None:
    """A connection that is down cannot be drained; what it held is delivered again."""
    with suppress(Error, TimeoutError):
        await broker.stop()


def _told(outcome: Outcome) -> Data:
    return {
        "evenements": [{"type": name, "data": data} for name, data in outcome.events],
        "journal": outcome.stream,
        "position": outcome.seq,
        "deja": outcome.again,
    }


def _refused(refus: Refus) -> Data:
    return {"ok": False, "code": refus.regle, "detail": refus.detail, "refus": True}


def _mapping(body: bytes, code: str) -> dict[str, Any]:
    """The JSON object received; ``code`` refuses what is none."""
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refus(code, "le corps n'est pas du JSON en UTF-8") from None
    if not isinstance(raw, dict):
        raise Refus(code, "le corps doit être un objet JSON")
    if b"\\u0000" in body and has_nul(raw):
        raise Refus(code, "un texte contient un caractère nul, que les bases ne savent pas garder")
    return raw


def _position(raw: Any) -> tuple[str, int]:
    """``{"journal": …, "seq": …}``, as an answer gave it."""
    match raw:
        case {"journal": str(journal), "seq": int(seq)}:
            return journal, seq
        case _:
            raise Refus("REQUETE_MALFORMEE", "« position » se reprend d'une réponse : journal (texte), seq (entier)")


def as_json(reply: Data) -> bytes:
    # Rows of SQLAlchemy have keys that are not quite `str`; decimals and moments go out as text.
    return orjson.dumps(reply, default=str, option=orjson.OPT_NON_STR_KEYS)


class _Door:
    """Requests on a subject, answered by many tasks at once; when they are all busy, the next ones wait on the broker.

    A bare subscription: from a message to its handler, FastStream took more than a third of the time of a command.
    """

    def __init__(self, nc: Client, path: str, queue: str, answer: Callable[[bytes], Awaitable[Data]]) -> None:
        self._nc, self._path, self._queue, self._answer = nc, path, queue, answer
        self._slots = asyncio.Semaphore(WORKERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None

    async def open(self) -> None:
        self._subscription = await self._nc.subscribe(self._path, queue=self._queue, cb=self._take)

    async def close(self) -> None:
        """What is in hand ends and is answered; nothing else is taken."""
        if self._subscription is not None and not self._nc.is_closed:
            try:
                async with asyncio.timeout(CLOSING):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
            except (Error, TimeoutError) as error:
                log.warning("porte_mal_fermee", demandes=self._path, cause=type(error).__name__)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING)

    async def _take(self, message: Msg) -> None:
        await self._slots.acquire()
        task = asyncio.create_task(self._handle(message))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _handle(self, message: Msg) -> None:
        """Every request gets an answer, with a stable code when it is a no; a crash of ours is told without details."""
        begun = time.monotonic()
        name = message.subject.rsplit(".", 1)[-1]
        outcome, reply = await self._reply(message.data, name)
        log.debug("demande", demande=name, issue=outcome, ms=round((time.monotonic() - begun) * 1000, 1))
        if message.reply.startswith("_INBOX."):  # a reply elsewhere would be written with our rights: in the journal
            try:
                await self._nc.publish(message.reply, reply)
            except MaxPayloadError:
                detail = (
                    f"la réponse fait {len(reply)} octets, plus que le courtier n'accepte ; demandez moins à la fois"
                )
                told = {"ok": False, "code": "REPONSE_TROP_GRANDE", "detail": detail, "refus": False}
                await self._nc.publish(message.reply, as_json(told))
            except Error as error:  # the connection is closing; whoever asked will ask again
                log.warning("reponse_perdue", demande=name, cause=type(error).__name__)

    async def _reply(self, body: bytes, name: str) -> tuple[str, bytes]:
        try:
            return "ok", as_json({"ok": True, **await self._answer(body)})
        except Refus as refus:
            return refus.regle, as_json(_refused(refus))
        except (SocleError, ContractError) as error:
            return error.code, as_json({"ok": False, "code": error.code, "detail": str(error), "refus": False})
        except Exception as error:
            if is_away(error):
                return DatabaseAway.code, as_json(BASE_AWAY)
            log.exception("erreur_interne", demande=name)
            told = {"ok": False, "code": "ERREUR_INTERNE", "detail": type(error).__name__, "refus": False}
            return "ERREUR_INTERNE", as_json(told)
