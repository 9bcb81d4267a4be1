"""The databases of the peers without GraphQL, as their drivers open them."""

import sqlite3

import asyncpg

from tests.benchmarks.peers.serving import POOL_SIZE


class PostgresqlDatabase:
    """Runs statements on asyncpg's pool of connections."""

    def __init__(self, database_url: str) -> None:
        self._address = database_url.replace("+asyncpg", "")

    async def open(self) -> None:
        # Statements of any length are prepared once.
        self._pool = await asyncpg.create_pool(
            self._address, min_size=POOL_SIZE, max_size=POOL_SIZE, max_cacheable_statement_size=0
        )

    async def close(self) -> None:
        await self._pool.close()


class SqliteDatabase:
    """Runs statements on one connection and on the event loop, because SQLite writes one transaction at a time."""

    def __init__(self, database_url: str) -> None:
        self._file = database_url.partition("///")[2]

    async def open(self) -> None:
        self._connection = sqlite3.connect(self._file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def close(self) -> None:
        self._connection.close()
