"""A connection of PostgreSQL: asyncpg's, which SQLAlchemy opens."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.database.fetch_budget import FetchBudget, FetchLimitReached

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
    begin_statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:  # noqa: ANN401 (asyncpg has no types)
        self._connection, self._driver = connection, driver
        self.budget: FetchBudget | None = None

    @staticmethod
    async def open(engine: AsyncEngine) -> "PostgresqlConnection":
        """Open a connection, as the engine is configured."""
        connection = await engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 (asyncpg's connection)
        # SQLAlchemy's codec of `json` is written in Python; the driver's own returns the text.
        await driver.reset_type_codec("json", schema="pg_catalog")
        return PostgresqlConnection(connection, driver)

    @property
    def is_open(self) -> bool:
        return not self._driver.is_closed()

    @property
    def is_in_transaction(self) -> bool:
        return bool(self._driver.is_in_transaction())

    async def execute(self, text: str) -> None:
        """Run a statement without parameters and rows."""
        await self._driver.execute(text)

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
        cursor, size, before = await self._driver.cursor(text, *parameters), _FIRST_BATCH_SIZE, budget.byte_count
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
    ) -> AsyncIterator[Sequence[Any]]:
        """Run a statement and yield its rows in batches. Needs a transaction."""
        cursor = await self._driver.cursor(text, *parameters)
        while batch := await cursor.fetch(batch_size):
            yield batch

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert rows by COPY, in its binary format."""
        await self._driver.copy_records_to_table(table, columns=columns, records=rows)

    async def close(self) -> None:
        """Close the connection, whatever it is doing."""
        await self._connection.invalidate()
        await self._connection.close()
