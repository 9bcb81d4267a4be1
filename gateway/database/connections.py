"""Connections at the cost of the driver alone.

SQLAlchemy's pool makes, prepares and replaces connections. To take one from it, to begin a transaction and to run
a statement through its façade costs more than most statements: so connections are leased from it for good,
statements come prepared (`gateway.database.prepared_statements`), and the driver runs them itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.database.fair_queue import FairQueue, TeamId
from gateway.telemetry import current_request

T = TypeVar("T")

FetchFunction = Callable[[str, Sequence[object]], Awaitable[Any]]
"""Runs a statement and gives its rows as the driver does."""


class PooledConnection:
    """A connection that was taken from SQLAlchemy's pool, and how its driver fetches."""

    def __init__(
        self,
        connection: AsyncConnection,
        driver: Any,  # noqa: ANN401 (asyncpg's or aiosqlite's)
    ) -> None:
        self.dialect: Dialect = connection.dialect
        self.connection = connection
        self.team: TeamId = None
        """Whom it is leased to."""
        self._driver = driver
        self._invalidation: asyncio.Task[None] | None = None
        self._transaction_started: float | None = None
        """When its transaction began."""
        self._transaction_kind = "read"
        self._is_sqlite = self.dialect.name == "sqlite"
        self.can_copy = not self._is_sqlite
        self.begin_statement = "BEGIN" if self._is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._fetch: FetchFunction = driver.fetch if self._is_sqlite else self._fetch_with_asyncpg
        self._execute: Callable[[str], Awaitable[object]] = driver.fetch if self._is_sqlite else driver.execute

    @staticmethod
    async def open(engine: AsyncEngine) -> "PooledConnection":
        """Take a connection from the engine's pool."""
        connection = await engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        if connection.dialect.name == "postgresql" and driver is not None:
            # SQLAlchemy's way to get text out of `json` is in Python; the driver's own is not.
            await driver.reset_type_codec("json", schema="pg_catalog")
        return PooledConnection(connection, driver)

    @property
    def is_open(self) -> bool:
        return self._is_sqlite or not self._driver.is_closed()

    @property
    def is_invalidated(self) -> bool:
        """Whether it was broken off, here or by SQLAlchemy."""
        return self._invalidation is not None or self.connection.invalidated

    @property
    def is_in_transaction(self) -> bool:
        if self.is_invalidated:
            return False
        return bool(self._driver.in_transaction if self._is_sqlite else self._driver.is_in_transaction())

    async def execute(self, text: str) -> None:
        """Run a statement without parameters that gives nothing: one that begins or ends a transaction."""
        started = perf_counter()
        try:
            await self._execute(text)
        finally:
            current_request.get().record_wait(started)
        if text.startswith("BEGIN"):
            self._transaction_started, self._transaction_kind = (
                started,
                "read" if text == self.begin_statement else "write",
            )
        else:
            self._record_transaction()

    def _record_transaction(self) -> None:
        if self._transaction_started is not None:
            current_request.get().record_transaction(self._transaction_kind, self._transaction_started)
            self._transaction_started = None

    async def execute_many(self, text: str, parameter_rows: Sequence[Sequence[object]]) -> None:
        """Run a statement that gives nothing with each of these parameters."""
        if len(parameter_rows) == 1:
            await self.fetch(text, parameter_rows[0])
            return
        started = perf_counter()
        try:
            await self._driver.executemany(text, parameter_rows)
        finally:
            current_request.get().record_statement(text, started)

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert rows by PostgreSQL's COPY, in the driver's binary format."""
        started = perf_counter()
        try:
            await self._driver.copy_records_to_table(table, columns=columns, records=rows)
        finally:
            current_request.get().record_statement(f"COPY {table}", started)

    def _fetch_with_asyncpg(self, text: str, parameters: Sequence[object]) -> Awaitable[Any]:
        return self._driver.fetch(text, *parameters)  # type: ignore[no-any-return]  # asyncpg has no types

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> Any:  # noqa: ANN401 (the driver's rows)
        """The rows of a statement, as the driver gives them."""
        started = perf_counter()
        try:
            return await self._fetch(text, parameters)
        finally:
            current_request.get().record_statement(text, started)

    async def close(self) -> None:
        """Give the connection back to the pool."""
        await self.connection.close()

    def invalidate(self) -> asyncio.Task[None]:
        """Give the connection up, whatever it is doing, in a task that outlives whoever is cut off."""
        if self._invalidation is None:
            self._record_transaction()
            self._invalidation = asyncio.create_task(self._invalidate_and_close())
        return self._invalidation

    async def _invalidate_and_close(self) -> None:
        await self.connection.invalidate()
        await self.close()


class ConnectionPool:
    """As many connections as operations are admitted at once, leased one by one as they are needed."""

    def __init__(self, engine: AsyncEngine, queue: FairQueue) -> None:
        self.queue = queue
        self._engine = engine
        self._idle: list[PooledConnection] = []
        self._tasks: set[asyncio.Task[Any]] = set()  # make connections, and end them

    async def acquire(self, team: TeamId) -> PooledConnection:
        """A lease for an operation of a team. Raises Overloaded when none becomes free in time."""
        if not self.queue.try_acquire(team):
            await self.queue.acquire(team)
        while self._idle:
            lease = self._idle.pop()
            if lease.is_open:
                lease.team = team
                return lease
            self._track(lease.invalidate())
        making = self._track(asyncio.create_task(PooledConnection.open(self._engine)))
        try:
            # It is made in any case: half a connection would be nobody's to close.
            lease = await asyncio.shield(making)
        except BaseException:
            making.add_done_callback(lambda _: self._release_unclaimed(making, team))
            raise
        lease.team = team
        return lease

    def _release_unclaimed(self, opening: asyncio.Task[PooledConnection], team: TeamId) -> None:
        if opening.exception() is None:
            self._idle.append(opening.result())
        self.queue.release(team)

    def _track(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @asynccontextmanager
    async def connect(self, team: TeamId) -> AsyncIterator[PooledConnection]:
        """A lease for as long as the block lasts; given up when that is cut off or left in a transaction."""
        lease = await self.acquire(team)
        cut_off = False
        try:
            yield lease
        except asyncio.CancelledError:
            # SQLite's thread may yet do what nobody waits for any more, and begin a transaction.
            cut_off = True
            raise
        finally:
            if cut_off or lease.is_invalidated or lease.is_in_transaction:
                await self.discard(lease)
            else:
                self.release(lease)

    def release(self, connection: PooledConnection) -> None:
        """Take a lease back, outside any transaction."""
        self._idle.append(connection)
        self.queue.release(connection.team)

    async def discard(self, connection: PooledConnection) -> None:
        """Take a lease back that is in no state to be used again; its place is free when it is ended."""
        await asyncio.shield(self._track(asyncio.create_task(self._discard(connection))))

    async def _discard(self, connection: PooledConnection) -> None:
        try:
            await connection.invalidate()
        finally:
            self.queue.release(connection.team)

    async def dispose(self) -> None:
        """Close all that are not in use."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()
