"""Trends of dashboards: the numbers of local days, and their sums by week and month."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from gateway.domain.calendar import days, instants, timezones
from gateway.domain.enums import TrendPeriod
from gateway.domain.statistics import Dashboard, StatisticsFilter, StatusCounts, Trend
from gateway.errors import Refused, invalid_input

MAX_FILLED_DAYS = 3660
"""The maximum of `days` and of the days in `trends` with `fillGaps`: ten years."""

_DAY_CACHE_SIZE = 32_768
"""The number of cached days, of all zones together: almost a century of one zone."""

_ZERO_COUNTS = (0, 0, 0)


def build_trends(dashboard: Dashboard, rows: Sequence[StatusCounts]) -> Sequence[Trend] | Refused:
    """Return the days of these rows in ascending order; `gateway.services.statistics.get_parts` says which."""
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
        Trend(*start, *counts.get(day, _ZERO_COUNTS))
        for day in day_numbers
        if (start := _get_day_start(zone, day)) is not None
    ]


def sum_trends(trends: Sequence[Trend], dashboard: Dashboard, period: TrendPeriod) -> Sequence[Trend]:
    """Return the sums of the days of each period. They begin at its first local day within the filter's bounds."""
    if period is TrendPeriod.DAY:
        return trends
    zone, start = timezones.get_zone(dashboard.timezone), dashboard.filter.start
    first = date.min if start is None else days.get_local_day(zone, start)
    sums: list[Trend] = []
    for day, of_period in groupby(trends, lambda trend: _find_period_start(trend.day, period)):
        began_at = days.find_day_start(zone, max(day, first))
        _, _, *numbers = zip(*of_period, strict=True)
        began = (days.get_local_day(zone, began_at), instants.format_instant(began_at))
        sums.append(Trend(*began, *map(sum, numbers)))
    return sums


def _find_period_start(day: date, period: TrendPeriod) -> date:
    return day.replace(day=1) if period is TrendPeriod.MONTH else day - timedelta(days=day.weekday())


@lru_cache(_DAY_CACHE_SIZE)
def _get_day_start(zone: ZoneInfo, number: int) -> tuple[date, str] | None:
    """Return the day with this `date.toordinal` and its first instant, or None if the zone skips that day."""
    day = date.fromordinal(number)
    start = days.find_first_instant(zone, day)
    return None if start is None else (day, instants.format_instant(start))


def _fill_gaps(counts: Collection[int], filter: StatisticsFilter, zone: ZoneInfo) -> Collection[int]:
    """Return the numbers of all days of the filter, or none if a bound is open and there are no records.

    Raises Refused (INVALID) for more than `MAX_FILLED_DAYS`.
    """
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
            f"`fillGaps` fills at most {MAX_FILLED_DAYS} days, not {length}. Choose a shorter time range, or omit "
            "`fillGaps`.",
            "fillGaps",
        )
    return range(first, last + 1)
