"""What is read from: one snapshot for each operation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, Self, TypeVar, TypeVarTuple, cast

from gateway.database.connections import ConnectionPool, PooledConnection
from gateway.database.fair_queue import Team
from gateway.database.inline_reads import Glances
from gateway.database.prepared import Query
from gateway.database.rows import Columns
from gateway.domain.calendar import instants
from gateway.errors import Overloaded

E = TypeVar("E")
Ts = TypeVarTuple("Ts")


class Reader(Protocol):
    """What services read from; everything that is read is of one snapshot."""

    as_of: datetime
    """When the snapshot was taken."""

    async def rows(self, query: Query[E], *needed: str) -> Sequence[E]:
        """Rows of an entity: they read as it does and cannot be changed.

        Where a reader reads only some columns, those needed are among them.
        """
        ...

    async def tuples(self, query: Query[*Ts]) -> Sequence[tuple[*Ts]]:
        """What a query gives whose columns are no entity's."""
        ...


class Wide(Reader, Protocol):
    """A reader that can be narrowed."""

    async def rows(self, query: Query[E], *needed: str, columns: Columns = None) -> Sequence[E]: ...


class Narrow:
    """A reader of some columns of whatever entity."""

    def __init__(self, reader: Wide, columns: Columns) -> None:
        self.as_of = reader.as_of
        self.tuples = reader.tuples
        self._reader, self._columns = reader, columns

    async def rows(self, query: Query[E], *needed: str) -> Sequence[E]:
        """See `Reader`."""
        return await self._reader.rows(query, *needed, columns=self._columns)


class SecondRead(Exception):
    """A snapshot that was to be read from once is read from again."""


class Snapshot:
    """A lease for one operation. It is taken, and a transaction begun, when something is first read.

    A snapshot to be read from once is one statement, and needs no transaction; it raises SecondRead for more. On
    SQLite it needs no lease either where a glance will do.
    One for which no connection became free raises Overloaded from then on, and does not wait again.
    """

    def __init__(self, leases: ConnectionPool, team: Team, *, once: bool, glances: Glances | None) -> None:
        self.as_of = instants.now()
        self._leases, self._team, self._once = leases, team, once
        self._glances = glances if once else None
        self._lease: PooledConnection | None = None
        self._is_refused = False
        self.reads = 0
        """How many statements read from it."""

    async def rows(self, query: Query[E], *needed: str, columns: Columns = None) -> Sequence[E]:
        """See `Reader`."""
        self.reads += 1
        if self._once and self.reads > 1:
            raise SecondRead
        found = None if self._glances is None else self._glances.rows(query, columns, needed)
        if found is not None:
            return found
        lease = self._lease or await self._open()
        prepared, values = query.prepared(lease.dialect, columns, needed)
        try:
            records = await lease.fetch(prepared.text, prepared.parameters(values))
        except BaseException:
            await self._drop(lease)
            raise
        return prepared.make(records)

    async def tuples(self, query: Query[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `Reader`."""
        return await self.rows(cast(Query[tuple[*Ts]], query))

    async def _open(self) -> PooledConnection:
        if self._is_refused:
            raise Overloaded
        try:
            lease = self._lease = await self._leases.take(self._team)
        except Overloaded:
            self._is_refused = True
            raise
        if not self._once:
            await self._command(lease, lease.begin)
        return lease

    async def _command(self, lease: PooledConnection, text: str) -> None:
        try:
            await lease.command(text)
        except BaseException:
            await self._drop(lease)
            raise

    async def _drop(self, lease: PooledConnection) -> None:
        """Read no more by a lease that was cut off or failed: nobody knows where it stopped."""
        self._lease = None
        await self._leases.drop(lease)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End the transaction and give the lease back."""
        lease = self._lease
        if lease is None:
            return
        if not self._once:
            await self._command(lease, "ROLLBACK")
        self._lease = None
        self._leases.give(lease)
