"""Spans, for whoever collects traces. Without a collector nothing of OpenTelemetry is even imported.

The parent of a span is the `Conversation` it opens in: the events carry it from one service to the next. Attributes are
names, codes and positions: no id of an aggregate, no value, and never the text of an error.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from services.socle import conversation
from services.socle.conversation import Conversation
from services.socle.errors import Misconfigured
from services.socle.settings import Settings

Kind = Literal["INTERNAL", "SERVER", "CONSUMER", "PRODUCER"]

STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
LEAVING = 2.0  # seconds left to a collector that does not answer

_tracer: Any = None


class Span(Protocol):
    """What may be said of the work while it is done."""

    def set(self, **attributes: str | int | bool) -> None: ...


class _Nothing:
    """The span of a process that traces nothing."""

    __slots__ = ()

    def set(self, **attributes: str | int | bool) -> None:
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


NOTHING = _Nothing()


class _Open:
    """One span of OpenTelemetry; what is done inside is its child."""

    __slots__ = ("_span", "_token", "_was")

    def __init__(self, tracer: Any, name: str, kind: Kind, attributes: Mapping[str, str | int | bool]) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind

        self._was = conversation.current()
        parent = _propagator().extract({"traceparent": self._was.traceparent}, Context())
        self._span = tracer.start_span(name, context=parent, kind=SpanKind[kind], attributes=_named(attributes))
        self._token: Token[Conversation] | None = None

    def set(self, **attributes: str | int | bool) -> None:
        self._span.set_attributes(_named(attributes))

    def __enter__(self) -> Self:
        own = self._span.get_span_context()
        here = f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}"
        self._token = conversation.enter(Conversation(self._was.correlation, here))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            conversation.leave(self._token)
        if kind is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, kind.__name__))  # its text may quote what it was given
        self._span.end()


def _named(attributes: Mapping[str, str | int | bool]) -> dict[str, str | int | bool]:
    return {f"parchemin.{name}": value for name, value in attributes.items()}


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


def span(name: str, kind: Kind = "INTERNAL", **attributes: str | int | bool) -> _Nothing | _Open:
    """``with span("charger", service=…):``"""
    return NOTHING if _tracer is None else _Open(_tracer, name, kind, attributes)


def asked_for(settings: Settings) -> bool:
    """Whether this process is told where to send traces."""
    return bool(settings.otlp_url) or any(os.environ.get(name) for name in STANDARD)


class Tracing(AbstractContextManager[None]):
    """Traces of the process, sent to the collector of the settings, if there is one."""

    def __init__(self, settings: Settings, exporter: Any = None) -> None:
        self._settings, self._exporter = settings, exporter
        self._provider: Any = None

    def __enter__(self) -> None:
        """Begins.

        Raises:
            Misconfigured: a collector is named and OpenTelemetry is not installed.
        """
        global _tracer
        if self._exporter is None and not asked_for(self._settings):
            return
        try:
            self._provider = self._begun()
        except ImportError:
            raise Misconfigured(
                "des traces sont demandées (PARCHEMIN_OTLP_URL ou OTEL_…) et OpenTelemetry n'est pas installé : "
                "pip install 'parchemin[traces]', ou requirements/traces.txt"
            ) from None
        _tracer = self._provider.get_tracer("parchemin")

    def __exit__(self, *_: object) -> None:
        """Ends. A collector that does not answer is not waited for."""
        global _tracer
        _tracer = None
        if self._provider is not None:
            leaving = threading.Thread(target=self._provider.shutdown, daemon=True)
            leaving.start()
            leaving.join(LEAVING)

    def _begun(self) -> Any:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

        named = os.environ.get("OTEL_SERVICE_NAME", "parchemin")
        resource = Resource.create({"service.name": named, "parchemin.academie": self._settings.academie})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        if self._exporter is not None:
            provider.add_span_processor(SimpleSpanProcessor(self._exporter))
            return provider
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        url = self._settings.otlp_url
        exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces" if url else None)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return provider
