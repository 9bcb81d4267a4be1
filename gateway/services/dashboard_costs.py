"""Cost of the arguments of dashboards, in units of the cost limit."""

from collections.abc import Mapping

from gateway.domain.statistics import Statistics
from gateway.services.record_costs import MAX_CHARGED_DAYS, READ_DAY_COST, count_days
from gateway.services.trends import MAX_FILLED_DAYS

FILLED_DAY_COST, ZONE_DAY_COST = 5, 32
"""Cost of each day that `fillGaps` may add to `trends`, and of each day of a zone that may not be stored."""


def compute_arguments_cost(statistics: Statistics, arguments: Mapping[str, object]) -> int:
    """Return the cost of `fillGaps`, `timezone` and filters by value with these arguments."""
    filling = FILLED_DAY_COST if arguments.get("fillGaps") is True else 0
    zone = ZONE_DAY_COST if isinstance(arguments.get("timezone"), str) else 0
    values = READ_DAY_COST if _reads_records(statistics, arguments) else 0
    if not (filling or zone or values):
        return 0
    days = _count_days(arguments)
    return filling * days + (zone + values) * min(days, MAX_CHARGED_DAYS)


def _reads_records(statistics: Statistics, arguments: Mapping[str, object]) -> bool:
    """Return whether stored counts cannot answer the filters by value.

    They can answer one value if the dashboard has no other breakdown.
    """
    given = [values for each in statistics.breakdowns if (values := arguments.get(each.field))]
    # GraphQL takes one value for a list of it.
    has_several = any(isinstance(values, list) and len(values) > 1 for values in given)
    return bool(given) and (len(statistics.breakdowns) > 1 or has_several)


def _count_days(arguments: Mapping[str, object]) -> int:
    """Return the number of days between the bounds; with an open one, `MAX_FILLED_DAYS`."""
    if isinstance(number := arguments.get("days"), int):
        return max(0, min(number, MAX_FILLED_DAYS))
    first = arguments.get("firstDay") or arguments.get("start")
    return count_days(first, arguments.get("lastDay") or arguments.get("end"), MAX_FILLED_DAYS)
