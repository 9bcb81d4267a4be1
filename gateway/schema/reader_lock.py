"""The lock of an operation's reader, which sibling fields use one after the other."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.database import ColumnNames, Reader


class ReaderLock:
    """Lock of the operation's reader for one field or batch."""

    __slots__ = ("_abort", "_columns", "_lock", "_open_reader")

    def __init__(
        self,
        lock: asyncio.Lock,
        open_reader: Callable[[], Awaitable[Reader]],
        abort: Callable[[BaseException | None], None],
        columns: ColumnNames,
    ) -> None:
        self._lock, self._open_reader, self._abort, self._columns = lock, open_reader, abort, columns

    async def __aenter__(self) -> Reader:
        await self._lock.acquire()
        try:
            reader = await self._open_reader()
        except BaseException:
            self._lock.release()
            raise
        return reader if self._columns is None else reader.with_columns(self._columns)

    async def __aexit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self._lock.release()
        if error is not None:
            self._abort(error)
