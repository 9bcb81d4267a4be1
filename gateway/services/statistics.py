"""The appointments dashboard.

What is counted for many integrations at once takes one statement for all of them; trends take one for all
those in one time zone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.domain import days, timezones
from gateway.domain.enums import AppointmentType, BookingStatus, Permission, StatisticsDateField
from gateway.domain.ids import is_id
from gateway.domain.statistics import (
    AppointmentFilter,
    Breakdown,
    Bucket,
    BucketPage,
    Dashboard,
    Overview,
    Trend,
)
from gateway.domain.text import search_words
from gateway.domain.viewer import Viewer
from gateway.errors import Problems, invalid, not_found
from gateway.services.access import Key, own_ids, require
from gateway.services.resource_records import check_search
from gateway.snapshots import Reader
from gateway.tables import Integration

MAX_FILLED_DAYS = 3660
"""Ten years."""

_CENTURY = timedelta(days=36525)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the dashboard, as it came."""

    appointment_type: AppointmentType | None
    size: int
    page: int
    search: str | None
    start: datetime | None
    end: datetime | None
    timezone: str | None
    date_field: StatisticsDateField
    fill_gaps: bool


async def dashboard(session: Reader, viewer: Viewer, integration_id: str, question: Question) -> Dashboard:
    """The dashboard of the team's connected integration with this id.

    Raises Refused: INVALID with everything that is wrong with the arguments, NOT_FOUND for an integration that
    does not exist or is not visible.
    """
    require(viewer, Permission.READ_RECORDS)
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
    return _ask(found[0], question)


def dashboard_of(viewer: Viewer, integration: Integration, question: Question) -> Dashboard:
    """The dashboard of an integration that was read; another team's counts nothing. Raises Refused (INVALID)."""
    require(viewer, Permission.READ_RECORDS)
    problems = Problems()
    _check(question, problems)
    problems.raise_if_any()
    return _ask(integration, question)


def _check(question: Question, problems: Problems) -> None:
    for name, value in (("size", question.size), ("page", question.page)):
        if value < 1:
            problems.invalid(f"`{name}` must be 1 or more, not {value}.", name)
    check_search(question.search, problems)
    if question.start is not None and question.end is not None and question.start > question.end:
        problems.invalid("`start` must not be after `end`.", "start")
    if question.timezone is not None and not timezones.is_timezone(question.timezone):
        message = "`timezone` must be the IANA name of a time zone in its own spelling, such as `America/Chicago`."
        problems.invalid(message, "timezone")


def _ask(integration: Integration, question: Question) -> Dashboard:
    return Dashboard(
        team_id=integration.team_id,
        integration_id=integration.id,
        filter=AppointmentFilter(
            appointment_type=question.appointment_type,
            words=search_words(question.search),
            date_field=question.date_field,
            start=question.start,
            end=question.end,
        ),
        buckets=BucketPage(question.size, question.page),
        timezone=question.timezone or integration.timezone or "UTC",
        fill_gaps=question.fill_gaps,
    )


async def overviews(
    session: Reader, viewer: Viewer, keys: Sequence[Key], filter: AppointmentFilter
) -> Mapping[Key, Overview]:
    """How many appointments each integration has, and how their bookings went."""
    require(viewer, Permission.READ_RECORDS)
    counts: dict[str, dict[BookingStatus | None, int]] = {}
    for id, status, count in await session.tuples(sql.statistics.overviews(viewer, own_ids(viewer, keys), filter)):
        counts.setdefault(id, {})[status] = count
    found = {(viewer.team_id, id): _overview(by_status) for id, by_status in counts.items()}
    return dict.fromkeys(keys, Overview()) | found


def _overview(counts: Mapping[BookingStatus | None, int]) -> Overview:
    successful, failed = counts.get(BookingStatus.SUCCESSFUL, 0), counts.get(BookingStatus.FAILED, 0)
    return Overview(successful, failed, pending=sum(counts.values()) - successful - failed)


async def buckets(
    session: Reader,
    viewer: Viewer,
    keys: Sequence[Key],
    filter: AppointmentFilter,
    breakdown: Breakdown,
    page: BucketPage,
) -> Mapping[Key, Sequence[Bucket]]:
    """A page of a breakdown of each integration: the largest buckets first, then by value."""
    require(viewer, Permission.READ_RECORDS)
    found: dict[Key, list[Bucket]] = {key: [] for key in keys}
    statement = sql.statistics.buckets(viewer, own_ids(viewer, keys), filter, breakdown, page)
    for id, value, count in await session.tuples(statement):
        found[viewer.team_id, id].append(Bucket(value, count))
    return found


async def trends(
    session: Reader,
    viewer: Viewer,
    keys: Sequence[Key],
    filter: AppointmentFilter,
    timezone: str,
    fill_gaps: bool,
) -> Mapping[Key, Sequence[Trend]]:
    """How the bookings of each local day went, for each integration, the earliest day first.

    Days without appointments are left out, unless gaps are filled: from the day of the filter's start, or the
    first with appointments, to that of its end, or the last with appointments. Raises Refused (INVALID) for
    gaps of more than `MAX_FILLED_DAYS`.
    """
    require(viewer, Permission.READ_RECORDS)
    zone = timezones.zone(timezone)
    counted = await _count_days(session, viewer, own_ids(viewer, keys), filter, zone)
    began_at = cache(partial(days.first_instant, zone))
    found: dict[Key, list[Trend]] = {}
    for team_id, id in keys:
        counts = counted.get(id, {}) if team_id == viewer.team_id else {}
        shown = _filled(counts, filter, zone) if fill_gaps else sorted(counts)
        found[team_id, id] = [
            Trend(day, began, *counts.get(day, (0, 0))) for day in shown if (began := began_at(day)) is not None
        ]
    return found


DayCounts = dict[date, tuple[int, int]]
"""How many bookings of each day succeeded and failed."""


async def _count_days(
    session: Reader, viewer: Viewer, ids: Sequence[str], filter: AppointmentFilter, zone: ZoneInfo
) -> Mapping[str, DayCounts]:
    """The days of each integration, counted a century at a time: appointments may lie any time apart."""
    counted: dict[str, DayCounts] = {id: {} for id in ids}
    rest: AppointmentFilter | None = filter
    while rest is not None:
        ((first, last),) = await session.tuples(sql.statistics.bounds(viewer, ids, rest))
        if first is None or last is None:
            break
        now, rest = rest, None
        if last - first > _CENTURY:
            last = first + _CENTURY
            now, rest = replace(now, end=last), replace(now, start=last)
        offsets = ((each.since, int(each.ahead.total_seconds())) for each in days.offsets(zone, first, last))
        statement = sql.statistics.days(viewer, ids, now, tuple(offsets))
        for id, day, successful, failed in await session.tuples(statement):
            before = counted[id].get(day, (0, 0))
            counted[id][day] = (before[0] + successful, before[1] + failed)
    return counted


def _filled(counts: DayCounts, filter: AppointmentFilter, zone: ZoneInfo) -> Iterable[date]:
    """The days to show when gaps are filled; none where a bound is open and no appointment closes it."""
    start, end = filter.start, filter.end
    if not counts and (start is None or end is None):
        return ()
    if start is not None and start == end:
        return ()
    first = min(counts) if start is None else days.day_of(zone, start)
    last = max(counts) if end is None else days.day_of(zone, end - _MILLISECOND)
    length = (last - first).days + 1
    if length > MAX_FILLED_DAYS:
        raise invalid(
            f"`fillGaps` fills at most {MAX_FILLED_DAYS} days, and there are {length}: give `start` and `end` "
            "closer together, or leave it out.",
            "fillGaps",
        )
    return days.between(first, last)
