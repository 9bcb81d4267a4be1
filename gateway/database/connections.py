"""A pooled connection: it records its statements, and says what the errors of the driver mean.

The drivers run statements directly: a statement through SQLAlchemy's connections would cost more than most of the
gateway's statements do themselves.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from math import inf
from time import perf_counter
from typing import Any, Protocol, TypeVar

from sqlalchemy import Dialect

from gateway.database.failures import DATABASE_ERRORS, translate_error
from gateway.database.fair_queue import TeamId
from gateway.database.fetch_budget import FetchBudget
from gateway.database.prepared_statements import PreparedStatement
from gateway.database.rows import ColumnNames
from gateway.errors import OperationAborted
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
    begin_write_statement: str
    """The statement that begins a transaction that writes."""
    budget: FetchBudget | None
    """What `fetch` counts rows by; None for any number."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_in_transaction(self) -> bool: ...

    async def execute(self, text: str) -> None: ...

    async def read_clock(self) -> datetime: ...

    async def fetch(self, text: str, parameters: Sequence[object]) -> Sequence[Any]: ...

    async def execute_many(self, text: str, rows: Sequence[Sequence[object]]) -> None: ...

    def stream(
        self, text: str, parameters: Sequence[object], batch_size: int
    ) -> AsyncGenerator[Sequence[Any]]: ...

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None: ...

    def cut_off(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a call of the driver is cut off, because the database does not answer."""

    statement: float
    control: float
    """For BEGIN, COMMIT and ROLLBACK."""
    connect: float = 3.0


class PooledConnection:
    """A connection of a pool. It records its statements and transactions for the current request."""

    def __init__(
        self,
        driver: DriverConnection,
        dialect: Dialect,
        timeouts: Timeouts,
        report: Callable[[OperationAborted, "PooledConnection"], None],
    ) -> None:
        """`report` takes each failure that ends an operation."""
        self.dialect = dialect
        self.team: TeamId = None
        """The team that uses it."""
        self.can_copy, self.takes_arrays = driver.can_copy, driver.takes_arrays
        self.begin_statement, self.begin_write_statement = driver.begin_statement, driver.begin_write_statement
        self.opened_at = self.idle_since = perf_counter()
        self.expires_at = inf
        """When the current call of the driver is cut off."""
        self._driver, self._timeouts, self._report = driver, timeouts, report
        self._closing: asyncio.Task[None] | None = None
        self._transaction_started: float | None = None
        self._transaction_kind = "read"

    @property
    def is_open(self) -> bool:
        return self._closing is None and self._driver.is_open

    @property
    def is_in_transaction(self) -> bool:
        return self.is_open and self._driver.is_in_transaction

    async def _call(self, work: Awaitable[T], seconds: float) -> T:
        """Wait for the driver for so many seconds. Raises OperationAborted if its error means that."""
        self.expires_at = perf_counter() + seconds
        try:
            return await work
        except DATABASE_ERRORS as error:
            failure = translate_error(error, is_connected=self.is_open)
            if failure is None:
                raise
            self._report(failure, self)
            raise failure from error
        finally:
            self.expires_at = inf

    def cut_off(self) -> None:
        """Have the current call of the driver fail now, and the connection be closed."""
        self._driver.cut_off()

    async def execute(self, text: str) -> None:
        """Run a statement that begins or ends a transaction."""
        started = perf_counter()
        try:
            await self._call(self._driver.execute(text), self._timeouts.control)
        finally:
            current_request.get().record_wait(started)
        if text.startswith("BEGIN"):
            self._transaction_started = started
            self._transaction_kind = "read" if text == self.begin_statement else "write"
        else:
            self._record_transaction()

    async def read_clock(self) -> datetime:
        """Return the instant now, by the clock of the database."""
        started = perf_counter()
        try:
            return await self._call(self._driver.read_clock(), self._timeouts.control)
        finally:
            current_request.get().record_wait(started)

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
    ) -> AsyncGenerator[list[Any]]:
        """Run a prepared statement and yield its rows in batches."""
        compiled, values = statement.compile(self.dialect)
        started = perf_counter()
        try:
            async with aclosing(self._driver.stream(compiled.text, compiled.bind(values), batch_size)) as batches:
                with suppress(StopAsyncIteration):
                    while True:
                        yield compiled.make_rows(await self._call(anext(batches), self._timeouts.statement))
        finally:
            current_request.get().record_statement(compiled.text, started)

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> Sequence[Any]:
        """Run a statement and return the driver's rows."""
        started = perf_counter()
        try:
            return await self._call(self._driver.fetch(text, parameters), self._timeouts.statement)
        finally:
            current_request.get().record_statement(text, started)

    async def execute_many(self, text: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement without rows once for each of these parameters."""
        if len(rows) == 1:
            await self.fetch(text, rows[0])
            return
        started = perf_counter()
        try:
            await self._call(self._driver.execute_many(text, rows), self._timeouts.statement)
        finally:
            current_request.get().record_statement(text, started)

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert rows by COPY."""
        started = perf_counter()
        try:
            copying = self._driver.copy_rows(table, columns, rows)
            await self._call(copying, self._timeouts.statement)
        finally:
            current_request.get().record_statement(f"COPY {table}", started)

    def close(self) -> asyncio.Task[None]:
        """Close the connection, whatever it is doing, in a task that outlives the caller."""
        if self._closing is None:
            self._record_transaction()
            self._closing = asyncio.create_task(self._driver.close())
        return self._closing
