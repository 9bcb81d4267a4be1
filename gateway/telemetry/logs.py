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

from gateway.telemetry.request_record import current

_LIBRARIES = ("uvicorn", "alembic", "asyncio")
"""What logs through the standard library; heard from `warning` on, unless everything is wanted."""

_MOST = 2**20
"""Bytes that may wait to be written."""

_SECONDS = 1.0
"""For which they are waited for in the end."""

_encoder = msgspec.json.Encoder()


def configure(level: str) -> None:
    """Send the lines of this process, and of the libraries it uses, from `level` on to stderr."""
    threshold = _threshold(level)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            _of_the_request,
            *(_for_a_person() if sys.stderr.isatty() else _for_a_machine()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # Asked for with each line: stderr may have been replaced since.
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
    )
    logging.root.handlers = [_FromStandardLibrary()]
    logging.root.setLevel(threshold)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(threshold if level == "debug" else max(threshold, logging.WARNING))


class Line(Struct):
    """What stands in each line; what else does is a subclass's."""

    ts: datetime
    level: str
    event: str


def write(lines: Sequence[Line]) -> None:
    """Write lines, without asking whether their level is wanted.

    For a machine they are what structlog would write; that takes ten times as long.
    """
    if sys.stderr.isatty():
        log = structlog.get_logger(__name__)
        for line in lines:
            fields = {name: value for name, value in asdict(line).items() if name not in Line.__struct_fields__}
            log.log(_threshold(line.level), line.event, **fields)
        return
    sys.stderr.write(_encoder.encode_lines(lines).decode())


def are_wanted(level: str, threshold: str) -> bool:
    """Whether lines of a level are to be written."""
    return _threshold(level) >= _threshold(threshold)


class Outlet(TextIOBase):
    """Hands text on to a file from a thread of its own: a reader who does not keep up keeps nobody waiting.

    What is too much to wait, or finds nobody to read it any more, is lost, and counted.
    """

    def __init__(self, file: int) -> None:
        """`file` is a descriptor; nothing of Python's own stands between, which would be flushed at its end."""
        self.lost = 0
        """How many lines were."""
        self._file, self._size = file, 0
        self._waiting: deque[bytes] = deque()
        self._changed = Condition()
        Thread(target=self._hand_on, name="logs", daemon=True).start()

    def fileno(self) -> int:
        return self._file

    def isatty(self) -> bool:
        return os.isatty(self._file)

    def write(self, text: str) -> int:
        """Take whole lines, and never wait."""
        content = text.encode(errors="backslashreplace")
        with self._changed:
            if self._size + len(content) > _MOST:
                self.lost += text.count("\n")
            else:
                self._waiting.append(content)
                self._size += len(content)
                self._changed.notify_all()
        return len(text)

    def drain(self, seconds: float) -> None:
        """Wait until all is written, but no longer."""
        with self._changed:
            self._changed.wait_for(lambda: not self._size, seconds)

    def _hand_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                content = self._waiting.popleft()
            left = memoryview(content)
            try:
                while left:
                    left = left[os.write(self._file, left) :]
            except OSError:
                lost = content.count(b"\n")
            else:
                lost = 0
            with self._changed:
                self.lost += lost
                self._size -= len(content)
                self._changed.notify_all()


@contextmanager
def set_aside() -> Iterator[None]:
    """Have all that goes to stderr written by a thread for as long as the block lasts."""
    outlet = Outlet(sys.stderr.fileno())
    with redirect_stderr(outlet):
        try:
            yield
        finally:
            outlet.drain(_SECONDS)


def lost() -> int:
    """How many lines found nobody to read them."""
    return sys.stderr.lost if isinstance(sys.stderr, Outlet) else 0


def _threshold(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


class _FromStandardLibrary(logging.Handler):
    """Hands on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        line = structlog.get_logger(record.name)
        line.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _for_a_person() -> list[structlog.typing.Processor]:
    # Without the values of local variables, which are what must not be told.
    return [structlog.dev.ConsoleRenderer(timestamp_key="ts", exception_formatter=structlog.dev.plain_traceback)]


def _for_a_machine() -> list[structlog.typing.Processor]:
    return [structlog.processors.format_exc_info, _in_reading_order, structlog.processors.JSONRenderer()]


def _of_the_request(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    exchange = current.get()
    # A line about a request that is over has the id of that one.
    return {"request_id": exchange.id, **line} if exchange.id else line


def _in_reading_order(
    _logger: object, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {**{key: line[key] for key in ("ts", "level", "event")}, **line}
