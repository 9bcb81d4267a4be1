"""The pool of connections, and what it records of their statements.

The drivers run statements directly: a statement through SQLAlchemy's connections would cost more than most of the
gateway's statements do themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Protocol, TypeVar

from sqlalchemy import Dialect

from gateway.database.fair_queue import FairQueue, TeamId
from gateway.database.fetch_budget import FetchBudget
from gateway.database.prepared_statements import PreparedStatement
from gateway.database.rows import ColumnNames
from gateway.telemetry import current_request

T = TypeVar("T")


_SMALL_RESULT = 2**18
"""Bytes below which the rows of a statement are small."""


class DriverConnection(Protocol):
    """A connection of either driver."""

    can_copy: bool
    """Whether it inserts rows by COPY."""
    takes_arrays: bool
    """Whether it takes the rows of a statement as an array for each column."""
    needs_batches: bool
    """Whether it counts rows while it fetches them only in batches, and so in a transaction."""
    begin_statement: str
    """The statement that begins a transaction of one snapshot."""
    budget: FetchBudget | None
    """What `fetch` counts rows by; None for any number."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_in_transaction(self) -> bool: ...

    async def execute(self, text: str) -> None: ...

    async def fetch(self, text: str, parameters: Sequence[object]) -> Sequence[Any]: ...

    async def execute_many(self, text: str, rows: Sequence[Sequence[object]]) -> None: ...

    def stream(self, text: str, parameters: Sequence[object], batch_size: int) -> AsyncIterator[Sequence[Any]]: ...

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None: ...

    async def close(self) -> None: ...


class PooledConnection:
    """A connection of a pool. It records its statements and transactions for the current request."""

    def __init__(self, driver: DriverConnection, dialect: Dialect) -> None:
        self.dialect = dialect
        self.team: TeamId = None
        """The team that uses it."""
        self.can_copy, self.takes_arrays = driver.can_copy, driver.takes_arrays
        self.begin_statement = driver.begin_statement
        self._driver = driver
        self._closing: asyncio.Task[None] | None = None
        self._transaction_started: float | None = None
        self._transaction_kind = "read"

    @property
    def is_open(self) -> bool:
        return self._closing is None and self._driver.is_open

    @property
    def is_in_transaction(self) -> bool:
        return self.is_open and self._driver.is_in_transaction

    async def execute(self, text: str) -> None:
        """Run a statement that begins or ends a transaction."""
        started = perf_counter()
        try:
            await self._driver.execute(text)
        finally:
            current_request.get().record_wait(started)
        if text.startswith("BEGIN"):
            self._transaction_started = started
            self._transaction_kind = "read" if text == self.begin_statement else "write"
        else:
            self._record_transaction()

    def _record_transaction(self) -> None:
        if self._transaction_started is not None:
            current_request.get().record_transaction(self._transaction_kind, self._transaction_started)
            self._transaction_started = None

    def set_budget(self, budget: FetchBudget | None) -> None:
        """Count what is fetched from now on by this budget."""
        self._driver.budget = budget

    async def run(
        self, statement: PreparedStatement[*tuple[Any, ...]], columns: ColumnNames = None, also: Sequence[str] = ()
    ) -> Sequence[Any]:
        """Run a prepared statement and return its rows; see `gateway.database.reading.Reader.fetch_rows`."""
        compiled, values = statement.compile(self.dialect, columns, also)
        budget = self._driver.budget
        if budget is None:
            return compiled.make_rows(await self.fetch(compiled.text, compiled.bind(values)))
        if self._driver.needs_batches and not compiled.is_small and not self._driver.is_in_transaction:
            await self.execute(self.begin_statement)
        before = budget.byte_count
        try:
            return compiled.make_rows(await self.fetch(compiled.text, compiled.bind(values)))
        finally:
            is_small = budget.byte_count - before < _SMALL_RESULT
            compiled.is_small = is_small and compiled.is_small is not False

    async def stream(
        self, statement: PreparedStatement[*tuple[Any, ...]], batch_size: int
    ) -> AsyncIterator[Sequence[Any]]:
        """Run a prepared statement and yield its rows in batches."""
        compiled, values = statement.compile(self.dialect)
        started = perf_counter()
        try:
            async for batch in self._driver.stream(compiled.text, compiled.bind(values), batch_size):
                yield compiled.make_rows(batch)
        finally:
            current_request.get().record_statement(compiled.text, started)

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> Sequence[Any]:
        """Run a statement and return the driver's rows."""
        started = perf_counter()
        try:
            return await self._driver.fetch(text, parameters)
        finally:
            current_request.get().record_statement(text, started)

    async def execute_many(self, text: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement without rows once for each of these parameters."""
        if len(rows) == 1:
            await self.fetch(text, rows[0])
            return
        started = perf_counter()
        try:
            await self._driver.execute_many(text, rows)
        finally:
            current_request.get().record_statement(text, started)

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert rows by COPY."""
        started = perf_counter()
        try:
            await self._driver.copy_rows(table, columns, rows)
        finally:
            current_request.get().record_statement(f"COPY {table}", started)

    def close(self) -> asyncio.Task[None]:
        """Close the connection, whatever it is doing, in a task that outlives the caller."""
        if self._closing is None:
            self._record_transaction()
            self._closing = asyncio.create_task(self._driver.close())
        return self._closing


class ConnectionPool:
    """Connections that are opened when they are needed, at most as many as the queue has slots."""

    def __init__(
        self, open_driver: Callable[[], Awaitable[DriverConnection]], dialect: Dialect, queue: FairQueue
    ) -> None:
        self.queue = queue
        self._open_driver, self._dialect = open_driver, dialect
        self._idle: list[PooledConnection] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        """Tasks that open and close connections."""

    async def acquire(self, team: TeamId) -> PooledConnection:
        """Return a connection for a team. Raises Overloaded when none becomes free in time."""
        if not self.queue.try_acquire(team):
            await self.queue.acquire(team)
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                connection.team = team
                return connection
            self._track(connection.close())
        opening = self._track(asyncio.create_task(self._open()))
        try:
            # A cancelled caller leaves the new connection to the next one.
            connection = await asyncio.shield(opening)
        except BaseException:
            opening.add_done_callback(lambda _: self._release_unclaimed(opening, team))
            raise
        connection.team = team
        return connection

    async def _open(self) -> PooledConnection:
        return PooledConnection(await self._open_driver(), self._dialect)

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
        """Acquire a connection for a block; close it when the block is cancelled or leaves a transaction open."""
        connection = await self.acquire(team)
        is_cancelled = False
        try:
            yield connection
        except asyncio.CancelledError:
            # SQLite's thread may still begin a transaction.
            is_cancelled = True
            raise
        finally:
            if is_cancelled or not connection.is_open or connection.is_in_transaction:
                await self.discard(connection)
            else:
                self.release(connection)

    def release(self, connection: PooledConnection) -> None:
        """Release a connection, outside any transaction, for the next caller."""
        self._idle.append(connection)
        self.queue.release(connection.team)

    async def discard(self, connection: PooledConnection) -> None:
        """Close a connection, and release its slot when it is closed."""
        await asyncio.shield(self._track(asyncio.create_task(self._discard(connection))))

    async def _discard(self, connection: PooledConnection) -> None:
        try:
            await connection.close()
        finally:
            self.queue.release(connection.team)

    async def dispose(self) -> None:
        """Close all connections that are not in use."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        while self._idle:
            await self._idle.pop().close()
