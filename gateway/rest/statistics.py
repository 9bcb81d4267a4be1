"""Dashboards of an integration, document 3: appointments, and patients."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar, cast

from pydantic import AfterValidator, Field

from gateway import services
from gateway.database import Reader
from gateway.domain import exact_json
from gateway.domain.calendar import instants
from gateway.domain.enums import AppointmentType
from gateway.domain.statistics import (
    APPOINTMENT_STATISTICS,
    OVERVIEW,
    PATIENT_STATISTICS,
    TRENDS,
    Dashboard,
    Overview,
    Statistics,
    StatisticsBucket,
    Trend,
)
from gateway.domain.viewer import Viewer
from gateway.rest.details import PlainText
from gateway.rest.interactly import IntegrationId
from gateway.rest.operations import DescribedModel, RestAnswer

T = TypeVar("T")

_MAX_INTEGER = 2**31 - 1
"""That of GraphQL's `Int`."""

_MAX_CHARGED_SIZE = 20
"""Entries of a breakdown that are charged, since few have more."""

SEARCH_COST = 500


def _to_instant(value: datetime) -> datetime:
    """Return the instant in UTC, and in whole milliseconds as stored ones: the first one that is not before it."""
    try:
        in_utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return instants.truncate_to_milliseconds(in_utc + timedelta(microseconds=999))
    except OverflowError:
        raise ValueError("The instant must be in the years 1 to 9999 in UTC") from None


Instant = Annotated[datetime, AfterValidator(_to_instant)]
Number = Annotated[int, Field(ge=1, le=_MAX_INTEGER)]


class PatientStatisticsParameters(DescribedModel):
    """The integration, the page of each list, and the patients to count."""

    integration_id: IntegrationId
    """Id of the connected integration."""
    size: Number = 300
    """Entries of each list on a page."""
    page: Number = 1
    """Number of the page, from 1. Each list has its own pages; the total counts all of them."""
    search: PlainText | None = None
    """Words that must all occur in the record, in any case."""
    start: Instant | None = None
    """Count records that were created at this instant or later. Without a zone it is in UTC."""
    end: Instant | None = None
    """Count records that were created before this instant. Without a zone it is in UTC."""


class AppointmentStatisticsParameters(PatientStatisticsParameters):
    """The integration, the page of each list, and the appointments to count."""

    appointment_type: AppointmentType | None = Field(None, alias="appointmentType")
    """Count appointments of this type only; all of them if absent."""


class Total(DescribedModel):
    """The number of all records."""

    total: int
    """How many records were counted. Pages do not change it."""


class DayOutcomes(DescribedModel):
    """The records that were created on one day."""

    day_start: str = Field(alias="_id")
    """First instant of the day in the integration's time zone."""
    successful: int
    """Records with the outcome `successful`."""
    failed: int
    """Records with the outcome `failed`."""


class ValueCount(DescribedModel):
    """The records with one value."""

    value: str = Field(alias="_id")
    """The value, or the word for records without one."""
    count: int
    """How many records have it."""


class PatientStatisticsAnswer(DescribedModel):
    """The dashboard of patients. Each list has the requested page."""

    overview: Total
    """The total."""
    trends: list[DayOutcomes]
    """The days with records, in order."""
    source: list[ValueCount]
    """Sources, the most frequent first. Records without one count as `unknown`."""


class AppointmentStatisticsAnswer(PatientStatisticsAnswer):
    """The dashboard of appointments. Each list has the requested page."""

    utm_source: list[ValueCount]
    """UTM sources, the most frequent first. Records without one count as `direct`."""
    utm_medium: list[ValueCount]
    """UTM media, the most frequent first. Records without one count as `not set`."""
    utm_campaign: list[ValueCount]
    """UTM campaigns, the most frequent first. Records without one count as `not set`."""


def compute_patient_cost(parameters: PatientStatisticsParameters) -> int:
    return 582 + 2 * min(parameters.size, _MAX_CHARGED_SIZE) + _compute_search_cost(parameters)


def compute_appointment_cost(parameters: AppointmentStatisticsParameters) -> int:
    return 612 + 8 * min(parameters.size, _MAX_CHARGED_SIZE) + _compute_search_cost(parameters)


def _compute_search_cost(parameters: PatientStatisticsParameters) -> int:
    return 0 if parameters.search is None else SEARCH_COST


async def answer_appointment_statistics(
    reader: Reader, viewer: Viewer, parameters: AppointmentStatisticsParameters
) -> RestAnswer:
    """Return the dashboard of appointments."""
    type_ = parameters.appointment_type
    return await _answer_statistics(reader, viewer, APPOINTMENT_STATISTICS, parameters, type_)


async def answer_patient_statistics(
    reader: Reader, viewer: Viewer, parameters: PatientStatisticsParameters
) -> RestAnswer:
    """Return the dashboard of patients."""
    return await _answer_statistics(reader, viewer, PATIENT_STATISTICS, parameters)


async def _answer_statistics(
    reader: Reader,
    viewer: Viewer,
    definition: Statistics,
    parameters: PatientStatisticsParameters,
    appointment_type: AppointmentType | None = None,
) -> RestAnswer:
    arguments = services.statistics.DashboardArguments(
        size=parameters.size,
        page=parameters.page,
        search=parameters.search,
        start=parameters.start,
        end=parameters.end,
        appointment_type=appointment_type,
    )
    dashboard = await services.statistics.get_dashboard(
        reader, viewer, definition, parameters.integration_id, arguments
    )
    columns = [breakdown.column for breakdown in definition.breakdowns]
    parts = [(dashboard, part) for part in (OVERVIEW, TRENDS, *columns)]
    found = await services.statistics.get_parts(reader, viewer, parts)
    overview = cast("Overview", found[dashboard, OVERVIEW])
    trends = _cut(cast("Sequence[Trend]", found[dashboard, TRENDS]), dashboard)
    body: dict[str, object] = {
        "overview": {"total": overview.total},
        "trends": [
            {"_id": _format_day_start(trend), "successful": trend.successful, "failed": trend.failed}
            for trend in trends
        ],
    }
    for column in columns:
        buckets = cast("Sequence[StatisticsBucket]", found[dashboard, column])
        body[column] = [{"_id": bucket.value, "count": bucket.count} for bucket in buckets]
    return RestAnswer(exact_json.encode(body))


def _cut(items: Sequence[T], dashboard: Dashboard) -> Sequence[T]:
    """Return the page of the trends. The document pages them too; the dashboard pages its breakdowns itself."""
    first = dashboard.buckets.size * (dashboard.buckets.page - 1)
    return items[first : first + dashboard.buckets.size]


def _format_day_start(trend: Trend) -> str:
    """Return the first instant of the day as the document writes it. Days begin at a whole second."""
    return trend.began_at.replace(".000Z", "Z")
