"""Writes responses of many rows in chunks, and yields to the event loop between chunks.

Only the JSON bytes of a finished chunk stay in memory, a fraction of the objects that they are written from.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Raw
from msgspec.json import Encoder

T = TypeVar("T")

_ENCODER = Encoder()

CHUNK_SIZE = 512
"""Rows in one chunk, which takes a few milliseconds. Smaller responses are built at once."""

_PAUSE_SECONDS = 0.001
"""The length of a pause, in seconds.

Threads of database drivers need the pause, too. A thread that waits for the interpreter lock sleeps through a
shorter one, and then waits another five milliseconds before it may request the lock.
"""


CHUNK_BYTES = 2**18
"""Bytes of the rows in one chunk, where rows are large."""


class ChunkedStageResults(list[Callable[[Any], Any]]):
    """The lookup functions of the stages, for one response that is written in chunks."""

    def __init__(
        self, functions: Iterable[Callable[[Any], Any]], average_row_bytes: int, check_size: Callable[[int], None]
    ) -> None:
        """`check_size` takes the number of bytes written so far, and raises if they are too many."""
        super().__init__(functions)
        self.chunk_size = min(CHUNK_SIZE, max(1, CHUNK_BYTES // max(1, average_row_bytes)))
        self.rows_since_pause = 0
        """Rows written since the last pause."""
        self._byte_count, self._check_size = 0, check_size

    def count_bytes(self, text: bytes) -> None:
        """Count the bytes of a chunk."""
        self._byte_count += len(text)
        self._check_size(self._byte_count)


def encode_json(content: object) -> bytes:
    """Return response data as JSON. It may contain msgspec structs, and JSON bytes as `msgspec.Raw`."""
    return _ENCODER.encode(content)


def split_chunks(items: Sequence[T], size: int = CHUNK_SIZE) -> Iterator[Sequence[T]]:
    """Yield the items in chunks of this size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def pause() -> Awaitable[None]:
    """Return an awaitable that lets other tasks and threads run."""
    return asyncio.sleep(_PAUSE_SECONDS)


async def write_chunks(
    build_data: Callable[[Any, ChunkedStageResults], Any], rows: Sequence[Any], found: ChunkedStageResults
) -> list[Raw]:
    """Return the rows' response data as JSON, one item for each chunk of rows."""
    chunks = []
    for part in split_chunks(rows, found.chunk_size):
        text = encode_json([build_data(row, found) for row in part])
        found.count_bytes(text)
        chunks.append(Raw(memoryview(text)[1:-1]))
        found.rows_since_pause += len(part)
        if found.rows_since_pause >= found.chunk_size:
            found.rows_since_pause = 0
            await pause()
    return chunks
