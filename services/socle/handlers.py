"""What a service declares of its commands: the kinds of aggregates, and how each command is decided on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.messages import Command, Event

Lookups = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """A kind of aggregate: its first state and how it remembers."""

    name: str
    initial: Any
    evolve: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Ref:
    """One aggregate: its family and its subject token (``compte-12``). ``diplome`` overrides the command's."""

    family: Family
    token: str
    diplome: str | None = None


async def no_lookups(command: Any) -> Lookups:
    return {}


@dataclass(frozen=True)
class Handler:
    """How one command is decided: on which aggregates, with which lookups, by which pure function.

    ``decide(command, states, **lookups)`` gets the states by token and gives the events by token. ``shared``: the
    lookups depend on the session and diplôme alone, so that a batch makes them once. ``direct``: the aggregates are
    known without the lookups, so that a command already done is recognised before them.
    """

    command: type[Command]
    aggregates: Callable[[Any, Lookups], Sequence[Ref]]
    decide: Callable[..., Mapping[str, Sequence[Event]]]
    lookups: Callable[[Any], Awaitable[Lookups]] = no_lookups
    shared: bool = False
    direct: bool = False


def on(
    family: Family,
    commands: Iterable[type[Command]],
    token: Callable[[Any], str],
    decide: Callable[..., Sequence[Event]],
    lookups: Callable[[Any], Awaitable[Lookups]] = no_lookups,
) -> list[Handler]:
    """Handlers of commands that each concern one aggregate: ``decide(command, state, **lookups)``."""

    def one(command: Any, looked: Lookups) -> Sequence[Ref]:
        return [Ref(family, token(command))]

    def decided(command: Any, states: Mapping[str, Any], **looked: Any) -> Mapping[str, Sequence[Event]]:
        name = token(command)
        return {name: decide(command, states[name], **looked)}

    return [Handler(command, one, decided, lookups, direct=True) for command in commands]
