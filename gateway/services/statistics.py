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
from gateway.database import Reader
from gateway.domain.calendar import days, instants, timezones
from gateway.domain.enums import AppointmentType, Permission, StatisticsDateField
from gateway.domain.ids import is_id
from gateway.domain.statistics import (
    APPOINTMENT_STATISTICS,
    AS_OF,
    OVERVIEW,
    TRENDS,
    BucketPage,
    Dashboard,
    DashboardCounts,
    DashboardPart,
    Overview,
    Statistics,
    StatisticsBucket,
    StatisticsFilter,
    StatusCounts,
    Trend,
)
from gateway.domain.text import parse_search_words
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, Refused, invalid_input, not_found
from gateway.services import dashboard_day_counts, record_counts
from gateway.services.access import require_permissions
from gateway.services.resource_records import check_search

MAX_FILLED_DAYS = 3660
"""Ten years."""

_DAY_CACHE_SIZE = 32_768
"""Of a century, or of as many days of several zones."""

_ZERO_COUNTS = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class DashboardArguments:
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


async def get_dashboard(
    reader: Reader, viewer: Viewer, statistics: Statistics, integration_id: str, arguments: DashboardArguments
) -> Dashboard:
    """The dashboard of the team's connected integration with this id.

    Raises Refused: INVALID with everything that is wrong with the arguments, NOT_FOUND for an integration that
    does not exist or is not visible.
    """
    _require_statistics_permission(viewer, statistics, is_search=bool(arguments.search))
    problems = ProblemList()
    if not is_id(integration_id):
        problems.add_invalid(
            "`integrationId` must be the id of an integration: 1 to 64 visible ASCII characters.", "integrationId"
        )
    _check_arguments(arguments, problems)
    problems.raise_if_any()
    found = await reader.fetch_rows(sql.statistics.select_integration(viewer, integration_id), "timezone")
    if not found:
        raise not_found("There is no connected integration with this id.", "integrationId")
    integration = (viewer.team_id, integration_id, found[0].timezone)
    return _build_dashboard(statistics, integration, arguments, reader.as_of)


ZonedIntegration: TypeAlias = tuple[str, str, str | None]
"""Team id, id and zone of an integration that was read."""


async def get_dashboards(
    reader: Reader,
    viewer: Viewer,
    integrations: Sequence[ZonedIntegration],
    statistics: Statistics,
    arguments: DashboardArguments,
) -> Mapping[ZonedIntegration, Dashboard]:
    """The dashboards of these integrations; another team's count nothing. Raises Refused (INVALID)."""
    _require_statistics_permission(viewer, statistics, is_search=bool(arguments.search))
    problems = ProblemList()
    _check_arguments(arguments, problems)
    problems.raise_if_any()
    return {key: _build_dashboard(statistics, key, arguments, reader.as_of) for key in integrations}


def _require_statistics_permission(viewer: Viewer, statistics: Statistics, *, is_search: bool) -> None:
    """Raises Refused (FORBIDDEN). To search is to ask for somebody by name, which numbers alone do not tell of."""
    if (
        is_search
        or statistics is not APPOINTMENT_STATISTICS
        or not viewer.has_permission(Permission.READ_STATISTICS)
    ):
        require_permissions(viewer, Permission.READ_RECORDS)


def _check_arguments(arguments: DashboardArguments, problems: ProblemList) -> None:
    for name, value in (("size", arguments.size), ("page", arguments.page)):
        if value < 1:
            problems.add_invalid(f"`{name}` must be 1 or more, not {value}.", name)
    check_search(arguments.search, problems)
    if arguments.start is not None and arguments.end is not None and arguments.start > arguments.end:
        problems.add_invalid("`start` must not be after `end`.", "start")
    _check_days(arguments, problems)
    if arguments.timezone is not None and not timezones.is_timezone(arguments.timezone):
        message = "`timezone` must be the IANA name of a time zone in its own spelling, such as `America/Chicago`."
        problems.add_invalid(message, "timezone")


def _check_days(arguments: DashboardArguments, problems: ProblemList) -> None:
    instants_given = arguments.start is not None or arguments.end is not None
    days_given = arguments.first_day is not None or arguments.last_day is not None
    if arguments.days is not None and not 1 <= arguments.days <= MAX_FILLED_DAYS:
        problems.add_invalid(f"`days` must be from 1 to {MAX_FILLED_DAYS}, not {arguments.days}.", "days")
    if arguments.days is not None and (instants_given or days_given):
        problems.add_invalid("`days` says all of the time: leave the other bounds out.", "days")
    elif days_given and instants_given:
        name = "lastDay" if arguments.first_day is None else "firstDay"
        problems.add_invalid("Give bounds as days, or as instants by `start` and `end`, not both.", name)
    elif arguments.first_day and arguments.last_day and arguments.first_day > arguments.last_day:
        problems.add_invalid("`firstDay` must not be after `lastDay`.", "firstDay")


def _compute_bounds(
    arguments: DashboardArguments, zone: ZoneInfo, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Start and end of the time that is asked for."""
    if arguments.days is not None:
        today = days.get_local_day(zone, now)
        return days.find_day_start(zone, today - timedelta(days=arguments.days)), days.find_day_start(zone, today)
    start, end = arguments.start, arguments.end
    if arguments.first_day is not None:
        start = days.find_day_start(zone, arguments.first_day)
    if arguments.last_day is not None and arguments.last_day < date.max:
        end = days.find_day_start(zone, arguments.last_day + timedelta(days=1))
    return start, end


def _build_dashboard(
    statistics: Statistics, integration: ZonedIntegration, arguments: DashboardArguments, now: datetime
) -> Dashboard:
    team_id, integration_id, timezone = integration
    integration_timezone = timezones.get_zone(timezone).key
    start, end = _compute_bounds(arguments, timezones.get_zone(arguments.timezone or integration_timezone), now)
    return Dashboard(
        statistics=statistics,
        team_id=team_id,
        integration_id=integration_id,
        integration_timezone=integration_timezone,
        filter=StatisticsFilter(
            appointment_type=arguments.appointment_type,
            words=parse_search_words(arguments.search),
            date_field=arguments.date_field,
            start=start,
            end=end,
        ),
        buckets=BucketPage(arguments.size, arguments.page),
        timezone=arguments.timezone or integration_timezone,
        fill_gaps=arguments.fill_gaps,
    )


PartValue: TypeAlias = Overview | Sequence[Trend] | Sequence[StatisticsBucket] | datetime | Refused


async def get_parts(
    reader: Reader, viewer: Viewer, keys: Sequence[DashboardPart]
) -> Mapping[DashboardPart, PartValue]:
    """These parts of dashboards.

    Trends are the days with records, the earliest first, or all days where gaps are filled: from the day of the
    filter's start, or the first with records, to that of its end, or the last with records. They are Refused
    (INVALID) for gaps of more than `MAX_FILLED_DAYS`. Buckets are the largest first, then by value.
    """
    if not viewer.has_permission(Permission.READ_RECORDS):
        for dashboard, _ in keys:
            _require_statistics_permission(viewer, dashboard.statistics, is_search=bool(dashboard.filter.words))
    by_days: dict[Dashboard, set[str]] = defaultdict(set)
    by_records: dict[Dashboard, set[str]] = defaultdict(set)
    for dashboard, part in keys:
        if dashboard.team_id == viewer.team_id and part != AS_OF:
            (by_days if _is_counted_by_days(dashboard, part) else by_records)[dashboard].add(part)
    found: DashboardCounts = {}
    for read, asked in ((dashboard_day_counts.read_parts, by_days), (record_counts.read_parts, by_records)):
        if asked:
            found |= await read(reader, viewer, asked)
    return {
        (dashboard, part): reader.as_of
        if part == AS_OF
        else _build_part(dashboard, part, found.get((dashboard, part), []))
        for dashboard, part in keys
    }


def _is_counted_by_days(dashboard: Dashboard, part: str) -> bool:
    filter = dashboard.filter
    if filter.words or filter.date_field is not StatisticsDateField.CREATED_AT:
        return False
    return part != TRENDS or dashboard.timezone == dashboard.integration_timezone


def _build_part(dashboard: Dashboard, part: str, rows: Sequence[StatusCounts]) -> PartValue:
    if part == TRENDS:
        return _build_trends(dashboard, rows)
    if part == OVERVIEW:
        return Overview(*rows[0][1:]) if rows else Overview()
    buckets = (StatisticsBucket(*row) for row in rows)
    return sorted(buckets, key=lambda bucket: (-bucket.count, bucket.value))


def _build_trends(dashboard: Dashboard, rows: Sequence[StatusCounts]) -> Sequence[Trend] | Refused:
    zone = timezones.get_zone(dashboard.timezone)
    counts: dict[int, tuple[int, int, int]] = {}
    for number, successful, failed, pending in rows:
        before = counts.get(day := int(number), _ZERO_COUNTS)
        counts[day] = (before[0] + successful, before[1] + failed, before[2] + pending)
    try:
        day_numbers = _fill_gaps(counts, dashboard.filter, zone) if dashboard.fill_gaps else sorted(counts)
    except Refused as refusal:
        return refusal
    return [
        Trend(*begun, *counts.get(day, _ZERO_COUNTS))
        for day in day_numbers
        if (begun := _get_day_start(zone, day)) is not None
    ]


@lru_cache(_DAY_CACHE_SIZE)
def _get_day_start(zone: ZoneInfo, number: int) -> tuple[date, str] | None:
    """The day of that number and its first instant; None for one that the zone skipped."""
    day = date.fromordinal(number)
    start = days.find_first_instant(zone, day)
    return None if start is None else (day, instants.format_instant(start))


def _fill_gaps(counts: Collection[int], filter: StatisticsFilter, zone: ZoneInfo) -> Collection[int]:
    """The days to show when gaps are filled; none where a bound is open and no record closes it."""
    start, end = filter.start, filter.end
    if not counts and (start is None or end is None):
        return ()
    if start is not None and start == end:
        return ()
    first = min(counts) if start is None else days.get_local_day(zone, start).toordinal()
    last = max(counts) if end is None else days.get_local_day(zone, end - instants.RESOLUTION).toordinal()
    length = last - first + 1
    if length > MAX_FILLED_DAYS:
        raise invalid_input(
            f"`fillGaps` fills at most {MAX_FILLED_DAYS} days, and there are {length}: give `start` and `end` "
            "closer together, or leave it out.",
            "fillGaps",
        )
    return range(first, last + 1)
