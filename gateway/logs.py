"""Log lines: for a person on a terminal, one JSON object a line anywhere else; always on stderr.

A line has `ts`, `level` and `event`, then what the caller adds. Secrets and patients' data are never given to it.
"""

import logging
import sys

import structlog

_LIBRARIES = ("uvicorn", "alembic", "asyncio")
"""What logs through the standard library; heard from `warning` on, unless everything is wanted."""


def configure(level: str) -> None:
    """Send the lines of this process, and of the libraries it uses, from `level` on to stderr."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            *(_for_a_person() if sys.stderr.isatty() else _for_a_machine()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # Asked for with each line: stderr may have been replaced since.
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
    )
    logging.root.handlers = [_FromStandardLibrary()]
    logging.root.setLevel(threshold)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(threshold if level == "debug" else max(threshold, logging.WARNING))


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


def _in_reading_order(
    _logger: object, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {**{key: line[key] for key in ("ts", "level", "event")}, **line}
