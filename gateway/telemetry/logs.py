"""Log lines on standard error: JSON objects, or readable text on a terminal.

A line has `ts`, `level` and `event`, then `request_id` if there is a request, then the fields of the caller.
Callers never log secrets, patient data or values of variables.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from io import TextIOBase
from logging.handlers import QueueListener
from queue import SimpleQueue
from threading import Thread

import orjson
import structlog
from structlog.typing import EventDict, Processor

from gateway.telemetry.request_record import current_request

_SILENCED_LIBRARIES = ("aiosqlite",)
"""Libraries whose `debug` lines contain the parameters of SQL statements."""

_MAX_PENDING_LINES = 4096
"""Lines that wait for the writing thread before new lines are dropped."""

_DRAIN_SECONDS = 1.0
"""Longest wait for pending lines when the process ends."""


def configure_logging(level: str) -> None:
    """Write the gateway's lines to stderr from `level` on.

    Libraries write only warnings and errors, unless the level is `debug`.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.MaybeTimeStamper(fmt="iso", utc=True, key="ts"),
            _add_request_id,
            *(_build_console_processors() if sys.stderr.isatty() else _build_json_processors()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # `sys.stderr` is read for each line, because it may be replaced later.
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
    )
    logging.root.handlers = [_StructlogHandler()]
    logging.root.setLevel(threshold if level == "debug" else max(threshold, logging.WARNING))
    for library in _SILENCED_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


class BackgroundStream(TextIOBase):
    """Writes lines to a file descriptor from a thread, so that nobody waits for the reader of the log.

    Drops and counts lines if too many are pending, or if the descriptor cannot be written.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending: SimpleQueue[str] = SimpleQueue()
        self._dropped_lines = 0
        self._writer = _DescriptorWriter(self._pending, descriptor)
        self._writer.start()

    @property
    def lost_lines(self) -> int:
        """The number of lines that could not be written."""
        return self._dropped_lines + self._writer.failed_lines

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, text: str) -> int:
        """Queue whole lines. Never blocks."""
        if self._pending.qsize() < _MAX_PENDING_LINES:
            self._pending.put(text)
        else:
            self._dropped_lines += text.count("\n")
        return len(text)

    def drain(self, seconds: float) -> None:
        """Write the pending lines and end the thread. Returns after `seconds` even if the reader is stuck."""
        # `stop` has no timeout, and neither has a write to a full pipe.
        stopping = Thread(target=self._writer.stop, daemon=True)
        stopping.start()
        stopping.join(seconds)


class _DescriptorWriter(QueueListener):
    """Writes with `os.write`: the interpreter would flush a buffered file at its end, and block."""

    def __init__(self, queue: "SimpleQueue[str]", descriptor: int) -> None:
        super().__init__(queue)
        self.failed_lines = 0
        self._descriptor = descriptor

    def handle(self, text: str) -> None:  # type: ignore[override]  # the queue holds text, not records
        rest = memoryview(text.encode(errors="backslashreplace"))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self.failed_lines += text.count("\n")


@contextmanager
def write_logs_in_background() -> Iterator[None]:
    """Write stderr from a thread while the block runs; then write the pending lines, for at most a second."""
    stream = BackgroundStream(sys.stderr.fileno())
    with redirect_stderr(stream):
        try:
            yield
        finally:
            stream.drain(_DRAIN_SECONDS)


def count_lost_lines() -> int:
    """Return the number of lines that could not be written."""
    return sys.stderr.lost_lines if isinstance(sys.stderr, BackgroundStream) else 0


class _StructlogHandler(logging.Handler):
    """Passes the lines of libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        line = structlog.get_logger(record.name)
        line.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _build_console_processors() -> list[Processor]:
    # `plain_traceback` omits the values of local variables, which can be secrets.
    return [structlog.dev.ConsoleRenderer(timestamp_key="ts", exception_formatter=structlog.dev.plain_traceback)]


def _build_json_processors() -> list[Processor]:
    return [structlog.processors.format_exc_info, _order_keys, structlog.processors.JSONRenderer(_to_json)]


def _add_request_id(_logger: object, _method: str, line: EventDict) -> EventDict:
    record = current_request.get()
    # The line of a request is written later, and has its own `request_id`.
    return {"request_id": record.id, **line} if record.id else line


def _order_keys(_logger: object, _method: str, line: EventDict) -> EventDict:
    return {**{key: line[key] for key in ("ts", "level", "event")}, **line}


def _to_json(line: EventDict, default: Callable[[object], object]) -> str:
    try:
        return orjson.dumps(line, default, orjson.OPT_UTC_Z).decode()
    except TypeError:  # Half of a surrogate pair, or an integer of more than 64 bits.
        return json.dumps(line, default=default)
