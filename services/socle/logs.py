"""Logs: one structured line per fact, on standard error. No personal data ever goes in.

An error is told by its type and by where it came from, never by its text: a library quotes in it what it was given
(pydantic its input, a driver the row it refuses). That holds for the libraries' own logs too.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

FRAMES = 12  # of each error, the nearest to it


def configure(level: str = "INFO", style: str = "json", *, quiet: bool = False) -> None:
    """Set logs up for the process. ``quiet``: a person is watching, keep to warnings."""
    chosen = logging.WARNING if quiet and level == "INFO" else logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*_common(), _renderer(style)],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(_renderer(style)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _common() -> list[Callable[..., Any]]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        discreet,
    ]


def _renderer(style: str) -> Callable[..., Any]:
    if style == "json":
        return structlog.processors.JSONRenderer(serializer=_json)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def discreet(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Puts in place of an exception its type and its path through the code, and those of its causes."""
    told = event.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()[1]
    elif isinstance(told, tuple):
        told = told[1]
    if isinstance(told, BaseException):
        event["erreur"] = path_of(told)
    return event


def path_of(error: BaseException) -> list[str]:
    """Type and frames of an error, then of what caused it: everything that a trace says but the texts."""
    lines: list[str] = []
    for one in _chain(error):
        frames = [f"{Path(code).name}:{line} {name}" for code, line, name in _frames(one.__traceback__)]
        lines.append(" < ".join([type(one).__name__, *reversed(frames[-FRAMES:])]))
    return lines


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        waiting += [] if cause is None else [cause]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _frames(at: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    while at is not None:
        code = at.tb_frame.f_code
        yield code.co_filename, at.tb_lineno, code.co_name
        at = at.tb_next


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or isinstance(error, KeyboardInterrupt | SystemExit):
        return
    structlog.get_logger("processus").critical("erreur_fatale", exc_info=error.with_traceback(trace))


class _Discreet(logging.Formatter):
    """What a library logs, in our form: its sentence without the values it would put in, its error without its text."""

    def __init__(self, renderer: Callable[..., Any]) -> None:
        super().__init__()
        self._renderer = renderer

    def format(self, record: logging.LogRecord) -> str:
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        # asyncio writes the error itself into its sentence, from the second line on, and what a callback was given.
        said = said.partition("\n")[0].partition(" callback ")[0]
        event: EventDict = {"event": "bibliotheque", "bibliotheque": record.name, "dit": said}
        event.update(level=record.levelname.lower(), exc_info=record.exc_info)
        structlog.processors.TimeStamper(fmt="iso", utc=True)(None, "", event)
        return str(self._renderer(None, "", discreet(None, "", event)))
