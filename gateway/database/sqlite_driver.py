"""A connection of SQLite whose statements run in a thread and stop when the task that waits for them is cancelled.

SQLAlchemy reaches SQLite through aiosqlite, where a statement runs on after its task was cancelled.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from functools import partial
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, TypeAlias, TypeVar

from gateway.database.fetch_budget import BATCH_SIZE, FetchBudget, FetchLimitReached, stream_batches
from gateway.domain.calendar import instants

T = TypeVar("T")

_Job: TypeAlias = tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]

LOG_BYTES = 64 * 2**20
"""Size of the file of the write-ahead log that is not reduced."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"journal_size_limit={LOG_BYTES}")
"""The pragmas of each connection."""

_CLOSE_TIMEOUT = 1.0
"""Seconds for a statement to stop, and for a connection to close, before they are left to their thread."""

_INTERRUPT_SECONDS = 0.01
"""Seconds after which a statement is interrupted again: the first interrupt may come before it begins."""


class SqliteConnection:
    """One connection and its thread, which runs one statement after another."""

    can_copy = False
    takes_arrays = False
    needs_batches = False
    begin_statement = "BEGIN"
    # With BEGIN alone, SQLite refuses a transaction that reads, and writes after another has written.
    begin_write_statement = "BEGIN IMMEDIATE"

    def __init__(self) -> None:
        self.budget: FetchBudget | None = None
        self._connection: sqlite3.Connection | None = None
        self._current: asyncio.Future[Any] | None = None
        """The call that the thread runs, or ran last."""
        self._is_cut_off = False
        self._jobs = SimpleQueue[_Job | None]()
        # A daemon: a connection that nobody closes does not keep the process alive.
        self._thread = Thread(target=self._run_jobs, name="sqlite", daemon=True)

    @staticmethod
    async def open(file: str, lock_timeout: float, *, read_only: bool = False) -> "SqliteConnection":
        """Open a connection to a file, which waits for at most `lock_timeout` seconds for another writer."""
        connection = SqliteConnection()
        connection._thread.start()
        try:
            connection._connection = await connection._run(_open, file, lock_timeout, read_only)
        except BaseException:
            await connection.close()
            raise
        return connection

    def _run_jobs(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, work, arguments = job
            result: list[object] = []
            error: BaseException | None = None
            try:
                result.append(work(*arguments))
            except BaseException as raised:  # noqa: BLE001 (it is raised where the future is awaited)
                error = raised
            with suppress(RuntimeError):  # The event loop is closed: nobody waits any more.
                future.get_loop().call_soon_threadsafe(_resolve, future, result, error)
            # A thread that waits for its next job keeps no rows alive.
            del job, future, work, arguments, result, error

    def _submit(self, work: Callable[..., T], *arguments: object) -> asyncio.Future[list[T]]:
        """Have the thread run a call. The result is in a list, for `_run` to take: others refer to the future."""
        done: asyncio.Future[list[T]] = asyncio.get_running_loop().create_future()
        self._current = done
        self._jobs.put((done, work, arguments))
        return done

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        try:
            return (await self._submit(work, *arguments)).pop()
        except asyncio.CancelledError:
            # In a task of its own, which a second cancellation does not stop.
            await asyncio.shield(asyncio.create_task(self._interrupt()))
            raise

    async def _interrupt(self) -> None:
        """Interrupt the statement of the thread until the thread is free; give up if it never is."""
        done, ends_at = self._submit(_do_nothing), monotonic() + _CLOSE_TIMEOUT
        while not done.done() and self._thread.is_alive():
            if monotonic() > ends_at:
                self.cut_off()
                return
            if self._connection is not None:
                with suppress(sqlite3.ProgrammingError):  # It is closed by now.
                    self._connection.interrupt()
            await asyncio.wait([done], timeout=_INTERRUPT_SECONDS)

    @property
    def is_open(self) -> bool:
        return self._connection is not None and not self._is_cut_off

    @property
    def is_in_transaction(self) -> bool:
        return self._connection is not None and self._connection.in_transaction

    async def execute(self, text: str) -> None:
        """Run a statement without parameters and rows."""
        await self._run(self._get().execute, text)

    async def read_clock(self) -> datetime:
        """Return the instant now, by the clock of this machine, which is SQLite's too."""
        return instants.now()

    async def fetch(self, text: str, parameters: Sequence[object]) -> Sequence[Any]:
        """Run a statement and return its rows."""
        return await self._run(_fetch, self._get(), text, parameters, self.budget)

    async def execute_many(self, text: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement without rows once for each of these parameters."""
        await self._run(self._get().executemany, text, rows)

    async def stream(
        self, text: str, parameters: Sequence[object], batch_size: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """Run a statement and yield its rows in batches of at most so many rows."""
        fetch = partial(self._run, _fetch_next, self._get().cursor(), text, parameters)
        async with aclosing(stream_batches(fetch, batch_size)) as batches:
            with suppress(StopAsyncIteration):
                while True:
                    yield await anext(batches)

    async def copy_rows(self, table: str, columns: Sequence[str], rows: object) -> None:
        raise NotImplementedError

    def cut_off(self) -> None:
        """Have the current call fail. The thread itself goes on: it may wait for a disk that hangs."""
        self._is_cut_off = True
        if self._current is not None and not self._current.done():
            self._current.set_exception(TimeoutError())
            self._current.exception()  # Perhaps nobody waits for it.

    async def close(self) -> None:
        """Close the connection, which rolls back, and end its thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            closing = self._submit(connection.close)
            self._jobs.put(None)
            await asyncio.wait([closing], timeout=0 if self._is_cut_off else _CLOSE_TIMEOUT)
        else:
            self._jobs.put(None)

    def _get(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.ProgrammingError("The connection is closed.")
        return self._connection


def _open(file: str, lock_timeout: float, read_only: bool) -> sqlite3.Connection:
    # Without an isolation level the module never begins a transaction itself.
    connection = sqlite3.connect(file, timeout=lock_timeout, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (*PRAGMAS, f"query_only={'ON' if read_only else 'OFF'}"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _fetch(
    connection: sqlite3.Connection, text: str, parameters: Sequence[object], budget: FetchBudget | None
) -> list[Any]:
    cursor = connection.execute(text, parameters)
    if budget is None:
        return cursor.fetchall()
    rows: list[Any] = []
    batch: list[Any] = []
    try:
        while batch := cursor.fetchmany(BATCH_SIZE):
            rows += batch
            budget.count(batch)
    except FetchLimitReached:
        # The traceback of the error holds this frame.
        rows.clear()
        batch.clear()
        raise
    finally:
        cursor.close()
    return rows


def _fetch_next(cursor: sqlite3.Cursor, text: str, parameters: Sequence[object], size: int) -> list[Any]:
    """Return the next rows of a statement; begin it with the first ones."""
    if cursor.description is None:
        cursor.execute(text, parameters)
    return cursor.fetchmany(size)


def _do_nothing() -> None:
    pass


def _resolve(future: asyncio.Future[Any], result: list[object], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
