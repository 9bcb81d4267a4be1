"""Instants: UTC, to the millisecond, written as RFC 3339."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import time_ns

import orjson

_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)
_SEPARATORS = "--T::."
"""What stands between the numbers of an instant as `isoformat` writes it, which is how most documents do."""

RESOLUTION = timedelta(milliseconds=1)
"""From one instant to the next."""

_LENGTH, _LENGTH_WITH_MICROSECONDS = 24, 29
_MAX_LENGTH = 35
"""Characters of an instant, with nanoseconds and an offset: nothing longer is one, or is remembered."""

_CACHE_SIZE = 4096
"""How many spellings are remembered: documents of one time share theirs, and most have the same one twice."""


def now() -> datetime:
    """The present instant, to the millisecond."""
    return datetime.fromtimestamp(time_ns() // 1_000_000 / 1_000, UTC)


def truncate_to_milliseconds(value: datetime) -> datetime:
    """The same instant in UTC without what is finer than a millisecond."""
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def parse_instant(text: str) -> datetime | None:
    """An instant in RFC 3339; naive is read as UTC, finer than a millisecond is cut, nonsense is None.

    This is how documents are read. The graph's `DateTime` is stricter: see `gateway.schema.scalars`.
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
    """An instant that is written as `isoformat` does it; None for all else."""
    # Python since 3.14 takes the hour 24 for that of the next midnight.
    if len(text) == _LENGTH and text[4:22:3] == _SEPARATORS and text[-1] == "Z" and text[11:13] < "24":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    return None


def is_formatted(text: str) -> bool:
    """Whether it is an instant as `isoformat` writes it."""
    return parse_formatted(text) is not None


def normalize_instant(text: str) -> str | None:
    """The instant that `parse` makes of a text, as `isoformat` writes it; None for nonsense."""
    if parse_formatted(text) is not None:
        return text
    found = parse_instant(text)
    return None if found is None else format_instant(found)


def format_instant(value: datetime) -> str:
    """`2023-11-07T05:31:56.000Z`: UTC, milliseconds, 24 characters for each year from 1 to 9999."""
    if value.tzinfo is not UTC:
        value = to_instant(value).astimezone(UTC)
    # In quotes, with microseconds unless there are none; several times as fast as `datetime.isoformat`.
    text = orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
    return f"{text[1:24]}Z" if len(text) == _LENGTH_WITH_MICROSECONDS else f"{text[1:20]}.000Z"


def to_instant(value: datetime | str) -> datetime:
    """An instant of a row, which may be written as `isoformat` does."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    # asyncpg stores the first instant of the calendar as -infinity and gives it back without a zone.
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def to_text(value: datetime | str) -> str:
    """An instant as `isoformat` writes it, which some rows hold already."""
    return value if isinstance(value, str) else format_instant(value)


def normalize_valid_instant(text: str) -> str:
    """An instant that a document spells in one way or another, as `isoformat` writes it.

    Raises ValueError for nonsense.
    """
    return _normalize_cached(text if len(text) <= _MAX_LENGTH else text.strip())


@lru_cache(maxsize=_CACHE_SIZE)
def _normalize_cached(text: str) -> str:
    found = parse_instant(text)
    if found is None:
        raise ValueError("no instant")
    return format_instant(found)
