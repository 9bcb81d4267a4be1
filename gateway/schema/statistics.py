"""The dashboards. Their parts are read only when they are selected, and then all together."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import fields
from datetime import date, datetime
from inspect import Parameter, Signature
from typing import Annotated, Any, TypeVar, cast

import strawberry
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from gateway import services
from gateway.domain import statistics
from gateway.domain.enums import AppointmentType, StatisticsDateField
from gateway.domain.statistics import AS_OF, OVERVIEW, TRENDS, Dashboard, Statistics, get_previous_period
from gateway.execution import READ_ATTRIBUTES, BatchRequest, Cost, ListSize
from gateway.schema.context import Info
from gateway.schema.fields import batched_field, field
from gateway.schema.scalars import TimeZone

F = TypeVar("F", bound=Callable[..., object])


_ARGUMENT_DEFAULTS = {each.name: each.default for each in fields(services.statistics.DashboardArguments)}


def _build_argument(name: str, type_: object, description: str) -> Parameter:
    annotation = Annotated[type_, strawberry.argument(description=description)]  # type: ignore[valid-type]  # a type
    return Parameter(name, Parameter.KEYWORD_ONLY, default=_ARGUMENT_DEFAULTS[name], annotation=annotation)


_APPOINTMENT_TYPE_ARGUMENT = _build_argument(
    "appointment_type",
    AppointmentType | None,
    "Only visits of this kind; null for all, also those without one.",
)
_DASHBOARD_ARGUMENTS = (
    _build_argument("size", int, "How many entries each breakdown shows: 1 or more."),
    _build_argument(
        "page",
        int,
        "Which page of each breakdown is shown: 1 or more; empty past the end. Totals are never cut.",
    ),
    _build_argument(
        "search",
        str | None,
        "Only records in which each of these words occurs, in any case: in the names of who and what it is about, "
        f"the source, a utm value or the id. At most {services.resource_records.MAX_SEARCH_LENGTH} characters.",
    ),
    _build_argument("start", datetime | None, "Only from this instant on, by `dateField`."),
    _build_argument("end", datetime | None, "Only before this instant, by `dateField`."),
    _build_argument(
        "days",
        int | None,
        "Only the last so many whole days of `timezone`, until today begins there: 1 to "
        f"{services.statistics.MAX_FILLED_DAYS}; it stands alone, without other bounds.",
    ),
    _build_argument("first_day", date | None, "Only from when this day of `timezone` begins, instead of `start`."),
    _build_argument("last_day", date | None, "Only until this day of `timezone` ends, instead of `end`."),
    _build_argument(
        "timezone",
        TimeZone | None,
        "Where days begin, those of `trends` too; the integration's zone when absent.",
    ),
    _build_argument(
        "date_field",
        StatisticsDateField,
        "The instant that `start`, `end` and `trends` go by. With START, records without a start are counted "
        "while neither bound is given, and are in no trend.",
    ),
    _build_argument(
        "fill_gaps",
        bool,
        "Give days without records too: from the day of `start`, or the first with records, to that of `end`, or "
        f"the last with records; at most {services.statistics.MAX_FILLED_DAYS} days.",
    ),
)
_INTEGRATION_ID_ARGUMENT = Parameter(
    "integration_id",
    Parameter.KEYWORD_ONLY,
    annotation=Annotated[strawberry.ID, strawberry.argument(description="The integration's id.")],
)


@strawberry.type(description="How many records share a value.")
class StatisticsBucket:
    value: str = strawberry.field(
        description="The value, `_id` in the documents; of a very long one the beginning, and a hash of all of it."
    )
    count: int = strawberry.field(description="How many records have it: successful, failed and pending.")
    successful: int = strawberry.field(description="Those of them that went well.")
    failed: int = strawberry.field(description="Those of them that did not.")
    pending: int = strawberry.field(description="Those of them that are not decided yet.")


@strawberry.type
class _OverviewCounts:
    total: int = strawberry.field(description="All of them: successful, failed and pending.")
    successful: int = strawberry.field(description="Those that went well.")
    failed: int = strawberry.field(description="Those that did not.")
    pending: int = strawberry.field(description="Those that are not decided yet.")


@strawberry.type(description="How many appointments there are, and how their bookings went.")
class AppointmentsOverview(_OverviewCounts):
    pass


@strawberry.type(description="How many patients there are, and how taking them in went.")
class PatientsOverview(_OverviewCounts):
    pass


@strawberry.type
class _DayCounts:
    began_at: datetime = strawberry.field(
        name="date", description="The first instant of the local day, `_id` in the documents."
    )
    day: date = strawberry.field(description="The local day itself.")
    successful: int = strawberry.field(description="Those of that day that went well.")
    failed: int = strawberry.field(description="Those of that day that did not.")
    pending: int = strawberry.field(description="Those of that day that are not decided yet.")


@strawberry.type(description="One local day with appointments.")
class AppointmentTrend(_DayCounts):
    pass


@strawberry.type(description="One local day with patients.")
class PatientTrend(_DayCounts):
    pass


_COUNT_COST = Cost(weight=100)
_TREND_LIST_SIZE = ListSize(assumed_size=100)


def _get_breakdown_list_size(definition: Statistics) -> ListSize:
    """How many entries a dashboard's breakdowns count for: hardly any has more, whatever `size` allows."""
    names = [each.field for each in definition.breakdowns]
    return ListSize(assumed_size=100, slicing_arguments=["size"], sized_fields=names, maximum=100)


def _part_field(
    name: str,
    description: str,
    part: str,
    graphql_type: object,
    directives: Sequence[object] = (_COUNT_COST,),
) -> StrawberryField:
    """A part of a dashboard; all that is selected of dashboards is found together."""
    new_field: StrawberryField = batched_field(
        description,
        lambda dashboard, _: BatchRequest(services.statistics.get_parts, (dashboard, part)),
        graphql_type=graphql_type,
        reads=(),
        directives=directives,
    )
    new_field.python_name, new_field.graphql_name = part, name
    return new_field


def _derived_field(
    name: str, description: str, read: Callable[[Dashboard], object], graphql_type: object
) -> StrawberryField:
    """What follows from what was asked."""

    def resolve(root: strawberry.Parent[Dashboard]) -> object:
        return read(root)

    new_field: StrawberryField = cast(Any, strawberry.field)(
        resolver=resolve,
        name=name,
        description=description,
        graphql_type=graphql_type,
        metadata={READ_ATTRIBUTES: ()},
    )
    new_field.python_name = name
    return new_field


def _create_dashboard_type(name: str, noun: str, definition: Statistics, overview: type, trend: type) -> type:
    """The type of a dashboard."""
    counts = _part_field("overview", f"How many {noun} there are, and how they went.", OVERVIEW, overview)
    previous_period = create_type(
        f"{name}PreviousPeriod",
        [
            _derived_field("start", "Where it begins.", lambda root: root.filter.start, datetime),
            _derived_field(
                "end",
                "Where it ends: where the period begins that was asked for.",
                lambda root: root.filter.end,
                datetime,
            ),
            copy(counts),
        ],
        description="The time of the same length, by the clocks of the zone, right before the one asked for.",
    )
    return create_type(
        name,
        [
            counts,
            _part_field(
                "trends",
                f"How the {noun} of each local day went, the earliest day first; days without any only when they "
                "are asked for.",
                TRENDS,
                list[trend],  # type: ignore[valid-type]  # a type
                [_COUNT_COST, _TREND_LIST_SIZE],
            ),
            *(
                _part_field(each.field, each.description, each.column, list[StatisticsBucket])
                for each in definition.breakdowns
            ),
            _derived_field(
                "previousPeriod",
                "The period before, to compare with; null unless `start` and `end` are given.",
                get_previous_period,
                previous_period | None,
            ),
            _part_field("asOf", "The instant of the snapshot that all numbers were read in.", AS_OF, datetime, ()),
        ],
        description=f"The dashboard of {noun}: counts of those that meet all that was asked.",
    )


AppointmentStatistics = _create_dashboard_type(
    "AppointmentStatistics",
    "appointments",
    statistics.APPOINTMENT_STATISTICS,
    AppointmentsOverview,
    AppointmentTrend,
)
PatientStatistics = _create_dashboard_type(
    "PatientStatistics", "patients", statistics.PATIENT_STATISTICS, PatientsOverview, PatientTrend
)


def _with_dashboard_arguments(function: F, definition: Statistics, result: type, *first: Parameter) -> F:
    """The function, telling Strawberry that it takes the arguments of a dashboard after these."""
    type_arguments = [_APPOINTMENT_TYPE_ARGUMENT] if definition is statistics.APPOINTMENT_STATISTICS else []
    cast(Any, function).__signature__ = Signature(
        [*first, *type_arguments, *_DASHBOARD_ARGUMENTS], return_annotation=result
    )
    return function


def dashboard_field(description: str, definition: Statistics, graphql_type: type) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field below an integration: its dashboard."""

    def collect_arguments(**asked: Any) -> services.statistics.DashboardArguments:  # noqa: ANN401 (what its signature says)
        return services.statistics.DashboardArguments(**asked)

    return batched_field(
        description,
        lambda row, question: BatchRequest(
            services.statistics.get_dashboards, (row.team_id, row.id, row.timezone), (definition, question)
        ),
        arguments=_with_dashboard_arguments(collect_arguments, definition, services.statistics.DashboardArguments),
        graphql_type=graphql_type | None,
        reads=("team_id", "id", "timezone"),
        directives=[_get_breakdown_list_size(definition)],
    )


def _dashboard_query_field(description: str, definition: Statistics, graphql_type: type) -> Any:  # noqa: ANN401 (a dataclass field)
    """A root field: the dashboard of the integration with an id."""

    async def resolve(info: Info, integration_id: str, **asked: Any) -> Dashboard:  # noqa: ANN401 (as its signature)
        async with info.context.read() as session:
            return await services.statistics.get_dashboard(
                session,
                info.context.viewer,
                definition,
                integration_id,
                services.statistics.DashboardArguments(**asked),
            )

    info = Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
    resolver = _with_dashboard_arguments(resolve, definition, Dashboard, info, _INTEGRATION_ID_ARGUMENT)
    decorate = field(
        description, graphql_type=graphql_type | None, directives=[_get_breakdown_list_size(definition)]
    )
    return decorate(staticmethod(resolver))


@strawberry.type
class StatisticsQueries:
    appointment_statistics = _dashboard_query_field(
        "The appointments dashboard of one integration.", statistics.APPOINTMENT_STATISTICS, AppointmentStatistics
    )
    patient_statistics = _dashboard_query_field(
        "The patients dashboard of one integration.", statistics.PATIENT_STATISTICS, PatientStatistics
    )
