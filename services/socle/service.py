"""A service at work: its connection, journals, runner, read models and reactions, and the doors it answers at.

Commands come in by request/reply on ``cmd.<academie>.<service>.<command>``, questions on
``qry.<academie>.<service>.<query>``; every answer is JSON, ``{"ok": true, …}`` or ``{"ok": false, "code", "detail"}``.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self

import orjson
import structlog
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.errors import Error
from sqlalchemy import Engine

from contracts.messages import Command, Data, Refus
from contracts.stationnement import OrdreStationnement
from services.socle import metrics, migrating
from services.socle.bases import open_base, open_coffre, presences
from services.socle.building import Environment, Parts, ServiceSpec
from services.socle.coffre import Coffre, master_key
from services.socle.connection import Watch, broker_options, connect, pull_inbox
from services.socle.decided import Outcome
from services.socle.door import CLOSING, OK, REFUSED, Door, refused
from services.socle.enveloppe import has_nul
from services.socle.exchanges import Exchanged
from services.socle.health import Health, Probe
from services.socle.journal import Journal, Store
from services.socle.metrics import Instruments
from services.socle.migrating import history_of, history_of_coffre, prepare
from services.socle.presence import Patience, waiting
from services.socle.projections import Projector
from services.socle.reactions import Reactions
from services.socle.runner import DERIVED, Runner
from services.socle.settings import Settings
from services.socle.settlement import REFUSALS, Settlement, check_order, read_order
from services.socle.sql import in_writer
from services.socle.subjects import exchange_name, stream_name
from services.socle.telling import trace

__all__ = ["HEALTH", "PRESENCE", "Environment", "Parts", "Service", "ServiceSpec", "collect_rarely"]

log = structlog.get_logger("service")

HEALTH = "sante"  # the one question every service answers, whoever asks
ANSWERS = 0.5  # seconds left to a broker to show that it is there, when the service stops
PRESENCE = "presence"  # asked to hear a refusal at once from who is there: neither counted nor told
COLLECT = (100_000, 20, 20)  # the default, (700, 10, 10), goes through all that memory holds many times a second


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
        self.instruments: Instruments
        self.probe: Probe

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
        exchanges = {session: await self._exchanges(nc, session) for session in settings.echanges}
        here, there = presences(settings, spec.name)
        engine, safe = open_base(settings, spec.name, here), open_coffre(settings, spec.name, there)
        for one in (engine, safe):
            self._stack.callback(one.dispose)
        key = master_key(settings.coffre_cle_file)
        await self._base(safe, history_of_coffre())
        coffre = Coffre(safe, key, create=False)
        env = self.environment = Environment(
            settings, spec.name, nc, journals, coffre, engine, spec.registry, exchanges=exchanges
        )
        self.parts = spec.build(env)
        await self._base(engine, history_of(spec.name, self.parts.projections))
        self.projector = env.projector = Projector(
            spec.name, spec.registry, engine, [*journals.values(), *exchanges.values()], list(self.parts.projections)
        )
        self.settlement = Settlement(settings.academie, spec.name, engine, journals, self.projector, exchanges)
        self.instruments = Instruments(
            spec.name,
            frozenset(one.command.NAME for one in [*self.parts.handlers, *self.settlement.handlers()]),
            spec.refusals | REFUSALS,
            frozenset(one.NAME for one in self.parts.queries) | {HEALTH},
        )
        self.runner = env.runner = Runner(
            academie=settings.academie,
            service=spec.name,
            journals=journals,
            registry=spec.registry,
            coffre=coffre,
            handlers=[*self.parts.handlers, *self.settlement.handlers()],
            check=self._may,
            instruments=self.instruments,
        )
        await waiting(spec.name, self.settlement.recall, self.patience)
        await self._stack.enter_async_context(self.projector)
        await self.projector.enter_service(self.patience.pause)
        await self.projector.retry_newer()
        await self._open_doors(list(exchanges.values()))
        collect_rarely()
        log.info("service_pret", service=spec.name, ms=round((time.monotonic() - begun) * 1000))

    async def _exchanges(self, nc: Client, session: str) -> Exchanged:
        """What partners share in a session: read, never written."""
        settings = self.settings
        journal = Journal(nc, exchange_name(settings.academie, session), settings.bounds)
        return Exchanged(await self._stack.enter_async_context(journal), settings.academie)

    async def _open_doors(self, exchanges: Sequence[Exchanged]) -> None:
        name, academie = self.spec.name, self.settings.academie
        broker = await self._broker()
        self.reactions = self._reactions(broker, exchanges)
        # Before the doors: how the service goes may be the first question.
        self.probe = Probe(self.environment, self.instruments, self.projector, self.reactions, broker)
        nc, asked = self.environment.nc, (("cmd", self.command, _nothing_more), ("qry", self.query, self._asked))
        doors = [Door(nc, f"{prefix}.{academie}.{name}.>", name, answer, told) for prefix, answer, told in asked]
        self._stack.push_async_callback(_close, doors)
        for door in doors:
            await door.open()
        self._stack.push_async_callback(self.reactions.stop)
        await self.reactions.start()
        self.settlement.open(self.reactions)

    async def _broker(self) -> NatsBroker:
        """The connection of the reactions."""
        watch = Watch(self.spec.name)
        broker = NatsBroker(
            **broker_options(self.settings, self.spec.name, watch), logger=None, graceful_timeout=CLOSING
        )
        await broker.start()
        watch.client = broker.connection  # so that leaving is not told as losing
        self._stack.push_async_callback(_stop, broker)
        return broker

    def _reactions(self, broker: NatsBroker, exchanges: Sequence[Exchanged]) -> Reactions:
        return Reactions(
            service=self.spec.name,
            registry=self.spec.registry,
            engine=self.environment.engine,
            broker=broker,
            sources=[*self.environment.journals.values(), *exchanges],
            reactions=self.parts.reactions,
            execute=self.runner.execute,
            review=self.runner.pointless,
            inbox=pull_inbox(self.spec.name).decode(),
        )

    async def _base(self, engine: Engine, history: migrating.History) -> None:
        """The base at its revision; a server that is away is waited for."""
        allowed = self.settings.base_migrer or engine.dialect.name == "sqlite"
        await waiting(
            history.name, partial(in_writer, engine, prepare, engine, history, allowed=allowed), self.patience
        )

    async def command(self, body: bytes) -> Data:
        """The answer to a command received as JSON, or to a ``lot`` of them (imports; ``essai``: decide only)."""
        with self._telling_unread("") as named:
            raw = _mapping(body, "COMMANDE_MALFORMEE")
            single = "commande" in raw or "lot" not in raw  # a command may have a field of that name
            named.append(str(raw.get("commande")))
            lot = [] if single else _lot(raw)
        if single:
            return await self._done(await self._read(raw))
        read = [await self._try(one) for one in lot]
        commands = [one for one in read if isinstance(one, Command)]
        outcomes = iter(await self.runner.execute_many(commands, dry_run=bool(raw.get("essai"))))
        answers = [one if isinstance(one, Refus) else next(outcomes) for one in read]
        return {"lot": [refused(one) if isinstance(one, Refus) else {"ok": True, **_told(one)} for one in answers]}

    @contextmanager
    def _telling_unread(self, name: str) -> Iterator[list[str]]:
        """What is refused before the runner has it is told here."""
        named = [name]
        try:
            yield named
        except Refus as refus:
            self.runner.teller.unread(named[-1], refus.regle)
            raise

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
        with self._telling_unread(str(raw.get("commande"))):
            return await self._checked(raw)

    async def _checked(self, raw: Mapping[str, Any]) -> Command:
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

    async def health(self) -> Health:
        """Broker, base, read models and reactions with their lag, what is set aside. No data of anybody."""
        return await self.probe.look()

    def _asked(self, name: str, ended: str, code: str, seconds: float) -> None:
        if name == PRESENCE:
            return
        name = name if name == HEALTH else f"{self.spec.name}.{name}"
        self.instruments.query(name, {OK: metrics.ANSWERED, REFUSED: metrics.REFUSED}.get(ended, metrics.FAILED))
        if ended == REFUSED:
            self.instruments.refusal(name, code)
        elif ended != OK:
            self.instruments.error(code)
        if name in self.instruments.queries:  # anybody may write anything there
            told = {"demande": name, "issue": ended, "code": code, "ms": round(seconds * 1000, 1)}
            log.debug("question", service=self.spec.name, **told, **trace())

    async def query(self, body: bytes) -> Data:
        """The answer to a question received as JSON; ``position`` asks to see at least that point of the journal."""
        raw = _mapping(body, "REQUETE_MALFORMEE")
        if raw.get("requete") == HEALTH:
            return {"reponse": (await self.health()).told()}
        position = raw.pop("position", None)
        query = self.spec.read_query(raw)
        answer = self.parts.queries.get(type(query))
        if answer is None:
            raise Refus("REQUETE_INCONNUE", f"{query.NAME} n'est pas une question du service {self.spec.name}")
        try:
            self.spec.check_query(query, self.settings.academie)
            if position is not None:
                await self.projector.wait_for(*_position(position))
            return {"reponse": await answer(query)}
        except Refus as refus:
            await self.spec.heard(self.environment, query, refus)
            raise


async def _close(doors: Sequence[Door]) -> None:
    """Together: each may have to wait for what it has in hand."""
    await asyncio.gather(*(door.close() for door in doors))


async def _stop(broker: NatsBroker) -> None:
    """A connection that is down, or whose broker is silent, cannot be drained; what it held is delivered again."""
    connection = broker.connection
    with suppress(Error, OSError):
        async with asyncio.timeout(ANSWERS):
            await connection.flush()
        return await broker.stop()
    await connection.close()


def _told(outcome: Outcome) -> Data:
    return {
        "evenements": [{"type": name, "data": data} for name, data in outcome.events],
        "journal": outcome.stream,
        "position": outcome.seq,
        "deja": outcome.again,
    }


def _nothing_more(name: str, ended: str, code: str, seconds: float) -> None:
    """Of commands the runner tells."""


def _lot(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    lot = raw["lot"]
    if not isinstance(lot, list) or not all(isinstance(one, dict) for one in lot):
        raise Refus("COMMANDE_MALFORMEE", "« lot » doit être une liste de commandes")
    return lot


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
