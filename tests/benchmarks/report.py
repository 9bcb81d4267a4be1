"""The tables of the benchmarks, and the machine that they are measured on."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from tests.benchmarks.measure import Cost
from tests.benchmarks.servers import COLUMNS, FLOOR, Peer

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
_BASELINES = (FLOOR, COLUMNS)


def describe_machine() -> str:
    """Return the machine, and the versions of the measured packages."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, {packages}"


def build_table(results: Mapping[str, Mapping[Peer, Cost]]) -> Sequence[Sequence[str]]:
    """Return a head, and a line for each workload and peer: times of a request in milliseconds.

    The CPU time also stands as its ratio to that of each baseline that ran all workloads.
    """
    baselines = [peer for peer in _BASELINES if all(peer in costs for costs in results.values())]
    ratios = [f"/ {peer.name}" for peer in baselines]
    head = ("workload", "peer", "server", "database", "CPU", *ratios, "p50", "p99", "peak MB")
    return [head, *_build_lines(results, baselines)]


def _build_lines(results: Mapping[str, Mapping[Peer, Cost]], baselines: Sequence[Peer]) -> Iterator[Sequence[str]]:
    for workload, costs in results.items():
        for peer, cost in costs.items():
            cpu = (cost.server_ms, cost.database_ms, cost.cpu_ms)
            latencies = (cost.get_latency_ms(50), cost.get_latency_ms(99))
            yield (
                workload,
                peer.name,
                *map(format_milliseconds, cpu),
                *(format_ratio(cost.get_ratio(costs[baseline])) for baseline in baselines),
                *map(format_milliseconds, latencies),
                f"{cost.peak_megabytes:.0f}",
            )


def format_milliseconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def format_ratio(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def format_markdown_table(lines: Sequence[Sequence[str]], names: int) -> str:
    """Return a table in Markdown. The first line is its head; the first `names` columns hold names."""
    head, *rest = lines
    alignments = [*["---"] * names, *["--:"] * (len(head) - names)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, alignments, *rest))


def align_table(lines: Sequence[Sequence[str]], names: int) -> str:
    """Return a table with aligned columns, for terminals."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < names else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
