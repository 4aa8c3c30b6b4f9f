"""What an event calls for: a reaction, and the ids of the commands that it owes."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from contracts.messages import Command, Event
from services.socle.enveloppe import Fact
from services.socle.runner import DERIVED

ALL: Final = None  # every refusal is an acceptable outcome

NAMESPACE = uuid.UUID("c8a0b9a4-6c1f-5d0e-9a57-3f5f8a3d2b11")

Owed = Callable[[Fact], Iterable[Command] | Awaitable[Iterable[Command]]]


def derived_id(event_id: str, reaction: str, index: int) -> str:
    """The id of the index-th command that a reaction owes to an event: always the same, so it is done once."""
    return f"{DERIVED}{uuid.uuid5(NAMESPACE, f'{event_id}/{reaction}/{index}')}"


@dataclass(frozen=True)
class Reaction:
    """What an event calls for. ``owed`` is a pure function of the fact, or an async one that looks things up.

    ``tolerated`` names the refusals that are an acceptable outcome (`ALL`: any); another refusal parks the message.
    ``together`` of the commands owed to one event may run at once; those of the same ``about`` keep their order.
    ``subjects`` must cover whole aggregates, because their ranks are followed one by one; by default, every aggregate
    of the services whose events are handled. ``exchanged``: it also reacts to what partners share; what it then
    commands is this académie's own. ``own``: it reacts to this académie's journal.
    """

    name: str
    handles: frozenset[type[Event]]
    owed: Owed
    tolerated: frozenset[str] | None = frozenset()
    subjects: tuple[str, ...] = ()
    together: int = 1
    about: Callable[[Command], str] = lambda command: ""
    exchanged: bool = False
    own: bool = True

    @property
    def filters(self) -> list[str]:
        services = sorted({event.NAME.partition(".")[0] for event in self.handles})
        return list(self.subjects) or [f"ev.*.*.*.{service}.>" for service in services]
