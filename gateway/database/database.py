"""Connections, and the transactions that begin on them."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection, Dialect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.database.connections import ConnectionPool, PooledConnection
from gateway.database.engines import EngineFactory
from gateway.database.fair_queue import FairQueue, TeamId
from gateway.database.inline_reads import InlineReader
from gateway.database.reading import Snapshot
from gateway.database.tables import Base
from gateway.database.writing import INTEGRITY_ERRORS, ReadSession, Writer, is_unique_violation
from gateway.domain.calendar import instants
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
"""What a database raises when it cannot be used, also before SQLAlchemy has it in hand."""

_BEGIN = "BEGIN"
_BEGIN_IMMEDIATE = "BEGIN IMMEDIATE"
"""With BEGIN alone, SQLite refuses a transaction that reads first and writes after another one has written."""

_LOCK_RETRY_SECONDS = 0.2
"""Seconds that a writer waits for SQLite's lock before it asks again: it cannot be cut off while it waits."""


class Database:
    """The engines of one process. SQLite has one connection for writing, so that writers queue fairly."""

    def __init__(self, settings: Settings, *, statement_timeout: float | None = None) -> None:
        """`statement_timeout` is in seconds: PostgreSQL itself ends a statement that nobody ended before."""
        self.url = make_url(settings.database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock_timeout = settings.database_lock_timeout
        engines = EngineFactory(self.url, settings, statement_timeout)
        size, queue = settings.database_pool_size, settings.database_pool_queue
        readers = FairQueue(size, queue, settings.database_pool_timeout)
        # They wait for each other, be it here or for a lock.
        writers = FairQueue(1 if self.is_sqlite else size, queue, self._lock_timeout)
        self.queues: Mapping[str, FairQueue] = {"read": readers, "write": writers}
        """Of those who read, and of those who write."""
        self._inline_reader: InlineReader | None = None
        if self.is_sqlite:
            self._begin_statement = _BEGIN_IMMEDIATE
            self._engine = engines.create_sqlite(_BEGIN_IMMEDIATE)
            self._read_engine = engines.create_sqlite(_BEGIN, read_only=True)
            self._inline_reader = InlineReader(str(self.url.database), self.dialect)
            self._read_pool = ConnectionPool(engines.create_sqlite(None, read_only=True), readers)
            self._write_pool = ConnectionPool(
                engines.create_sqlite(None, lock_timeout=min(_LOCK_RETRY_SECONDS, self._lock_timeout)),
                writers,
            )
        else:
            self._begin_statement = _BEGIN
            self._engine = engines.create_postgresql()
            self._read_engine = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._read_pool = ConnectionPool(engines.create_postgresql(isolation_level="AUTOCOMMIT"), readers)
            self._write_pool = ConnectionPool(engines.create_postgresql(isolation_level="AUTOCOMMIT"), writers)

    @property
    def dialect(self) -> Dialect:
        """What statements are spelled for."""
        return self._engine.dialect

    def open_snapshot(self, *, team: TeamId = "", once: bool = False) -> Snapshot:
        """One snapshot of rows, for as long as a block lasts; `once` if one statement is to read from it.

        Reading raises Overloaded when no connection becomes free in time.
        """
        return Snapshot(self._read_pool, team, once=once, inline_reader=self._inline_reader)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """One snapshot of entities, for as long as the block lasts."""
        async with ReadSession(self._read_engine, expire_on_commit=False, autoflush=False) as session:
            session.as_of = instants.now()
            yield session

    @asynccontextmanager
    async def write(self, *, team: TeamId = "", dry_run: bool = False) -> AsyncIterator[Writer]:
        """One transaction: kept when the block ends, undone when it raises or is a dry run.

        Raises Overloaded when no connection becomes free in time, and Refused (CONFLICT) when a unique key was
        taken by another transaction meanwhile.
        """
        async with self._write_pool.connect(team) as lease:
            await self._begin_write(lease)
            session = Writer(lease)
            keep = False
            try:
                yield session
                await session.flush_entities()
                keep = not dry_run
            except INTEGRITY_ERRORS as error:
                if not is_unique_violation(error):
                    raise
                raise refusal(
                    ErrorCode.CONFLICT, "Something with the same key was written at the same moment; try again."
                ) from error
            except asyncio.CancelledError:
                # What was cut off may run on: it ends with the connection, as does all that was done.
                await asyncio.shield(lease.invalidate())
                raise
            finally:
                await session.end_transaction(commit=keep)

    async def _begin_write(self, connection: PooledConnection) -> None:
        """Begin a transaction that writes. Raises Overloaded when another program keeps SQLite's lock."""
        end = asyncio.get_running_loop().time() + self._lock_timeout
        while True:
            try:
                return await connection.execute(self._begin_statement)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                if asyncio.get_running_loop().time() > end:
                    raise Overloaded("Another program writes to the database") from None

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        """Do `work` on a bare connection, in a transaction of its own; for migrations."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def analyze(self, entity: type[Base]) -> None:
        """Have PostgreSQL look at a table anew, rather than when it next does so by itself.

        Until then it takes a new integration for an empty one, and walks through all of it for each row that is
        looked up.
        """
        if not self.is_sqlite:
            await self.run_sync(lambda connection: connection.execute(text(f"ANALYZE {entity.__tablename__}")))

    async def dispose(self) -> None:
        if self._inline_reader is not None:
            self._inline_reader.close()
        await self._read_pool.dispose()
        await self._write_pool.dispose()
        await self._read_engine.dispose()
        await self._engine.dispose()
