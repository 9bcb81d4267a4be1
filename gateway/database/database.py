"""The database of one process: its pools, and the transactions that begin on their connections."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection, Dialect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.database.connections import ConnectionPool, DriverConnection, PooledConnection
from gateway.database.engines import READ_ONLY_OPTION, create_postgresql_engine, create_sqlite_engine
from gateway.database.fair_queue import FairQueue, TeamId
from gateway.database.fetch_budget import FetchBudget
from gateway.database.inline_reads import InlineReader
from gateway.database.postgresql_driver import PostgresqlConnection
from gateway.database.reading import Snapshot
from gateway.database.sqlite_driver import SqliteConnection
from gateway.database.tables import Base
from gateway.database.writing import INTEGRITY_ERRORS, Writer, is_unique_violation
from gateway.domain.enums import ErrorCode
from gateway.errors import Overloaded, refusal
from gateway.settings import Settings

T = TypeVar("T")

DATABASE_ERRORS = (
    SQLAlchemyError,
    sqlite3.Error,
    asyncpg.PostgresError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
"""The errors of a database that cannot be used: SQLAlchemy's, the drivers', and the network's."""

_EXPORT_SLOTS = 2
"""Exports that are in memory at once, until they are sent."""

_LOCK_RETRY_SECONDS = 0.2
"""Seconds that a statement waits for SQLite's lock. A cancelled writer stops between two of these waits."""


class Database:
    """Reads and writes of one process.

    SQLite has one connection that writes, so that writers wait in a fair queue instead of for the lock.
    """

    def __init__(self, settings: Settings, *, statement_timeout: float | None = None) -> None:
        """`statement_timeout` is in seconds: after it PostgreSQL itself ends a statement."""
        self.url = make_url(settings.database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock_timeout = settings.database_lock_timeout
        size, queue = settings.database_pool_size, settings.database_pool_queue
        readers = FairQueue(size, queue, settings.database_pool_timeout)
        # Writers wait as long for a connection as they would for a lock.
        writers = FairQueue(1 if self.is_sqlite else size, queue, self._lock_timeout)
        self.queues: Mapping[str, FairQueue] = {"read": readers, "write": writers}
        self.large_reads = FairQueue(1, queue, settings.database_pool_timeout)
        """Slots for operations that fetch more than most; see `fetch_budget`."""
        self.exports = FairQueue(_EXPORT_SLOTS, queue, settings.database_pool_timeout)
        """Slots for exports."""
        self._inline_reader: InlineReader | None = None
        open_reading: Callable[[], Awaitable[DriverConnection]]
        open_writing: Callable[[], Awaitable[DriverConnection]]
        if self.is_sqlite:
            file = str(self.url.database)
            self._engine = create_sqlite_engine(self.url, self._lock_timeout)
            self._inline_reader = InlineReader(file, self.dialect)
            # With BEGIN alone, SQLite refuses a transaction that reads, and writes after another has written.
            self._begin_write_statement = "BEGIN IMMEDIATE"
            open_reading = partial(SqliteConnection.open, file, self._lock_timeout, read_only=True)
            open_writing = partial(SqliteConnection.open, file, min(_LOCK_RETRY_SECONDS, self._lock_timeout))
        else:
            self._engine = create_postgresql_engine(self.url, statement_timeout)
            self._begin_write_statement = "BEGIN"
            open_reading = open_writing = partial(PostgresqlConnection.open, self._engine)
        self._read_pool = ConnectionPool(open_reading, self.dialect, readers)
        self._write_pool = ConnectionPool(open_writing, self.dialect, writers)

    @property
    def dialect(self) -> Dialect:
        """The dialect that statements are compiled for."""
        return self._engine.dialect

    def read(self, *, team: TeamId = "", once: bool = False, budget: FetchBudget | None = None) -> Snapshot:
        """Open a snapshot for a block: `async with database.read() as reader`.

        `once` is for a single statement. Without a budget it may fetch any number of bytes. Reading raises
        Overloaded when no connection becomes free in time.
        """
        return Snapshot(self._read_pool, team, once=once, inline_reader=self._inline_reader, budget=budget)

    @asynccontextmanager
    async def write(self, *, team: TeamId = "", dry_run: bool = False) -> AsyncIterator[Writer]:
        """Begin a transaction for a block; commit it after the block, or roll back if that raises or is a dry run.

        Raises Overloaded when no connection becomes free in time, and Refused (CONFLICT) when another transaction
        has written the same unique key meanwhile.
        """
        async with self._write_pool.connect(team) as connection:
            await self._begin_write(connection)
            writer = Writer(connection)
            commits = False
            try:
                yield writer
                commits = not dry_run
            except INTEGRITY_ERRORS as error:
                if not is_unique_violation(error):
                    raise
                raise refusal(
                    ErrorCode.CONFLICT, "Something with the same key was written at the same moment; try again."
                ) from error
            except asyncio.CancelledError:
                # A cancelled statement may still run: closing the connection ends it, and rolls back.
                await asyncio.shield(connection.close())
                raise
            finally:
                await writer.end_transaction(commit=commits)

    async def _begin_write(self, connection: PooledConnection) -> None:
        """Begin a transaction that writes. Raises Overloaded when another program keeps SQLite's lock."""
        end = asyncio.get_running_loop().time() + self._lock_timeout
        while True:
            try:
                return await connection.execute(self._begin_write_statement)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                if asyncio.get_running_loop().time() > end:
                    raise Overloaded("Another program writes to the database") from None

    async def run_sync(self, work: Callable[[Connection], T], *, read_only: bool = False) -> T:
        """Run a function of SQLAlchemy's connection in its own transaction; for migrations and diagnostics.

        The connection is not one of the pools'. On SQLite the transaction locks the database unless `read_only`.
        """
        async with self._engine.execution_options(**{READ_ONLY_OPTION: read_only}).begin() as connection:
            return await connection.run_sync(work)

    async def analyze(self, entity: type[Base]) -> None:
        """Have PostgreSQL collect the statistics of a table now.

        Without them it plans for a new integration as if that were empty, and scans it for each row.
        """
        if not self.is_sqlite:
            await self.run_sync(lambda connection: connection.execute(text(f"ANALYZE {entity.__tablename__}")))

    async def dispose(self) -> None:
        """Close all connections that are not in use."""
        if self._inline_reader is not None:
            self._inline_reader.close()
        await self._read_pool.dispose()
        await self._write_pool.dispose()
        await self._engine.dispose()
