"""Cost of the arguments of dashboards, in units of the cost limit."""

from collections.abc import Mapping
from datetime import date

from gateway.domain.statistics import APPOINTMENT_STATISTICS
from gateway.services.record_filters import FILTER_COST
from gateway.services.trends import MAX_FILLED_DAYS

DAY_COST, ZONE_DAY_COST = 5, 3
"""Cost of each day that `fillGaps` may add to `trends`, and of each day of a zone that may not be stored."""


def compute_arguments_cost(arguments: Mapping[str, object]) -> int:
    """Return the cost of `fillGaps`, `timezone` and filters by value with these arguments."""
    filling = DAY_COST if arguments.get("fillGaps") is True else 0
    zone = ZONE_DAY_COST if isinstance(arguments.get("timezone"), str) else 0
    days = (filling + zone) * _count_days(arguments) if filling or zone else 0
    # GraphQL takes one value for a list of it.
    is_filtered = any(
        isinstance(arguments.get(each.field), list | str) for each in APPOINTMENT_STATISTICS.breakdowns
    )
    return days + FILTER_COST * is_filtered


def _count_days(arguments: Mapping[str, object]) -> int:
    """Return the number of days between the bounds; with an open one, `MAX_FILLED_DAYS`.

    Days and instants are texts, unless a variable gave them.
    """
    most = MAX_FILLED_DAYS
    if isinstance(number := arguments.get("days"), int):
        return max(0, min(number, most))
    first = _read_day(arguments.get("firstDay") or arguments.get("start"))
    last = _read_day(arguments.get("lastDay") or arguments.get("end"))
    # In the zone of the dashboard, an instant may be on the day before or after.
    number = most if first is None or last is None else (last - first).days + 2
    return max(0, min(number, most))


def _read_day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
