"""Writing: a `Writer` is one transaction, which `Database.write` begins and commits."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from operator import itemgetter
from random import uniform
from typing import Any, TypeVar, TypeVarTuple

import asyncpg
from sqlalchemy import inspect

from gateway.database.bulk_statements import (
    ColumnValues,
    StatementBuilder,
    bind_rows,
    build_delete,
    build_delete_of_zeros,
    build_increment,
    build_insert,
    build_replacement,
    build_update,
    compile_for_rows,
    repeat_values,
    to_columns,
)
from gateway.database.connections import PooledConnection
from gateway.database.keyring import Keyring
from gateway.database.prepared_statements import PreparedStatement
from gateway.database.reading import Reader
from gateway.database.rows import get_values, new_row, with_changes
from gateway.database.tables import Base
from gateway.domain.failure_causes import FailureCause
from gateway.errors import TransactionConflict, Unavailable, UnknownOutcome
from gateway.settings import Settings
from gateway.telemetry import current_request

E = TypeVar("E", bound=Base)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_CONFLICT_RETRIES = 3
_CONFLICT_PAUSE = (0.01, 0.1)
"""Bounds of the seconds before a transaction runs again: at random, so that two do not meet again."""

_COMMIT_GRACE = 1.0
"""Seconds that a commit may still take when its request is cancelled. Then its outcome is unknown."""

_ROWS_OF_INSERT = 1_000
"""The most rows that one statement inserts on SQLite, which takes 32,766 parameters: 32 for each row."""

_SQLITE_UNIQUE_VIOLATIONS = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
INTEGRITY_ERRORS = (sqlite3.IntegrityError, asyncpg.UniqueViolationError)
"""The errors of a unique violation, and on SQLite of other constraints; see `is_unique_violation`."""


class UniqueViolation(Exception):
    """A savepoint was rolled back, since another row has a unique key of its rows."""


class Writer(Reader):
    """One transaction that writes; it reads what it wrote."""

    def __init__(
        self, connection: PooledConnection, settings: Settings, as_of: datetime, keyring: Keyring
    ) -> None:
        super().__init__(connection, as_of, keyring)
        self.settings = settings
        """For the limits that services enforce when they write."""
        self.is_committed = False
        self.written = set[type[Base]]()
        """The tables in which rows were inserted, changed or deleted by their values."""
        self._connection = connection

    @property
    def request_id(self) -> str:
        """The id of the request that writes; empty for a command."""
        return current_request.get().id

    async def refresh_time(self) -> None:
        """Set `as_of`, the time of what is stored, to now by the clock of the database.

        The clocks of replicas differ. A transaction that waited for a lock is later than the one that had it.
        """
        self.as_of = await self._connection.read_clock()

    @property
    def can_copy(self) -> bool:
        """Whether many new rows are inserted by COPY."""
        return self._connection.can_copy

    async def insert_rows(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows: values by column, the same columns in each row."""
        await self.insert_columns(entity, _to_columns(rows))

    async def insert_columns(self, entity: type[Base], columns: ColumnValues) -> None:
        """Insert rows that are given column by column."""
        if _count_rows(columns):
            self.written.add(entity)
        if self.can_copy and _count_rows(columns) > 1:
            rows = bind_rows(entity, columns, self._connection.dialect)
            await self._connection.copy_rows(entity.__tablename__, [*columns], rows)
        elif self._connection.takes_arrays:
            await self._write_columns(build_insert, entity, columns)
        else:
            await self._insert_many_at_once(entity, columns)

    async def _insert_many_at_once(self, entity: type[Base], columns: ColumnValues) -> None:
        """Insert rows on SQLite, many with each statement.

        Each statement fires the triggers of the search index, and FTS5 then writes its changes to the file. With a
        statement for each row, `gateway import` of 200,000 records of `tests.benchmarks.appointments` takes 139 µs
        of CPU a record instead of 73.
        """
        if not _count_rows(columns):
            return
        connection = self._connection
        statement = compile_for_rows(build_insert, entity, (*columns,), connection.dialect, takes_arrays=False)
        rows = statement.bind_rows([*columns.values()])
        for start in range(0, len(rows), _ROWS_OF_INSERT):
            part = rows[start : start + _ROWS_OF_INSERT]
            await connection.fetch(repeat_values(statement.text, len(part)), [*chain.from_iterable(part)])

    async def update_rows(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Update rows by primary key: values by column, the same columns in each row, key included."""
        await self._write_columns(build_update, entity, _to_columns(rows))

    async def insert_row(self, entity: type[E], values: Mapping[str, object]) -> E:
        """Insert one row, and return it."""
        await self.insert_rows(entity, [values])
        return new_row(entity, values)

    async def update_row(self, entity: type[E], row: E, changes: Mapping[str, object]) -> E:
        """Update columns of one row, and return it as it is now. The row has all columns of its table."""
        keys = [column.name for column in inspect(entity).primary_key]
        await self.update_rows(entity, [{**get_values(row, *keys), **changes}])
        return with_changes(entity, row, changes)

    async def delete_rows(self, entity: type[Base], keys: Sequence[Mapping[str, object]]) -> None:
        """Delete rows by primary key."""
        await self._write_columns(build_delete, entity, _to_columns(keys))

    async def replace_rows(
        self, entity: type[Base], names: tuple[str, ...], rows: Iterable[Sequence[object]]
    ) -> None:
        """Insert rows with all columns, in the order `names`. They replace the rows with the same primary key."""
        await self._write_columns(build_replacement, entity, to_columns(names, rows))

    async def increment_rows(
        self, entity: type[Base], names: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Add the numbers of these rows to those of the stored rows with the same primary key.

        `names` are the columns of each row, the primary key first. A row that is not stored is inserted; one whose
        numbers all become 0 is deleted.
        """
        await self._write_columns(build_increment, entity, to_columns(names, rows))
        keys = [column.name for column in inspect(entity).primary_key]
        get_numbers = itemgetter(slice(len(keys), None))
        decreased = [row[: len(keys)] for row in rows if min(get_numbers(row)) < 0]
        await self._write_columns(build_delete_of_zeros, entity, to_columns(keys, decreased))

    async def execute(self, statement: PreparedStatement[*Ts]) -> Sequence[tuple[*Ts]]:
        """Run a statement that writes, and return the rows of its RETURNING clause."""
        return await self.fetch_tuples(statement)

    async def _write_columns(self, build: StatementBuilder, entity: type[Base], columns: ColumnValues) -> None:
        length = _count_rows(columns)
        if not length:
            return
        self.written.add(entity)
        connection = self._connection
        takes_arrays = connection.takes_arrays and length > 1
        statement = compile_for_rows(build, entity, (*columns,), connection.dialect, takes_arrays)
        if takes_arrays:
            await connection.fetch(statement.text, statement.bind([*map(list, columns.values())]))
        else:
            await connection.execute_many(statement.text, statement.bind_rows([*columns.values()]))

    @asynccontextmanager
    async def begin_savepoint(self) -> AsyncIterator[None]:
        """Begin a savepoint, to which a unique violation rolls back: it raises UniqueViolation then."""
        await self._connection.fetch("SAVEPOINT attempt")
        try:
            yield
        except INTEGRITY_ERRORS as error:
            if not is_unique_violation(error):
                raise
            await self._connection.fetch("ROLLBACK TO SAVEPOINT attempt")
            raise UniqueViolation from None
        await self._connection.fetch("RELEASE SAVEPOINT attempt")

    async def end_transaction(self, *, commit: bool) -> None:
        """Commit or roll back. A cancelled task still waits a moment for a commit that has begun.

        Raises UnknownOutcome when the database does not confirm the commit.
        """
        if not self._connection.is_in_transaction:
            return
        if not commit:
            await self._connection.execute("ROLLBACK")
            return
        committing = asyncio.create_task(self._commit())
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            await asyncio.wait([committing], timeout=_COMMIT_GRACE)
            if not committing.done():
                self._connection.cut_off()
            await committing
            raise

    async def _commit(self) -> None:
        try:
            await self._connection.execute("COMMIT")
        except Unavailable as error:
            if self._connection.is_open and error.cause is not FailureCause.DATABASE:
                raise  # The database refused it: nothing was changed.
            raise UnknownOutcome from error
        self.is_committed = True


async def repeat_on_conflict(run: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction; a few times again while the database rolls it back because of another one."""
    for _ in range(_CONFLICT_RETRIES):
        try:
            return await run()
        except TransactionConflict:
            await asyncio.sleep(uniform(*_CONFLICT_PAUSE))  # noqa: S311 (no secret)
    return await run()


def _to_columns(rows: Sequence[Mapping[str, object]]) -> ColumnValues:
    return to_columns(rows[0], [[*row.values()] for row in rows]) if rows else {}


def _count_rows(columns: ColumnValues) -> int:
    return len(next(iter(columns.values()), ()))


def is_unique_violation(error: Exception) -> bool:
    """Return whether a driver's error means that another row has the same unique key."""
    return isinstance(error, asyncpg.UniqueViolationError) or (
        isinstance(error, sqlite3.IntegrityError) and error.sqlite_errorcode in _SQLITE_UNIQUE_VIOLATIONS
    )
