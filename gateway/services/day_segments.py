"""Segments of local days as rows of JSON lists, for statements that count the records of each."""

from gateway.domain.calendar import days, instants


def build_row(segment: days.DaySegment) -> tuple[str | None, str, int]:
    """Return the first instant, the last one and the number of the day.

    FIRST_INSTANT is null, since PostgreSQL's driver does not take it for an ordinary instant.
    """
    is_open = segment.since == days.FIRST_INSTANT
    # `until` is excluded, except for the last instant of the calendar.
    last = segment.until if segment.until == days.LAST_INSTANT else segment.until - instants.RESOLUTION
    return (
        None if is_open else instants.format_instant(segment.since),
        instants.format_instant(last),
        segment.day.toordinal(),
    )
