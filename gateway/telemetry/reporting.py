"""What is told of each request once it is over: a line in the log, the metrics, a trace where that is wanted."""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from time import perf_counter, time

from gateway.settings import Settings
from gateway.telemetry import logs
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.request_record import RequestRecord, current_request

_REQUEST_ID = re.compile(rb"[\w.:/+=@~-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_PROCESS_ID = secrets.token_hex(8)
_request_numbers = count(1)
_MAX_NAME_LENGTH = 128
_SERVER_ERROR = 500

_FLUSH_SECONDS = 0.1
"""Seconds until it is told of a request that is over."""
_BATCH_SIZE = 256


class _RequestLogLine(logs.LogLine):
    request_id: str
    traceparent: str | None
    tenant: str | None
    key_id: str | None
    op_type: str | None
    op_name: str | None
    op_hash: str | None
    status: int | None
    codes: tuple[str, ...]
    cost: int | None
    ms: float
    db_ms: float
    sql_count: int
    bytes: int


TraceFunction = Callable[[RequestRecord], None]


class Reporting:
    """Tells of exchanges, some at once.

    What tells of one costs a third as much where it has just told of another: the processor has it at hand then.
    So a request that is over waits for others, unless it failed.
    """

    def __init__(self, settings: Settings, metrics: Metrics, trace: TraceFunction | None) -> None:
        self._metrics, self._trace = metrics, trace
        self._is_logging = logs.is_enabled("info", settings.log_level)
        self._finished: list[RequestRecord] = []
        self._timer: asyncio.TimerHandle | None = None

    def begin_request(self) -> RequestRecord:
        """A request that begins, in a task of its own."""
        exchange = RequestRecord(f"{_PROCESS_ID}-{next(_request_numbers)}", perf_counter())
        if self._trace is not None:
            exchange.statements = []
        current_request.set(exchange)
        self._metrics.in_flight += 1
        return exchange

    def end_request(self, record: RequestRecord) -> None:
        """The request is over, answered or not."""
        record.ended = perf_counter()
        self._metrics.in_flight -= 1
        self._finished.append(record)
        status = record.status
        if status is None or status >= _SERVER_ERROR or len(self._finished) >= _BATCH_SIZE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Tell of all that are over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        over, self._finished = self._finished, []
        self._metrics.observe_requests(over)
        if self._trace is not None:
            for exchange in over:
                self._trace(exchange)
        if self._is_logging:
            zero = time() - perf_counter()
            logs.write_lines([_build_line(exchange, zero) for exchange in over])


def read_correlation_headers(record: RequestRecord, headers: Mapping[bytes, bytes]) -> None:
    """Take over what the client calls the request, and the trace that it belongs to."""
    id, parent = headers.get(b"x-request-id"), headers.get(b"traceparent")
    if id is not None and _REQUEST_ID.fullmatch(id):
        record.id = id.decode()
    if parent is not None and _TRACEPARENT.fullmatch(parent):
        record.traceparent = parent.decode()


def _build_line(record: RequestRecord, epoch_offset: float) -> _RequestLogLine:
    """`zero` is what `perf_counter` calls so, in seconds since 1970."""
    viewer = record.viewer
    type, name, digest = record.operation or (None, None, None)
    return _RequestLogLine(
        datetime.fromtimestamp(epoch_offset + record.ended, UTC),
        "info",
        "request",
        record.id,
        record.traceparent,
        viewer.team_id if viewer else None,
        viewer.key_id if viewer else None,
        type,
        name and name[:_MAX_NAME_LENGTH],
        digest,
        record.status,
        record.error_codes,
        record.cost,
        (record.ended - record.started) * 1e6 // 1 / 1e3,
        record.database_seconds * 1e6 // 1 / 1e3,
        record.statement_count,
        record.response_bytes,
    )
