"""Dashboards: counts of the records of an integration.

`dashboard_day_counts` reads most parts, with one statement for all dashboards of an operation. It sums the stored
counts of whole days, and counts the records of incomplete first and last days.

`record_counts` reads the other parts from records only: searches, filters of several values, other breakdowns than
that of a filter's value, trends by the days of another zone, and breakdowns with thousands of values. It needs one
or two statements for each filter and zone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database import Reader
from gateway.domain.calendar import days, timezones
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
    ValueFilter,
)
from gateway.domain.text import parse_search_words
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, Refused, not_found
from gateway.services import dashboard_day_counts, record_counts
from gateway.services.access import require_permissions
from gateway.services.record_filters import check_values
from gateway.services.record_search import check_search
from gateway.services.trends import MAX_FILLED_DAYS, build_trends


@dataclass(frozen=True, slots=True)
class DashboardArguments:
    """The arguments of a dashboard field, not yet validated. `size` and `page` are those of its breakdowns."""

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
    source: tuple[str, ...] | None = None
    utm_source: tuple[str, ...] | None = None
    utm_medium: tuple[str, ...] | None = None
    utm_campaign: tuple[str, ...] | None = None

    @property
    def values(self) -> ValueFilter:
        """The conditions on values."""
        return ValueFilter.create(
            appointment_type=None if self.appointment_type is None else (self.appointment_type.value,),
            source=self.source,
            utm_source=self.utm_source,
            utm_medium=self.utm_medium,
            utm_campaign=self.utm_campaign,
        )


async def get_dashboard(
    reader: Reader, viewer: Viewer, statistics: Statistics, integration_id: str, arguments: DashboardArguments
) -> Dashboard:
    """Return the dashboard of the team's connected integration with this id. The counts are not yet read.

    The viewer needs READ_RECORDS; for appointments without a search, READ_STATISTICS is enough. Raises Refused:
    FORBIDDEN without it; INVALID with all problems of the arguments; NOT_FOUND if the integration does not exist
    or the viewer may not see it.
    """
    _require_statistics_permission(viewer, statistics, is_search=bool(arguments.search))
    problems = ProblemList()
    if not is_id(integration_id):
        problems.add_invalid(
            "`integrationId` must be the id of an integration: 1 to 64 visible ASCII characters.", "integrationId"
        )
    _check_arguments(arguments, problems)
    problems.raise_if_any()
    rows = await reader.fetch_rows(sql.statistics.select_integration(viewer, integration_id), "timezone")
    if not rows:
        raise not_found("There is no connected integration with this id.", "integrationId")
    integration = (viewer.team_id, integration_id, rows[0].timezone)
    return _build_dashboard(statistics, integration, arguments, reader.as_of)


ZonedIntegration: TypeAlias = tuple[str, str, str | None]
"""The team id, id and time zone of an integration."""


async def get_dashboards(
    reader: Reader,
    viewer: Viewer,
    integrations: Sequence[ZonedIntegration],
    statistics: Statistics,
    arguments: DashboardArguments,
) -> Mapping[ZonedIntegration, Dashboard]:
    """Return the dashboard of each of these integrations. The counts are not yet read.

    The dashboard of another team's integration counts nothing. Permissions and errors are those of
    `get_dashboard`, except NOT_FOUND.
    """
    _require_statistics_permission(viewer, statistics, is_search=bool(arguments.search))
    problems = ProblemList()
    _check_arguments(arguments, problems)
    problems.raise_if_any()
    return {key: _build_dashboard(statistics, key, arguments, reader.as_of) for key in integrations}


def _require_statistics_permission(viewer: Viewer, statistics: Statistics, *, is_search: bool) -> None:
    """Raise Refused (FORBIDDEN) without READ_RECORDS, or READ_STATISTICS for appointments without a search.

    A search can reveal whether a person is a patient.
    """
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
    for breakdown in APPOINTMENT_STATISTICS.breakdowns:
        check_values(getattr(arguments, breakdown.column), problems, breakdown.field)
    if arguments.start is not None and arguments.end is not None and arguments.start > arguments.end:
        problems.add_invalid("`start` must not be after `end`.", "start")
    _check_days(arguments, problems)
    if arguments.timezone is not None and not timezones.is_timezone(arguments.timezone):
        message = "`timezone` must be the exact IANA name of a time zone, such as `America/Chicago`."
        problems.add_invalid(message, "timezone")


def _check_days(arguments: DashboardArguments, problems: ProblemList) -> None:
    has_instants = arguments.start is not None or arguments.end is not None
    has_days = arguments.first_day is not None or arguments.last_day is not None
    if arguments.days is not None and not 1 <= arguments.days <= MAX_FILLED_DAYS:
        problems.add_invalid(f"`days` must be from 1 to {MAX_FILLED_DAYS}, not {arguments.days}.", "days")
    if arguments.days is not None and (has_instants or has_days):
        problems.add_invalid("`days` cannot be combined with `start`, `end`, `firstDay` or `lastDay`.", "days")
    elif has_days and has_instants:
        name = "lastDay" if arguments.first_day is None else "firstDay"
        problems.add_invalid("`firstDay` and `lastDay` cannot be combined with `start` or `end`.", name)
    elif arguments.first_day and arguments.last_day and arguments.first_day > arguments.last_day:
        problems.add_invalid("`firstDay` must not be after `lastDay`.", "firstDay")


def _compute_bounds(
    arguments: DashboardArguments, zone: ZoneInfo, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the first instant, and the instant after the last one; None for an open bound."""
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
            values=arguments.values,
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
    """Return these parts of dashboards.

    OVERVIEW is an `Overview`, AS_OF the instant of the snapshot, and a breakdown a list of buckets, the largest
    first, then by value. TRENDS are days in ascending order: those with records, or with `fill_gaps` all days
    between the filter's bounds. The first or the last day with records replaces an open bound. TRENDS of more than
    `MAX_FILLED_DAYS` filled days are a Refused (INVALID) as the value.

    The permissions are those of `get_dashboard`. Raises Refused (FORBIDDEN) without them.
    """
    if not viewer.has_permission(Permission.READ_RECORDS):
        for dashboard, _ in keys:
            _require_statistics_permission(viewer, dashboard.statistics, is_search=bool(dashboard.filter.words))
    counts = await _read_counts(reader, viewer, keys)
    found: dict[DashboardPart, PartValue] = {}
    for dashboard, part in keys:
        if part == AS_OF:
            found[dashboard, part] = reader.as_of
            continue
        found[dashboard, part] = _build_part(dashboard, part, counts.get((dashboard, part), []))
        if part == TRENDS and dashboard.fill_gaps:
            await asyncio.sleep(0)  # Ten years take some milliseconds.
    return found


async def _read_counts(reader: Reader, viewer: Viewer, keys: Sequence[DashboardPart]) -> DashboardCounts:
    """Return the counts of these parts: from day counts, or else from records."""
    by_days: dict[Dashboard, set[str]] = defaultdict(set)
    by_records: dict[Dashboard, set[str]] = defaultdict(set)
    for dashboard, part in keys:
        is_empty = dashboard.team_id != viewer.team_id or dashboard.filter.values.matches_nothing
        if not is_empty and part != AS_OF:
            (by_days if dashboard_day_counts.may_answer(dashboard, part) else by_records)[dashboard].add(part)
    counts: DashboardCounts = {}
    if by_days:
        counts, unanswered = await dashboard_day_counts.read_parts(reader, viewer, by_days)
        for dashboard, part in unanswered:
            by_records[dashboard].add(part)
    if by_records:
        counts |= await record_counts.read_parts(reader, viewer, by_records)
    return counts


def _build_part(dashboard: Dashboard, part: str, rows: Sequence[StatusCounts]) -> PartValue:
    if part == TRENDS:
        return build_trends(dashboard, rows)
    if part == OVERVIEW:
        return Overview(*rows[0][1:]) if rows else Overview()
    buckets = (StatisticsBucket(*row) for row in rows)
    return sorted(buckets, key=lambda bucket: (-bucket.count, bucket.value))
