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
from gateway.telemetry.request_record import Exchange, current

_REQUEST_ID = re.compile(rb"[\w.:/+=@~-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_PROCESS = secrets.token_hex(8)
_numbers = count(1)
_SHOWN = 128
_FAILED = 500

_SOON = 0.1
"""Seconds until it is told of a request that is over."""
_MANY = 256


class _Line(logs.Line):
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


Trace = Callable[[Exchange], None]


class Observation:
    """Tells of exchanges, some at once.

    What tells of one costs a third as much where it has just told of another: the processor has it at hand then.
    So a request that is over waits for others, unless it failed.
    """

    def __init__(self, settings: Settings, metrics: Metrics, trace: Trace | None) -> None:
        self._metrics, self._trace = metrics, trace
        self._logs = logs.are_wanted("info", settings.log_level)
        self._over: list[Exchange] = []
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Exchange:
        """A request that begins, in a task of its own."""
        exchange = Exchange(f"{_PROCESS}-{next(_numbers)}", perf_counter())
        if self._trace is not None:
            exchange.statements = []
        current.set(exchange)
        self._metrics.in_flight += 1
        return exchange

    def end(self, exchange: Exchange) -> None:
        """The request is over, answered or not."""
        exchange.ended = perf_counter()
        self._metrics.in_flight -= 1
        self._over.append(exchange)
        status = exchange.status
        if status is None or status >= _FAILED or len(self._over) >= _MANY:
            self.tell()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SOON, self.tell)

    def tell(self) -> None:
        """Tell of all that are over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        over, self._over = self._over, []
        self._metrics.observe(over)
        if self._trace is not None:
            for exchange in over:
                self._trace(exchange)
        if self._logs:
            zero = time() - perf_counter()
            logs.write([_line(exchange, zero) for exchange in over])


def identify(exchange: Exchange, headers: Mapping[bytes, bytes]) -> None:
    """Take over what the client calls the request, and the trace that it belongs to."""
    id, parent = headers.get(b"x-request-id"), headers.get(b"traceparent")
    if id is not None and _REQUEST_ID.fullmatch(id):
        exchange.id = id.decode()
    if parent is not None and _TRACEPARENT.fullmatch(parent):
        exchange.traceparent = parent.decode()


def _line(exchange: Exchange, zero: float) -> _Line:
    """`zero` is what `perf_counter` calls so, in seconds since 1970."""
    viewer = exchange.viewer
    type, name, digest = exchange.operation or (None, None, None)
    return _Line(
        datetime.fromtimestamp(zero + exchange.ended, UTC),
        "info",
        "request",
        exchange.id,
        exchange.traceparent,
        viewer.team_id if viewer else None,
        viewer.key_id if viewer else None,
        type,
        name and name[:_SHOWN],
        digest,
        exchange.status,
        exchange.codes,
        exchange.cost,
        (exchange.ended - exchange.started) * 1e6 // 1 / 1e3,
        exchange.database_seconds * 1e6 // 1 / 1e3,
        exchange.statement_count,
        exchange.size,
    )
