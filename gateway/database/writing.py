"""Transactions, by entities or by prepared statements. One is committed here and nowhere else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar, TypeVarTuple, cast

import asyncpg
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.bulk_statements import (
    BulkStatementFactory,
    ColumnValues,
    bind_rows,
    delete_zero_rows,
    insert_or_increment_rows,
    insert_rows,
    to_columns,
    update_rows,
)
from gateway.database.connections import PooledConnection
from gateway.database.prepared_statements import PreparedQuery
from gateway.database.rows import ColumnNames
from gateway.database.tables import Base
from gateway.domain.calendar import instants

E = TypeVar("E")
Ts = TypeVarTuple("Ts")

_UNIQUE_VIOLATION = "23505"
_SQLITE_UNIQUE_VIOLATIONS = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
INTEGRITY_ERRORS = (IntegrityError, sqlite3.IntegrityError, asyncpg.UniqueViolationError)
"""Whatever tells of a clash, and of more."""


class UniqueViolation(Exception):
    """An attempt was undone, since something has a unique key already."""


class EntitySession(AsyncSession):
    """A transaction over entities."""

    as_of: datetime
    """When it began."""


class ReadSession(EntitySession):
    """A transaction that only reads."""


class Writer(EntitySession):
    """A transaction that writes. It is a `gateway.database.reading.Reader` too, at the same low cost."""

    def __init__(self, connection: PooledConnection) -> None:
        super().__init__(connection.connection, expire_on_commit=False)
        self.as_of = instants.now()
        self.is_committed = False
        """Whether its transaction was committed."""
        self._pooled_connection = connection

    @property
    def can_copy(self) -> bool:
        """Whether many new rows are added by COPY."""
        return self._pooled_connection.can_copy

    async def fetch_rows(self, query: PreparedQuery[E], *needed: str, columns: ColumnNames = None) -> Sequence[E]:
        """See `gateway.database.reading.Reader`."""
        await self.flush_entities()
        prepared, values = query.compile(self._pooled_connection.dialect, columns, needed)
        return prepared.make_rows(await self._pooled_connection.fetch(prepared.text, prepared.bind(values)))

    async def fetch_tuples(self, query: PreparedQuery[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `gateway.database.reading.Reader`."""
        return await self.fetch_rows(cast(PreparedQuery[tuple[*Ts]], query))

    async def insert_rows(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows that are given by all their columns, the same of each."""
        await self.insert_columns(entity, _to_columns(rows))

    async def insert_columns(self, entity: type[Base], columns: ColumnValues) -> None:
        """Add rows that are given column by column, by all of them."""
        if self.can_copy and _count_rows(columns.values()) > 1:
            await self.flush_entities()
            rows = bind_rows(entity, columns, self._pooled_connection.dialect)
            await self._pooled_connection.copy_rows(entity.__tablename__, [*columns], rows)
        else:
            await self._run_statement(insert_rows, entity, columns)

    async def update_rows(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Change rows that are given by their primary key and the columns to set, the same of each."""
        await self._run_statement(update_rows, entity, _to_columns(rows))

    async def increment_rows(
        self, entity: type[Base], names: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Add the numbers of rows, which are given by these columns, to those that are stored under their keys.

        What was not stored begins with them, and what becomes nought is stored no more.
        """
        if not rows:
            return
        await self.flush_entities()
        for run in insert_or_increment_rows(
            entity, names, self._pooled_connection.dialect, len(rows) > 1
        ).build_runs_by_row(rows):
            await self._pooled_connection.execute_many(*run)
        keys = [column.name for column in inspect(entity).primary_key]
        numbers = zip(*map(itemgetter(slice(len(keys), None)), rows), strict=True)
        if any(min(column) < 0 for column in numbers):
            less = [row[: len(keys)] for row in rows if min(row[len(keys) :]) < 0]
            await self._run_statement(delete_zero_rows, entity, to_columns(keys, less))

    async def _run_statement(
        self, create_statement: BulkStatementFactory, entity: type[Base], columns: ColumnValues
    ) -> None:
        length = _count_rows(columns.values())
        if length:
            await self.flush_entities()
            change = create_statement(entity, (*columns,), self._pooled_connection.dialect, length > 1)
            for run in change.build_runs([*columns.values()]):
                await self._pooled_connection.execute_many(*run)

    @asynccontextmanager
    async def begin_savepoint(self) -> AsyncIterator[None]:
        """What may clash with what is there. Raises Clash when it did: then all of it, and no more, is undone."""
        await self.flush_entities()
        await self._pooled_connection.fetch("SAVEPOINT attempt")
        try:
            yield
        except INTEGRITY_ERRORS as error:
            if not is_unique_violation(error):
                raise
            await self._pooled_connection.fetch("ROLLBACK TO SAVEPOINT attempt")
            raise UniqueViolation from None
        await self._pooled_connection.fetch("RELEASE SAVEPOINT attempt")

    async def flush_entities(self) -> None:
        """Write down what was done to entities so far."""
        if self.new or self.dirty or self.deleted:
            await self.flush()

    async def end_transaction(self, *, commit: bool) -> None:
        """End the transaction. A commit that has begun is waited for, also by who is cut off meanwhile."""
        if self._pooled_connection.is_in_transaction:
            if commit:
                committing = asyncio.create_task(self._commit())
                try:
                    await asyncio.shield(committing)
                except asyncio.CancelledError:
                    await asyncio.wait([committing])
                    raise
            else:
                await self._pooled_connection.execute("ROLLBACK")
        if self.in_transaction():
            await self.close()

    async def _commit(self) -> None:
        await self._pooled_connection.execute("COMMIT")
        self.is_committed = True


def _to_columns(rows: Sequence[Mapping[str, object]]) -> ColumnValues:
    return to_columns(rows[0], [[*row.values()] for row in rows]) if rows else {}


def _count_rows(columns: Iterable[Sequence[object]]) -> int:
    return len(next(iter(columns), ()))


def is_unique_violation(error: Exception) -> bool:
    """Whether a unique key was taken already, in either driver's words."""
    original = error.orig if isinstance(error, IntegrityError) else error
    name = getattr(original, "sqlite_errorname", "")
    return getattr(original, "sqlstate", None) == _UNIQUE_VIOLATION or name in _SQLITE_UNIQUE_VIOLATIONS
