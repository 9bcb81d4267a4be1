"""Truncates SQLite's write-ahead log after it has grown.

The log grows while somebody reads an old snapshot. SQLite itself makes its file smaller only when nobody reads.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from contextvars import Context
from pathlib import Path
from time import perf_counter

from gateway.database.connections import PooledConnection
from gateway.database.sqlite_driver import LOG_BYTES
from gateway.errors import OperationAborted

_PAUSE_SECONDS = 1.0
_PAUSE_SHARE = 10
"""A pause takes at least so many times as long as the attempt before it, because writers wait for an attempt."""


class LogTruncation:
    """Watches the size of the log, and truncates it in a task.

    It uses the connection that writes: before SQLite 3.51.3, a checkpoint on another one could lose a commit that
    comes at the same moment.
    """

    def __init__(self, file: str, connect: Callable[[], AbstractAsyncContextManager[PooledConnection]]) -> None:
        """`connect` acquires the connection that writes."""
        self._log, self._connect = Path(f"{file}-wal"), connect
        self._task: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Begin to truncate the log if it is too large. To be called after each write."""
        if (self._task is None or self._task.done()) and self._is_large():
            # Its statements are not those of the request that wrote.
            self._task = asyncio.create_task(self._truncate(), context=Context())

    def _is_large(self) -> bool:
        try:
            return self._log.stat().st_size > LOG_BYTES
        except FileNotFoundError:
            return False

    async def _truncate(self) -> None:
        """Try again and again until the log is small, because its readers may need long."""
        with suppress(OperationAborted):  # The next write tries again.
            while self._is_large():
                started = perf_counter()
                async with self._connect() as connection:
                    # It copies the log into the database as far as readers allow, and does not wait for them.
                    ((_, frames, copied),) = await connection.fetch("PRAGMA wal_checkpoint(PASSIVE)")
                    if frames == copied:
                        await connection.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
                await asyncio.sleep(max(_PAUSE_SECONDS, _PAUSE_SHARE * (perf_counter() - started)))

    async def close(self) -> None:
        """Stop truncating."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
