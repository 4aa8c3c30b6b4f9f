"""What a command is on its way to the journal: prepared, decided on aggregates in memory, drafted, done."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from contracts.messages import Command, Data, Event
from services.socle.enveloppe import Context
from services.socle.handlers import Handler, Lookups, Ref
from services.socle.history import NOTHING, History
from services.socle.journal import Entry, Store

BATCH = 1_000  # messages in an atomic batch, the broker's limit
CONFLICTS = 60  # attempts on aggregates that keep moving

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


def events_in(decided: Decided) -> Iterator[Event]:
    """All the events of a decision, aggregate by aggregate."""
    return (event for part in decided.values() for event in part)


def outcome_of(journal: Store, drafts: Sequence[Draft], seq: int) -> Outcome:
    """What the command did, once its drafts are stored, the last of them at that position."""
    return Outcome(tuple(event for draft in drafts for event in draft.stored), journal.stream, seq)


def pause(attempt: int) -> float:
    """Seconds before the next attempt: drawn at random, so that rivals part, and longer each time up to a bound."""
    return random.uniform(0, min(0.2, 0.002 * 2 ** min(attempt, 7)))
