"""Log lines: for a person on a terminal, one JSON object a line anywhere else; always on stderr.

A line has `ts`, `level` and `event`, then what the caller adds. Secrets and patients' data are never given to it.
"""

import logging
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from datetime import datetime
from io import TextIOBase
from threading import Condition, Thread

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import asdict

from gateway.telemetry.request_record import current_request

_LIBRARIES = ("uvicorn", "alembic", "asyncio")
"""What logs through the standard library; heard from `warning` on, unless everything is wanted."""

_MAX_PENDING_BYTES = 2**20
"""Bytes that may wait to be written."""

_DRAIN_SECONDS = 1.0
"""For which they are waited for in the end."""

_encoder = msgspec.json.Encoder()


def configure_logging(level: str) -> None:
    """Send the lines of this process, and of the libraries it uses, from `level` on to stderr."""
    threshold = _get_level_number(level)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            _add_request_id,
            *(_build_console_processors() if sys.stderr.isatty() else _build_json_processors()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # Asked for with each line: stderr may have been replaced since.
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
    )
    logging.root.handlers = [_StandardLibraryHandler()]
    logging.root.setLevel(threshold)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(threshold if level == "debug" else max(threshold, logging.WARNING))


class LogLine(Struct):
    """What stands in each line; what else does is a subclass's."""

    ts: datetime
    level: str
    event: str


def write_lines(lines: Sequence[LogLine]) -> None:
    """Write lines, without asking whether their level is wanted.

    For a machine they are what structlog would write; that takes ten times as long.
    """
    if sys.stderr.isatty():
        log = structlog.get_logger(__name__)
        for line in lines:
            fields = {name: value for name, value in asdict(line).items() if name not in LogLine.__struct_fields__}
            log.log(_get_level_number(line.level), line.event, **fields)
        return
    sys.stderr.write(_encoder.encode_lines(lines).decode())


def is_enabled(level: str, threshold: str) -> bool:
    """Whether lines of a level are to be written."""
    return _get_level_number(level) >= _get_level_number(threshold)


class BackgroundStream(TextIOBase):
    """Hands text on to a file from a thread of its own: a reader who does not keep up keeps nobody waiting.

    What is too much to wait, or finds nobody to read it any more, is lost, and counted.
    """

    def __init__(self, descriptor: int) -> None:
        """`file` is a descriptor; nothing of Python's own stands between, which would be flushed at its end."""
        self.lost_lines = 0
        """How many lines were."""
        self._descriptor, self._pending_bytes = descriptor, 0
        self._pending: deque[bytes] = deque()
        self._changed = Condition()
        Thread(target=self._write_pending, name="logs", daemon=True).start()

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, text: str) -> int:
        """Take whole lines, and never wait."""
        content = text.encode(errors="backslashreplace")
        with self._changed:
            if self._pending_bytes + len(content) > _MAX_PENDING_BYTES:
                self.lost_lines += text.count("\n")
            else:
                self._pending.append(content)
                self._pending_bytes += len(content)
                self._changed.notify_all()
        return len(text)

    def drain(self, seconds: float) -> None:
        """Wait until all is written, but no longer."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending_bytes, seconds)

    def _write_pending(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending)
                content = self._pending.popleft()
            left = memoryview(content)
            try:
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError:
                lost = content.count(b"\n")
            else:
                lost = 0
            with self._changed:
                self.lost_lines += lost
                self._pending_bytes -= len(content)
                self._changed.notify_all()


@contextmanager
def write_logs_in_background() -> Iterator[None]:
    """Have all that goes to stderr written by a thread for as long as the block lasts."""
    outlet = BackgroundStream(sys.stderr.fileno())
    with redirect_stderr(outlet):
        try:
            yield
        finally:
            outlet.drain(_DRAIN_SECONDS)


def count_lost_lines() -> int:
    """How many lines found nobody to read them."""
    return sys.stderr.lost_lines if isinstance(sys.stderr, BackgroundStream) else 0


def _get_level_number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


class _StandardLibraryHandler(logging.Handler):
    """Hands on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        line = structlog.get_logger(record.name)
        line.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _build_console_processors() -> list[structlog.typing.Processor]:
    # Without the values of local variables, which are what must not be told.
    return [structlog.dev.ConsoleRenderer(timestamp_key="ts", exception_formatter=structlog.dev.plain_traceback)]


def _build_json_processors() -> list[structlog.typing.Processor]:
    return [structlog.processors.format_exc_info, _order_keys, structlog.processors.JSONRenderer()]


def _add_request_id(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    exchange = current_request.get()
    # A line about a request that is over has the id of that one.
    return {"request_id": exchange.id, **line} if exchange.id else line


def _order_keys(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {**{key: line[key] for key in ("ts", "level", "event")}, **line}
