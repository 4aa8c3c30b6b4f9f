"""The command runner: load → decide → append, with the retries and the idempotence that a decider must not see."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from contracts.messages import Command, Data, Event, Refus, Registry
from services.socle import conversation, metrics
from services.socle.coffre import Coffre
from services.socle.enveloppe import Context, Stored, digest, encode
from services.socle.errors import Conflict
from services.socle.handlers import Family, Handler, Lookups, Ref
from services.socle.hindsight import Then
from services.socle.journal import NOTHING, Appended, Entry, History, Store
from services.socle.locks import Locks
from services.socle.metrics import Instruments
from services.socle.sealing import ensure_keys, sealed, without_clear
from services.socle.subjects import subject as subject_of
from services.socle.telling import Teller
from services.socle.tracing import span

NAMESPACE = uuid.UUID("6f1c2f43-5b0e-4c39-9d6b-6f1d3f6f7a10")
DERIVED = "r:"  # starts the ids of commands owed to events; nobody else may use such an id
CACHE = 20_000
CONFLICTS = 60
BATCH = 1_000  # messages in an atomic batch, the broker's limit
LOADS = 256  # loads in flight

Decided = dict[str, Sequence[Event]]


@dataclass(frozen=True)
class Outcome:
    """What a command did: its events (as stored: personal fields sealed), where the journal stood after it."""

    events: tuple[tuple[str, Data], ...] = ()
    stream: str = ""
    seq: int = 0
    again: bool = False  # the command had already been done: this is its first outcome


@dataclass(frozen=True)
class Done:
    """What a past command did to an aggregate, who gave it, and the print of what it asked."""

    events: tuple[tuple[str, Data], ...]
    acteur: str
    sceau: str


@dataclass
class Loaded:
    """An aggregate in memory: folded state, version, and what each past command did to it."""

    state: Any
    tip: History = NOTHING
    done: dict[str, Done] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A command with everything its decision needs but the states."""

    command: Command
    handler: Handler
    looked: Lookups
    refs: Sequence[Ref]
    paths: list[str]
    journal: Store
    context: Context


@dataclass(frozen=True)
class Draft:
    """A decision ready to append."""

    ref: Ref
    loaded: Loaded
    events: Sequence[Event]
    stored: tuple[tuple[str, Data], ...]
    entry: Entry
    context: Context


class Trust(Enum):
    """Where a state may come from. Whatever is appended is checked by the broker against what the state had seen."""

    MEMORY = "memory"  # what this process remembers, else the journal
    JOURNAL = "journal"  # the journal up to now
    BLANK = "blank"  # what this process remembers, else a new aggregate (imports)


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
        self._academie, self._service = academie, service
        self._journals, self._registry, self._coffre, self._check = journals, registry, coffre, check
        self.handlers = {handler.command: handler for handler in handlers}
        self.teller = Teller(instruments or Instruments(service), silent=instruments is None)
        self._cache: OrderedDict[str, Loaded] = OrderedDict()
        self._size = cache
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
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
        prepared = await self._prepare(command, correlation, traceparent)
        for attempt in range(CONFLICTS):
            async with self._serialized(prepared.paths):
                try:
                    return await self._attempt(prepared, Trust.MEMORY if attempt == 0 else Trust.JOURNAL)
                except Conflict:
                    self.teller.conflict(command.NAME, attempt)
            await asyncio.sleep(_pause(attempt))
            prepared = await self._prepare(command, correlation, traceparent)
        raise Conflict(f"{command.NAME} : l'agrégat change sans cesse ; renvoyez la commande, avec le même id")

    async def _first_outcome(self, command: Command) -> Outcome | None:
        """What a command repeated to us did; what it would have to look up for that may have changed since."""
        self._check(command, self._academie)
        handler, journal = self.handlers[type(command)], self.journal(command.session)
        if not handler.direct:
            return None
        for ref in handler.aggregates(command, {}):
            loaded = await self._load(journal, self._subject(command, ref), ref.family, Trust.MEMORY)
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
        one = await self._prepare(command, None, None)
        known: list[Loaded] = []
        for path, ref in zip(one.paths, one.refs, strict=True):
            history = await one.journal.load(path)
            if any(message.commandeid == command.id for message in history.messages):
                return False  # done, as running it will tell
            known.append(Loaded(self._folded(ref.family, filter(then.saw, history.messages))))
        outcome = self._decided(one, known)
        if isinstance(outcome, Refus):
            raise outcome
        return isinstance(outcome, dict) and not any(outcome.values())

    def _folded(self, family: Family, messages: Iterable[Stored], state: Any = None) -> Any:
        state = family.initial if state is None else state
        for stored in messages:
            for one in stored.envelopes:
                state = family.evolve(state, self._registry.load(one["type"], one["data"]))
        return state

    async def execute_many(self, commands: Sequence[Command], *, dry_run: bool = False) -> list[Outcome | Refus]:
        """Do many commands with few round trips (imports): each outcome or refusal, in order.

        Commands that share no aggregate go together in atomic batches. With ``dry_run`` everything is decided on the
        journal's present state and nothing is appended.

        Raises:
            SocleError: as `execute`; the same call again completes what was not done.
        """
        results: list[Outcome | Refus | None] = [None] * len(commands)
        begun = time.perf_counter()
        with span("lot", "SERVER", service=self._service, commandes=len(commands)):
            await self._do_many(commands, dry_run, results)
        done = [one for one in results if one is not None]
        if not dry_run:
            self.teller.lot(commands, done, time.perf_counter() - begun)
        return done

    async def _do_many(self, commands: Sequence[Command], dry_run: bool, results: list[Outcome | Refus | None]) -> None:
        prepared = await self._prepare_many(commands, results)
        for group in self._groups(prepared):
            if dry_run:
                await self._decide_group(group, Trust.JOURNAL, results)
            else:
                await self._append_group(group, results)

    async def _prepare(
        self,
        command: Command,
        correlation: str | None,
        traceparent: str | None,
        known: dict[tuple[type[Command], str, str], Lookups] | None = None,
    ) -> Prepared:
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

    async def _prepare_many(
        self, commands: Sequence[Command], results: list[Outcome | Refus | None]
    ) -> list[tuple[int, Prepared]]:
        prepared: list[tuple[int, Prepared]] = []
        known: dict[tuple[type[Command], str, str], Lookups] = {}
        for index, command in enumerate(commands):
            try:
                prepared.append((index, await self._prepare(command, None, None, known)))
            except Refus as refus:
                results[index] = refus
        return prepared

    @staticmethod
    def _groups(prepared: list[tuple[int, Prepared]]) -> Iterator[list[tuple[int, Prepared]]]:
        """Successive groups whose commands share no aggregate nor journal boundary, each fit for one batch."""
        group: list[tuple[int, Prepared]] = []
        taken: set[str] = set()
        for index, one in prepared:
            full = len(taken) + len(one.paths) > BATCH
            if group and (full or not taken.isdisjoint(one.paths) or one.journal is not group[0][1].journal):
                yield group
                group, taken = [], set()
            group.append((index, one))
            taken.update(one.paths)
        if group:
            yield group

    async def _append_group(self, group: list[tuple[int, Prepared]], results: list[Outcome | Refus | None]) -> None:
        for attempt in range(CONFLICTS):
            async with self._serialized([path for _, one in group for path in one.paths]):
                drafts = await self._decide_group(group, Trust.BLANK if attempt == 0 else Trust.JOURNAL, results)
                try:
                    await self._append_all(group, drafts, results)
                    return
                except Conflict:
                    self.teller.conflict(metrics.BATCH, attempt)
            await asyncio.sleep(_pause(attempt))
        raise Conflict("les agrégats du lot changent sans cesse ; renvoyez le même lot")

    async def _decide_group(
        self, group: list[tuple[int, Prepared]], trust: Trust, results: list[Outcome | Refus | None]
    ) -> list[tuple[int, list[Draft]]]:
        if trust is Trust.JOURNAL:
            await self._load_all([one for _, one in group])
        decided: list[tuple[int, Prepared, list[Loaded], Decided]] = []
        for index, one in group:
            loaded = self._at_hand(one)
            outcome = self._decided(one, loaded)
            if trust is Trust.BLANK and not isinstance(outcome, dict):
                return await self._decide_group(group, Trust.JOURNAL, results)
            if isinstance(outcome, dict):
                decided.append((index, one, loaded, outcome))
                results[index] = Outcome((), one.journal.stream, max(item.tip.last_seq for item in loaded))
            else:
                results[index] = outcome
        decided = await self._with_keys(decided, results)
        return [(index, self._drafts(one, loaded, events)) for index, one, loaded, events in decided]

    async def _with_keys(
        self, decided: list[tuple[int, Prepared, list[Loaded], Decided]], results: list[Outcome | Refus | None]
    ) -> list[tuple[int, Prepared, list[Loaded], Decided]]:
        """Those whose keys are there. One erased person must not refuse the others of the lot."""
        try:
            await ensure_keys(self._coffre, (event for *_, events in decided for event in _events(events)))
        except Refus as refus:
            if len(decided) == 1:
                results[decided[0][0]] = refus
                return []
            return [kept for one in decided for kept in await self._with_keys([one], results)]
        return decided

    async def _append_all(
        self,
        group: list[tuple[int, Prepared]],
        drafts: list[tuple[int, list[Draft]]],
        results: list[Outcome | Refus | None],
    ) -> None:
        flat = [draft for _, some in drafts for draft in some]
        if not flat:
            return
        journal = group[0][1].journal
        told = await self._append_batch(journal, [draft.entry for draft in flat], flat[0].entry.commandeid)
        if any(ack.duplicate for ack in told):
            raise Conflict("lot déjà fait ; le journal dit comment")
        acks = iter(told)
        for index, some in drafts:
            for draft in some:
                ack = next(acks)
                # An import makes more aggregates than memory holds, and few of them are asked for soon.
                if draft.loaded.tip is not NOTHING:
                    self._remember(draft, ack.seq)
                results[index] = _outcome(journal, some, ack.seq, ack.duplicate)

    async def _load_all(self, several: Sequence[Prepared]) -> None:
        wanted = [
            (one.journal, path, ref.family) for one in several for path, ref in zip(one.paths, one.refs, strict=True)
        ]
        for start in range(0, len(wanted), LOADS):
            await asyncio.gather(*(self._load(*each, Trust.JOURNAL) for each in wanted[start : start + LOADS]))

    def _at_hand(self, one: Prepared) -> list[Loaded]:
        """What memory knows; an aggregate it does not know is taken for new, which the append will check."""
        return [
            self._cache.get(path) or Loaded(ref.family.initial) for path, ref in zip(one.paths, one.refs, strict=True)
        ]

    def journal(self, session: str) -> Store:
        """The journal of a session.

        Raises:
            Refus: ``SESSION_INCONNUE``.
        """
        found = self._journals.get(session)
        if found is None:
            raise Refus("SESSION_INCONNUE", f"la session « {session} » n'a pas de journal ici (PARCHEMIN_SESSIONS)")
        return found

    async def state(self, session: str, diplome: str, ref: Ref) -> Loaded:
        """The aggregate as it stands now in the journal (for lookups)."""
        path = subject_of(self._academie, session, diplome, self._service, ref.token)
        return await self._load(self.journal(session), path, ref.family, Trust.JOURNAL)

    async def _attempt(self, one: Prepared, trust: Trust) -> Outcome:
        remembered = trust is Trust.MEMORY and any(path in self._cache for path in one.paths)
        loads = [
            self._load(one.journal, path, ref.family, trust) for path, ref in zip(one.paths, one.refs, strict=True)
        ]
        with span("charger", service=self._service, agregats=len(loads)):
            loaded = [await loads[0]] if len(loads) == 1 else list(await asyncio.gather(*loads))
        with span("decider", service=self._service):
            outcome = self._decided(one, loaded)
        if isinstance(outcome, dict):
            await ensure_keys(self._coffre, _events(outcome))
            drafts = self._drafts(one, loaded, outcome)
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
    def _decided(one: Prepared, loaded: Sequence[Loaded]) -> Decided | Outcome | Refus:
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

    def _drafts(self, one: Prepared, loaded: Sequence[Loaded], decided: Decided) -> list[Draft]:
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
            acks = await self._append_batch(one.journal, entries, one.command.id)
        if any(ack.duplicate for ack in acks):  # stored by another attempt, whose bytes may not be these
            raise Conflict(f"{one.command.NAME} : déjà fait ; le journal dit comment")
        for draft, ack in zip(drafts, acks, strict=True):
            self._remember(draft, ack.seq)
        return _outcome(one.journal, drafts, max(ack.seq for ack in acks), False)

    async def _append_one(self, journal: Store, only: Entry) -> Appended:
        begun = time.perf_counter()
        with span("ajouter", "PRODUCER", service=self._service, journal=journal.stream):
            ack = await journal.append(only.subject, only.body, only.headers, only.expected, only.commandeid)
        self.teller.appended(metrics.ALONE, time.perf_counter() - begun)
        return ack

    async def _append_batch(self, journal: Store, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        begun = time.perf_counter()
        with span("ajouter", "PRODUCER", service=self._service, journal=journal.stream, messages=len(entries)):
            acks = await journal.append_batch(entries, commandeid)
        self.teller.appended(metrics.BATCH, time.perf_counter() - begun)
        return acks

    def _draft(self, ref: Ref, path: str, loaded: Loaded, events: Sequence[Event], context: Context) -> Draft:
        stored = tuple((event.NAME, sealed(self._coffre, event)) for event in events)
        named = [(event_id(path, context.commandeid, n), name, data) for n, (name, data) in enumerate(stored)]
        tip = loaded.tip
        body, headers = encode(subject=path, context=context, rang=tip.rank + 1, precedent=tip.digest, events=named)
        return Draft(ref, loaded, events, stored, Entry(path, body, headers, tip.last_seq, context.commandeid), context)

    def _remember(self, draft: Draft, seq: int) -> None:
        state, done, entry = draft.loaded.state, draft.loaded.done, draft.entry
        for event in draft.events:
            state = draft.ref.family.evolve(state, without_clear(event))
        done[entry.commandeid] = Done(draft.stored, draft.context.acteur, draft.context.sceau)
        tip = History((), seq, draft.loaded.tip.rank + 1, digest(entry.body))
        self._keep(entry.subject, Loaded(state, tip, done))

    async def _load(self, journal: Store, path: str, family: Family, trust: Trust) -> Loaded:
        known = self._cache.get(path)
        if known is not None and trust is Trust.MEMORY:
            self._cache.move_to_end(path)
            return known
        known = known or Loaded(family.initial)
        history = await journal.load(path, known.tip)
        state, done = self._folded(family, history.messages, known.state), {}
        for stored in history.messages:
            events = tuple((one["type"], one["data"]) for one in stored.envelopes)
            first = stored.envelopes[0]
            done[stored.commandeid] = Done(events, first["acteur"], first.get("sceau", ""))
        known.done.update(done)
        loaded = Loaded(state, history.tip, known.done)
        self._keep(path, loaded)
        return loaded

    def _sceau(self, command: Command) -> str:
        """Keyed, because the journal shows it in clear and the command may hold an identity.

        Not of the date nor the rights of the author: the same order given again is the same.
        """
        asked = command.model_dump_json(exclude={"id", "le", "par"}, exclude_defaults=True)
        return hmac.new(self._key, f"{command.NAME} {asked}".encode(), hashlib.sha256).hexdigest()[:32]

    def _subject(self, command: Command, ref: Ref) -> str:
        return subject_of(self._academie, command.session, ref.diplome or command.diplome, self._service, ref.token)

    def _keep(self, path: str, loaded: Loaded) -> None:
        self._cache[path] = loaded
        self._cache.move_to_end(path)
        if len(self._cache) > self._size:
            self._cache.popitem(last=False)

    def _serialized(self, paths: Sequence[str]) -> Locks:
        return Locks(self._locks, sorted(set(paths)))


def _events(decided: Decided) -> Iterator[Event]:
    return (event for part in decided.values() for event in part)


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: drawn at random, so that rivals part, and longer each time up to a bound."""
    return random.uniform(0, min(0.2, 0.002 * 2 ** min(attempt, 7)))


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


def _outcome(journal: Store, drafts: Sequence[Draft], seq: int, again: bool) -> Outcome:
    return Outcome(tuple(event for draft in drafts for event in draft.stored), journal.stream, seq, again)


def event_id(path: str, commandeid: str, index: int) -> str:
    """Deterministic: the retry of a command builds the very same events."""
    return str(uuid.uuid5(NAMESPACE, f"{path}|{commandeid}|{index}"))
