"""Metrics for Prometheus. No label contains a team, or the name that a client gave to an operation."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway import __version__
from gateway.telemetry import logs
from gateway.telemetry.request_record import RequestRecord

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds of the histograms, in seconds."""

_OK_CODE = "OK"
"""The code of an answer without errors."""


class Metrics:
    """The metrics of one gateway. Each has its own registry, so tests can run several."""

    def __init__(self, sqlite_file: Path | None) -> None:
        """`sqlite_file` is the database, if it is SQLite; the size of its write-ahead log is then a metric."""
        self._registry = registry = CollectorRegistry()
        self.in_flight = 0
        """Requests that are being processed."""
        in_flight = Gauge("graphql_in_flight", "Requests that are being processed.", registry=registry)
        in_flight.set_function(lambda: self.in_flight)
        self._requests = Counter("graphql_requests", "Answers.", ("op_type", "code", "status"), registry=registry)
        self._durations = Histogram(
            "graphql_request_seconds", "Response times.", buckets=_BUCKETS, registry=registry
        )
        self._rejections = Counter(
            "graphql_rejected", "Requests that exceeded a limit.", ("reason",), registry=registry
        )
        self._fallbacks = Counter(
            "gateway_compiled_fallbacks",
            "Root fields that the compiled fast path gave up on.",
            ("field", "reason"),
            registry=registry,
        )
        self._disconnects = Counter(
            "client_disconnects", "Clients that disconnected before the answer.", registry=registry
        )
        self._replays = Counter(
            "gateway_idempotency_replays", "Mutations that were done before with their key.", registry=registry
        )
        self._transactions = Histogram(
            "db_tx_seconds", "Transaction times.", ("kind",), buckets=_BUCKETS, registry=registry
        )
        self._in_use = Gauge("db_pool_in_use", "Operations that use a connection.", ("kind",), registry=registry)
        self._waiting = Gauge(
            "db_pool_waiting", "Operations that wait for a connection.", ("kind",), registry=registry
        )
        build = Gauge("build_info", "The version of the gateway; the value is 1.", ("version",), registry=registry)
        build.labels(__version__).set(1)
        registry.register(_LostLineCounter())
        ProcessCollector(registry=registry)
        if sqlite_file is not None:
            _measure_wal(sqlite_file, registry)

    def measure_pool(self, kind: str, in_use: Callable[[], int], waiting: Callable[[], int]) -> None:
        """Expose the used connections of a pool and its waiting operations, as the functions return them."""
        self._in_use.labels(kind).set_function(in_use)
        self._waiting.labels(kind).set_function(waiting)

    def measure_failures(self, counts: Mapping[str, int]) -> None:
        """Expose the failures of the database by cause, as they are counted."""
        self._registry.register(_FailureCounter(counts))

    def observe_request(self, record: RequestRecord) -> None:
        """Count a request that has ended."""
        self._durations.observe(record.ended - record.started)
        for kind, seconds in record.transactions:
            self._transactions.labels(kind).observe(seconds)
        if record.replays:
            self._replays.inc(record.replays)
        for labels, count in record.fallbacks.items():
            self._fallbacks.labels(*labels).inc(count)
        if record.status is None:
            self._disconnects.inc()
            return
        type = record.operation.label if record.operation else "none"
        code = record.error_codes[0] if record.error_codes else _OK_CODE
        self._requests.labels(type, code, record.status).inc()
        if record.rejection_reason is not None:
            self._rejections.labels(record.rejection_reason).inc()

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics in the format that an `Accept` header prefers, and their content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _LostLineCounter(Collector):
    """Reads the number of lost log lines whenever metrics are rendered."""

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(
            "log_lines_lost", "Log lines that could not be written.", logs.count_lost_lines()
        )


class _FailureCounter(Collector):
    """Reads the counts of failures whenever metrics are rendered."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(
            "gateway_database_unavailable", "Failed statements and connections of the database.", labels=["cause"]
        )
        for cause, count in self._counts.items():
            family.add_metric([cause], count)
        yield family


def _measure_wal(file: Path, registry: CollectorRegistry) -> None:
    log = file.with_name(f"{file.name}-wal")
    size = Gauge("sqlite_wal_bytes", "Size of SQLite's write-ahead log in bytes.", registry=registry)
    size.set_function(lambda: log.stat().st_size if log.exists() else 0)
