"""Arguments of the dashboard fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any, TypeVar, cast

import strawberry

from gateway import services
from gateway.domain import statistics
from gateway.domain.enums import AppointmentType, StatisticsDateField
from gateway.domain.statistics import MAX_FILTER_VALUES, Breakdown, Statistics
from gateway.schema.inputs import SEARCH_COST
from gateway.schema.scalars import TimeZone

F = TypeVar("F", bound=Callable[..., object])

_NO_BOUND = "Null: this argument sets no bound."
_ARGUMENT_DEFAULTS = {each.name: each.default for each in fields(services.statistics.DashboardArguments)}


def _build_argument(name: str, type_: object, description: str, directives: Sequence[object] = ()) -> Parameter:
    annotation = Annotated[type_, strawberry.argument(description=description, directives=directives)]  # type: ignore[valid-type]  # a type
    return Parameter(name, Parameter.KEYWORD_ONLY, default=_ARGUMENT_DEFAULTS[name], annotation=annotation)


def _build_bounds(date_field: str) -> tuple[Parameter, Parameter]:
    """Return `start` and `end`, which refer to this time of a record."""
    return (
        _build_argument(
            "start",
            datetime | None,
            f"Count only records at or after this instant, by `{date_field}`. {_NO_BOUND}",
        ),
        _build_argument(
            "end",
            datetime | None,
            f"Count only records before this instant, by `{date_field}`. {_NO_BOUND}",
        ),
    )


def _build_value_argument(definition: Statistics, breakdown: Breakdown) -> Parameter:
    read = "Several values cost" if len(definition.breakdowns) == 1 else "Filters by value together cost"
    return _build_argument(
        breakdown.column,
        list[str] | None,
        f"Count only records with one of these values, as the breakdown `{breakdown.field}` shows them, such as "
        f"`{breakdown.blank_value}`. At most {MAX_FILTER_VALUES}; an empty list matches nothing. Null: any value. "
        f"{read} {services.record_costs.READ_DAY_COST} for each day between the bounds, for at most "
        f"{services.record_costs.MAX_CHARGED_DAYS} days.",
    )


_APPOINTMENT_ARGUMENTS = (
    _build_argument(
        "appointment_type",
        AppointmentType | None,
        "Count only visits of this type. Null: all visits, with and without a type.",
    ),
    _build_argument(
        "date_field",
        StatisticsDateField,
        "Time of a visit that `start`, `end`, the days and `trends` refer to. With START, a visit without a "
        "start counts only when there are no bounds, and never in `trends`.",
    ),
    *_build_bounds("dateField"),
)
_PATIENT_ARGUMENTS = _build_bounds("createdAt")

_DASHBOARD_ARGUMENTS = (
    _build_argument("size", int, "Number of values on a page of each breakdown, 1 or more."),
    _build_argument(
        "page",
        int,
        "Page of each breakdown, 1 or more; a page past the end is empty. `overview` and `trends` are never cut.",
    ),
    _build_argument(
        "search",
        str | None,
        "Count only records that contain each of these words, case-insensitive, in a name, id, contact or source "
        f"field. At most {services.record_search.MAX_SEARCH_LENGTH} characters. Null or blank: all records. "
        f"{services.record_search.SHORT_WORDS} Needs READ_RECORDS.",
        [SEARCH_COST],
    ),
    _build_argument(
        "days",
        int | None,
        "Count only this number of whole days before today, in `timezone`, 1 to "
        f"{services.trends.MAX_FILLED_DAYS}. Cannot be combined with `start`, `end`, `firstDay` or `lastDay`. "
        f"{_NO_BOUND}",
    ),
    _build_argument(
        "first_day",
        date | None,
        f"First day to count, in `timezone`. Cannot be combined with `start` or `end`. {_NO_BOUND}",
    ),
    _build_argument(
        "last_day",
        date | None,
        f"Last day to count, in `timezone`. Cannot be combined with `start` or `end`. {_NO_BOUND}",
    ),
    _build_argument(
        "timezone",
        TimeZone | None,
        "Time zone of all days. Null: the integration's, which is fastest. A zone costs "
        f"{services.dashboard_costs.ZONE_DAY_COST} for each day between the bounds, for at most "
        f"{services.record_costs.MAX_CHARGED_DAYS} days.",
    ),
    _build_argument(
        "fill_gaps",
        bool,
        "Whether `trends` also has the days without records: from `start` (or the first record) to `end` (or "
        f"the last record). Each day that it may add costs {services.dashboard_costs.FILLED_DAY_COST}; more than "
        f"{services.trends.MAX_FILLED_DAYS} days are an error of `trends`.",
    ),
)
INTEGRATION_ID_ARGUMENT = Parameter(
    "integration_id",
    Parameter.KEYWORD_ONLY,
    annotation=Annotated[strawberry.ID, strawberry.argument(description="Id of the connected integration.")],
)


def build_dashboard_arguments(arguments: Mapping[str, Any]) -> services.statistics.DashboardArguments:
    """Return the arguments of a dashboard field for the services. Those of a batch are hashable."""
    hashable: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()
    }
    return services.statistics.DashboardArguments(**hashable)


def with_dashboard_arguments(function: F, definition: Statistics, result: type, *first: Parameter) -> F:
    """Give the function a signature with the arguments of a dashboard after `first`, for Strawberry to read."""
    is_of_appointments = definition is statistics.APPOINTMENT_STATISTICS
    own_arguments = _APPOINTMENT_ARGUMENTS if is_of_appointments else _PATIENT_ARGUMENTS
    value_arguments = map(partial(_build_value_argument, definition), definition.breakdowns)
    cast(Any, function).__signature__ = Signature(
        [*first, *own_arguments, *value_arguments, *_DASHBOARD_ARGUMENTS],
        return_annotation=result,
    )
    return function
