"""The database of one process: its pools, and the transactions that begin on their connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property, partial
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Dialect, MetaData, Table, func, make_url, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.database.availability import Availability
from gateway.database.connection_pool import ConnectionPool
from gateway.database.connections import DriverConnection, PooledConnection, Timeouts
from gateway.database.engines import READ_ONLY_OPTION, create_postgresql_engine, create_sqlite_engine
from gateway.database.fair_queue import FairQueue, TeamId
from gateway.database.fetch_budget import FetchBudget
from gateway.database.inline_reads import InlineReader
from gateway.database.keyring import Keyring, load_keys
from gateway.database.log_truncation import LogTruncation
from gateway.database.poolers import Pooler, find_pooler
from gateway.database.postgresql_driver import PostgresqlConnection, TransactionTimeouts
from gateway.database.prepared_statements import prepared
from gateway.database.reading import Snapshot
from gateway.database.sqlite_driver import SqliteConnection
from gateway.database.tables import Base
from gateway.database.writing import INTEGRITY_ERRORS, Writer, is_unique_violation
from gateway.domain.enums import ErrorCode
from gateway.domain.failure_causes import FailureCause
from gateway.errors import Overloaded, Unavailable, refusal
from gateway.settings import Settings

T = TypeVar("T")

_EXPORT_SLOTS = 2
"""Exports that are in memory at once, until they are sent."""

_LOCK_RETRY_SECONDS = 0.2
"""Seconds that a statement waits for SQLite's lock. A cancelled writer stops between two of these waits."""

_STATEMENT_SHARE, _CUT_OFF_SHARE = 0.5, 0.6
"""Shares of a request's timeout.

After the first PostgreSQL itself ends a statement: the query is heavy. After the second the gateway breaks the
connection off: the database does not answer.
"""

_REVISIONS = Table("alembic_version", MetaData(), Column("version_num"))

_GRACE = 2.0
"""Seconds after the timeout of a request when it has ended, whatever happens."""

_PROBE_TIMEOUTS = Timeouts(statement=1.0, control=1.0, connect=1.5)
"""They are short, so that a packet that was lost delays the next probe little."""

_COMMAND_TIMEOUT = 120.0
"""Seconds for a statement of a command, and for the COMMIT of its large transactions."""


@prepared
def _touch_revision() -> ReturningUpdate[str]:
    """Write to the database without changing it."""
    revision = _REVISIONS.c.version_num
    return update(_REVISIONS).values({revision: revision}).returning(revision)


class Database:
    """Reads and writes of one process.

    SQLite has one connection that writes, so that writers wait in a fair queue instead of for the lock.
    """

    def __init__(self, settings: Settings, *, request_timeout: float | None = None) -> None:
        """Seconds for a request bound its statements and transactions; those of commands may take longer."""
        self.url = make_url(settings.database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.settings, self._lock_timeout = settings, settings.database_lock_timeout
        self._shares_connections = settings.database_pooler == "transaction"
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
        self._log_truncation: LogTruncation | None = None
        open_reading: Callable[[], Awaitable[DriverConnection]]
        open_writing: Callable[[], Awaitable[DriverConnection]]
        if self.is_sqlite:
            file = str(self.url.database)
            self._engine = create_sqlite_engine(self.url, self._lock_timeout)
            self._inline_reader = InlineReader(file, self.dialect)
            open_reading = partial(SqliteConnection.open, file, self._lock_timeout, read_only=True)
            open_writing = partial(SqliteConnection.open, file, min(_LOCK_RETRY_SECONDS, self._lock_timeout))
        else:
            open_reading = open_writing = self._prepare_postgresql(request_timeout)
        is_serving = request_timeout is not None
        self.availability = Availability(
            self.ping if is_serving and not self.is_sqlite else None, is_logged=is_serving
        )
        timeouts = self._get_timeouts(request_timeout)
        create_pool = partial(ConnectionPool, dialect=self.dialect, availability=self.availability)
        self._read_pool = create_pool(open_reading, queue=readers, timeouts=timeouts)
        self._write_pool = create_pool(open_writing, queue=writers, timeouts=timeouts)
        if self.is_sqlite:
            self._log_truncation = LogTruncation(str(self.url.database), partial(self._write_pool.connect, ""))
        self._probe_pool = create_pool(
            open_reading, queue=FairQueue(1, queue, 1.0), timeouts=_PROBE_TIMEOUTS, is_for_probes=True
        )

    def _prepare_postgresql(self, request_timeout: float | None) -> Callable[[], Awaitable[DriverConnection]]:
        """Create the engine, and return a function that opens a connection."""
        seconds = None if request_timeout is None else request_timeout * _STATEMENT_SHARE
        shares_connections = self._shares_connections
        self._engine = create_postgresql_engine(self.url, seconds, shares_connections=shares_connections)
        ends = TransactionTimeouts(
            statement=seconds if shares_connections else None,
            lock=self._lock_timeout,
            idle=None if request_timeout is None else request_timeout + _GRACE,
        )
        return partial(PostgresqlConnection.open, self._engine, ends, is_shared=shares_connections)

    def _get_timeouts(self, request_timeout: float | None) -> Timeouts:
        if request_timeout is None:
            return Timeouts(statement=_COMMAND_TIMEOUT, control=_COMMAND_TIMEOUT)
        if self.is_sqlite:
            # Its statements stop with their request. This is for a commit on a disk that hangs.
            return Timeouts(statement=request_timeout + _GRACE / 2, control=request_timeout + _GRACE / 2)
        return Timeouts(statement=request_timeout * _CUT_OFF_SHARE, control=request_timeout * _CUT_OFF_SHARE)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys of secrets. They are loaded when one is first needed."""
        return Keyring(partial(load_keys, self.settings))

    @property
    def dialect(self) -> Dialect:
        """The dialect that statements are compiled for."""
        return self._engine.dialect

    @property
    def has_connections(self) -> bool:
        """Whether any connection for requests is open."""
        return self._read_pool.has_connections or self._write_pool.has_connections

    def read(self, *, team: TeamId = "", once: bool = False, budget: FetchBudget | None = None) -> Snapshot:
        """Open a snapshot for a block: `async with database.read() as reader`.

        `once` is for a single statement. Without a budget it may fetch any number of bytes. Reading raises
        Overloaded when no connection becomes free in time.
        """
        # Where settings are made in the transaction, each statement needs one.
        once = once and not self._shares_connections
        return Snapshot(
            self._read_pool, team, self.keyring, once=once, inline_reader=self._inline_reader, budget=budget
        )

    @asynccontextmanager
    async def write(self, *, team: TeamId = "", dry_run: bool = False) -> AsyncIterator[Writer]:
        """Begin a transaction for a block; commit it after the block, or roll back if that raises or is a dry run.

        Raises Overloaded when no connection becomes free in time, Unavailable when the database cannot be written,
        UnknownOutcome when it does not confirm the commit, and Refused (CONFLICT) when another transaction has
        written the same unique key meanwhile.
        """
        self.availability.require_writable()
        async with self._write_pool.connect(team, self._begin_write) as connection:
            writer = Writer(connection, self.settings, await connection.read_clock(), self.keyring)
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
            if commits:
                self.availability.report_written()
        if self._log_truncation is not None:
            self._log_truncation.check()

    async def _begin_write(self, connection: PooledConnection) -> None:
        """Begin a transaction that writes. Raises Overloaded when another program keeps SQLite's lock."""
        end = asyncio.get_running_loop().time() + self._lock_timeout
        while True:
            try:
                return await connection.execute(connection.begin_write_statement)
            except Overloaded:
                if asyncio.get_running_loop().time() > end:
                    raise

    async def check(self) -> None:
        """Raise Unavailable, with its cause, unless requests that read and write can be answered."""
        self.availability.require()
        await self._check_reading()
        if self.availability.writing_failure is not None:
            # Without requests that write, nothing else would find out that it is over.
            async with self.write() as writer:
                await writer.execute(_touch_revision())

    async def _check_reading(self) -> None:
        if self.is_sqlite:
            await self.probe("SELECT count(*) FROM sqlite_master")
            return
        ((is_read_only,),) = await self.probe("SELECT current_setting('transaction_read_only')")
        if is_read_only == "on":
            # The next check asks on a new connection: a session does not notice that its default has changed.
            self._probe_pool.expire_connections()
            raise Unavailable(FailureCause.READ_ONLY)

    async def ping(self) -> None:
        """Find out whether the database answers. Raises Unavailable or Overloaded."""
        await self.probe("SELECT 1")

    async def probe(self, statement: str) -> Sequence[Any]:
        """Return the rows of a statement from a connection that no request uses, outside any transaction.

        It works also while requests are refused.
        """
        async with self._probe_pool.connect("") as connection:
            return await connection.fetch(statement)

    async def run_sync(self, work: Callable[[Connection], T], *, read_only: bool = False) -> T:
        """Run a function of SQLAlchemy's connection in its own transaction; for migrations and diagnostics.

        The connection is not one of the pools'. On SQLite the transaction locks the database unless `read_only`.
        """
        async with self._engine.execution_options(**{READ_ONLY_OPTION: read_only}).begin() as connection:
            return await connection.run_sync(work)

    async def run_outside_transaction(self, work: Callable[[Connection], T]) -> T:
        """Run a function of SQLAlchemy's connection, which begins and ends its transactions itself."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    @asynccontextmanager
    async def hold_lock(self, key: int) -> AsyncIterator[None]:
        """Hold an advisory lock of PostgreSQL, on a connection of its own; SQLite has none.

        A transaction holds it, because a pooler may give the statements of a session to several connections. No
        statement waits for it: creating an index concurrently waits for the snapshots of all statements that run.
        """
        if self.is_sqlite:
            yield
            return
        async with self._engine.connect() as connection:
            while not await connection.scalar(select(func.pg_try_advisory_xact_lock(key))):
                await connection.rollback()
                await asyncio.sleep(_LOCK_RETRY_SECONDS)
            # A SELECT keeps its snapshot until the next statement of its transaction.
            await connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield

    async def find_pooler(self) -> Pooler:
        """Return what stands between the gateway and PostgreSQL; connects twice."""
        return Pooler.NONE if self.is_sqlite else await find_pooler(self.url)

    async def analyze(self, entity: type[Base]) -> None:
        """Have PostgreSQL collect the statistics of a table now.

        Without them it plans for a new integration as if that were empty, and scans it for each row.
        """
        if not self.is_sqlite:
            async with self._write_pool.connect("") as connection:
                await connection.fetch(f"ANALYZE {entity.__tablename__}")

    async def dispose(self) -> None:
        """Close all connections that are not in use."""
        if self._inline_reader is not None:
            self._inline_reader.close()
        if self._log_truncation is not None:
            await self._log_truncation.close()
        await self.availability.close()
        for pool in (self._read_pool, self._write_pool, self._probe_pool):
            await pool.dispose()
        await self._engine.dispose()
