"""SQLite's driver, of which nothing runs on for somebody who was cut off."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import aiosqlite

T = TypeVar("T")

_ROWS_PER_FETCH = 64
"""Rows that a cursor is read by; those of the graph are fetched all at once."""

_INTERRUPT_SECONDS = 0.01
"""Seconds after which a statement is told once more to stop."""


class SqliteConnection(aiosqlite.Connection):
    """A connection with a thread of its own, in which statements run.

    To cancel who waits for a statement is nothing to its thread: the statement is interrupted, and waited for.
    """

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> Iterable[sqlite3.Row]:
        """All rows of a statement: `execute_fetchall` on a shorter way."""
        return await self._execute(self._execute_fetchall, text, parameters)

    async def _execute(self, fn: Callable[..., T], *args: object, **kwargs: object) -> T:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")  # As SQLAlchemy knows it from the driver.
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((done, partial(fn, *args, **kwargs)))
        try:
            return await done
        except asyncio.CancelledError:
            # Also if who waits is cut off once more.
            await asyncio.shield(asyncio.create_task(self._interrupt_statement()))
            raise

    async def _interrupt_statement(self) -> None:
        """Stop what the thread was given: it may be about to begin it, and so is told until it is done."""
        done = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((done, lambda: None))
        while not done.done() and self._thread.is_alive():
            with suppress(ValueError, sqlite3.ProgrammingError):  # it is closed by now
                self._conn.interrupt()
            await asyncio.wait([done], timeout=_INTERRUPT_SECONDS)


def connect(file: str, timeout: float) -> SqliteConnection:
    """A connection to a file, which waits for so many seconds for another program's lock."""
    connection = SqliteConnection(
        lambda: sqlite3.connect(file, timeout=timeout, check_same_thread=False), _ROWS_PER_FETCH
    )
    # Should it not be closed, the process ends all the same.
    connection._thread.daemon = True  # noqa: SLF001 (it is ours)
    return connection
