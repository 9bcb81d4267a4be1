"""Reports each request when it has ended: a line in the log, the metrics, and a trace if traces are sent.

Requests are reported in batches, at most 0.1 s late; failed requests immediately. Without batches, a request for
one integration on SQLite took 1.28 times the CPU. To repeat this, set `_BATCH_SIZE` to 1 and run
`python -m tests.benchmarks --workload get`.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from time import perf_counter, time

import structlog

from gateway.telemetry.metrics import Metrics
from gateway.telemetry.request_record import RequestRecord, current_request

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[\w.:/+=@~-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_PROCESS_ID = secrets.token_hex(8)
_request_numbers = count(1)
_MAX_NAME_LENGTH = 128
_SERVER_ERROR = 500

_FLUSH_SECONDS = 0.1
"""Longest time between the end of a request and its report."""

_BATCH_SIZE = 256
"""Requests that are reported at once."""

TraceFunction = Callable[[RequestRecord], None]


class Reporting:
    """Creates the record of each request, and reports it when the request ends."""

    def __init__(self, metrics: Metrics, trace: TraceFunction | None) -> None:
        self._metrics, self._trace = metrics, trace
        self._finished: list[RequestRecord] = []
        self._timer: asyncio.TimerHandle | None = None

    def begin_request(self) -> RequestRecord:
        """Return a new record, which is also `current_request` of this task."""
        record = RequestRecord(f"{_PROCESS_ID}-{next(_request_numbers)}", perf_counter())
        if self._trace is not None:
            record.statements = []
        current_request.set(record)
        self._metrics.in_flight += 1
        return record

    def end_request(self, record: RequestRecord) -> None:
        """Report a request that ends, answered or not: soon, or at once if it failed."""
        record.ended = perf_counter()
        self._metrics.in_flight -= 1
        self._finished.append(record)
        status = record.status
        if status is None or status >= _SERVER_ERROR or len(self._finished) >= _BATCH_SIZE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Report all requests that have ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        finished, self._finished = self._finished, []
        clock_offset, bound_log = time() - perf_counter(), log.bind()
        for record in finished:
            self._metrics.observe_request(record)
            if self._trace is not None:
                self._trace(record)
            _log_request(bound_log, record, clock_offset)


def read_correlation_headers(record: RequestRecord, headers: Mapping[bytes, bytes]) -> None:
    """Use the client's `X-Request-Id` and `traceparent` for the record, if they are well-formed."""
    id, parent = headers.get(b"x-request-id"), headers.get(b"traceparent")
    if id is not None and _REQUEST_ID.fullmatch(id):
        record.id = id.decode()
    if parent is not None and _TRACEPARENT.fullmatch(parent):
        record.traceparent = parent.decode()


def _log_request(log: structlog.typing.FilteringBoundLogger, record: RequestRecord, clock_offset: float) -> None:
    """Log a request. `clock_offset` is the time in seconds since 1970 at which `perf_counter` was zero."""
    viewer = record.viewer
    type, name, digest = record.operation or (None, None, None)
    log.info(
        "request",
        ts=datetime.fromtimestamp(clock_offset + record.ended, UTC),
        request_id=record.id,
        traceparent=record.traceparent,
        tenant=viewer.team_id if viewer else None,
        key_id=viewer.key_id if viewer else None,
        op_type=type,
        op_name=name and name[:_MAX_NAME_LENGTH],
        op_hash=digest,
        status=record.status,
        codes=record.error_codes,
        cost=record.cost,
        ms=round((record.ended - record.started) * 1e3, 3),
        db_ms=round(record.database_seconds * 1e3, 3),
        sql_count=record.statement_count,
        bytes=record.response_bytes,
    )
