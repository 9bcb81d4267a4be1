"""The hand-written scan for PostgreSQL, with time zones and grouping sets."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from gateway.domain.enums import AppointmentType
from gateway.domain.lenient_reading import Document
from tests.benchmarks.documents import TIMEZONE
from tests.benchmarks.peers.dashboard import BREAKDOWNS, COLUMNS, MATCHING

_CONDITIONS = {
    "id": "integration_id = {}",
    "start": "created_at >= {}",
    "end": "created_at < {}",
    "type": "appointment_type = {}",
    "search": "search_text LIKE '%' || {} || '%'",
}


def build_statement(variables: Document) -> tuple[str, list[object]]:
    """Return the statement for a dashboard with these variables, and its values."""
    given = tuple(name for name in _CONDITIONS if name in variables)
    return _build_statement(given, ZoneInfo(str(variables.get("zone", TIMEZONE))).key), [
        _to_value(name, str(variables[name])) for name in given
    ]


def _to_value(name: str, text: str) -> object:
    match name:
        case "start" | "end":
            return datetime.fromisoformat(text)
        case "type":
            return AppointmentType[text].value
        case _:
            return text


@cache
def _build_statement(given: tuple[str, ...], zone: str) -> str:
    conditions = [_CONDITIONS[name].format(f"${place}") for place, name in enumerate(given, 1)]
    start, end = (f"${given.index(name) + 1}" if name in given else "NULL" for name in ("start", "end"))
    # The rows of a search are read once; without a search, each count reads its range of the index.
    materialization = "MATERIALIZED" if "search" in given else "NOT MATERIALIZED"
    buckets = ", ".join(
        f"""'{key}', coalesce((
          SELECT json_agg(json_build_object('value', {column}, 'count', count) ORDER BY count DESC, {column})
          FROM bucket WHERE {column} IS NOT NULL
        ), '[]')"""
        for key, column in BREAKDOWNS.items()
    )
    return f"""
        WITH found AS {materialization} (
          SELECT created_at, booking_status, {", ".join(COLUMNS)} FROM resource_record
          WHERE {MATCHING} AND {" AND ".join(conditions)}
        ),
        pair AS (
          SELECT {", ".join(COLUMNS)}, count(*) AS count FROM found
          GROUP BY GROUPING SETS ((source, utm_source), (utm_medium, utm_campaign))
        ),
        bucket AS (
          SELECT {", ".join(COLUMNS)}, sum(count)::bigint AS count FROM pair
          GROUP BY GROUPING SETS ((source), (utm_source), (utm_medium), (utm_campaign))
        ),
        span AS (
          SELECT
            coalesce({start}::timestamptz, (SELECT min(created_at) FROM found)) AT TIME ZONE '{zone}' AS first,
            coalesce({end}::timestamptz, (SELECT max(created_at) FROM found)) AT TIME ZONE '{zone}' AS last
        ),
        trend AS MATERIALIZED (
          SELECT day, counted.*
          FROM span, generate_series(date_trunc('day', first), last, '1 day') AS day, LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE booking_status = 'successful') AS successful,
              count(*) FILTER (WHERE booking_status = 'failed') AS failed
            FROM found
            WHERE created_at >= day AT TIME ZONE '{zone}'
              AND created_at < (day + interval '1 day') AT TIME ZONE '{zone}'
          ) AS counted
          WHERE total > 0
        )
        SELECT json_build_object('data', json_build_object('appointmentStatistics', json_build_object(
          'overview', (
            SELECT json_build_object('total', coalesce(sum(total), 0), 'successful', coalesce(sum(successful), 0),
              'failed', coalesce(sum(failed), 0), 'pending', coalesce(sum(total - successful - failed), 0))
            FROM trend
          ),
          'trends', coalesce((
            SELECT json_agg(json_build_object(
              'date', to_char(day AT TIME ZONE '{zone}' AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
              'day', day::date, 'successful', successful, 'failed', failed
            ) ORDER BY day) FROM trend
          ), '[]'),
          {buckets}
        )))::text
    """
