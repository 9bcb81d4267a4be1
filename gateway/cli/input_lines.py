"""Lines of input files, also of pipes that send nothing for a long time."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

_BLOCK_SIZE = 65_536
"""The number of bytes after which the lines that were read are returned."""


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream, in a task of an event loop.

    SIGINT ends a read that waits for input: it raises KeyboardInterrupt, or CancelledError if the signal came
    before the read. The handler of asyncio alone would only cancel the task, and the read would wait on.
    """
    while lines := _read_block(stream):
        yield from lines


def _read_block(stream: BinaryIO) -> list[bytes]:
    with _interrupt_at_once():
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return stream.readlines(_BLOCK_SIZE)


@contextmanager
def _interrupt_at_once() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt in the block, unless the process ignores the signal."""
    handler = signal.getsignal(signal.SIGINT)
    # Only the main thread may set handlers. SIG_IGN and SIG_DFL are not callable.
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
