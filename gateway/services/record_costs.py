"""Cost of the records that a request may read, in units of the cost limit: by days, not by their number."""

from collections.abc import Mapping
from datetime import date

from gateway.domain.enums import ResourceType
from gateway.domain.paging import MAX_OFFSET
from gateway.domain.statistics import STATISTICS

COUNTED_DAY_COST, READ_DAY_COST = 40, 240
"""Cost of each day whose records are counted from an index, and of each day whose records are read."""

MAX_CHARGED_DAYS = 400
"""The maximum number of days that cost. Two dashboards of all time are below the default cost limit."""

VALUES_COST = 1_000
"""Cost of values that the records of a page have: few records may have them."""

SKIPPED_FOR_ONE = 2
"""The number of entries that `offset` skips for a cost of 1."""

_TYPES_WITHOUT_VALUES = ResourceType.__members__.keys() - {each.type.name for each in STATISTICS}


def count_days(first: object, last: object, most: int = MAX_CHARGED_DAYS) -> int:
    """Return the number of days between two days or instants, but not more than `most`; `most` if one is open.

    They are texts, unless a variable gave them.
    """
    begin, end = _read_day(first), _read_day(last)
    # In the zone of a dashboard, an instant may be on the day before or after.
    number = most if begin is None or end is None else (end - begin).days + 2
    return max(0, min(number, most))


def _read_day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def compute_list_cost(arguments: Mapping[str, object]) -> int:
    """Return the cost of `filter` and `offset` in the arguments of a list of records, for a page of it."""
    offset = arguments.get("offset")
    skipped = max(0, min(offset, MAX_OFFSET)) // SKIPPED_FOR_ONE if isinstance(offset, int) else 0
    filter = _get_filter(arguments)
    start = _get_object(filter, "start")
    if start.keys() - {"ne"}:
        # With a range of `createdAt`, too, the database may still read the records by their start.
        return skipped + READ_DAY_COST * count_days(*_get_bounds(start))
    return skipped + VALUES_COST * bool(filter.keys() - {"createdAt"})


def compute_count_cost(arguments: Mapping[str, object]) -> int:
    """Return the cost of `filter` in the arguments of a list of records, for its `totalCount`."""
    filter = _get_filter(arguments)
    return COUNTED_DAY_COST * _count_filtered_days(filter) if filter else 0


def _get_filter(arguments: Mapping[str, object]) -> Mapping[str, object]:
    """Return the conditions of `filter`, or none if no record of the requested type can meet them."""
    given = _remove_empty(arguments.get("filter"))
    filter = given if isinstance(given, Mapping) else {}
    type_ = arguments.get("type")
    name = type_.name if isinstance(type_, ResourceType) else type_
    return {} if name in _TYPES_WITHOUT_VALUES and filter.keys() - {"createdAt"} else filter


def _remove_empty(value: object) -> object:
    """Return a value without the null and empty values in it: they are no conditions, or match nothing."""
    if not isinstance(value, Mapping):
        return value
    return {name: found for name, each in value.items() if (found := _remove_empty(each))}


def _get_object(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def _count_filtered_days(filter: Mapping[str, object]) -> int:
    """Return the number of days of the shorter range of `createdAt` and `start`; 0 for instants of creation."""
    created_at = _get_object(filter, "createdAt")
    if created_at.keys() & {"eq", "in"}:
        return 0
    return min(count_days(*_get_bounds(each)) for each in (created_at, _get_object(filter, "start")))


def _get_bounds(instants: Mapping[str, object]) -> tuple[object, object]:
    return instants.get("gte") or instants.get("gt"), instants.get("lt") or instants.get("lte")
