"""What is told of each command handled: one line of log, the counts, the span it runs under.

A command that was done is a DEBUG line: the journal tells it already, and better. What the journal does not know (a
refusal, a conflict that lasted, a failure) is told at INFO and above.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import structlog

from contracts.messages import Command, ContractError, Data, Refus
from services.socle import conversation, metrics
from services.socle.errors import BrokerAway, Conflict, DatabaseAway, SocleError
from services.socle.metrics import Instruments
from services.socle.sql import is_away
from services.socle.tracing import span

TOLD_ONCE = frozenset({BrokerAway.code, DatabaseAway.code})  # an absence is told when it begins and when it ends

log = structlog.get_logger("commande")


class Told(Protocol):
    """The outcome of a command, as far as it is told."""

    @property
    def events(self) -> tuple[tuple[str, Data], ...]: ...

    @property
    def stream(self) -> str: ...

    @property
    def seq(self) -> int: ...

    @property
    def again(self) -> bool: ...


class Teller:
    """Tells of the commands of one service. ``silent``: of a supposition or a worked case there is nothing to tell."""

    def __init__(self, instruments: Instruments, *, silent: bool = False) -> None:
        self.instruments, self._silent = instruments, silent
        self.service = instruments.service

    @contextmanager
    def command(self, command: Command, correlation: str) -> Iterator[list[Told]]:
        """A command from its reading to its outcome, which is put in the list."""
        begun, told = time.perf_counter(), list[Told]()
        with span(f"commande {command.NAME}", "SERVER", service=self.service, commande=command.NAME) as here:
            try:
                yield told
            except Exception as error:
                outcome, code = outcome_of(error)
                here.set(issue=outcome, code=code)
                self._failed(command, correlation, outcome, code, time.perf_counter() - begun)
                raise
            issue = issue_of(told[0])
            here.set(issue=issue, journal=told[0].stream, position=told[0].seq)
        self._done(command, correlation, told[0], issue, time.perf_counter() - begun)

    def unread(self, name: str, code: str) -> None:
        """What the door refused, as it may be told: an id or a name that was never checked may say anything."""
        name = self.instruments.known(name)
        self.instruments.command(name, metrics.REFUSED)
        self.instruments.refusal(name, code)
        told = {"service": self.service, "commande": name, "issue": metrics.REFUSED, "code": code}
        log.info("commande", **told, **trace())

    def lot(self, commands: Sequence[Command], outcomes: Iterable[Any], seconds: float) -> None:
        """The commands of a lot, one by one, then the lot."""
        if self._silent:
            return
        for command, outcome in zip(commands, outcomes, strict=True):
            if isinstance(outcome, Refus):
                self._failed(command, command.id, metrics.REFUSED, outcome.regle, None)
            else:
                self._done(command, command.id, outcome, issue_of(outcome), None)
        log.debug("lot", service=self.service, commandes=len(commands), ms=_ms(seconds))

    def conflict(self, name: str, attempt: int) -> None:
        """An aggregate moved; the command is decided again."""
        if self._silent:
            return
        self.instruments.conflict(name)
        log.debug("conflit", service=self.service, commande=name, essai=attempt)

    def appended(self, mode: str, seconds: float) -> None:
        """The journal took a decision, or a lot of them."""
        if not self._silent:
            self.instruments.appended(mode, seconds)

    def _done(self, command: Command, correlation: str, told: Told, issue: str, seconds: float | None) -> None:
        if self._silent:
            return
        self.instruments.command(command.NAME, issue, seconds)
        if log.is_enabled_for(logging.DEBUG):
            regles = sorted({str(data["regle"]) for _, data in told.events if data.get("regle")})
            place = {"journal": told.stream, "position": told.seq}
            self._line(logging.DEBUG, command, correlation, issue, seconds, **place, regles=regles)

    def _failed(self, command: Command, correlation: str, issue: str, code: str, seconds: float | None) -> None:
        if self._silent:
            return
        self.instruments.command(command.NAME, issue, seconds)
        if issue == metrics.REFUSED:
            self.instruments.refusal(command.NAME, code)
        else:
            self.instruments.error(code)
        level = logging.INFO if issue == metrics.REFUSED else logging.WARNING
        level = logging.DEBUG if code in TOLD_ONCE else level
        self._line(level, command, correlation, issue, seconds, code=code)

    def _line(
        self, level: int, command: Command, correlation: str, issue: str, seconds: float | None, **more: Any
    ) -> None:
        fields = {"service": self.service, "commande": command.NAME, "id": command.id, "correlation": correlation}
        took = {} if seconds is None else {"ms": _ms(seconds)}
        log.log(level, "commande", **fields, **trace(), issue=issue, **more, **took)


def trace() -> dict[str, str]:
    """The trace that a line belongs to, when there is one."""
    parent = conversation.current().traceparent
    return {"trace": parent[3:35]} if parent else {}


def issue_of(told: Told) -> str:
    if told.again:
        return metrics.REPEATED
    return metrics.APPENDED if told.events else metrics.NOTHING


def outcome_of(error: Exception) -> tuple[str, str]:
    """Outcome and code of what went wrong: the code that the door answers."""
    match error:
        case Refus():
            return metrics.REFUSED, error.regle
        case Conflict():
            return metrics.CONFLICT, error.code
        case SocleError() | ContractError():
            return metrics.FAILED, error.code
        case _:
            return metrics.FAILED, DatabaseAway.code if is_away(error) else "ERREUR_INTERNE"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
