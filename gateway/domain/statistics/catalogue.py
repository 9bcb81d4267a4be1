"""What the dashboards count: which records, by what, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from gateway.domain.calendar import days, timezones
from gateway.domain.enums import AppointmentType, BookingStatus, ResourceType, StatisticsDateField
from gateway.domain.lenient_reading import Json
from gateway.domain.statement_arguments import StatementArguments

MAX_VALUE_LENGTH = 120
"""Characters of a bucket's value, as many as every database can look up."""

_HASH_LENGTH = 16

OVERVIEW = "overview"
TRENDS = "trends"
AS_OF = "as_of"
"""Parts of a dashboard; the others are called as the columns of its breakdowns."""


@dataclass(frozen=True, slots=True, eq=False)
class Breakdown:
    """A way to sort records into buckets, so that each is in exactly one.

    `column` is that of `gateway.database.tables.ResourceRecord` which holds the bucket, `key` where it comes from in
    `config`, and the field's name in the graph.
    """

    column: str
    key: str
    blank_value: str
    description: str

    def get_bucket(self, value: Json) -> str:
        """The bucket of a record that says this: the value without blanks around it, its case kept.

        The end of a very long one is replaced by a hash of all of it, so that different ones stay apart.
        """
        text = value.strip() if isinstance(value, str) else ""
        return (text if len(text) <= MAX_VALUE_LENGTH else _shorten(text)) or self.blank_value


def _shorten(text: str) -> str:
    digest = sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{text[: MAX_VALUE_LENGTH - _HASH_LENGTH - 1]}…{digest}"


_SOURCE = Breakdown(
    "source", "source", "unknown", "Number of records by source; a record without one counts as `unknown`."
)


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What one dashboard counts: the records of a type.

    `when_undecided` is the state of those whose `bookingStatus` is none that is known.
    """

    type: ResourceType
    default_status: BookingStatus
    breakdowns: tuple[Breakdown, ...]

    def read_columns(self, config: Mapping[str, Json]) -> dict[str, object]:
        """What of a record is counted, by the columns of `gateway.database.tables.ResourceRecord`."""
        status = config.get("bookingStatus")
        known = _BOOKING_STATUSES.get(status) if isinstance(status, str) else None
        found: dict[str, object] = {"booking_status": known or self.default_status}
        for breakdown in self.breakdowns:
            value = config.get(breakdown.key)
            found[breakdown.column] = breakdown.blank_value if value is None else breakdown.get_bucket(value)
        return found


_BOOKING_STATUSES = {status.value: status for status in BookingStatus}

APPOINTMENTS = Statistics(
    ResourceType.APPOINTMENTS,
    BookingStatus.PENDING,
    (
        _SOURCE,
        Breakdown(
            "utm_source",
            "utmSource",
            "direct",
            "Number of records by `utm_source`; a record without one counts as `direct`.",
        ),
        Breakdown(
            "utm_medium",
            "utmMedium",
            "not set",
            "Number of records by `utm_medium`; a record without one counts as `not set`.",
        ),
        Breakdown(
            "utm_campaign",
            "utmCampaign",
            "not set",
            "Number of records by `utm_campaign`; a record without one counts as `not set`.",
        ),
    ),
)
PATIENTS = Statistics(ResourceType.PATIENTS, BookingStatus.SUCCESSFUL, (_SOURCE,))

STATISTICS = (APPOINTMENTS, PATIENTS)
"""All dashboards. What is kept of their days, their statements and their fields follow from this list."""

STATISTICS_COLUMNS = ("booking_status", *dict.fromkeys(b.column for each in STATISTICS for b in each.breakdowns))
"""The columns that any of them fills in."""


@dataclass(frozen=True, slots=True)
class StatisticsFilter(StatementArguments):
    """Which records are counted: those that meet all of it. None, and no words, let everything through."""

    appointment_type: AppointmentType | None = None
    words: tuple[str, ...] = ()
    date_field: StatisticsDateField = StatisticsDateField.CREATED_AT
    start: datetime | None = None
    """Included."""
    end: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True)
class BucketPage(StatementArguments):
    """Which part of each breakdown is shown; both numbers count from 1."""

    size: int
    page: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One question to the statistics of one integration, checked."""

    statistics: Statistics
    team_id: str
    integration_id: str
    integration_timezone: str
    """Where the days lie that are counted when records are written: the integration's."""
    filter: StatisticsFilter
    buckets: BucketPage
    timezone: str
    """Where the days lie that are asked for."""
    fill_gaps: bool


def get_previous_period(dashboard: Dashboard) -> Dashboard | None:
    """The same for as long a time right before, by the clocks where its days lie; None for time that is open."""
    start, end = dashboard.filter.start, dashboard.filter.end
    if start is None or end is None:
        return None
    zone = timezones.get_zone(dashboard.timezone)
    try:
        first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
        before = days.find_instant(zone, first - (last - first))
    except OverflowError:  # before the calendar begins
        return None
    return replace(dashboard, filter=replace(dashboard.filter, start=before, end=start))


StatusCounts: TypeAlias = tuple[str, int, int, int]
"""A value of a breakdown, or the number of a day, and how many records are successful, failed and pending."""

DashboardPart: TypeAlias = tuple[Dashboard, str]
"""A dashboard, and which part of it."""

DashboardCounts: TypeAlias = dict[DashboardPart, list[StatusCounts]]
"""What was counted for parts of dashboards, in no order."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How many records there are, and how they went."""

    successful: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        return self.successful + self.failed + self.pending


class Trend(NamedTuple):
    """One local day, when it began, as `instants.isoformat` writes it, and how its records went."""

    day: date
    began_at: str
    successful: int
    failed: int
    pending: int


@dataclass(frozen=True, slots=True)
class StatisticsBucket:
    """How the records went that share a value."""

    value: str
    successful: int
    failed: int
    pending: int

    @property
    def count(self) -> int:
        return self.successful + self.failed + self.pending
