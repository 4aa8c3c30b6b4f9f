"""given / when / then for deciders: one rule, one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest

from contracts.messages import Command, Event, Refus

State = TypeVar("State")
Decide = Callable[..., list[Any]]
Evolve = Callable[[Any, Any], Any]

on_refused: Callable[[Command, str], None] | None = None
"""Told of every refusal that a spec meets, expected or not, when set (the root ``conftest.py`` checks it against the
contracts)."""

on_played: Callable[[Decide, Any, Command], None] | None = None
"""Told of every command that a spec decides, and on what, when set: the root ``conftest.py`` crosses them."""


@dataclass(frozen=True)
class When(Generic[State]):
    """A command about to be decided on a history."""

    decide: Decide
    evolve: Evolve
    state: State
    command: Command

    def then(self, *expected: Event) -> None:
        """Exactly these events; and the same command sent a second time gives nothing more."""
        assert self.events() == list(expected)
        self._again()

    def then_includes(self, *expected: Event) -> None:
        """These events among others."""
        events = self.events()
        for one in expected:
            assert one in events, f"{one!r} absent de {events!r}"
        self._again()

    def then_kinds(self, *expected: type[Event]) -> list[Any]:
        """Events of exactly these classes, in order; returned for closer assertions."""
        events = self.events()
        assert [type(event) for event in events] == list(expected), events
        self._again()
        return events

    def then_nothing(self) -> None:
        """Already so: nothing happens."""
        assert self.events() == []

    def then_refused(self, regle: str) -> Refus:
        """Refused under this rule id or code."""
        with pytest.raises(Refus) as caught:
            self.events()
        assert caught.value.regle == regle, caught.value
        return caught.value

    def events(self) -> list[Any]:
        return self._decide(self.state)

    def _decide(self, state: State) -> list[Any]:
        if on_played is not None:
            on_played(self.decide, state, self.command)
        try:
            return self.decide(self.command, state)
        except Refus as refus:
            if on_refused is not None:
                on_refused(self.command, refus.regle)
            raise

    def _again(self) -> None:
        after = self.state
        for event in self.events():
            after = self.evolve(after, event)
        try:
            again = self._decide(after)
        except Refus:
            return
        assert again == [], f"répétée, la commande refait : {again!r}"


@dataclass(frozen=True)
class Given(Generic[State]):
    decide: Decide
    evolve: Evolve
    state: State

    def when(self, command: Command) -> When[State]:
        return When(self.decide, self.evolve, self.state, command)


@dataclass(frozen=True)
class Spec(Generic[State]):
    """``given = Spec(partial(decide, reglement=R), evolve, initial).given``."""

    decide: Decide
    evolve: Evolve
    initial: State

    def given(self, *history: Event | Sequence[Event]) -> Given[State]:
        state = self.initial
        for item in history:
            for event in item if isinstance(item, (list, tuple)) else [item]:
                state = self.evolve(state, event)
        return Given(self.decide, self.evolve, state)
