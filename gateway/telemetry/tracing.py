"""Traces of requests and their SQL, sent to where OpenTelemetry's collectors listen.

Imported only where they are wanted. A request is traced once it is over, from what was noted of it: before that,
tracing costs it no more than a list of its statements.
"""

import os
from collections.abc import Mapping
from time import perf_counter, time_ns

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.telemetry.request_record import RequestRecord

_SERVICE_NAME = "integrations-gateway"
_NANOSECONDS_PER_SECOND = 1_000_000_000
_SERVER_ERROR = 500


class RequestTracer:
    """Sends a span for each request, and one below it for each statement; what is sampled OTEL_ variables say."""

    def __init__(self, endpoint: str, database_system: str) -> None:
        resource = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", _SERVICE_NAME), SERVICE_VERSION: __version__}
        self._provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self._tracer = self._provider.get_tracer(_SERVICE_NAME, __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._database_system = database_system

    def trace_request(self, record: RequestRecord) -> None:
        """Make the spans of a request that is over; they are sent by a thread of their own."""
        parent = self._propagator.extract({"traceparent": record.traceparent}) if record.traceparent else None
        # Since 1970, of what `perf_counter` calls zero.
        zero = time_ns() - int(perf_counter() * _NANOSECONDS_PER_SECOND)
        span = self._tracer.start_span(
            record.operation.type if record.operation else "request",
            parent,
            SpanKind.SERVER,
            _build_attributes(record),
            start_time=zero + int(record.started * _NANOSECONDS_PER_SECOND),
        )
        if span.is_recording():
            inside = set_span_in_context(span)
            for text, started, ended in record.statements or ():
                described = {"db.system.name": self._database_system, "db.query.text": text}
                verb = text.split(maxsplit=1)[0]
                began = zero + int(started * _NANOSECONDS_PER_SECOND)
                statement = self._tracer.start_span(verb, inside, SpanKind.CLIENT, described, start_time=began)
                statement.end(zero + int(ended * _NANOSECONDS_PER_SECOND))
        if record.status is None or record.status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def close(self) -> None:
        """Send what was not sent yet; that may take seconds where nobody listens."""
        self._provider.shutdown()


def _build_attributes(record: RequestRecord) -> Mapping[str, str | int]:
    operation = record.operation
    known: Mapping[str, str | int | None] = {
        "graphql.operation.type": operation and operation.type,
        "graphql.operation.name": operation and operation.name,
        "http.response.status_code": record.status,
        "error.type": record.error_codes[0] if record.error_codes else None,
        "request.id": record.id,
    }
    return {name: value for name, value in known.items() if value is not None}
