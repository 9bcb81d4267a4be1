"""The table."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
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
    return text([_HEAD, *_lines(results)], names=2, markdown=markdown)


def text(lines: Sequence[Sequence[str]], *, names: int, markdown: bool) -> str:
    """Lines with a head, of which the first cells are names and all others numbers."""
    return "\n".join(_markdown(lines, names) if markdown else _aligned(lines, names))


def _lines(results: Mapping[str, Mapping[Peer, Cost]]) -> Iterator[Sequence[str]]:
    for workload, costs in results.items():
        for peer, cost in costs.items():
            cpu = (cost.server_ms, cost.database_ms, cost.cpu_ms)
            latencies = (cost.latency_ms(50), cost.latency_ms(99))
            yield (
                workload,
                peer.name,
                *map(milliseconds, cpu),
                ratio(cost.ratio(costs[FLOOR])) if FLOOR in costs else "",
                *map(milliseconds, latencies),
                f"{cost.peak_megabytes:.0f}",
            )


def milliseconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def ratio(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _markdown(lines: Sequence[Sequence[str]], names: int) -> Iterator[str]:
    head, *rest = lines
    for line in (head, [*["---"] * names, *["--:"] * (len(head) - names)], *rest):
        yield f"| {' | '.join(line)} |"


def _aligned(lines: Sequence[Sequence[str]], names: int) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        yield "  ".join(
            cell.ljust(width) if place < names else cell.rjust(width) for place, (cell, width) in enumerate(cells)
        )
