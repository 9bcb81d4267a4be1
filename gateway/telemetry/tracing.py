"""Send traces of requests and their SQL statements with OpenTelemetry.

This module is imported only if traces are sent. The spans of a request are made from its record after its end, so
tracing costs a running request only the list of its statements.
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
    """Sends a span for each request, with a child for each statement. `OTEL_` variables set the sampling."""

    def __init__(self, endpoint: str, database_system: str) -> None:
        resource = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", _SERVICE_NAME), SERVICE_VERSION: __version__}
        self._provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self._tracer = self._provider.get_tracer(_SERVICE_NAME, __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._database_system = database_system

    def trace_request(self, record: RequestRecord) -> None:
        """Create the spans of a request that has ended. OpenTelemetry sends them from its own thread."""
        parent = self._propagator.extract({"traceparent": record.traceparent}) if record.traceparent else None
        # Nanoseconds since 1970 when `perf_counter` was zero.
        clock_offset = time_ns() - int(perf_counter() * _NANOSECONDS_PER_SECOND)
        span = self._tracer.start_span(
            record.operation.label if record.operation else "request",
            parent,
            SpanKind.SERVER,
            _build_attributes(record),
            start_time=clock_offset + int(record.started * _NANOSECONDS_PER_SECOND),
        )
        if span.is_recording():
            context = set_span_in_context(span)
            for text, started, ended in record.statements or ():
                attributes = {"db.system.name": self._database_system, "db.query.text": text}
                verb = text.split(maxsplit=1)[0]
                start_time = clock_offset + int(started * _NANOSECONDS_PER_SECOND)
                statement = self._tracer.start_span(
                    verb, context, SpanKind.CLIENT, attributes, start_time=start_time
                )
                statement.end(clock_offset + int(ended * _NANOSECONDS_PER_SECOND))
        if record.status is None or record.status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def close(self) -> None:
        """Send the remaining spans. This can take seconds if no collector answers."""
        self._provider.shutdown()


def _build_attributes(record: RequestRecord) -> Mapping[str, str | int]:
    operation = record.operation
    attributes: Mapping[str, str | int | None] = {
        "graphql.operation.type": operation and operation.type,
        "graphql.operation.name": operation and operation.name,
        "http.response.status_code": record.status,
        "error.type": record.error_codes[0] if record.error_codes else None,
        "request.id": record.id,
    }
    return {name: value for name, value in attributes.items() if value is not None}
