"""The command runner: load → decide → append, with the retries and the idempotence that a decider must not see."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from contracts.messages import Command, Event, Refus, Registry
from services.socle import conversation, metrics
from services.socle.aggregates import CACHE, Aggregates
from services.socle.coffre import Coffre
from services.socle.decided import (
    CONFLICTS,
    Decided,
    Done,
    Draft,
    Loaded,
    Outcome,
    Prepared,
    Trust,
    events_in,
    outcome_of,
    pause,
)
from services.socle.enveloppe import Context, encode
from services.socle.errors import Conflict
from services.socle.handlers import Handler, Lookups, Ref
from services.socle.hindsight import Then
from services.socle.journal import Appended, Entry, Store, of_session
from services.socle.lots import Lots
from services.socle.metrics import Instruments
from services.socle.sealing import ensure_keys, sealed
from services.socle.subjects import subject as subject_of
from services.socle.telling import Teller
from services.socle.tracing import span

NAMESPACE = uuid.UUID("6f1c2f43-5b0e-4c39-9d6b-6f1d3f6f7a10")
DERIVED = "r:"  # starts the ids of commands owed to events; nobody else may use such an id


class Runner:
    """Runs the commands of one service. Safe with many commands in flight, and with other processes doing the same."""

    def __init__(
        self,
        *,
        academie: str,
        service: str,
        journals: Mapping[str, Store],
        registry: Registry,
        coffre: Coffre,
        handlers: Iterable[Handler],
        check: Callable[[Command, str], None],
        cache: int = CACHE,
        instruments: Instruments | None = None,
    ) -> None:
        self._academie, self.service = academie, service
        self._journals, self.coffre, self._check = journals, coffre, check
        self.handlers = {handler.command: handler for handler in handlers}
        self.teller = Teller(instruments or Instruments(service), silent=instruments is None)
        self.aggregates = Aggregates(registry, cache)
        self._lots = Lots(self)
        self._key = coffre.secret("commande")

    async def execute(
        self, command: Command, *, correlation: str | None = None, traceparent: str | None = None
    ) -> Outcome:
        """Do a command once, whatever the repetitions and the rivals.

        Raises:
            Refus: the author may not, or a rule says no.
            Conflict: the aggregate kept moving for the whole bounded number of retries.
            SocleError: the journal cannot be reached or trusted; nothing was half-written.
        """
        correlation = correlation or conversation.current().correlation or command.id
        with self.teller.command(command, correlation) as told:
            told.append(await self._once(command, correlation, traceparent))
        return cast(Outcome, told[0])

    async def _once(self, command: Command, correlation: str, traceparent: str | None) -> Outcome:
        first = await self._first_outcome(command)
        if first is not None:
            return first
        prepared = await self.prepare(command, correlation, traceparent)
        for attempt in range(CONFLICTS):
            async with self.aggregates.turns(prepared.paths):
                try:
                    return await self._attempt(prepared, Trust.MEMORY if attempt == 0 else Trust.JOURNAL)
                except Conflict:
                    self.teller.conflict(command.NAME, attempt)
            await asyncio.sleep(pause(attempt))
            prepared = await self.prepare(command, correlation, traceparent)
        raise Conflict(f"{command.NAME} : l'agrégat change sans cesse ; renvoyez la commande, avec le même id")

    async def _first_outcome(self, command: Command) -> Outcome | None:
        """What a command repeated to us did; what it would have to look up for that may have changed since."""
        self._check(command, self._academie)
        handler, journal = self.handlers[type(command)], self.journal(command.session)
        if not handler.direct:
            return None
        for ref in handler.aggregates(command, {}):
            loaded = await self.aggregates.load(journal, self._subject(command, ref), ref.family, Trust.MEMORY)
            done = loaded.done.get(command.id)
            if done is not None:
                _exiger_meme(command.id, command.par.id, self._sceau(command), [done])
                return Outcome(done.events, journal.stream, loaded.tip.last_seq, again=True)
        return None

    async def pointless(self, command: Command, then: Then) -> bool:
        """Whether a command owed to an old event had nothing to do when the event was new.

        Raises:
            Refus: it was refused then.
            SocleError: the journal cannot be reached or trusted.
        """
        one = await self.prepare(command, None, None)
        known: list[Loaded] = []
        for path, ref in zip(one.paths, one.refs, strict=True):
            history = await one.journal.load(path)
            if any(message.commandeid == command.id for message in history.messages):
                return False  # done, as running it will tell
            known.append(Loaded(self.aggregates.folded(ref.family, filter(then.saw, history.messages))))
        outcome = self.decide(one, known)
        if isinstance(outcome, Refus):
            raise outcome
        return isinstance(outcome, dict) and not any(outcome.values())

    async def execute_many(self, commands: Sequence[Command], *, dry_run: bool = False) -> list[Outcome | Refus]:
        """Do many commands with few round trips (imports): each outcome or refusal, in order.

        Commands that share no aggregate go together in atomic batches. With ``dry_run`` everything is decided on the
        journal's present state and nothing is appended.

        Raises:
            SocleError: as `execute`; the same call again completes what was not done.
        """
        return await self._lots.execute(commands, dry_run=dry_run)

    # What a command goes through, alone or in a lot --------------------------------------------------------------

    async def prepare(
        self,
        command: Command,
        correlation: str | None,
        traceparent: str | None,
        known: dict[tuple[type[Command], str, str], Lookups] | None = None,
    ) -> Prepared:
        """What it is decided on, looked up. ``known``: what the commands of a lot looked up before and share.

        Raises:
            Refus: the author may not, or what it names is not there.
        """
        self._check(command, self._academie)
        journal = self.journal(command.session)
        handler = self.handlers[type(command)]
        key = (type(command), command.session, command.diplome)
        looked = known.get(key) if known is not None and handler.shared else None
        if looked is None:
            looked = await handler.lookups(command)
            if known is not None:
                known[key] = looked
        refs = handler.aggregates(command, looked)
        by = command.par
        talk, under = correlation or command.id, traceparent or conversation.current().traceparent or None
        context = Context(command.id, by.id, by.role, command.le, talk, under, self._sceau(command))
        return Prepared(command, handler, looked, refs, [self._subject(command, ref) for ref in refs], journal, context)

    def journal(self, session: str) -> Store:
        """The journal of a session.

        Raises:
            Refus: ``SESSION_INCONNUE``.
        """
        return of_session(self._journals, session)

    async def state(self, session: str, diplome: str, ref: Ref) -> Loaded:
        """The aggregate as it stands now in the journal (for lookups)."""
        path = subject_of(self._academie, session, diplome, self.service, ref.token)
        return await self.aggregates.load(self.journal(session), path, ref.family, Trust.JOURNAL)

    async def _attempt(self, one: Prepared, trust: Trust) -> Outcome:
        memory, journal = self.aggregates, one.journal
        remembered = trust is Trust.MEMORY and any(path in memory for path in one.paths)
        loads = [memory.load(journal, path, ref.family, trust) for path, ref in zip(one.paths, one.refs, strict=True)]
        with span("charger", service=self.service, agregats=len(loads)):
            loaded = [await loads[0]] if len(loads) == 1 else list(await asyncio.gather(*loads))
        with span("decider", service=self.service):
            outcome = self.decide(one, loaded)
        if isinstance(outcome, dict):
            await ensure_keys(self.coffre, events_in(outcome))
            drafts = self.drafts(one, loaded, outcome)
            if drafts:
                return await self._append(one, drafts)
        if remembered and not isinstance(outcome, Outcome):
            # A refusal or a "nothing to do" is only as true as the state it saw: look at the journal before saying so.
            return await self._attempt(one, Trust.JOURNAL)
        if isinstance(outcome, Refus):
            raise outcome
        if isinstance(outcome, Outcome):
            return outcome
        return Outcome((), one.journal.stream, max((item.tip.last_seq for item in loaded), default=0))

    @staticmethod
    def decide(one: Prepared, loaded: Sequence[Loaded]) -> Decided | Outcome | Refus:
        """The events by token; or the first outcome, as the history itself remembers it; or the refusal."""
        done = [item.done[one.command.id] for item in loaded if one.command.id in item.done]
        if done:
            try:
                _exiger_meme(one.command.id, one.context.acteur, one.context.sceau, done)
            except Refus as refus:
                return refus
            return Outcome(
                tuple(event for part in done for event in part.events),
                one.journal.stream,
                max(item.tip.last_seq for item in loaded),
                again=True,
            )
        states = {ref.token: item.state for ref, item in zip(one.refs, loaded, strict=True)}
        try:
            return dict(one.handler.decide(one.command, states, **one.looked))
        except Refus as refus:
            return refus

    def drafts(self, one: Prepared, loaded: Sequence[Loaded], decided: Decided) -> list[Draft]:
        """A message for each aggregate that the decision changes."""
        targets = zip(one.refs, one.paths, loaded, strict=True)
        return [
            self._draft(ref, path, item, decided[ref.token], one.context)
            for ref, path, item in targets
            if decided.get(ref.token)
        ]

    async def _append(self, one: Prepared, drafts: Sequence[Draft]) -> Outcome:
        entries = [draft.entry for draft in drafts]
        if len(entries) == 1:
            acks = [await self._append_one(one.journal, entries[0])]
        else:
            acks = await self.append_batch(one.journal, entries, one.command.id)
        if any(ack.duplicate for ack in acks):  # stored by another attempt, whose bytes may not be these
            raise Conflict(f"{one.command.NAME} : déjà fait ; le journal dit comment")
        for draft, ack in zip(drafts, acks, strict=True):
            self.aggregates.remember(draft, ack.seq)
        return outcome_of(one.journal, drafts, max(ack.seq for ack in acks))

    async def _append_one(self, journal: Store, only: Entry) -> Appended:
        begun = time.perf_counter()
        with span("ajouter", "PRODUCER", service=self.service, journal=journal.stream):
            ack = await journal.append(only.subject, only.body, only.headers, only.expected, only.commandeid)
        self.teller.appended(metrics.ALONE, time.perf_counter() - begun)
        return ack

    async def append_batch(self, journal: Store, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        """All of them or none.

        Raises:
            Conflict: an aggregate has moved.
        """
        begun = time.perf_counter()
        with span("ajouter", "PRODUCER", service=self.service, journal=journal.stream, messages=len(entries)):
            acks = await journal.append_batch(entries, commandeid)
        self.teller.appended(metrics.BATCH, time.perf_counter() - begun)
        return acks

    def _draft(self, ref: Ref, path: str, loaded: Loaded, events: Sequence[Event], context: Context) -> Draft:
        stored = tuple((event.NAME, sealed(self.coffre, event)) for event in events)
        named = [(event_id(path, context.commandeid, n), name, data) for n, (name, data) in enumerate(stored)]
        tip = loaded.tip
        body, headers = encode(subject=path, context=context, rang=tip.rank + 1, precedent=tip.digest, events=named)
        return Draft(ref, loaded, events, stored, Entry(path, body, headers, tip.last_seq, context.commandeid), context)

    def _sceau(self, command: Command) -> str:
        """Keyed, because the journal shows it in clear and the command may hold an identity.

        Not of the date nor the rights of the author: the same order given again is the same.
        """
        asked = command.model_dump_json(exclude={"id", "le", "par"}, exclude_defaults=True)
        return hmac.new(self._key, f"{command.NAME} {asked}".encode(), hashlib.sha256).hexdigest()[:32]

    def _subject(self, command: Command, ref: Ref) -> str:
        return subject_of(self._academie, command.session, ref.diplome or command.diplome, self.service, ref.token)


def _exiger_meme(commandeid: str, acteur: str, sceau: str, done: Sequence[Done]) -> None:
    """The id of a command names one order of one author.

    Raises:
        Refus: ``IDENTIFIANT_REUTILISE``.
    """
    if commandeid.startswith(DERIVED):
        return  # nobody else can use it; a newer program may word the same order otherwise
    for one in done:
        if one.acteur != acteur or (one.sceau and one.sceau != sceau):
            raise Refus(
                "IDENTIFIANT_REUTILISE", f"l'id « {commandeid} » est celui d'une autre commande : prenez-en un autre"
            )


def event_id(path: str, commandeid: str, index: int) -> str:
    """Deterministic: the retry of a command builds the very same events."""
    return str(uuid.uuid5(NAMESPACE, f"{path}|{commandeid}|{index}"))
