"""The hand-written scan for SQLite, which is told when local days begin."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import orjson

from gateway.domain.calendar.instants import format_instant
from gateway.domain.enums import AppointmentType
from gateway.domain.lenient_reading import Document
from tests.benchmarks.appointments import BEGIN, DAYS
from tests.benchmarks.documents import TIMEZONE
from tests.benchmarks.peers.dashboard import BREAKDOWNS, COLUMNS, INDEX, MATCHING

_BOUNDS = {"start": "created_at >= :start", "end": "created_at < :end"}
_CONDITIONS = {
    "id": "integration_id = :id",
    "type": "appointment_type = :type",
    "search": "search_text LIKE '%' || :search || '%'",
}


def asked(variables: Document) -> tuple[str, Document]:
    """The statement that answers a dashboard of these variables, and its values."""
    values = dict(variables)
    values["days"] = orjson.dumps([*_days(str(values.get("start", "")), str(values.get("end", "~")))]).decode()
    if "type" in values:
        values["type"] = AppointmentType[str(values["type"])].value
    return _statement(tuple(variables)), values


@cache
def _calendar() -> list[tuple[str, str, str]]:
    """Each local day that there can be appointments of, when it begins and when the next one does."""
    first = BEGIN.astimezone(ZoneInfo(TIMEZONE))
    # Counted by the clock, which never skips a midnight there.
    midnights = [first + timedelta(days=number) for number in range(DAYS + 1)]
    return [(str(day.date()), format_instant(day), format_instant(ends)) for day, ends in pairwise(midnights)]


def _days(start: str, end: str) -> Iterator[tuple[str, str, str, str]]:
    """The local days from one instant to another: when they begin, and what of them is counted."""
    for day, begins, ends in _calendar():
        if ends > start and begins < end:
            yield day, begins, max(begins, start), min(ends, end)


@cache
def _statement(given: tuple[str, ...]) -> str:
    matching = " AND ".join([MATCHING, *(_CONDITIONS[name] for name in given if name in _CONDITIONS)])
    bounds = " AND ".join(["TRUE", *(_BOUNDS[name] for name in given if name in _BOUNDS)])
    source = f"resource_record INDEXED BY {INDEX} WHERE {matching}"
    found = f"SELECT created_at, booking_status, {', '.join(COLUMNS)} FROM {source} AND {bounds}"
    # What is searched for is found once; what is only counted is read from the index as it is counted.
    if "search" in given:
        source = "found WHERE TRUE"
    buckets = ", ".join(
        f"""'{key}', (SELECT json_group_array(json_object('value', {column}, 'count', count)) FROM (
          SELECT {column}, count(*) AS count FROM {source} AND {bounds}
          GROUP BY {column} ORDER BY count DESC, {column}
        ))"""
        for key, column in BREAKDOWNS.items()
    )
    return f"""
        WITH found AS MATERIALIZED ({found}),
        trend AS MATERIALIZED (
          SELECT value->>0 AS day, value->>1 AS date, (
            SELECT json_array(count(*), sum(booking_status = 'successful'), sum(booking_status = 'failed'))
            FROM {source} AND created_at >= value->>2 AND created_at < value->>3
          ) AS counts
          FROM json_each(:days)
        )
        SELECT json_object('data', json_object('appointmentStatistics', json_object(
          'overview', (
            SELECT json_object('total', coalesce(sum(counts->>0), 0), 'successful', coalesce(sum(counts->>1), 0),
              'failed', coalesce(sum(counts->>2), 0),
              'pending', coalesce(sum(counts->>0) - sum(counts->>1) - sum(counts->>2), 0))
            FROM trend
          ),
          'trends', (
            SELECT json_group_array(json_object(
              'date', date, 'day', day, 'successful', counts->>1, 'failed', counts->>2
            )) FROM trend WHERE counts->>0 > 0
          ),
          {buckets}
        )))
    """
