"""How a server is: what it holds of memory and the rest."""

import asyncio
import time
from typing import NamedTuple

import asyncpg

from tests.benchmarks import processes
from tests.benchmarks.databases import Filled

_OWN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Vitals(NamedTuple):
    """What a server process holds at a moment."""

    megabytes: float
    descriptors: int
    threads: int
    backends: int
    """Connections that PostgreSQL has; 0 with SQLite."""

    def __str__(self) -> str:
        return (
            f"{self.megabytes:.0f} MB, {self.descriptors} descriptors, {self.threads} threads, "
            f"{self.backends} connections of PostgreSQL"
        )


async def vitals(pid: int, database: Filled) -> Vitals:
    backends = 0
    if database.url.startswith("postgresql"):
        connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
        try:
            backends = await connection.fetchval(_OWN)
        finally:
            await connection.close()
    return Vitals(processes.resident_megabytes(pid), processes.descriptors(pid), processes.threads(pid), backends)


async def cpu_share(pid: int, seconds: float) -> float:
    """The share of one core that a process takes for some seconds."""
    used, began = processes.cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    return (processes.cpu_seconds(pid) - used) / (time.perf_counter() - began)
