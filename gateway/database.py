"""Connections, transactions and sessions. `.commit()` stands here once."""

import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar, TypeVarTuple, cast

import asyncpg
import orjson
from sqlalchemy import Connection, Dialect, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.domain import instants
from gateway.domain.enums import ErrorCode
from gateway.errors import refused
from gateway.queries import Query
from gateway.rows import Columns
from gateway.settings import Settings
from gateway.snapshots import Leases, Snapshot

T = TypeVar("T")
E = TypeVar("E")
Ts = TypeVarTuple("Ts")

FAILURES = (SQLAlchemyError, sqlite3.Error, asyncpg.PostgresError, ConnectionError, TimeoutError, socket.gaierror)
"""What a database raises when it cannot be used, also before SQLAlchemy has it in hand."""

_READING = "BEGIN"
_WRITING = "BEGIN IMMEDIATE"
"""With BEGIN alone, SQLite refuses a transaction that reads first and writes after another one has written."""

_UNIQUE_VIOLATION = "23505"
_SQLITE_CLASHES = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


class Session(AsyncSession):
    """A transaction over entities; it is a `gateway.snapshots.Reader` too."""

    as_of: datetime
    """When the snapshot was taken."""

    async def rows(self, query: Query[E], *needed: str, columns: Columns = None) -> Sequence[E]:
        """See `gateway.snapshots.Reader`."""
        await self.flush()
        connection = await self.connection()
        prepared, values = query.prepared(connection.dialect, columns, needed)
        found = await connection.exec_driver_sql(prepared.text, tuple(prepared.parameters(values)))
        return prepared.make(found)

    async def tuples(self, query: Query[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `gateway.snapshots.Reader`."""
        return await self.rows(cast(Query[tuple[*Ts]], query))


class ReadSession(Session):
    """A transaction that only reads."""


class WriteSession(Session):
    """A transaction that writes."""


class Database:
    """The engines of one process. SQLite has one connection for writing, so that writers queue fairly."""

    def __init__(self, settings: Settings) -> None:
        self.url = make_url(settings.database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        size, timeout = settings.database_pool_size, settings.database_pool_timeout
        if self.is_sqlite:
            lock_timeout = settings.database_lock_timeout
            self._writer = self._sqlite_engine(_WRITING, 1, lock_timeout, lock_timeout)
            self._reader = self._sqlite_engine(_READING, size, timeout, lock_timeout)
            leased = self._sqlite_engine(_READING, size, timeout, lock_timeout)
        else:
            self._writer, leased = self._engine(size, timeout), self._engine(size, timeout)
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._leases = Leases(leased, size, timeout)

    def _engine(self, pool_size: int, pool_timeout: float, **connect_args: object) -> AsyncEngine:
        return create_async_engine(
            self.url,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout,
            connect_args=connect_args,
            hide_parameters=True,
        )

    def _sqlite_engine(self, begin: str, pool_size: int, pool_timeout: float, lock_timeout: float) -> AsyncEngine:
        engine = self._engine(pool_size, pool_timeout, timeout=lock_timeout)

        query_only = "OFF" if begin == _WRITING else "ON"

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
            # We say BEGIN ourselves: left to itself the driver begins late, and never before a SELECT.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"query_only={query_only}"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin_transaction(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @property
    def dialect(self) -> Dialect:
        """What statements are spelled for."""
        return self._writer.dialect

    def snapshot(self, *, once: bool = False) -> Snapshot:
        """One snapshot of rows, for as long as a block lasts; `once` if one statement is to read from it."""
        return Snapshot(self._leases, once=once)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """One snapshot of entities, for as long as the block lasts."""
        async with ReadSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            session.as_of = instants.now()
            yield session

    @asynccontextmanager
    async def write(self, *, dry_run: bool = False) -> AsyncIterator[WriteSession]:
        """One transaction: kept when the block ends, undone when it raises or is a dry run.

        Raises Refused (CONFLICT) when a unique key was taken by another transaction meanwhile.
        """
        async with WriteSession(self._writer, expire_on_commit=False) as session:
            session.as_of = instants.now()
            try:
                yield session
                await session.flush()
                if not dry_run:
                    await session.commit()
            except IntegrityError as error:
                if not _is_clash(error):
                    raise
                raise refused(
                    ErrorCode.CONFLICT, "Something with the same key was written at the same moment; try again."
                ) from error

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        """Do `work` on a bare connection, in a transaction of its own; for migrations."""
        async with self._writer.begin() as connection:
            return await connection.run_sync(work)

    async def dispose(self) -> None:
        await self._leases.dispose()
        await self._reader.dispose()
        await self._writer.dispose()


def _is_clash(error: IntegrityError) -> bool:
    """Whether a unique key was taken already, in either driver's words."""
    name = getattr(error.orig, "sqlite_errorname", "")
    return getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION or name in _SQLITE_CLASHES
