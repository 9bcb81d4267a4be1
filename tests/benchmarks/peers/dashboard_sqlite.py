"""The hand-written scan for SQLite, with the beginnings of local days as a parameter."""

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


def build_statement(variables: Document) -> tuple[str, Document]:
    """Return the statement for a dashboard with these variables, and its values."""
    values = dict(variables)
    zone = str(values.pop("zone", TIMEZONE))
    found = [*_list_days(zone, str(values.get("start", "")), str(values.get("end", "~")))]
    values["days"] = orjson.dumps(found).decode()
    if "type" in values:
        values["type"] = AppointmentType[str(values["type"])].value
    return _build_statement(tuple(name for name in variables if name != "zone")), values


@cache
def _list_calendar_days(zone: str) -> list[tuple[str, str, str]]:
    """Return each local day that can have appointments, its beginning and the beginning of the next day."""
    first = BEGIN.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0)
    # Wall-clock arithmetic: the zones of the benchmarks never skip a midnight.
    midnights = [first + timedelta(days=number) for number in range(DAYS + 2)]
    return [(str(day.date()), format_instant(day), format_instant(ends)) for day, ends in pairwise(midnights)]


def _list_days(zone: str, start: str, end: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the local days between two instants: their beginnings, and the counted range of each."""
    for day, begins, ends in _list_calendar_days(zone):
        if ends > start and begins < end:
            yield day, begins, max(begins, start), min(ends, end)


@cache
def _build_statement(given: tuple[str, ...]) -> str:
    matching = " AND ".join([MATCHING, *(_CONDITIONS[name] for name in given if name in _CONDITIONS)])
    bounds = " AND ".join(["TRUE", *(_BOUNDS[name] for name in given if name in _BOUNDS)])
    source = f"resource_record INDEXED BY {INDEX} WHERE {matching}"
    found = f"SELECT created_at, booking_status, {', '.join(COLUMNS)} FROM {source} AND {bounds}"
    # The rows of a search are read once; without a search, each count reads its range of the index.
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
