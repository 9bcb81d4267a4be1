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

from gateway.database import copy_format
from gateway.database.bulk_statements import (
    ByColumn,
    Prepare,
    addition,
    columns_of,
    insertion,
    removal_of_noughts,
    updating,
)
from gateway.database.connections import PooledConnection
from gateway.database.prepared import Query
from gateway.database.rows import Columns
from gateway.database.tables import Base
from gateway.domain.calendar import instants

E = TypeVar("E")
Ts = TypeVarTuple("Ts")

_UNIQUE_VIOLATION = "23505"
_SQLITE_CLASHES = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
CONSTRAINTS = (IntegrityError, sqlite3.IntegrityError, asyncpg.UniqueViolationError)
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
    """A transaction that writes. It is a `gateway.database.reading.Reader` too, at the same low cost."""

    def __init__(self, lease: PooledConnection) -> None:
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
        """See `gateway.database.reading.Reader`."""
        await self.settle()
        prepared, values = query.prepared(self._lease.dialect, columns, needed)
        return prepared.make(await self._lease.fetch(prepared.text, prepared.parameters(values)))

    async def tuples(self, query: Query[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `gateway.database.reading.Reader`."""
        return await self.rows(cast(Query[tuple[*Ts]], query))

    async def insert(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows that are given by all their columns, the same of each."""
        await self.insert_columns(entity, _columns(rows))

    async def insert_columns(self, entity: type[Base], columns: ByColumn) -> None:
        """Add rows that are given column by column, by all of them."""
        if self.copies and _length(columns.values()) > 1:
            await self.copy(entity, [*columns], copy_format.lines(columns))
        else:
            await self._change(insertion, entity, columns)

    async def copy(self, entity: type[Base], names: Sequence[str], lines: bytes) -> None:
        """Add rows that are given by these columns, as `gateway.database.copy_format` spells them."""
        await self.settle()
        await self._lease.copy(entity.__tablename__, names, lines)

    async def update(self, entity: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        """Change rows that are given by their primary key and the columns to set, the same of each."""
        await self._change(updating, entity, _columns(rows))

    async def add_up(self, entity: type[Base], names: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
        """Add the numbers of rows, which are given by these columns, to those that are stored under their keys.

        What was not stored begins with them, and what becomes nought is stored no more.
        """
        if not rows:
            return
        await self.settle()
        for run in addition(entity, names, self._lease.dialect, len(rows) > 1).runs_by_row(rows):
            await self._lease.run(*run)
        keys = [column.name for column in inspect(entity).primary_key]
        numbers = zip(*map(itemgetter(slice(len(keys), None)), rows), strict=True)
        if any(min(column) < 0 for column in numbers):
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
        except CONSTRAINTS as error:
            if not is_clash(error):
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


def _columns(rows: Sequence[Mapping[str, object]]) -> ByColumn:
    return columns_of(rows[0], [[*row.values()] for row in rows]) if rows else {}


def _length(columns: Iterable[Sequence[object]]) -> int:
    return len(next(iter(columns), ()))


def is_clash(error: Exception) -> bool:
    """Whether a unique key was taken already, in either driver's words."""
    original = error.orig if isinstance(error, IntegrityError) else error
    name = getattr(original, "sqlite_errorname", "")
    return getattr(original, "sqlstate", None) == _UNIQUE_VIOLATION or name in _SQLITE_CLASHES
