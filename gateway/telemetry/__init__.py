""""""

from gateway.telemetry import logs
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.reporting import Reporting, read_correlation_headers
from gateway.telemetry.request_record import RecordedOperation, RequestRecord, current_request

__all__ = [
    "Metrics",
    "RecordedOperation",
    "Reporting",
    "RequestRecord",
    "current_request",
    "logs",
    "read_correlation_headers",
]
