"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def _load_names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_timezone(name: str) -> bool:
    """Return whether a text is the IANA name of a zone, in its exact spelling: `america/chicago` is not."""
    return name in _load_names()


def get_zone(name: str | None) -> ZoneInfo:
    """Return the zone with this name, or UTC if the name is None or unknown."""
    return ZoneInfo(name if name is not None and is_timezone(name) else "UTC")
