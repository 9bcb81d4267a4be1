"""What Prometheus scrapes: how many, how long, how full. No label holds a team or an operation's name."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.requests import Request
from starlette.responses import Response

from gateway import __version__
from gateway.settings import Settings
from gateway.telemetry import logs
from gateway.telemetry.request_record import RequestRecord

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OK_CODE = "OK"
"""The code of an answer without errors."""


class Metrics:
    """The metrics of one gateway. Counters have one child for each combination of labels that was seen."""

    def __init__(self, settings: Settings) -> None:
        self.in_flight = 0
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "graphql_requests", "Requests that were answered.", ("op_type", "code", "status"), registry=registry
        )
        self._durations = _DurationHistogram()
        registry.register(self._durations)
        registry.register(_LostLineCounter())
        self._rejections = Counter(
            "graphql_rejected", "Requests that were beyond a limit.", ("reason",), registry=registry
        )
        self._fallbacks = Counter(
            "gateway_compiled_fallbacks",
            "Root fields that the compiled fast path gave up on.",
            ("field", "reason"),
            registry=registry,
        )
        self._disconnects = Counter("client_disconnects", "Clients that left unanswered.", registry=registry)
        self._transactions = Histogram(
            "db_tx_seconds", "How long transactions lasted.", ("kind",), buckets=_BUCKETS, registry=registry
        )
        in_flight = Gauge("graphql_in_flight", "Requests that are being answered.", registry=registry)
        in_flight.set_function(lambda: self.in_flight)
        build = Gauge("build_info", "The release that runs; always 1.", ("version",), registry=registry)
        build.labels(__version__).set(1)
        ProcessCollector(registry=registry)
        self._in_use = Gauge("db_pool_in_use", "Operations that have a connection.", ("kind",), registry=registry)
        self._waiting = Gauge("db_pool_waiting", "Operations that wait for one.", ("kind",), registry=registry)
        if settings.sqlite_file is not None:
            _measure_wal(settings.sqlite_file, registry)

    def measure_pool(self, kind: str, in_use: Callable[[], int], waiting: Callable[[], int]) -> None:
        """Expose how many operations have a connection of a pool, and how many wait for one."""
        self._in_use.labels(kind).set_function(in_use)
        self._waiting.labels(kind).set_function(waiting)

    def observe_requests(self, records: Sequence[RequestRecord]) -> None:
        """Count requests that are over, equal ones at once: to find a counter and to lock it takes longest."""
        counts: dict[tuple[str | None, tuple[str, ...], str | None, int | None], int] = {}
        durations = self._durations
        for exchange in records:
            operation = exchange.operation
            kind = (
                operation.type if operation else None,
                exchange.error_codes,
                exchange.rejection_reason,
                exchange.status,
            )
            counts[kind] = counts.get(kind, 0) + 1
            lasted = exchange.ended - exchange.started
            durations.counts[bisect_left(_BUCKETS, lasted)] += 1
            durations.sum += lasted
            for labels, fallback_count in exchange.fallbacks.items():
                self._fallbacks.labels(*labels).inc(fallback_count)
            for transaction, lasted in exchange.transactions:
                self._transactions.labels(transaction).observe(lasted)
        for (type, codes, rejected, status), count in counts.items():
            if status is None:
                self._disconnects.inc(count)
                continue
            self._requests.labels(type or "none", codes[0] if codes else _OK_CODE, status).inc(count)
            if rejected is not None:
                self._rejections.labels(rejected).inc(count)

    async def expose(self, request: Request) -> Response:
        """All of them, as Prometheus asks for it."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(
            encode(self._registry), headers={"Content-Type": content_type, "Cache-Control": "no-store"}
        )


class _DurationHistogram(Collector):
    """The histogram of how long requests take; the library's own takes eight times as long to count one."""

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS) + 1)
        """Of requests that took no longer than the bound of the same place, but longer than that before."""
        self.sum = 0.0

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        bounds = [*map(floatToGoString, _BUCKETS), "+Inf"]
        buckets = list(zip(bounds, accumulate(self.counts), strict=True))
        yield HistogramMetricFamily("graphql_request_seconds", "How long they took.", buckets, self.sum)


class _LostLineCounter(Collector):
    """Those that the log could not take."""

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        yield CounterMetricFamily("log_lines_lost", "Lines that nobody read from stderr.", logs.count_lost_lines())


def _measure_wal(file: Path, registry: CollectorRegistry) -> None:
    log = file.with_name(f"{file.name}-wal")
    size = Gauge("sqlite_wal_bytes", "Bytes of SQLite's write-ahead log.", registry=registry)
    size.set_function(lambda: log.stat().st_size if log.exists() else 0)
