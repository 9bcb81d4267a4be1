"""What is read from, at the cost of the driver alone.

SQLAlchemy's pool makes, prepares and replaces connections. To take one from it, to begin a transaction and to run
a statement through its façade costs more than most statements: so connections are leased from it for good,
statements come prepared (`gateway.queries`), and the driver runs them itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar, TypeVarTuple, cast

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.domain import instants
from gateway.queries import Query
from gateway.rows import Columns

E = TypeVar("E")
T = TypeVar("T")
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


_LONG = 0.01
"""Seconds after which a statement takes long."""

Fetch = Callable[[str, Sequence[object]], Awaitable[Any]]
"""Runs a statement and gives its rows as the driver does."""


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


class Turns:
    """Lets one statement of SQLite run at a time, and others beside one that takes long.

    Each connection has a thread of its own. Threads that fetch rows at once mostly take the interpreter's lock
    from each other, row by row: with four at once, a request of 200 rows was measured to take twice the CPU time.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def run(self, work: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the work gives, when it has its turn."""
        await self._turn.acquire()
        held = [True]

        def release() -> None:
            if held:
                held.clear()
                self._turn.release()

        timer = asyncio.get_running_loop().call_later(_LONG, release)
        try:
            return await work(*arguments)
        finally:
            timer.cancel()
            release()


class Lease:
    """A connection that was taken from SQLAlchemy's pool, and how its driver fetches."""

    def __init__(
        self,
        connection: AsyncConnection,
        driver: Any,  # noqa: ANN401 (asyncpg's or aiosqlite's)
        turns: Turns | None,
    ) -> None:
        self.dialect: Dialect = connection.dialect
        self.connection = connection
        self._driver, self._turns = driver, turns
        self._is_sqlite = self.dialect.name == "sqlite"
        self.copies = not self._is_sqlite
        self.begin = "BEGIN" if self._is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._fetch: Fetch = driver.execute_fetchall if self._is_sqlite else self._fetch_by_asyncpg

    @staticmethod
    async def of(engine: AsyncEngine, turns: Turns | None) -> "Lease":
        """A connection leased from the engine's pool, whose statements take turns if they are to."""
        connection = await engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        if connection.dialect.name == "postgresql" and driver is not None:
            # SQLAlchemy's way to get text out of `json` is in Python; the driver's own is not.
            await driver.reset_type_codec("json", schema="pg_catalog")
        return Lease(connection, driver, turns)

    @property
    def is_open(self) -> bool:
        return self._is_sqlite or not self._driver.is_closed()

    @property
    def is_in_transaction(self) -> bool:
        return bool(self._driver.in_transaction if self._is_sqlite else self._driver.is_in_transaction())

    async def command(self, text: str) -> None:
        """Run a statement without parameters that gives nothing: one that begins or ends a transaction."""
        if self._turns is None:
            await self._driver.execute(text)
        else:
            await self._turns.run(self._driver.execute_fetchall, text)

    async def run(self, text: str, parameters: Sequence[Sequence[object]]) -> None:
        """Run a statement that gives nothing with each of these parameters."""
        if len(parameters) == 1:
            await self.fetch(text, parameters[0])
        elif self._turns is None:
            await self._driver.executemany(text, parameters)
        else:
            await self._turns.run(self._driver.executemany, text, parameters)

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]) -> None:
        """Add rows by COPY, which PostgreSQL knows."""
        await self._driver.copy_records_to_table(table, columns=columns, records=records)

    def _fetch_by_asyncpg(self, text: str, parameters: Sequence[object]) -> Awaitable[Any]:
        return self._driver.fetch(text, *parameters)  # type: ignore[no-any-return]  # asyncpg has no types

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> Any:  # noqa: ANN401 (the driver's rows)
        """The rows of a statement, as the driver gives them."""
        if self._turns is None:
            return await self._fetch(text, parameters)
        return await self._turns.run(self._fetch, text, parameters)

    async def close(self) -> None:
        """Give the connection back to the pool."""
        await self.connection.close()

    async def break_off(self) -> None:
        """Give the connection up, whatever it is doing."""
        if self._is_sqlite:
            await self._driver.interrupt()
        await self.connection.invalidate()
        await self.close()


class Leases:
    """As many connections as may read at once, leased one by one as they are needed."""

    def __init__(self, engine: AsyncEngine, size: int, timeout: float, turns: Turns | None = None) -> None:
        self._engine, self._timeout, self._turns = engine, timeout, turns
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Lease] = []

    async def take(self) -> Lease:
        """A lease for one reader. Raises TimeoutError when none becomes free in time."""
        if self._slots.locked():
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            while self._idle:
                lease = self._idle.pop()
                if lease.is_open:
                    return lease
                await lease.break_off()
            return await Lease.of(self._engine, self._turns)
        except BaseException:
            self._slots.release()
            raise

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[Lease]:
        """A lease for as long as the block lasts; given up when that is cut off or left in a transaction."""
        lease = await self.take()
        cut_off = False
        try:
            yield lease
        except asyncio.CancelledError:
            # SQLite's thread may yet do what nobody waits for any more, and begin a transaction.
            cut_off = True
            raise
        finally:
            if cut_off or lease.is_in_transaction:
                await self.drop(lease)
            else:
                self.give(lease)

    def give(self, lease: Lease) -> None:
        """Take a lease back, outside any transaction."""
        self._idle.append(lease)
        self._slots.release()

    async def drop(self, lease: Lease) -> None:
        """Take a lease back that is in no state to be used again."""
        try:
            await lease.break_off()
        finally:
            self._slots.release()

    async def dispose(self) -> None:
        """Close all that are not in use."""
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()


class SecondRead(Exception):
    """A snapshot that was to be read from once is read from again."""


class Snapshot:
    """A lease for one operation. It is taken, and a transaction begun, when something is first read.

    A snapshot to be read from once is one statement, and needs no transaction; it raises SecondRead for more.
    """

    def __init__(self, leases: Leases, *, once: bool) -> None:
        self.as_of = instants.now()
        self._leases, self._once = leases, once
        self._lease: Lease | None = None
        self.reads = 0
        """How many statements read from it."""

    async def rows(self, query: Query[E], *needed: str, columns: Columns = None) -> Sequence[E]:
        """See `Reader`."""
        self.reads += 1
        if self._once and self.reads > 1:
            raise SecondRead
        lease = self._lease or await self._open()
        prepared, values = query.prepared(lease.dialect, columns, needed)
        records = lease.fetch(prepared.text, prepared.parameters(values))
        return prepared.make(await self._ended_with(lease, records))

    async def tuples(self, query: Query[*Ts]) -> Sequence[tuple[*Ts]]:
        """See `Reader`."""
        return await self.rows(cast(Query[tuple[*Ts]], query))

    async def _open(self) -> Lease:
        lease = self._lease = await self._leases.take()
        if not self._once:
            await self._ended_with(lease, lease.command(lease.begin))
        return lease

    async def _ended_with(self, lease: Lease, work: Awaitable[T]) -> T:
        """What the work gives; the snapshot ends with it should it fail."""
        try:
            return await work
        except BaseException:
            # Cancelled or failed: nobody knows where it stopped.
            self._lease = None
            await self._leases.drop(lease)
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End the transaction and give the lease back."""
        lease = self._lease
        if lease is None:
            return
        if not self._once:
            await self._ended_with(lease, lease.command("ROLLBACK"))
        self._lease = None
        self._leases.give(lease)
