"""The dashboards.

Whole days are read from what is counted by days, and the rest of the first and the last day from records: one
statement for all dashboards of an operation. What days cannot tell is counted from records alone: searches, visits
by their start, and trends by the days of another zone than the integration's; that takes a statement for each
filter and zone, and one more for the days of time that is open.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database.reading import Reader
from gateway.domain.calendar import days, instants, timezones
from gateway.domain.enums import AppointmentType, Permission, StatisticsDateField
from gateway.domain.ids import is_id
from gateway.domain.statistics.catalogue import (
    APPOINTMENTS,
    AS_OF,
    OVERVIEW,
    TRENDS,
    Bucket,
    BucketPage,
    Dashboard,
    Found,
    Overview,
    Part,
    Row,
    Statistics,
    StatisticsFilter,
    Trend,
)
from gateway.domain.text import search_words
from gateway.domain.viewer import Viewer
from gateway.errors import Problems, Refused, invalid, not_found
from gateway.services import day_counts, record_counts
from gateway.services.access import require
from gateway.services.resource_records import check_search

MAX_FILLED_DAYS = 3660
"""Ten years."""

_DAYS_KEPT = 32_768
"""Of a century, or of as many days of several zones."""

_NOTHING = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the dashboard, as it came."""

    size: int = 300
    page: int = 1
    search: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    days: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    timezone: str | None = None
    date_field: StatisticsDateField = StatisticsDateField.CREATED_AT
    fill_gaps: bool = False
    appointment_type: AppointmentType | None = None


async def dashboard(
    session: Reader, viewer: Viewer, statistics: Statistics, integration_id: str, question: Question
) -> Dashboard:
    """The dashboard of the team's connected integration with this id.

    Raises Refused: INVALID with everything that is wrong with the arguments, NOT_FOUND for an integration that
    does not exist or is not visible.
    """
    _require(viewer, statistics, searches=bool(question.search))
    problems = Problems()
    if not is_id(integration_id):
        problems.invalid(
            "`integrationId` must be the id of an integration: 1 to 64 visible ASCII characters.", "integrationId"
        )
    _check(question, problems)
    problems.raise_if_any()
    found = await session.rows(sql.statistics.integration(viewer, integration_id), "timezone")
    if not found:
        raise not_found("There is no connected integration with this id.", "integrationId")
    home = (viewer.team_id, integration_id, found[0].timezone)
    return _ask(statistics, home, question, session.as_of)


Home: TypeAlias = tuple[str, str, str | None]
"""Team id, id and zone of an integration that was read."""


async def dashboards(
    session: Reader, viewer: Viewer, keys: Sequence[Home], statistics: Statistics, question: Question
) -> Mapping[Home, Dashboard]:
    """The dashboards of these integrations; another team's count nothing. Raises Refused (INVALID)."""
    _require(viewer, statistics, searches=bool(question.search))
    problems = Problems()
    _check(question, problems)
    problems.raise_if_any()
    return {key: _ask(statistics, key, question, session.as_of) for key in keys}


def _require(viewer: Viewer, statistics: Statistics, *, searches: bool) -> None:
    """Raises Refused (FORBIDDEN). To search is to ask for somebody by name, which numbers alone do not tell of."""
    if searches or statistics is not APPOINTMENTS or not viewer.may(Permission.READ_STATISTICS):
        require(viewer, Permission.READ_RECORDS)


def _check(question: Question, problems: Problems) -> None:
    for name, value in (("size", question.size), ("page", question.page)):
        if value < 1:
            problems.invalid(f"`{name}` must be 1 or more, not {value}.", name)
    check_search(question.search, problems)
    if question.start is not None and question.end is not None and question.start > question.end:
        problems.invalid("`start` must not be after `end`.", "start")
    _check_days(question, problems)
    if question.timezone is not None and not timezones.is_timezone(question.timezone):
        message = "`timezone` must be the IANA name of a time zone in its own spelling, such as `America/Chicago`."
        problems.invalid(message, "timezone")


def _check_days(question: Question, problems: Problems) -> None:
    instants_given = question.start is not None or question.end is not None
    days_given = question.first_day is not None or question.last_day is not None
    if question.days is not None and not 1 <= question.days <= MAX_FILLED_DAYS:
        problems.invalid(f"`days` must be from 1 to {MAX_FILLED_DAYS}, not {question.days}.", "days")
    if question.days is not None and (instants_given or days_given):
        problems.invalid("`days` says all of the time: leave the other bounds out.", "days")
    elif days_given and instants_given:
        name = "lastDay" if question.first_day is None else "firstDay"
        problems.invalid("Give bounds as days, or as instants by `start` and `end`, not both.", name)
    elif question.first_day and question.last_day and question.first_day > question.last_day:
        problems.invalid("`firstDay` must not be after `lastDay`.", "firstDay")


def _bounds(question: Question, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Start and end of the time that is asked for."""
    if question.days is not None:
        today = days.day_of(zone, now)
        return days.beginning(zone, today - timedelta(days=question.days)), days.beginning(zone, today)
    start, end = question.start, question.end
    if question.first_day is not None:
        start = days.beginning(zone, question.first_day)
    if question.last_day is not None and question.last_day < date.max:
        end = days.beginning(zone, question.last_day + timedelta(days=1))
    return start, end


def _ask(statistics: Statistics, key: Home, question: Question, now: datetime) -> Dashboard:
    team_id, integration_id, timezone = key
    home = timezones.zone(timezone).key
    start, end = _bounds(question, timezones.zone(question.timezone or home), now)
    return Dashboard(
        statistics=statistics,
        team_id=team_id,
        integration_id=integration_id,
        home_timezone=home,
        filter=StatisticsFilter(
            appointment_type=question.appointment_type,
            words=search_words(question.search),
            date_field=question.date_field,
            start=start,
            end=end,
        ),
        buckets=BucketPage(question.size, question.page),
        timezone=question.timezone or home,
        fill_gaps=question.fill_gaps,
    )


Answer: TypeAlias = Overview | Sequence[Trend] | Sequence[Bucket] | datetime | Refused


async def parts(session: Reader, viewer: Viewer, keys: Sequence[Part]) -> Mapping[Part, Answer]:
    """These parts of dashboards.

    Trends are the days with records, the earliest first, or all days where gaps are filled: from the day of the
    filter's start, or the first with records, to that of its end, or the last with records. They are Refused
    (INVALID) for gaps of more than `MAX_FILLED_DAYS`. Buckets are the largest first, then by value.
    """
    if not viewer.may(Permission.READ_RECORDS):
        for dashboard, _ in keys:
            _require(viewer, dashboard.statistics, searches=bool(dashboard.filter.words))
    by_days: dict[Dashboard, set[str]] = defaultdict(set)
    by_records: dict[Dashboard, set[str]] = defaultdict(set)
    for dashboard, part in keys:
        if dashboard.team_id == viewer.team_id and part != AS_OF:
            (by_days if _is_told_by_days(dashboard, part) else by_records)[dashboard].add(part)
    found: Found = {}
    for read, asked in ((day_counts.read, by_days), (record_counts.read, by_records)):
        if asked:
            found |= await read(session, viewer, asked)
    return {
        (dashboard, part): session.as_of
        if part == AS_OF
        else _answer(dashboard, part, found.get((dashboard, part), []))
        for dashboard, part in keys
    }


def _is_told_by_days(dashboard: Dashboard, part: str) -> bool:
    filter = dashboard.filter
    if filter.words or filter.date_field is not StatisticsDateField.CREATED_AT:
        return False
    return part != TRENDS or dashboard.timezone == dashboard.home_timezone


def _answer(dashboard: Dashboard, part: str, rows: Sequence[Row]) -> Answer:
    if part == TRENDS:
        return _trends(dashboard, rows)
    if part == OVERVIEW:
        return Overview(*rows[0][1:]) if rows else Overview()
    buckets = (Bucket(*row) for row in rows)
    return sorted(buckets, key=lambda bucket: (-bucket.count, bucket.value))


def _trends(dashboard: Dashboard, rows: Sequence[Row]) -> Sequence[Trend] | Refused:
    zone = timezones.zone(dashboard.timezone)
    counts: dict[int, tuple[int, int, int]] = {}
    for number, successful, failed, pending in rows:
        before = counts.get(day := int(number), _NOTHING)
        counts[day] = (before[0] + successful, before[1] + failed, before[2] + pending)
    try:
        shown = _filled(counts, dashboard.filter, zone) if dashboard.fill_gaps else sorted(counts)
    except Refused as refusal:
        return refusal
    return [Trend(*begun, *counts.get(day, _NOTHING)) for day in shown if (begun := _begun(zone, day)) is not None]


@lru_cache(_DAYS_KEPT)
def _begun(zone: ZoneInfo, number: int) -> tuple[date, str] | None:
    """The day of that number and its first instant; None for one that the zone skipped."""
    day = date.fromordinal(number)
    began_at = days.first_instant(zone, day)
    return None if began_at is None else (day, instants.isoformat(began_at))


def _filled(counts: Collection[int], filter: StatisticsFilter, zone: ZoneInfo) -> Collection[int]:
    """The days to show when gaps are filled; none where a bound is open and no record closes it."""
    start, end = filter.start, filter.end
    if not counts and (start is None or end is None):
        return ()
    if start is not None and start == end:
        return ()
    first = min(counts) if start is None else days.day_of(zone, start).toordinal()
    last = max(counts) if end is None else days.day_of(zone, end - instants.STEP).toordinal()
    length = last - first + 1
    if length > MAX_FILLED_DAYS:
        raise invalid(
            f"`fillGaps` fills at most {MAX_FILLED_DAYS} days, and there are {length}: give `start` and `end` "
            "closer together, or leave it out.",
            "fillGaps",
        )
    return range(first, last + 1)
