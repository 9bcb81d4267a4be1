"""Dashboards. The selected parts of all dashboards of an operation are read together."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import date, datetime
from functools import partial
from inspect import Parameter
from typing import Annotated, Any, cast

import strawberry
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from gateway import services
from gateway.domain import statistics
from gateway.domain.enums import TrendPeriod
from gateway.domain.statistics import AS_OF, OVERVIEW, TRENDS, Dashboard, Statistics, get_previous_period
from gateway.execution import ARGUMENTS_COST, READ_COLUMNS, ArgumentsCost, BatchRequest, Cost, ListSize
from gateway.schema.context import Info
from gateway.schema.dashboard_arguments import (
    INTEGRATION_ID_ARGUMENT,
    build_dashboard_arguments,
    with_dashboard_arguments,
)
from gateway.schema.fields import batched_field, field


@strawberry.type(description="Number of records that share a value.")
class StatisticsBucket:
    value: str = strawberry.field(
        description="The value; `_id` in the documents. A very long value is cut and ends in a hash."
    )
    count: int = strawberry.field(description="Number of records: successful, failed and pending.")
    successful: int = strawberry.field(description="Number of successful records.")
    failed: int = strawberry.field(description="Number of failed records.")
    pending: int = strawberry.field(description="Number of pending records.")


@strawberry.type(description="Number of records by status.")
class StatisticsOverview:
    total: int = strawberry.field(description="Number of records: successful, failed and pending.")
    successful: int = strawberry.field(description="Number of successful records.")
    failed: int = strawberry.field(description="Number of failed records.")
    pending: int = strawberry.field(description="Number of pending records.")


@strawberry.type(description="Number of records of one local day, or of a longer period.")
class StatisticsTrend:
    began_at: datetime = strawberry.field(
        name="date", description="First instant of `day`; `_id` in the documents."
    )
    day: date = strawberry.field(description="The local day, or the first one of the period within the range.")
    successful: int = strawberry.field(description="Number of successful records of the period.")
    failed: int = strawberry.field(description="Number of failed records of the period.")
    pending: int = strawberry.field(description="Number of pending records of the period.")


_COUNT_COST = Cost(weight=10)
_TREND_LIST_SIZE = ListSize(assumed_size=50)


def _build_arguments_cost(definition: Statistics) -> Mapping[str, ArgumentsCost]:
    return {ARGUMENTS_COST: partial(services.dashboard_costs.compute_arguments_cost, definition)}


def _get_breakdown_list_size(definition: Statistics) -> ListSize:
    """Return the list size of a dashboard's breakdowns: `size`, but at most 20, since few have more entries."""
    names = [each.field for each in definition.breakdowns]
    return ListSize(assumed_size=20, slicing_arguments=["size"], sized_fields=names, maximum=20)


def _part_field(
    name: str,
    description: str,
    part: str,
    graphql_type: object,
    directives: Sequence[object] = (_COUNT_COST,),
    **options: Any,  # noqa: ANN401 (those of `batched_field`)
) -> StrawberryField:
    """Return the field for a part of a dashboard. The selected parts of all dashboards are one batch."""
    new_field: StrawberryField = batched_field(
        description,
        lambda dashboard, _: BatchRequest(services.statistics.get_parts, (dashboard, part)),
        graphql_type=graphql_type,
        reads=(),
        directives=directives,
        **options,
    )
    new_field.python_name, new_field.graphql_name = part, name
    return new_field


def _parse_trends_arguments(
    by: Annotated[TrendPeriod, strawberry.argument(description="Period of each entry.")] = TrendPeriod.DAY,
) -> TrendPeriod:
    return by


def _derived_field(
    name: str, description: str, read: Callable[[Dashboard], object], graphql_type: object
) -> StrawberryField:
    """Return a field that is derived from the dashboard's arguments."""

    def resolve(root: strawberry.Parent[Dashboard]) -> object:
        return read(root)

    new_field: StrawberryField = cast(Any, strawberry.field)(
        resolver=resolve,
        name=name,
        description=description,
        graphql_type=graphql_type,
        metadata={READ_COLUMNS: ()},
    )
    new_field.python_name = name
    return new_field


def _create_previous_period_type(name: str, counts: StrawberryField) -> type:
    return create_type(
        f"{name}PreviousPeriod",
        [
            _derived_field("start", "Start of the period, inclusive.", lambda root: root.filter.start, datetime),
            _derived_field(
                "end",
                "End of the period, exclusive: the start of the queried period.",
                lambda root: root.filter.end,
                datetime,
            ),
            copy(counts),
        ],
        description="Period of the same length, in local time, right before the queried period.",
    )


def _create_dashboard_type(name: str, noun: str, definition: Statistics) -> type:
    """Return the GraphQL type of a dashboard, with a field for each breakdown of its catalogue entry."""
    counts = _part_field("overview", f"Number of {noun} by status.", OVERVIEW, StatisticsOverview)
    previous_period = _create_previous_period_type(name, counts)
    return create_type(
        name,
        [
            counts,
            _part_field(
                "trends",
                f"Number of {noun} of each local day, or of each period of `by`, the earliest first. Those "
                "without records are left out unless `fillGaps` is true.",
                TRENDS,
                list[StatisticsTrend],
                [_COUNT_COST, _TREND_LIST_SIZE],
                arguments=_parse_trends_arguments,
                shape=services.trends.sum_trends,
            ),
            *(
                _part_field(each.field, each.description, each.column, list[StatisticsBucket])
                for each in definition.breakdowns
            ),
            _derived_field(
                "previousPeriod",
                "Overview of the period before; null unless the queried period has a start and an end.",
                get_previous_period,
                previous_period | None,
            ),
            _part_field("asOf", "Time of the snapshot that all numbers were read from.", AS_OF, datetime, ()),
        ],
        description=f"Dashboard of {noun}: numbers of the {noun} that meet all arguments.",
    )


AppointmentStatistics = _create_dashboard_type(
    "AppointmentStatistics", "appointments", statistics.APPOINTMENT_STATISTICS
)
PatientStatistics = _create_dashboard_type("PatientStatistics", "patients", statistics.PATIENT_STATISTICS)


def dashboard_field(description: str, definition: Statistics, graphql_type: type) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return the field of an integration for its dashboard."""

    def collect_arguments(**arguments: Any) -> services.statistics.DashboardArguments:  # noqa: ANN401 (its signature has types)
        return build_dashboard_arguments(arguments)

    return batched_field(
        description,
        lambda row, arguments: BatchRequest(
            services.statistics.get_dashboards, (row.team_id, row.id, row.timezone), (definition, arguments)
        ),
        arguments=with_dashboard_arguments(collect_arguments, definition, services.statistics.DashboardArguments),
        graphql_type=graphql_type | None,
        reads=("team_id", "id", "timezone"),
        directives=[_get_breakdown_list_size(definition)],
        metadata=_build_arguments_cost(definition),
    )


def _dashboard_query_field(description: str, definition: Statistics, graphql_type: type) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return the root field for the dashboard of an integration."""

    async def resolve(info: Info, integration_id: str, **arguments: Any) -> Dashboard:  # noqa: ANN401 (its signature has types)
        async with info.context.read() as reader:
            return await services.statistics.get_dashboard(
                reader,
                info.context.viewer,
                definition,
                integration_id,
                build_dashboard_arguments(arguments),
            )

    info = Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
    resolver = with_dashboard_arguments(resolve, definition, Dashboard, info, INTEGRATION_ID_ARGUMENT)
    decorate = field(
        description,
        graphql_type=graphql_type | None,
        directives=[_get_breakdown_list_size(definition)],
        metadata=_build_arguments_cost(definition),
    )
    return decorate(staticmethod(resolver))


@strawberry.type
class StatisticsQueries:
    appointment_statistics = _dashboard_query_field(
        "Appointments dashboard of a connected integration. NOT_FOUND when it does not exist or the viewer may "
        "not see it. Needs READ_RECORDS or READ_STATISTICS.",
        statistics.APPOINTMENT_STATISTICS,
        AppointmentStatistics,
    )
    patient_statistics = _dashboard_query_field(
        "Patients dashboard of a connected integration. NOT_FOUND when it does not exist or the viewer may not "
        "see it. Needs READ_RECORDS.",
        statistics.PATIENT_STATISTICS,
        PatientStatistics,
    )
