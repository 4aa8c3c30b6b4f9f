"""One trace from the door of a service to what another does of its events; nothing where nobody collects."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from services.socle import conversation, tracing
from services.socle.errors import Misconfigured
from services.socle.settings import Settings
from services.socle.tracing import NOTHING, Tracing, span

DEHORS = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with Tracing(Settings(), exporter):
        yield exporter


def ended(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {one.name: one for one in exporter.get_finished_spans()}


def test_sans_collecteur_rien_n_est_meme_charge() -> None:
    loaded = "[one for one in sys.modules if one.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))]"
    code = f"import sys; import services.socle.service; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
    assert span("rien") is NOTHING


def test_un_enfant_a_son_parent_et_la_conversation_le_porte(spans: InMemorySpanExporter) -> None:
    with conversation.within("c", DEHORS):
        with span("dehors"), span("dedans"):
            assert conversation.current().correlation == "c"
        assert conversation.current().traceparent == DEHORS
    found = ended(spans)
    assert found["dehors"].parent is not None
    assert found["dehors"].parent.span_id == int("b" * 16, 16)
    assert found["dehors"].context.trace_id == int("a" * 32, 16)
    assert found["dedans"].parent is not None
    assert found["dedans"].parent.span_id == found["dehors"].context.span_id


def test_une_erreur_se_dit_par_son_type_seul(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Zwyxmont"), span("fautif"):
        raise ValueError("Zwyxmont")
    (one,) = spans.get_finished_spans()
    assert (one.status.status_code, one.status.description) == (StatusCode.ERROR, "ValueError")
    assert not one.events
    assert "Zwyxmont" not in one.to_json()


def test_un_collecteur_muet_ne_retient_pas_l_arret() -> None:
    """The port answers nobody: what waits is given up."""
    settings = Settings(otlp_url="http://127.0.0.1:9")
    with Tracing(settings):
        for _ in range(10):
            with span("perdu"):
                pass
    assert tracing._tracer is None


def test_un_collecteur_recoit_les_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(tracing, "LEAVING", 60.0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Tracing(Settings(otlp_url=f"http://127.0.0.1:{server.server_address[1]}/")), span("recueillie"):
            pass
    finally:
        server.shutdown()
        server.server_close()
    ((path, body),) = received
    assert path == "/v1/traces"
    assert b"recueillie" in (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


def test_un_collecteur_sans_opentelemetry_se_dit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(Misconfigured, match="traces"), Tracing(Settings(otlp_url="http://127.0.0.1:9")):
        pass


@pytest.mark.parametrize("variable", tracing.STANDARD)
def test_les_variables_du_standard_suffisent(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in tracing.STANDARD:
        monkeypatch.delenv(one, raising=False)
    assert not tracing.asked_for(Settings())
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert tracing.asked_for(Settings())


def test_l_exportateur_du_standard_est_bien_un_exportateur() -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    assert issubclass(OTLPSpanExporter, SpanExporter)
