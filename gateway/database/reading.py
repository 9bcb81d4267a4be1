"""What is read from: one snapshot for each operation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, Self, TypeVar, TypeVarTuple, cast

from gateway.database.connections import ConnectionPool, PooledConnection
from gateway.database.fair_queue import TeamId
from gateway.database.inline_reads import InlineReader
from gateway.database.prepared_statements import PreparedQuery
from gateway.database.rows import ColumnNames
from gateway.domain.calendar import instants
from gateway.errors import Overloaded

E = TypeVar("E")
Ts = TypeVarTuple("Ts")


class Reader(Protocol):
    """What services read from; everything that is read is of one snapshot."""

    as_of: datetime
    """When the snapshot was taken."""

    async def fetch_rows(self, query: PreparedQuery[E], *needed: str) -> Sequence[E]:
        """Rows of an entity: they read as it does and cannot be changed.

        Where a reader reads only some columns, those needed are among them.
        """
        ...

    async def fetch_tuples(self, query: PreparedQuery[*Ts]) -> Sequence[tuple[*Ts]]:
        """What a query gives whose columns are no entity's."""
        ...


class ColumnReader(Reader, Protocol):
    """A reader that can be narrowed."""

    async def fetch_rows(
        self, query: PreparedQuery[E], *needed: str, columns: ColumnNames = None
    ) -> Sequence[E]: ...


class NarrowedReader:
    """A reader of some columns of whatever entity."""

    def __init__(self, reader: ColumnReader, columns: ColumnNames) -> None:
        self.as_of = reader.as_of
        self.fetch_tuples = reader.fetch_tuples
        self._reader, self._columns = reader, columns

    async def fetch_rows(self, query: PreparedQuery[E], *needed: str) -> Sequence[E]:
        """See `Reader`."""
        return await self._reader.fetch_rows(query, *needed, columns=self._columns)


class SecondRead(Exception):
    """A snapshot that was to be read from once is read from again."""


class Snapshot:
    """A lease for one operation. It is taken, and a transaction begun, when something is first read.

    A snapshot to be read from once is one statement, and needs no transaction; it raises SecondRead for more. On
    SQLite it needs no lease either where a glance will do.
    One for which no connection became free raises Overloaded from then on, and does not wait again.
    """

    def __init__(
        self, pool: ConnectionPool, team: TeamId, *, once: bool, inline_reader: InlineReader | None
    ) -> None:
        self.as_of = instants.now()
        self._pool, self._team, self._once = pool, team, once
        self._inline_reader = inline_reader if once else None
        self._connection: PooledConnection | None = None
        self._is_overloaded = False
        self.read_count = 0
        """How many statements read from it."""

    async def fetch_rows(self, query: PreparedQuery[E], *needed: str, columns: ColumnNames = None) -> Sequence[E]:
        """See `Reader`."""
        self.read_count += 1
        if self._once and self.read_count > 1:
            raise SecondRead
        found = None if self._inline_reader is None else self._inline_reader.fetch_rows(query, columns, needed)
        if found is not None:
            return found
        lease = self._connection or await self._connect()
        prepared, values = query.compile(lease.dialect, columns, needed)
        try:
            records = await lease.fetch(prepared.text, prepared.bind(values))
        except BaseException:
            await self._discard(lease)
            raise
        return prepared.make_rows(records)

    async def fetch_tuples(self, query: PreparedQuery[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `Reader`."""
        return await self.fetch_rows(cast(PreparedQuery[tuple[*Ts]], query))

    async def _connect(self) -> PooledConnection:
        if self._is_overloaded:
            raise Overloaded
        try:
            lease = self._connection = await self._pool.acquire(self._team)
        except Overloaded:
            self._is_overloaded = True
            raise
        if not self._once:
            await self._execute(lease, lease.begin_statement)
        return lease

    async def _execute(self, connection: PooledConnection, text: str) -> None:
        try:
            await connection.execute(text)
        except BaseException:
            await self._discard(connection)
            raise

    async def _discard(self, connection: PooledConnection) -> None:
        """Read no more by a lease that was cut off or failed: nobody knows where it stopped."""
        self._connection = None
        await self._pool.discard(connection)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End the transaction and give the lease back."""
        lease = self._connection
        if lease is None:
            return
        if not self._once:
            await self._execute(lease, "ROLLBACK")
        self._connection = None
        self._pool.release(lease)
