"""A connection of PostgreSQL: asyncpg's, which SQLAlchemy opens."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.database._private import get_socket
from gateway.database.failures import DATABASE_ERRORS
from gateway.database.fetch_budget import FetchBudget, FetchLimitReached, stream_batches
from gateway.domain.calendar import instants

_CLOSE_TIMEOUT = 0.5
"""Seconds for PostgreSQL to confirm that a statement ended, before the connection is broken off."""

_KEEPALIVE_OPTIONS = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
"""Options that have a connection break 10 to 25 s after its peer is gone; the last one is in milliseconds."""


@dataclass(frozen=True, slots=True)
class TransactionTimeouts:
    """Seconds after which PostgreSQL itself ends what a transaction does. None: never.

    They are set in each transaction: settings of a session do not work with a pooler.
    """

    statement: float | None
    """For one statement, if connections have no settings of their own."""
    lock: float
    """For one lock, in a transaction that writes."""
    idle: float | None
    """For a transaction whose client is silent, as a client that was cut off is: it may hold locks."""


def _build_begin(mode: str, **seconds: float | None) -> str:
    """Return the statements that begin a transaction with these settings, in one round trip."""
    settings = [f"SET LOCAL {name} = {value * 1000:.0f}" for name, value in seconds.items() if value is not None]
    return "; ".join([f"BEGIN{mode}", *settings])


_FIRST_BATCH_SIZE, _MAX_BATCH_SIZE, _BATCH_BYTES = 16, 2_000, 2**20
"""Rows of the first batch, the most rows of another, and the bytes that it has in about as many rows."""


def _count(budget: FetchBudget, batch: list[Any], rows: list[Any]) -> None:
    """Count a batch. Above the limit drop all rows: the traceback of the error holds the frames."""
    try:
        budget.count(batch)
    except FetchLimitReached:
        batch.clear()
        rows.clear()
        raise


class PostgresqlConnection:
    """One connection of asyncpg."""

    can_copy = True
    takes_arrays = True
    needs_batches = True

    def __init__(
        self,
        connection: AsyncConnection,
        driver: Any,  # noqa: ANN401 (asyncpg has no types)
        timeouts: TransactionTimeouts,
        *,
        is_shared: bool,
    ) -> None:
        self._connection, self._driver, self._is_shared = connection, driver, is_shared
        limits = {
            "statement_timeout": timeouts.statement,
            "idle_in_transaction_session_timeout": timeouts.idle,
        }
        self.begin_statement = _build_begin(" ISOLATION LEVEL REPEATABLE READ READ ONLY", **limits)
        self.begin_write_statement = _build_begin("", lock_timeout=timeouts.lock, **limits)
        self.budget: FetchBudget | None = None

    @staticmethod
    async def open(
        engine: AsyncEngine, timeouts: TransactionTimeouts, *, is_shared: bool
    ) -> "PostgresqlConnection":
        """Open a connection, as the engine is configured. A pooler may share it between transactions."""
        connection = await engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 (asyncpg's connection)
        # SQLAlchemy's codec of `json` is written in Python; the driver's own returns the text.
        await driver.reset_type_codec("json", schema="pg_catalog")
        _keep_alive(get_socket(driver))
        return PostgresqlConnection(connection, driver, timeouts, is_shared=is_shared)

    @property
    def is_open(self) -> bool:
        return not self._driver.is_closed()

    @property
    def is_in_transaction(self) -> bool:
        return bool(self._driver.is_in_transaction())

    async def execute(self, text: str) -> None:
        """Run a statement without parameters and rows."""
        await self._driver.execute(text)

    async def read_clock(self) -> datetime:
        """Return the instant now. The server's clock is the same for all replicas of the gateway."""
        return instants.truncate_to_milliseconds(await self._driver.fetchval("SELECT clock_timestamp()"))

    async def fetch(self, text: str, parameters: Sequence[object]) -> Sequence[Any]:
        """Run a statement and return its rows."""
        budget = self.budget
        if budget is None:
            return cast(Sequence[Any], await self._driver.fetch(text, *parameters))
        if not self.is_in_transaction:
            # The rows of a statement that runs without a transaction were few bytes before.
            found: list[Any] = await self._driver.fetch(text, *parameters)
            _count(budget, found, found)
            return found
        rows: list[Any] = []
        cursor, size, before = await self._open_cursor(text, parameters), _FIRST_BATCH_SIZE, budget.byte_count
        while batch := await cursor.fetch(size):
            rows += batch
            _count(budget, batch, rows)
            if len(batch) < size:
                break
            average = max(1, (budget.byte_count - before) // len(rows))
            size = max(1, min(_MAX_BATCH_SIZE, _BATCH_BYTES // average))
        return rows

    async def execute_many(self, text: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement without rows once for each of these parameters."""
        await self._driver.executemany(text, rows)

    async def stream(
        self, text: str, parameters: Sequence[object], batch_size: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """Run a statement and yield its rows in batches of at most so many rows. Needs a transaction."""
        cursor = await self._open_cursor(text, parameters)
        async with aclosing(stream_batches(cursor.fetch, batch_size)) as batches:
            with suppress(StopAsyncIteration):
                while True:
                    yield await anext(batches)

    async def _open_cursor(self, text: str, parameters: Sequence[object]) -> Any:  # noqa: ANN401 (as above)
        if self._is_shared:
            # The statement of any other cursor has a name, which the pooler may give to two clients.
            return await (await self._driver.prepare(text)).cursor(*parameters)
        return await self._driver.cursor(text, *parameters)

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert rows by COPY, in its binary format."""
        await self._driver.copy_records_to_table(table, columns=columns, records=rows)

    def cut_off(self) -> None:
        """Have the current call fail, and break the connection off."""
        self._driver.terminate()

    async def close(self) -> None:
        """Close the connection, whatever it is doing; break it off if PostgreSQL does not answer soon."""
        with suppress(asyncio.CancelledError, *DATABASE_ERRORS):  # Then the connection is broken off.
            await self._driver.close(timeout=_CLOSE_TIMEOUT)
        await self._connection.invalidate()
        await self._connection.close()


def _keep_alive(opened: socket.socket) -> None:
    """Have the kernel find out that the peer is gone, also while nothing is sent."""
    if opened.family == socket.AF_UNIX:
        return
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE_OPTIONS.items():
        if (option := getattr(socket, name, None)) is not None:  # Not every system has all of them.
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
