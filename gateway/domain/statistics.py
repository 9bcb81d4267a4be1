"""What the appointments dashboard counts: which appointments, by what, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.criteria import Criteria
from gateway.domain.enums import AppointmentType, StatisticsDateField
from gateway.domain.section import Json


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A way to sort appointments into buckets, so that each is in exactly one.

    `column` is that of `gateway.tables.ResourceRecord` which holds the bucket, `key` where it comes from in
    `config`, and the field's name in the graph.
    """

    column: str
    key: str
    when_blank: str
    description: str

    def bucket(self, config: Mapping[str, Json]) -> str:
        """The bucket of an appointment: the value without blanks around it, its case kept."""
        value = config.get(self.key)
        return (value.strip() if isinstance(value, str) else "") or self.when_blank


APPOINTMENT_BREAKDOWNS = (
    Breakdown("source", "source", "unknown", "Where the booking was made; `unknown` for those that do not say."),
    Breakdown("utm_source", "utmSource", "direct", "By `utm_source`; `direct` for those without one."),
    Breakdown("utm_medium", "utmMedium", "not set", "By `utm_medium`; `not set` for those without one."),
    Breakdown("utm_campaign", "utmCampaign", "not set", "By `utm_campaign`; `not set` for those without one."),
)
"""Every breakdown of the dashboard: their columns, their statements and their fields follow from this list."""


@dataclass(frozen=True, slots=True)
class AppointmentFilter(Criteria):
    """Which appointments are counted: those that meet all of it. None, and no words, let everything through."""

    appointment_type: AppointmentType | None = None
    words: tuple[str, ...] = ()
    date_field: StatisticsDateField = StatisticsDateField.CREATED_AT
    start: datetime | None = None
    """Included."""
    end: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True)
class BucketPage(Criteria):
    """Which part of each breakdown is shown; both numbers count from 1."""

    size: int
    page: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One question to the statistics of one integration, checked."""

    team_id: str
    integration_id: str
    filter: AppointmentFilter
    buckets: BucketPage
    timezone: str
    fill_gaps: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """How many appointments there are, and how their bookings went."""

    successful: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        return self.successful + self.failed + self.pending


@dataclass(frozen=True, slots=True)
class Trend:
    """One local day, when it began, and how its bookings went."""

    day: date
    began_at: datetime
    successful: int
    failed: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many appointments share a value."""

    value: str
    count: int
