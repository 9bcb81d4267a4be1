"""Counting what code does, where its duration would depend on the machine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class CallCount:
    """The number of calls of Python functions in one block. A resumed generator or coroutine counts as a call."""

    calls: int = 0

    def _count(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.calls += event == "call"


@contextmanager
def count_calls() -> Iterator[CallCount]:
    """Count the calls of Python functions in this thread."""
    count = CallCount()
    before = sys.getprofile()
    sys.setprofile(count._count)
    try:
        yield count
    finally:
        sys.setprofile(before)
