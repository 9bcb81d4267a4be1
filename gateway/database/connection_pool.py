"""The pool of connections: it opens, checks, watches and closes them.

The drivers run statements directly: a statement through SQLAlchemy's connections would cost more than most of the
gateway's statements do themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Dialect

from gateway.database.availability import Availability
from gateway.database.connections import DriverConnection, PooledConnection, Timeouts
from gateway.database.failures import DATABASE_ERRORS, describe_error, translate_error
from gateway.database.fair_queue import FairQueue, TeamId
from gateway.domain.failure_causes import FailureCause
from gateway.errors import OperationAborted, Unavailable

T = TypeVar("T")

_CHECK_AFTER, _CHECK_TIMEOUT = 10.0, 1.0
"""A connection that was idle for the first number of seconds is checked, for at most the second number.

Firewalls forget idle connections, and a check costs less than a request that waits for an answer in vain.
"""

_MAX_AGE = 1800.0
"""Seconds after which a connection is closed: its server process keeps memory, and a new one may go elsewhere."""

_WATCH_INTERVAL = 0.1
"""Seconds between two looks at the calls of the drivers."""


class ConnectionPool:
    """Connections that are opened when they are needed, at most as many as the queue has slots.

    A timer watches the calls of the drivers: one for each call would cost more than many statements do.
    """

    def __init__(
        self,
        open_driver: Callable[[], Awaitable[DriverConnection]],
        dialect: Dialect,
        queue: FairQueue,
        timeouts: Timeouts,
        availability: Availability,
        *,
        is_for_probes: bool = False,
    ) -> None:
        """A pool `is_for_probes` if it works also while `availability` refuses requests."""
        self.queue = queue
        self._dialect, self._timeouts = dialect, timeouts
        self._open_driver, self._availability, self._is_for_probes = open_driver, availability, is_for_probes
        self._idle: list[PooledConnection] = []
        self._used: set[PooledConnection] = set()
        self._usable_since = 0.0
        """Connections that were opened before are closed."""
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        """Tasks that open and close connections."""
        if not is_for_probes:
            availability.listeners.append(queue.refuse_all)
        availability.listeners.append(lambda _: self.expire_connections())

    @property
    def has_connections(self) -> bool:
        """Whether any connection is open."""
        return any(connection.is_open for connection in (*self._idle, *self._used))

    async def acquire(self, team: TeamId) -> PooledConnection:
        """Return a connection for a team.

        Raises Overloaded when none becomes free in time, Unavailable when none can be opened.
        """
        if not self._is_for_probes:
            self._availability.require()
        if not self.queue.try_acquire(team):
            await self.queue.acquire(team)
        connection = await self._take_idle(team)
        if connection is None:
            connection = await self._open_for(team)
        connection.team = team
        self._used.add(connection)
        if self._timer is None:
            self._watch(asyncio.get_running_loop())
        return connection

    async def _take_idle(self, team: TeamId) -> PooledConnection | None:
        """Return an idle connection that works; None if there is none."""
        while self._idle:
            connection, now = self._idle.pop(), perf_counter()
            is_good = connection.is_open and connection.opened_at >= max(self._usable_since, now - _MAX_AGE)
            if is_good and now - connection.idle_since > _CHECK_AFTER:
                is_good = await self._check(connection, team)
            if is_good:
                return connection
            self._track(connection.close())
        return None

    async def _check(self, connection: PooledConnection, team: TeamId) -> bool:
        """Return whether a connection still works; if not, the ones that are as old are not used again."""
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT):
                await connection.fetch("SELECT 1")
        except (TimeoutError, OperationAborted):
            self.expire_connections()
            return False
        except BaseException:
            self._track(connection.close())
            self.queue.release(team)
            raise
        return True

    async def _open_for(self, team: TeamId) -> PooledConnection:
        opening = self._track(asyncio.create_task(self._open()))
        try:
            # A cancelled caller leaves the new connection to the next one.
            return await asyncio.shield(opening)
        except BaseException:
            opening.add_done_callback(lambda _: self._release_unclaimed(opening, team))
            raise

    async def _open(self) -> PooledConnection:
        try:
            async with asyncio.timeout(self._timeouts.connect):
                return PooledConnection(await self._open_driver(), self._dialect, self._timeouts, self._report)
        except DATABASE_ERRORS as error:
            failure = translate_error(error, is_connected=False)
            if failure is None:
                failure = Unavailable(FailureCause.DATABASE, describe_error(error))
            if isinstance(failure, Unavailable):
                self._availability.report(failure)
                if failure.cause is FailureCause.DATABASE:
                    self._availability.cut_off(failure)
            raise failure from error

    def _release_unclaimed(self, opening: asyncio.Task[PooledConnection], team: TeamId) -> None:
        if opening.exception() is None:
            self._idle.append(opening.result())
        self.queue.release(team)

    def _report(self, failure: OperationAborted, connection: PooledConnection) -> None:
        """Report that a connection failed. Others that are as old may have failed with it."""
        if isinstance(failure, Unavailable):
            self._availability.report(failure)
            is_of_session = failure.cause in (FailureCause.DATABASE, FailureCause.READ_ONLY)
            if is_of_session and connection.opened_at >= self._usable_since:
                self.expire_connections()

    def expire_connections(self) -> None:
        """Close the connections that are open now instead of using them again."""
        self._usable_since = perf_counter()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cut off the calls that take too long, and watch on while connections are in use."""
        self._timer, now = None, perf_counter()
        for connection in [each for each in self._used if each.expires_at < now]:
            connection.cut_off()
            failure = Unavailable(FailureCause.DATABASE, "it does not answer")
            self._availability.cut_off(failure)
        if self._used:
            self._timer = loop.call_later(_WATCH_INTERVAL, self._watch, loop)

    def _track(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @asynccontextmanager
    async def connect(
        self, team: TeamId, begin: Callable[[PooledConnection], Awaitable[None]] | None = None
    ) -> AsyncIterator[PooledConnection]:
        """Acquire a connection for a block; close it when the block is cancelled or leaves a transaction open.

        `begin` begins a transaction. If the connection turns out to be closed, it begins on another one.
        """
        try:
            connection = await self._acquire_begun(team, begin)
        except Unavailable:
            connection = await self._acquire_begun(team, begin)
        is_cancelled = False
        try:
            yield connection
        except asyncio.CancelledError:
            # SQLite's thread may still begin a transaction.
            is_cancelled = True
            raise
        finally:
            if is_cancelled or not connection.is_open or connection.is_in_transaction:
                await self.discard(connection)
            else:
                self.release(connection)

    async def _acquire_begun(
        self, team: TeamId, begin: Callable[[PooledConnection], Awaitable[None]] | None
    ) -> PooledConnection:
        connection = await self.acquire(team)
        if begin is not None:
            try:
                await begin(connection)
            except BaseException:
                await self.discard(connection)
                raise
        return connection

    def release(self, connection: PooledConnection) -> None:
        """Release a connection, outside any transaction, for the next caller."""
        connection.idle_since = perf_counter()
        self._used.discard(connection)
        self._idle.append(connection)
        self.queue.release(connection.team)

    async def discard(self, connection: PooledConnection) -> None:
        """Close a connection, and release its slot when it is closed."""
        await asyncio.shield(self._track(asyncio.create_task(self._discard(connection))))

    async def _discard(self, connection: PooledConnection) -> None:
        try:
            await connection.close()
        finally:
            self._used.discard(connection)
            self.queue.release(connection.team)

    async def dispose(self) -> None:
        """Close all connections that are not in use."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        while self._idle:
            await self._idle.pop().close()
