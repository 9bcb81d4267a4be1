"""The table."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version

from tests.benchmarks.measure import Cost
from tests.benchmarks.servers import FLOOR, Peer

_PACKAGES = (
    "strawberry-graphql",
    "graphql-core",
    "sqlalchemy",
    "asyncpg",
    "aiosqlite",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "orjson",
)
_HEAD = ("workload", "peer", "server", "database", "CPU", "/ floor", "p50", "p99", "peak MB")


def machine() -> str:
    """What was measured on and with."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, {packages}"


def table(results: Mapping[str, Mapping[Peer, Cost]], *, markdown: bool) -> str:
    """A line for each workload and peer; CPU time of a request and latencies in milliseconds."""
    lines = [_HEAD, *_lines(results)]
    return "\n".join(_markdown(lines) if markdown else _aligned(lines))


def _lines(results: Mapping[str, Mapping[Peer, Cost]]) -> Iterator[Sequence[str]]:
    for workload, costs in results.items():
        for peer, cost in costs.items():
            milliseconds = (cost.server_ms, cost.database_ms, cost.cpu_ms)
            ratio = f"{cost.ratio(costs[FLOOR]):.2f}" if FLOOR in costs else ""
            latencies = (cost.latency_ms(50), cost.latency_ms(99))
            yield (
                workload,
                peer.name,
                *map(_milliseconds, milliseconds),
                ratio,
                *map(_milliseconds, latencies),
                f"{cost.peak_megabytes:.0f}",
            )


def _milliseconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _markdown(lines: Iterable[Sequence[str]]) -> Iterator[str]:
    head, *rest = lines
    for line in (head, ["---", "---", *["--:"] * (len(head) - 2)], *rest):
        yield f"| {' | '.join(line)} |"


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        yield "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(cells)
        )
