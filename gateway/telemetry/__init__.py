"""Record what happens to each request, and report it in logs, metrics and traces.

`tracing` is imported only if traces are sent, because it needs the extra `otel`.
"""

from gateway.telemetry.logs import configure_logging, write_logs_in_background
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.reporting import Reporting, read_correlation_headers
from gateway.telemetry.request_record import RecordedOperation, RequestRecord, current_request

__all__ = [
    "Metrics",
    "RecordedOperation",
    "Reporting",
    "RequestRecord",
    "configure_logging",
    "current_request",
    "read_correlation_headers",
    "write_logs_in_background",
]
