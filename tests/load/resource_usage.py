"""Resources that a server process uses."""

import asyncio
import time
from typing import NamedTuple

import asyncpg

from tests.benchmarks import processes
from tests.benchmarks.databases import BenchmarkDatabase

_COUNT_BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class ResourceUsage(NamedTuple):
    """The resources that a server process uses now."""

    megabytes: float
    descriptors: int
    threads: int
    backends: int
    """Connections to PostgreSQL; 0 with SQLite."""

    def __str__(self) -> str:
        return (
            f"{self.megabytes:.0f} MB, {self.descriptors} descriptors, {self.threads} threads, "
            f"{self.backends} connections of PostgreSQL"
        )


async def measure_usage(pid: int, database: BenchmarkDatabase) -> ResourceUsage:
    backends = 0
    if database.url.startswith("postgresql"):
        connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
        try:
            backends = await connection.fetchval(_COUNT_BACKENDS)
        finally:
            await connection.close()
    return ResourceUsage(
        processes.get_resident_megabytes(pid),
        processes.count_descriptors(pid),
        processes.count_threads(pid),
        backends,
    )


async def measure_cpu_share(pid: int, seconds: float) -> float:
    """Return the share of one core that a process uses during some seconds."""
    used, began = processes.get_cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    return (processes.get_cpu_seconds(pid) - used) / (time.perf_counter() - began)
