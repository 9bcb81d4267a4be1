"""Traces: they contain SQL and no values. Without an endpoint, OpenTelemetry is not imported."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.commands import ENVIRONMENT, run_gateway
from tests.support.endpoints import VIEWER, open_endpoint

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NAMED = "query Who($by: ID) { integrations(filter: {createdBy: $by}) { totalCount } }"
VALUE = "Jane-Roe-1970"


@contextmanager
def run_collector() -> Iterator[tuple[str, list[Span]]]:
    """Run a trace collector during the block. Its URL, and the spans that it received."""
    spans: list[Span] = []

    class CollectorHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            spans.extend(span for of in sent.resource_spans for scope in of.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), CollectorHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
        finally:
            server.shutdown()
            thread.join()


def get_attributes(span: Span) -> dict[str, str | int]:
    return {
        item.key: item.value.int_value if item.value.HasField("int_value") else item.value.string_value
        for item in span.attributes
    }


async def test_a_request_is_traced_with_its_statements_and_without_values(
    sqlite_template: Path, tmp_path: Path
) -> None:
    with run_collector() as (endpoint, spans):
        async with open_endpoint(sqlite_template, tmp_path, traces_endpoint=endpoint) as gateway:
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "mine"}
            await gateway.send(headers=headers, json={"query": NAMED, "variables": {"by": VALUE}})
            await gateway.send(json={"query": "{"})
    succeeded, failed = (span for span in spans if span.kind == Span.SPAN_KIND_SERVER)
    assert (succeeded.trace_id.hex(), succeeded.parent_span_id.hex(), succeeded.name) == (TRACE, PARENT, "query")
    assert get_attributes(succeeded) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Who",
        "http.response.status_code": 200,
        "request.id": "mine",
    }
    assert get_attributes(failed)["error.type"] == "GRAPHQL_PARSE_FAILED"
    assert failed.trace_id != succeeded.trace_id
    statements = [span for span in spans if span.parent_span_id == succeeded.span_id]
    assert statements
    for span in statements:
        assert (span.name, span.kind, span.trace_id.hex()) == ("SELECT", Span.SPAN_KIND_CLIENT, TRACE)
        assert get_attributes(span)["db.system.name"] == "sqlite"
        assert str(get_attributes(span)["db.query.text"]).startswith("SELECT ")
        assert succeeded.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= succeeded.end_time_unix_nano
    assert VALUE not in str(spans)
    assert gateway.key not in str(spans)


async def test_a_request_that_the_caller_does_not_sample_is_not_traced(
    sqlite_template: Path, tmp_path: Path
) -> None:
    with run_collector() as (endpoint, spans):
        async with open_endpoint(sqlite_template, tmp_path, traces_endpoint=endpoint) as gateway:
            await gateway.send(headers={"traceparent": f"00-{TRACE}-{PARENT}-00"}, json={"query": VIEWER})
    assert spans == []


def test_opentelemetry_is_not_imported_without_an_endpoint(tmp_path: Path) -> None:
    code = (
        "import sys; from gateway.settings import Settings; from gateway.web.app import create_app; "
        f"create_app(Settings(database_url='sqlite:///{tmp_path / 'gateway.db'}')); "
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT, timeout=60)


@pytest.mark.usefixtures("restored_logging")
def test_a_traces_endpoint_without_the_extra_exits_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    run_gateway("migrate", database_url=url)
    monkeypatch.setitem(sys.modules, "gateway.telemetry.tracing", None)
    result = run_gateway("serve", "--port", "0", database_url=url, traces_endpoint="http://127.0.0.1:1/v1/traces")
    message = (
        "error: GATEWAY_TRACES_ENDPOINT needs OpenTelemetry: run `pip install 'integrations-gateway[otel]'`.\n"
    )
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)
