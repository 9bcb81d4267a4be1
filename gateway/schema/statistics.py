"""The appointments dashboard. Each part of an answer runs its own SQL, and only when it is selected."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from gateway import services
from gateway.domain.enums import AppointmentType, StatisticsDateField
from gateway.domain.statistics import (
    APPOINTMENT_BREAKDOWNS,
    Breakdown,
    Bucket,
    Dashboard,
    Overview,
    Trend,
)
from gateway.execution import Cost, ListSize
from gateway.schema.context import Info
from gateway.schema.fields import field
from gateway.schema.scalars import TimeZone
from gateway.services.resource_records import MAX_SEARCH_LENGTH
from gateway.services.statistics import MAX_FILLED_DAYS, Question

OfType = Annotated[
    AppointmentType | None,
    strawberry.argument(description="Only visits of this kind; null for all, also those without one."),
]
Size = Annotated[int, strawberry.argument(description="How many entries each breakdown shows: 1 or more.")]
PageNumber = Annotated[
    int,
    strawberry.argument(
        description="Which page of each breakdown is shown: 1 or more; empty past the end. Totals are never cut."
    ),
]
Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only appointments in which each of these words occurs, in any case: in the name of patient, "
        "practitioner, location or visiting reason, the source, a utm value or the id. At most "
        f"{MAX_SEARCH_LENGTH} characters."
    ),
]
Start = Annotated[datetime | None, strawberry.argument(description="Only from this instant on, by `dateField`.")]
End = Annotated[datetime | None, strawberry.argument(description="Only before this instant, by `dateField`.")]
DayZone = Annotated[
    TimeZone | None,
    strawberry.argument(description="Where the days of `trends` begin; the integration's zone when absent."),
]
DateField = Annotated[
    StatisticsDateField,
    strawberry.argument(
        description="The instant that `start`, `end` and `trends` go by. With START, appointments without a start "
        "are counted while neither bound is given, and are in no trend."
    ),
]
FillGaps = Annotated[
    bool,
    strawberry.argument(
        description="Give days without appointments too: from the day of `start`, or the first with appointments, "
        f"to that of `end`, or the last with appointments; at most {MAX_FILLED_DAYS} days."
    ),
]


@strawberry.type(description="How many appointments there are, and how their bookings went.")
class AppointmentsOverview:
    total: int = strawberry.field(description="All of them: successful, failed and pending.")
    successful: int = strawberry.field(description="Those that were booked.")
    failed: int = strawberry.field(description="Those that could not be booked.")
    pending: int = strawberry.field(description="Those that are not decided yet.")


@strawberry.type(description="One local day with appointments.")
class AppointmentTrend:
    began_at: datetime = strawberry.field(
        name="date", description="The first instant of the local day, `_id` in the documents."
    )
    day: date = strawberry.field(description="The local day itself.")
    successful: int = strawberry.field(description="Bookings of that day that succeeded.")
    failed: int = strawberry.field(description="Bookings of that day that failed.")


@strawberry.type(description="How many appointments share a value.")
class StatisticsBucket:
    value: str = strawberry.field(description="The value, `_id` in the documents.")
    count: int = strawberry.field(description="How many appointments have it.")


def _key(dashboard: Dashboard) -> tuple[str, str]:
    return dashboard.team_id, dashboard.integration_id


async def _overview(root: strawberry.Parent[Dashboard], info: Info) -> Overview | None:
    return await info.context.load(services.statistics.overviews, _key(root), root.filter)


async def _trends(root: strawberry.Parent[Dashboard], info: Info) -> Sequence[Trend] | None:
    return await info.context.load(
        services.statistics.trends, _key(root), root.filter, root.timezone, root.fill_gaps
    )


async def _as_of(root: strawberry.Parent[Dashboard], info: Info) -> datetime:  # noqa: ARG001 (as other parts)
    async with info.context.read() as session:
        return session.as_of


DASHBOARD = ListSize(
    assumed_size=100,
    slicing_arguments=["size"],
    sized_fields=[breakdown.key for breakdown in APPOINTMENT_BREAKDOWNS],
    maximum=100,
)
"""For a field that is a dashboard. What appointments are broken down by hardly has more values."""

_PART = Cost(weight=100)
_DAYS = ListSize(assumed_size=100)


def _part(
    name: str,
    description: str,
    resolver: Callable[..., Any],
    graphql_type: object = None,
    directives: Sequence[object] = (_PART,),
) -> StrawberryField:
    """One part of the dashboard, which is read when it is selected."""
    found: StrawberryField = strawberry.field(
        resolver=resolver,
        name=name,
        description=description,
        graphql_type=graphql_type,
        directives=directives,
    )
    return found


def _breakdown(breakdown: Breakdown) -> StrawberryField:
    async def buckets(root: strawberry.Parent[Dashboard], info: Info) -> Sequence[Bucket] | None:
        return await info.context.load(
            services.statistics.buckets, _key(root), root.filter, breakdown, root.buckets
        )

    # A type keeps its fields by the names of their resolvers.
    buckets.__name__ = breakdown.column
    return _part(breakdown.key, breakdown.description, buckets, list[StatisticsBucket])


AppointmentStatistics = create_type(
    "AppointmentStatistics",
    [
        _part("overview", "How many there are, and how their bookings went.", _overview, AppointmentsOverview),
        _part(
            "trends",
            "How the bookings of each local day went, the earliest day first; days without appointments only when "
            "they are asked for.",
            _trends,
            list[AppointmentTrend],
            [_PART, _DAYS],
        ),
        *map(_breakdown, APPOINTMENT_BREAKDOWNS),
        _part("asOf", "The instant of the snapshot that all numbers were read in.", _as_of, directives=()),
    ],
    description="The appointments dashboard: counts of the appointments that meet all that was asked.",
)


@strawberry.type
class StatisticsQueries:
    @field(
        "The appointments dashboard of one integration.",
        graphql_type=AppointmentStatistics | None,
        directives=[DASHBOARD],
    )
    @staticmethod
    async def appointment_statistics(
        info: Info,
        integration_id: Annotated[strawberry.ID, strawberry.argument(description="The integration's id.")],
        appointment_type: OfType = None,
        size: Size = 300,
        page: PageNumber = 1,
        search: Search = None,
        start: Start = None,
        end: End = None,
        timezone: DayZone = None,
        date_field: DateField = StatisticsDateField.CREATED_AT,
        fill_gaps: FillGaps = False,
    ) -> Dashboard:
        question = Question(appointment_type, size, page, search, start, end, timezone, date_field, fill_gaps)
        async with info.context.read() as session:
            return await services.statistics.dashboard(session, info.context.viewer, integration_id, question)
