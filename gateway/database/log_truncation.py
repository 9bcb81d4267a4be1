"""Truncates SQLite's write-ahead log after it has grown.

The log grows while somebody reads an old snapshot. SQLite itself makes its file smaller only when nobody reads.
"""

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path

from gateway.database.sqlite_driver import LOG_BYTES, SqliteConnection

_RETRY_SECONDS = 1.0
_LOCK_SECONDS = 0.2
"""Seconds that readers may take to leave the log. Writers wait meanwhile."""


class LogTruncation:
    """Watches the size of the log, and truncates it in a task."""

    def __init__(self, file: str) -> None:
        self._file, self._log = file, Path(f"{file}-wal")
        self._task: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Begin to truncate the log if it is too large. To be called after each write."""
        if (self._task is None or self._task.done()) and self._is_large():
            self._task = asyncio.create_task(self._truncate())

    def _is_large(self) -> bool:
        try:
            return self._log.stat().st_size > LOG_BYTES
        except FileNotFoundError:
            return False

    async def _truncate(self) -> None:
        """Try again and again until the log is small, because its readers may need long."""
        # After an error of the database, the next write tries again.
        with suppress(sqlite3.Error):
            connection = await SqliteConnection.open(self._file, _LOCK_SECONDS)
            try:
                while self._is_large():
                    # It copies the log into the database without blocking anybody, as far as readers allow.
                    ((_, frames, copied),) = await connection.fetch("PRAGMA wal_checkpoint(PASSIVE)", ())
                    if frames == copied:
                        await connection.fetch("PRAGMA wal_checkpoint(TRUNCATE)", ())
                    await asyncio.sleep(_RETRY_SECONDS)
            finally:
                await connection.close()

    async def close(self) -> None:
        """Stop truncating."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
