"""Connections, transactions and sessions. A transaction is committed here and nowhere else."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar, TypeVarTuple, cast

import asyncpg
from sqlalchemy import Connection, Dialect, inspect, make_url, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.admission import Admission, Team
from gateway.changes import (
    ByColumn,
    Prepare,
    addition,
    columns_of,
    copying,
    insertion,
    removal_of_noughts,
    updating,
)
from gateway.domain import instants
from gateway.domain.enums import ErrorCode
from gateway.engines import Engines
from gateway.errors import Overloaded, refused
from gateway.glances import Glances
from gateway.leases import Lease, Leases
from gateway.queries import Query
from gateway.rows import Columns
from gateway.settings import Settings
from gateway.snapshots import Snapshot
from gateway.tables import Base
from gateway.turns import Turns

T = TypeVar("T")
E = TypeVar("E")
Ts = TypeVarTuple("Ts")

FAILURES = (SQLAlchemyError, sqlite3.Error, asyncpg.PostgresError, ConnectionError, TimeoutError, socket.gaierror)
"""What a database raises when it cannot be used, also before SQLAlchemy has it in hand."""

_READING = "BEGIN"
_WRITING = "BEGIN IMMEDIATE"
"""With BEGIN alone, SQLite refuses a transaction that reads first and writes after another one has written."""

_PATIENCE = 0.2
"""Seconds that a writer waits for SQLite's lock before it asks again: it cannot be cut off while it waits."""

_UNIQUE_VIOLATION = "23505"
_SQLITE_CLASHES = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
_CONSTRAINTS = (IntegrityError, sqlite3.IntegrityError, asyncpg.UniqueViolationError)
"""Whatever tells of a clash, and of more."""


class Clash(Exception):
    """An attempt was undone, since something has a unique key already."""


class Session(AsyncSession):
    """A transaction over entities."""

    as_of: datetime
    """When it began."""


class ReadSession(Session):
    """A transaction that only reads."""


class WriteSession(Session):
    """A transaction that writes. It is a `gateway.snapshots.Reader` too, at the same low cost."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(lease.connection, expire_on_commit=False)
        self.as_of = instants.now()
        self.is_kept = False
        """Whether its transaction was committed."""
        self._lease = lease

    @property
    def copies(self) -> bool:
        """Whether many new rows are added by COPY."""
        return self._lease.copies

    async def rows(self, query: Query[E], *needed: str, columns: Columns = None) -> Sequence[E]:
        """See `gateway.snapshots.Reader`."""
        await self.settle()
        prepared, values = query.prepared(self._lease.dialect, columns, needed)
        return prepared.make(await self._lease.fetch(prepared.text, prepared.parameters(values)))

    async def tuples(self, query: Query[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `gateway.snapshots.Reader`."""
        return await self.rows(cast(Query[tuple[*Ts]], query))

    async def insert(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows that are given by all their columns, the same of each."""
        await self.insert_columns(entity, _columns(rows))

    async def insert_columns(self, entity: type[Base], columns: ByColumn) -> None:
        """Add rows that are given column by column, by all of them."""
        if self.copies and _length(columns.values()) > 1:
            await self.settle()
            copy = copying(entity, (*columns,), self._lease.dialect)
            await self._lease.copy(copy.table, copy.names, copy.records([*columns.values()]))
        else:
            await self._change(insertion, entity, columns)

    async def update(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Change rows that are given by their primary key and the columns to set, the same of each."""
        await self._change(updating, entity, _columns(rows))

    async def add_up(self, entity: type[Base], names: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
        """Add the numbers of rows, which are given by these columns, to those that are stored under their keys.

        What was not stored begins with them, and what becomes nought is stored no more.
        """
        columns: Mapping[str, Sequence[Any]] = columns_of(names, rows)
        await self._change(addition, entity, columns)
        keys = [column.name for column in inspect(entity).primary_key]
        if any(min(columns[name]) < 0 for name in columns if name not in keys):
            less = [row[: len(keys)] for row in rows if min(row[len(keys) :]) < 0]
            await self._change(removal_of_noughts, entity, columns_of(keys, less))

    async def _change(self, prepare: Prepare, entity: type[Base], columns: ByColumn) -> None:
        length = _length(columns.values())
        if length:
            await self.settle()
            change = prepare(entity, (*columns,), self._lease.dialect, length > 1)
            for run in change.runs([*columns.values()]):
                await self._lease.run(*run)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """What may clash with what is there. Raises Clash when it did: then all of it, and no more, is undone."""
        await self.settle()
        await self._lease.fetch("SAVEPOINT attempt")
        try:
            yield
        except _CONSTRAINTS as error:
            if not _is_clash(error):
                raise
            await self._lease.fetch("ROLLBACK TO SAVEPOINT attempt")
            raise Clash from None
        await self._lease.fetch("RELEASE SAVEPOINT attempt")

    async def settle(self) -> None:
        """Write down what was done to entities so far."""
        if self.new or self.dirty or self.deleted:
            await self.flush()

    async def end(self, *, keep: bool) -> None:
        """End the transaction. A commit that has begun is waited for, also by who is cut off meanwhile."""
        if self._lease.is_in_transaction:
            if keep:
                committing = asyncio.create_task(self._commit())
                try:
                    await asyncio.shield(committing)
                except asyncio.CancelledError:
                    await asyncio.wait([committing])
                    raise
            else:
                await self._lease.command("ROLLBACK")
        if self.in_transaction():
            await self.close()

    async def _commit(self) -> None:
        await self._lease.command("COMMIT")
        self.is_kept = True


class Database:
    """The engines of one process. SQLite has one connection for writing, so that writers queue fairly."""

    def __init__(self, settings: Settings, *, statement_timeout: float | None = None) -> None:
        """`statement_timeout` is in seconds: PostgreSQL itself ends a statement that nobody ended before."""
        self.url = make_url(settings.database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock_timeout = settings.database_lock_timeout
        engines = Engines(self.url, settings, statement_timeout)
        size, queue = settings.database_pool_size, settings.database_pool_queue
        readers = Admission(size, queue, settings.database_pool_timeout)
        # They wait for each other, be it here or for a lock.
        writers = Admission(1 if self.is_sqlite else size, queue, self._lock_timeout)
        self.admissions: Mapping[str, Admission] = {"read": readers, "write": writers}
        """Of those who read, and of those who write."""
        self._glances: Glances | None = None
        if self.is_sqlite:
            self._begin = _WRITING
            self._engine = engines.sqlite(_WRITING)
            self._reader = engines.sqlite(_READING, reads_only=True)
            self._glances = Glances(str(self.url.database), self.dialect)
            turns = Turns()
            self._readers = Leases(engines.sqlite(None, reads_only=True), readers, turns)
            self._writers = Leases(engines.sqlite(None, waits=min(_PATIENCE, self._lock_timeout)), writers, turns)
        else:
            self._begin = _READING
            self._engine = engines.postgresql()
            self._reader = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._readers = Leases(engines.postgresql(isolation_level="AUTOCOMMIT"), readers)
            self._writers = Leases(engines.postgresql(isolation_level="AUTOCOMMIT"), writers)

    @property
    def dialect(self) -> Dialect:
        """What statements are spelled for."""
        return self._engine.dialect

    def snapshot(self, *, team: Team = "", once: bool = False) -> Snapshot:
        """One snapshot of rows, for as long as a block lasts; `once` if one statement is to read from it.

        Reading raises Overloaded when no connection becomes free in time.
        """
        return Snapshot(self._readers, team, once=once, glances=self._glances)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """One snapshot of entities, for as long as the block lasts."""
        async with ReadSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            session.as_of = instants.now()
            yield session

    @asynccontextmanager
    async def write(self, *, team: Team = "", dry_run: bool = False) -> AsyncIterator[WriteSession]:
        """One transaction: kept when the block ends, undone when it raises or is a dry run.

        Raises Overloaded when no connection becomes free in time, and Refused (CONFLICT) when a unique key was
        taken by another transaction meanwhile.
        """
        async with self._writers.lease(team) as lease:
            await self._begin_writing(lease)
            session = WriteSession(lease)
            keep = False
            try:
                yield session
                await session.settle()
                keep = not dry_run
            except _CONSTRAINTS as error:
                if not _is_clash(error):
                    raise
                raise refused(
                    ErrorCode.CONFLICT, "Something with the same key was written at the same moment; try again."
                ) from error
            except asyncio.CancelledError:
                # What was cut off may run on: it ends with the connection, as does all that was done.
                await asyncio.shield(lease.break_off())
                raise
            finally:
                await session.end(keep=keep)

    async def _begin_writing(self, lease: Lease) -> None:
        """Begin a transaction that writes. Raises Overloaded when another program keeps SQLite's lock."""
        end = asyncio.get_running_loop().time() + self._lock_timeout
        while True:
            try:
                return await lease.command(self._begin)
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
        if self._glances is not None:
            self._glances.close()
        await self._readers.dispose()
        await self._writers.dispose()
        await self._reader.dispose()
        await self._engine.dispose()


def _columns(rows: Sequence[Mapping[str, object]]) -> ByColumn:
    return columns_of(rows[0], [[*row.values()] for row in rows]) if rows else {}


def _length(columns: Iterable[Sequence[object]]) -> int:
    return len(next(iter(columns), ()))


def _is_clash(error: Exception) -> bool:
    """Whether a unique key was taken already, in either driver's words."""
    original = error.orig if isinstance(error, IntegrityError) else error
    name = getattr(original, "sqlite_errorname", "")
    return getattr(original, "sqlstate", None) == _UNIQUE_VIOLATION or name in _SQLITE_CLASHES
