"""What operators decide about messages set aside: an event of the journal first, its effect in the database next.

The journal is what is archived, sealed and restored: who decided, when and why is there. The table of what is set
aside follows it: a base made again from nothing learns, when its service starts, what was given up, and passes it over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypedDict

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from contracts.messages import Command, Data, Event, Refus, Registry, summary
from contracts.stationnement import (
    EXPLOITANT,
    LIEU,
    ORDRES,
    EcarterMessage,
    MessageEcarte,
    OrdreStationnement,
    ReprendreAgregat,
    RepriseDemandee,
)
from services.socle import parking, seen
from services.socle.decided import Outcome
from services.socle.enveloppe import Stored, context_of
from services.socle.facts import Source
from services.socle.handlers import Family, Handler, Lookups, on
from services.socle.journal import Store, of_session
from services.socle.parking import Parked, Retried
from services.socle.projections import Projector
from services.socle.reactions import Reactions
from services.socle.sql import in_writer, writing
from services.socle.subjects import exchange_of, subject

TOKEN = "stationnement"  # noqa: S105 - the token of a subject
EVENTS = Registry([MessageEcarte, RepriseDemandee])

REFUSALS = frozenset({"NON_STATIONNE", "MOTIF_ATTENDU", "EN_ATTENTE", "SESSION_INCONNUE", "COMMANDE_MALFORMEE"})
"""Those of the orders, to be counted under their codes."""

GivenUp = Mapping[tuple[str, int, str], str]
"""What was given up: (consumer, position, digest of a partner's message) → motive."""

log = structlog.get_logger("stationnement")


# Decisions -----------------------------------------------------------------------------------------------------------


def evolve(given_up: GivenUp, event: Event) -> GivenUp:
    """Only what is given up matters to what follows."""
    if isinstance(event, MessageEcarte):
        return {**given_up, (event.consommateur, event.position, event.empreinte): event.motif}
    return given_up


def decide(
    order: OrdreStationnement, given_up: GivenUp, parked: Parked | None, head: int = 0, digest: str = ""
) -> list[Event]:
    """What an order comes to, given what was given up, the message as it is set aside, the first of its aggregate.

    ``digest`` says which message of a partner it is.

    Raises:
        Refus: ``NON_STATIONNE``, ``MOTIF_ATTENDU``, or ``EN_ATTENTE`` of another message.
    """
    where = f"{order.consommateur} : message {order.position}"
    known = given_up.get((order.consommateur, order.position, digest))
    if known is not None:
        if isinstance(order, EcarterMessage) and order.motif == known:
            return []
        raise Refus("NON_STATIONNE", f"{where} est déjà écarté (motif : {known})")
    if isinstance(order, EcarterMessage) and not order.motif.strip():
        raise Refus("MOTIF_ATTENDU", f"{where} : dites pourquoi vous l'écartez, le journal le garde")
    if parked is None:
        raise Refus("NON_STATIONNE", f"{where} n'est pas, ou plus, stationné : listez de nouveau")
    same = {"consommateur": order.consommateur, "position": order.position, "sujet": parked.subject}
    same |= {"code": parked.code, "cause": parked.cause, "empreinte": digest}
    match order:
        case EcarterMessage(motif=motif):
            return [MessageEcarte(**same, stationne_le=parked.at, motif=motif)]
        case ReprendreAgregat(motif=motif) if order.position == head:
            return [RepriseDemandee(**same, motif=motif)]
        case _:
            raise Refus("EN_ATTENTE", f"{where} attend le message {head} de son agrégat : reprenez celui-là d'abord")


# Shell ---------------------------------------------------------------------------------------------------------------


@dataclass
class Settlement:
    """The orders about what one service has set aside, and what they change."""

    academie: str
    service: str
    engine: Engine
    journals: Mapping[str, Store]
    projector: Projector
    exchanges: Mapping[str, Source] = field(default_factory=dict)  # what partners share, by session
    _reactions: asyncio.Future[Reactions] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def handlers(self) -> list[Handler]:
        """For the runner of the service: orders are commands like any other, done once."""
        family = Family(TOKEN, {}, evolve)
        return on(family, list(ORDRES.values()), lambda _: TOKEN, decide, self._lookups)

    def open(self, reactions: Reactions) -> None:
        """Orders may be given from here on."""
        self._reactions.set_result(reactions)

    async def recall(self) -> None:
        """Make the table say what the journals say was given up. To be done before anything is read again."""
        for one in (parking, seen):
            await in_writer(self.engine, one.prepare, self.engine)
        for session in self.journals:
            await self._recall(session)

    async def _recall(self, session: str) -> None:
        journal = self.journals[session]
        history = await journal.load(subject(self.academie, session, LIEU, self.service, TOKEN))
        news = await in_writer(self.engine, self._remember, [one for m in history.messages for one in _decided(m)])
        if news:
            log.info("decisions_reprises", service=self.service, journal=journal.stream, nombre=news)

    async def follow(self, order: OrdreStationnement, outcome: Outcome) -> Data:
        """The effect of an order that the journal holds; what there is to answer besides its events.

        Raises:
            NotParked: somebody else settled it meanwhile.
        """
        if isinstance(order, EcarterMessage):
            await self._recall_or_remember(order, outcome)
            return {}
        try:
            told = await self._retry(order, self._source(order).stream)
        except parking.NotParked:
            if not outcome.again:
                raise
            told = Retried(0)
        return {"reprises": told.done, "arret": None if told.stopped is None else asdict(told.stopped)}

    async def _recall_or_remember(self, order: EcarterMessage, outcome: Outcome) -> None:
        if not outcome.events:  # it was given up already; if its effect was lost, this brings it
            return await self._recall(order.session)
        events = [EVENTS.load(name, data) for name, data in outcome.events]
        made = [(outcome.stream, one, order.par.id, order.le) for one in events if isinstance(one, MessageEcarte)]
        await in_writer(self.engine, self._remember, made)

    def _remember(self, decided: Sequence[Decided]) -> int:
        with writing(self.engine) as connection:
            return sum(self._remember_one(connection, *one) for one in decided)

    def _remember_one(self, connection: Connection, stream: str, event: MessageEcarte, by: str, at: datetime) -> bool:
        where = (event.position, event.sujet, event.code, event.cause, event.stationne_le)
        settled: Settled = {"by": by, "reason": event.motif, "at": at}
        if not event.empreinte:
            one = Parked(self.service, event.consommateur, stream, *where)
            return parking.remember_discarded(connection, one, **settled)
        # Its position is worth nothing if the exchanges were filled again since: what it holds tells it.
        one = Parked(self.service, event.consommateur, exchange_of(stream), *where)
        parking.settle_discarded(connection, one, **settled)
        name = {"service": self.service, "consumer": parking.stem(one.consumer), "stream": one.stream}
        return seen.forgo(connection, **name, subject=one.subject, digest=event.empreinte)

    async def _retry(self, order: OrdreStationnement, stream: str) -> Retried:
        one = await in_writer(self.engine, self._set_aside, stream, order)
        if one is None:
            raise parking.NotParked(f"{order.consommateur} : {stream}@{order.position} n'est plus stationné")
        reason = (order.motif if isinstance(order, ReprendreAgregat) else "") or "reprise"
        if any(each.label == one.consumer for each in self.projector.projections):
            return await self.projector.retry(one.consumer, stream, one.subject, by=order.par.id, reason=reason)
        return await (await self._reactions).retry(one, by=order.par.id, reason=reason)

    async def _lookups(self, order: OrdreStationnement) -> Lookups:
        await asyncio.shield(self._reactions)  # the doors open a moment before
        source = self._source(order)
        found = await in_writer(self.engine, self._set_aside, source.stream, order)
        if found is None and isinstance(order, EcarterMessage):
            found = await self._stopped(source, order)
        theirs = await _message(source, order.position) if order.echanges else None
        head = await in_writer(self.engine, self._head, found)
        return {"parked": found, "head": head, "digest": "" if theirs is None else theirs.digest}

    def _source(self, order: OrdreStationnement) -> Source:
        """Where the message is.

        Raises:
            Refus: ``SESSION_INCONNUE``.
        """
        if not order.echanges:
            return of_session(self.journals, order.session)
        found = self.exchanges.get(order.session)
        if found is None:
            detail = f"aucun partenaire ne partage la session {order.session} ici : voyez PARCHEMIN_ECHANGES"
            raise Refus("SESSION_INCONNUE", detail)
        return found

    def _set_aside(self, stream: str, order: OrdreStationnement) -> Parked | None:
        where = {"service": self.service, "consumer": order.consommateur, "stream": stream}
        with self.engine.connect() as connection:
            return parking.read_one(connection, **where, seq=order.position)

    def _head(self, one: Parked | None) -> int:
        """The first message set aside of its aggregate: the one to try again first."""
        if one is None:
            return 0
        of = {"service": one.service, "consumer": one.consumer}
        where: dict[str, Any] = {**of, "stream": one.stream, "subject": one.subject}
        with self.engine.connect() as connection:
            return min((each.seq for each in parking.read_parked(connection, **where)), default=0)

    async def _stopped(self, source: Source, order: OrdreStationnement) -> Parked | None:
        """A message that stops a read model is not set aside; given up, the read model goes on at its next start."""
        if not any(each.label == order.consommateur for each in self.projector.projections):
            return None
        stopped = self.projector.stopped_at(order.consommateur, source.stream)
        message = await _message(source, order.position) if stopped and stopped[0] == order.position else None
        if stopped is None or message is None:
            return None
        known = (source.stream, order.position, message.subject, "PROJECTION_ARRETEE", stopped[1])
        return Parked(self.service, order.consommateur, *known, parking.now())


Decided = tuple[str, MessageEcarte, str, datetime]
"""A journal, what was given up there or in its exchanges, by whom, when."""


class Settled(TypedDict):
    """Who decided, why, when."""

    by: str
    reason: str
    at: datetime


async def _message(source: Source, position: int) -> Stored | None:
    """The message at a position; a journal that does not go so far is not waited for."""
    if position > (await source.identity()).last_seq:
        return None
    found = [one async for batch in source.read(position - 1, stop_at=position) for one in batch]
    return found[0] if found else None


def _decided(message: Stored) -> list[Decided]:
    found = []
    for one in message.envelopes:
        event, context = EVENTS.load(one["type"], one["data"]), context_of(one)
        if isinstance(event, MessageEcarte):
            found.append((message.stream, event, context.acteur, context.le))
    return found


def read_order(raw: Mapping[str, Any]) -> OrdreStationnement | None:
    """The order of a plain mapping; nothing when it asks for something else.

    Raises:
        Refus: ``COMMANDE_MALFORMEE``.
    """
    name = raw.get("commande")
    kind = ORDRES.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    try:
        return kind.model_validate({key: value for key, value in raw.items() if key != "commande"})
    except ValidationError as error:
        raise Refus("COMMANDE_MALFORMEE", f"{kind.NAME} : {summary(error)}") from None


def check_order(order: Command, academie: str) -> None:
    """Who may give one.

    Raises:
        Refus: ``DROIT_ACADEMIE``, ``DROIT_ROLE``.
    """
    if order.par.academie != academie:
        raise Refus("DROIT_ACADEMIE", f"« {order.par.academie} » n'agit pas sur les journaux de « {academie} »")
    if order.par.role != EXPLOITANT:
        raise Refus("DROIT_ROLE", f"le rôle « {order.par.role} » ne décide pas des messages stationnés")
