"""Answers of very many rows, made slice by slice: between two of them the loop gets its turn.

Of each slice only its bytes are kept, which are a fraction of what they are written from.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Raw

from gateway.execution.compiler.writing import encoded

T = TypeVar("T")

SIZE = 512
"""How many rows one slice has, which are a few milliseconds; an answer of no more is made at once."""

_PAUSE = 0.001
"""For how many seconds others have their turn.

Threads too, such as those of a driver: one that waits for the interpreter's lock sleeps through a shorter pause,
after which it begins anew to wait for the five milliseconds that let it ask for the lock.
"""


class Slices(list[Callable[[Any], Any]]):
    """What the stages found, for one answer that is made in slices."""

    since = 0
    """How many rows were written since the loop had its turn."""


def slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in their order, so many at a time."""
    return (items[start : start + SIZE] for start in range(0, len(items), SIZE))


def pause() -> Awaitable[None]:
    """The turn of others."""
    return asyncio.sleep(_PAUSE)


async def written(project: Callable[[Any, Slices], Any], rows: Sequence[Any], found: Slices) -> list[Raw]:
    """A list of the rows' response data, each of whose items is ready JSON of one or several."""
    runs = []
    for part in slices(rows):
        runs.append(Raw(memoryview(encoded([project(row, found) for row in part]))[1:-1]))
        found.since += len(part)
        if found.since >= SIZE:
            found.since = 0
            await pause()
    return runs
