"""Connections at the cost of the driver alone.

SQLAlchemy's pool makes, prepares and replaces connections. To take one from it, to begin a transaction and to run
a statement through its façade costs more than most statements: so connections are leased from it for good,
statements come prepared (`gateway.database.prepared`), and the driver runs them itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.database.copy_format import pieces
from gateway.database.fair_queue import FairQueue, Team
from gateway.database.turns import Turns
from gateway.telemetry.request_record import current

T = TypeVar("T")

Fetch = Callable[[str, Sequence[object]], Awaitable[Any]]
"""Runs a statement and gives its rows as the driver does."""


class PooledConnection:
    """A connection that was taken from SQLAlchemy's pool, and how its driver fetches."""

    def __init__(
        self,
        connection: AsyncConnection,
        driver: Any,  # noqa: ANN401 (asyncpg's or aiosqlite's)
        turns: Turns | None,
    ) -> None:
        self.dialect: Dialect = connection.dialect
        self.connection = connection
        self.team: Team = None
        """Whom it is leased to."""
        self._driver, self._turns = driver, turns
        self._ending: asyncio.Task[None] | None = None
        self._began: float | None = None
        """When its transaction began."""
        self._kind = "read"
        self._is_sqlite = self.dialect.name == "sqlite"
        self.copies = not self._is_sqlite
        self.begin = "BEGIN" if self._is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._fetch: Fetch = driver.fetch if self._is_sqlite else self._fetch_by_asyncpg

    @staticmethod
    async def of(engine: AsyncEngine, turns: Turns | None) -> "PooledConnection":
        """A connection leased from the engine's pool, whose statements take turns if they are to."""
        connection = await engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        if connection.dialect.name == "postgresql" and driver is not None:
            # SQLAlchemy's way to get text out of `json` is in Python; the driver's own is not.
            await driver.reset_type_codec("json", schema="pg_catalog")
        return PooledConnection(connection, driver, turns)

    @property
    def is_open(self) -> bool:
        return self._is_sqlite or not self._driver.is_closed()

    @property
    def is_spent(self) -> bool:
        """Whether it was broken off, here or by SQLAlchemy."""
        return self._ending is not None or self.connection.invalidated

    @property
    def is_in_transaction(self) -> bool:
        if self.is_spent:
            return False
        return bool(self._driver.in_transaction if self._is_sqlite else self._driver.is_in_transaction())

    async def command(self, text: str) -> None:
        """Run a statement without parameters that gives nothing: one that begins or ends a transaction."""
        started = perf_counter()
        try:
            if self._turns is None:
                await self._driver.execute(text)
            else:
                await self._turns.run(self._fetch, text)
        finally:
            current.get().waited(started)
        if text.startswith("BEGIN"):
            self._began, self._kind = started, "read" if text == self.begin else "write"
        else:
            self._transacted()

    def _transacted(self) -> None:
        if self._began is not None:
            current.get().transacted(self._kind, self._began)
            self._began = None

    async def run(self, text: str, parameters: Sequence[Sequence[object]]) -> None:
        """Run a statement that gives nothing with each of these parameters."""
        if len(parameters) == 1:
            await self.fetch(text, parameters[0])
            return
        started = perf_counter()
        try:
            if self._turns is None:
                await self._driver.executemany(text, parameters)
            else:
                await self._turns.run(self._driver.executemany, text, parameters)
        finally:
            current.get().ran(text, started)

    async def copy(self, table: str, columns: Sequence[str], lines: bytes) -> None:
        """Add rows by COPY, which PostgreSQL knows, as `gateway.database.copy_format` spells them."""
        started = perf_counter()
        try:
            await self._driver.copy_to_table(table, columns=columns, source=pieces(lines))
        finally:
            current.get().ran(f"COPY {table}", started)

    def _fetch_by_asyncpg(self, text: str, parameters: Sequence[object]) -> Awaitable[Any]:
        return self._driver.fetch(text, *parameters)  # type: ignore[no-any-return]  # asyncpg has no types

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> Any:  # noqa: ANN401 (the driver's rows)
        """The rows of a statement, as the driver gives them."""
        started = perf_counter()
        try:
            if self._turns is None:
                return await self._fetch(text, parameters)
            return await self._turns.run(self._fetch, text, parameters)
        finally:
            current.get().ran(text, started)

    async def close(self) -> None:
        """Give the connection back to the pool."""
        await self.connection.close()

    def break_off(self) -> asyncio.Task[None]:
        """Give the connection up, whatever it is doing, in a task that outlives whoever is cut off."""
        if self._ending is None:
            self._transacted()
            self._ending = asyncio.create_task(self._end())
        return self._ending

    async def _end(self) -> None:
        await self.connection.invalidate()
        await self.close()


class ConnectionPool:
    """As many connections as operations are admitted at once, leased one by one as they are needed."""

    def __init__(self, engine: AsyncEngine, admission: FairQueue, turns: Turns | None = None) -> None:
        self.admission = admission
        self._engine, self._turns = engine, turns
        self._idle: list[PooledConnection] = []
        self._changing: set[asyncio.Task[Any]] = set()  # make connections, and end them

    async def take(self, team: Team) -> PooledConnection:
        """A lease for an operation of a team. Raises Overloaded when none becomes free in time."""
        if not self.admission.entered(team):
            await self.admission.enter(team)
        while self._idle:
            lease = self._idle.pop()
            if lease.is_open:
                lease.team = team
                return lease
            self._track(lease.break_off())
        making = self._track(asyncio.create_task(PooledConnection.of(self._engine, self._turns)))
        try:
            # It is made in any case: half a connection would be nobody's to close.
            lease = await asyncio.shield(making)
        except BaseException:
            making.add_done_callback(lambda _: self._made_for_nobody(making, team))
            raise
        lease.team = team
        return lease

    def _made_for_nobody(self, making: asyncio.Task[PooledConnection], team: Team) -> None:
        if making.exception() is None:
            self._idle.append(making.result())
        self.admission.leave(team)

    def _track(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)
        return task

    @asynccontextmanager
    async def lease(self, team: Team) -> AsyncIterator[PooledConnection]:
        """A lease for as long as the block lasts; given up when that is cut off or left in a transaction."""
        lease = await self.take(team)
        cut_off = False
        try:
            yield lease
        except asyncio.CancelledError:
            # SQLite's thread may yet do what nobody waits for any more, and begin a transaction.
            cut_off = True
            raise
        finally:
            if cut_off or lease.is_spent or lease.is_in_transaction:
                await self.drop(lease)
            else:
                self.give(lease)

    def give(self, lease: PooledConnection) -> None:
        """Take a lease back, outside any transaction."""
        self._idle.append(lease)
        self.admission.leave(lease.team)

    async def drop(self, lease: PooledConnection) -> None:
        """Take a lease back that is in no state to be used again; its place is free when it is ended."""
        await asyncio.shield(self._track(asyncio.create_task(self._drop(lease))))

    async def _drop(self, lease: PooledConnection) -> None:
        try:
            await lease.break_off()
        finally:
            self.admission.leave(lease.team)

    async def dispose(self) -> None:
        """Close all that are not in use."""
        while self._changing:
            await asyncio.wait(self._changing)
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()
