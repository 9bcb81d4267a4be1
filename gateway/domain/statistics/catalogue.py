"""The catalogue of dashboards: which records they count, their breakdowns, their filters and their results."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from gateway.domain.calendar import days, timezones
from gateway.domain.enums import BookingStatus, ResourceType, StatisticsDateField
from gateway.domain.lenient_reading import Json
from gateway.domain.statement_arguments import StatementArguments
from gateway.domain.statistics.value_filter import ValueFilter

MAX_VALUE_LENGTH = 120
"""The maximum length of a bucket's value, in characters; databases limit the size of an index entry.

The rest of a longer value becomes a hash of the whole value, so that different values stay different. The document
keeps the whole value.
"""

_HASH_LENGTH = 16

OVERVIEW = "overview"
TRENDS = "trends"
AS_OF = "as_of"
"""The parts of a dashboard. Each column of a breakdown is a part, too."""

BREAKDOWNS = "breakdowns"
"""OVERVIEW and all breakdowns together, as they are stored."""


@dataclass(frozen=True, slots=True, eq=False)
class Breakdown:
    """A way to group records by a value of their document; each record is in exactly one bucket."""

    field: str
    """The field of the dashboard in the GraphQL schema."""
    key: str
    """The key in the document's `config` that holds the value."""
    column: str
    """The column of `gateway.database.tables.ResourceRecord` that stores the record's bucket."""
    blank_value: str
    description: str

    def get_bucket(self, value: Json) -> str:
        """Return the bucket of a value in a document: the text without surrounding blanks.

        The case counts. A text longer than `MAX_VALUE_LENGTH` ends with a hash of the whole text.
        """
        text = value.strip() if isinstance(value, str) else ""
        return (text if len(text) <= MAX_VALUE_LENGTH else _shorten(text)) or self.blank_value


def _shorten(text: str) -> str:
    digest = sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{text[: MAX_VALUE_LENGTH - _HASH_LENGTH - 1]}…{digest}"


_SOURCE = Breakdown(
    "source",
    "source",
    "source",
    "unknown",
    "Number of records by source; a record without one counts as `unknown`.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """The definition of a dashboard, which counts the records of one type."""

    type: ResourceType
    default_status: BookingStatus
    """The status of a record without `bookingStatus`. One with an unknown word is pending."""
    breakdowns: tuple[Breakdown, ...]
    date_fields: tuple[StatisticsDateField, ...] = (StatisticsDateField.CREATED_AT,)
    """The times of a record by whose local days it is counted."""

    def read_columns(self, config: Mapping[str, Json]) -> dict[str, object]:
        """Return the counted values of a `config` by their columns: the status and all buckets."""
        status = config.get("bookingStatus")
        known = self.default_status if status is None else _get_booking_status(status)
        found: dict[str, object] = {"booking_status": known}
        for breakdown in self.breakdowns:
            value = config.get(breakdown.key)
            found[breakdown.column] = breakdown.blank_value if value is None else breakdown.get_bucket(value)
        return found


_BOOKING_STATUSES = {status.value: status for status in BookingStatus}


def _get_booking_status(word: Json) -> BookingStatus:
    known = _BOOKING_STATUSES.get(word) if isinstance(word, str) else None
    return known or BookingStatus.PENDING


APPOINTMENT_STATISTICS = Statistics(
    ResourceType.APPOINTMENTS,
    BookingStatus.PENDING,
    (
        _SOURCE,
        Breakdown(
            "utmSource",
            "utmSource",
            "utm_source",
            "direct",
            "Number of records by `utm_source`; a record without one counts as `direct`.",
        ),
        Breakdown(
            "utmMedium",
            "utmMedium",
            "utm_medium",
            "not set",
            "Number of records by `utm_medium`; a record without one counts as `not set`.",
        ),
        Breakdown(
            "utmCampaign",
            "utmCampaign",
            "utm_campaign",
            "not set",
            "Number of records by `utm_campaign`; a record without one counts as `not set`.",
        ),
    ),
    (StatisticsDateField.CREATED_AT, StatisticsDateField.START),
)
PATIENT_STATISTICS = Statistics(ResourceType.PATIENTS, BookingStatus.SUCCESSFUL, (_SOURCE,))
"""A patient is successful by default, because the documents do not define a failed patient."""

STATISTICS = (APPOINTMENT_STATISTICS, PATIENT_STATISTICS)
"""All dashboards. Day counts, statements and GraphQL fields follow from this list."""

STATISTICS_COLUMNS = ("booking_status", *dict.fromkeys(b.column for each in STATISTICS for b in each.breakdowns))
"""The columns that `Statistics.read_columns` fills."""

DATE_COLUMNS = {StatisticsDateField.CREATED_AT: "created_at", StatisticsDateField.START: "start"}
"""The column of each time of a record. A record may have no start."""


@dataclass(frozen=True, slots=True)
class StatisticsFilter(StatementArguments):
    """The conditions that counted records meet. None and an empty `words` match all records."""

    values: ValueFilter = field(default_factory=ValueFilter)
    words: tuple[str, ...] = ()
    """Case-folded; the search text of a record contains each of them."""
    date_field: StatisticsDateField = StatisticsDateField.CREATED_AT
    start: datetime | None = None
    """Included."""
    end: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True)
class BucketPage(StatementArguments):
    """The page of each breakdown; both numbers start at 1."""

    size: int
    page: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A validated query of the statistics of one integration."""

    statistics: Statistics
    team_id: str
    integration_id: str
    integration_timezone: str
    """The zone of the stored day counts."""
    filter: StatisticsFilter
    buckets: BucketPage
    timezone: str
    """The zone of the days in `trends` and in the previous period."""
    fill_gaps: bool


def get_previous_period(dashboard: Dashboard) -> Dashboard | None:
    """Return the dashboard of the period directly before, or None if `start` or `end` is open.

    The period has the same length in local time: seven local days precede seven local days, even if clocks change.
    """
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
"""A bucket or the number of a day, and the numbers of successful, failed and pending records."""

DashboardPart: TypeAlias = tuple[Dashboard, str]
"""A dashboard and the name of a part."""

DashboardCounts: TypeAlias = dict[DashboardPart, list[StatusCounts]]
"""The counts of each part, in no order."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The number of records by status."""

    successful: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        return self.successful + self.failed + self.pending


class Trend(NamedTuple):
    """The number of records of a local day by status. `began_at` is the day's first instant as text."""

    day: date
    began_at: str
    successful: int
    failed: int
    pending: int


@dataclass(frozen=True, slots=True)
class StatisticsBucket:
    """The number of records of a bucket by status."""

    value: str
    successful: int
    failed: int
    pending: int

    @property
    def count(self) -> int:
        return self.successful + self.failed + self.pending
