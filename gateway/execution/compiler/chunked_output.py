"""Answers of very many rows, made slice by slice: between two of them the loop gets its turn.

Of each slice only its bytes are kept, which are a fraction of what they are written from.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Raw
from msgspec.json import Encoder

T = TypeVar("T")

_ENCODER = Encoder()

CHUNK_SIZE = 512
"""How many rows one slice has, which are a few milliseconds; an answer of no more is made at once."""

_PAUSE_SECONDS = 0.001
"""For how many seconds others have their turn.

Threads too, such as those of a driver: one that waits for the interpreter's lock sleeps through a shorter pause,
after which it begins anew to wait for the five milliseconds that let it ask for the lock.
"""


class ChunkedStageResults(list[Callable[[Any], Any]]):
    """What the stages found, for one answer that is made in slices."""

    rows_since_pause = 0
    """How many rows were written since the loop had its turn."""


def encode_json(content: object) -> bytes:
    """JSON of response data, which may hold what was decoded of documents, and ready JSON as `msgspec.Raw`."""
    return _ENCODER.encode(content)


def split_chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in their order, so many at a time."""
    return (items[start : start + CHUNK_SIZE] for start in range(0, len(items), CHUNK_SIZE))


def pause() -> Awaitable[None]:
    """The turn of others."""
    return asyncio.sleep(_PAUSE_SECONDS)


async def write_chunks(
    build_data: Callable[[Any, ChunkedStageResults], Any], rows: Sequence[Any], found: ChunkedStageResults
) -> list[Raw]:
    """A list of the rows' response data, each of whose items is ready JSON of one or several."""
    chunks = []
    for part in split_chunks(rows):
        chunks.append(Raw(memoryview(encode_json([build_data(row, found) for row in part]))[1:-1]))
        found.rows_since_pause += len(part)
        if found.rows_since_pause >= CHUNK_SIZE:
            found.rows_since_pause = 0
            await pause()
    return chunks
