"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def _load_names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_timezone(name: str) -> bool:
    """Whether this is a zone's name, in its own spelling: `america/chicago` is not."""
    return name in _load_names()


def get_zone(name: str | None) -> ZoneInfo:
    """The zone of that name, or UTC where there is none of it."""
    return ZoneInfo(name if name is not None and is_timezone(name) else "UTC")
