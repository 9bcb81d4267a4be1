"""Instants: UTC timestamps with milliseconds, written in RFC 3339.

Rows, cursors and answers have milliseconds, since PostgreSQL and SQLite must compare instants alike. Documents
keep finer instants as they came; the GraphQL `DateTime` refuses them.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import time_ns

import orjson

_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)
_SEPARATORS = "--T::."
"""The separators in the format of `format_instant`, which most documents use."""

RESOLUTION = timedelta(milliseconds=1)
"""The distance of two adjacent instants."""

_LENGTH, _LENGTH_WITH_MICROSECONDS = 24, 29
_MAX_LENGTH = 35
"""In characters, of an instant with nanoseconds and an offset. Longer texts are not parsed or cached."""

_CACHE_SIZE = 4096
"""Most documents have the same instant twice, as `createdAt` and `updatedAt`."""


def now() -> datetime:
    """Return the current instant."""
    return datetime.fromtimestamp(time_ns() // 1_000_000 / 1_000, UTC)


def truncate_to_milliseconds(value: datetime) -> datetime:
    """Return the instant in UTC without microseconds below a millisecond."""
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def parse_instant(text: str) -> datetime | None:
    """Return the instant of a text in RFC 3339, or None for any other text.

    A text without offset is in UTC. Digits after the millisecond are cut. This is for documents; the GraphQL
    `DateTime` is stricter: see `gateway.schema.scalars`.
    """
    stripped = text.strip()
    return _parse_cached(stripped) if len(stripped) <= _MAX_LENGTH else None


@lru_cache(maxsize=_CACHE_SIZE)
def _parse_cached(text: str) -> datetime | None:
    if (found := parse_formatted(text)) is not None:
        return found
    try:
        match = _RFC_3339.fullmatch(text)
        if match is None:
            return None
        date, time, fraction, offset = match.groups()
        offset = "+00:00" if offset in (None, "Z", "z") else offset
        return truncate_to_milliseconds(
            datetime.fromisoformat(f"{date}T{time}.{(fraction or '0')[:3]:0<3}{offset}")
        )
    except (ValueError, OverflowError):
        return None


def parse_formatted(text: str) -> datetime | None:
    """Return the instant of a text in the format of `format_instant`, or None for any other text."""
    # Python 3.14 and later accept the hour 24.
    if len(text) == _LENGTH and text[4:22:3] == _SEPARATORS and text[-1] == "Z" and text[11:13] < "24":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    return None


def is_formatted(text: str) -> bool:
    """Return whether a text is an instant in the format of `format_instant`."""
    return parse_formatted(text) is not None


def normalize_instant(text: str) -> str | None:
    """Return the instant of `parse_instant` in the format of `format_instant`, or None."""
    if parse_formatted(text) is not None:
        return text
    found = parse_instant(text)
    return None if found is None else format_instant(found)


def format_instant(value: datetime) -> str:
    """Return a text such as `2023-11-07T05:31:56.000Z`, of 24 characters for the years 1 to 9999."""
    if value.tzinfo is not UTC:
        value = to_instant(value).astimezone(UTC)
    # orjson adds quotes, and microseconds unless they are zero. It is several times faster than `isoformat`.
    text = orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
    return f"{text[1:24]}Z" if len(text) == _LENGTH_WITH_MICROSECONDS else f"{text[1:20]}.000Z"


def to_instant(value: datetime | str) -> datetime:
    """Return the instant of a row's value, which is a datetime or a text of `format_instant`."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    # asyncpg stores the first instant of the calendar as -infinity and returns it without a zone.
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def to_text(value: datetime | str) -> str:
    """Return the text of `format_instant` for a row's value."""
    return value if isinstance(value, str) else format_instant(value)


def normalize_valid_instant(text: str) -> str:
    """Return an instant of a document in the format of `format_instant`.

    Raises ValueError when the text is not an instant.
    """
    return _normalize_cached(text if len(text) <= _MAX_LENGTH else text.strip())


@lru_cache(maxsize=_CACHE_SIZE)
def _normalize_cached(text: str) -> str:
    found = parse_instant(text)
    if found is None:
        raise ValueError("not an instant")
    return format_instant(found)
