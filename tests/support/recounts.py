"""Dashboards counted in plain Python, with random arguments."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from gateway.domain.calendar.instants import format_instant, parse_instant
from gateway.domain.lenient_reading import Document
from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS, Breakdown
from tests.support.factories import ZONES

CHANGES = ("2025-03-09", "2025-03-30", "2025-04-06", "2025-04-25", "2025-10-05", "2025-10-31", "2025-11-02")
"""Days on which the clocks of some zones change."""

instants = st.builds(
    lambda day, minutes, rest: (
        datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=15 * minutes, milliseconds=rest)
    ),
    st.sampled_from(CHANGES),
    st.integers(-300, 300),
    st.sampled_from((0, 0, 1, -1)),
)
texts = st.sampled_from((None, "", "  ", "google", " google ", "Google", "50%", "a_b", "Ärzte", "direct", 7))
configs = st.fixed_dictionaries(
    {},
    optional={
        "bookingStatus": st.sampled_from(("successful", "failed", "pending", "lost", None)),
        "appointmentType": st.sampled_from(("NP", "F/U", "FU Tele", "odd", None)),
        "start": instants.map(format_instant) | st.just("<string>"),
        "patientName": st.sampled_from(("Anna Straße", "ÄRZTE", "Bob")),
        **{breakdown.key: texts for breakdown in APPOINTMENT_STATISTICS.breakdowns},
    },
)


@dataclass(frozen=True)
class DashboardArguments:
    """The arguments of a dashboard."""

    zone: str | None
    type: str | None
    search: str | None
    bounds: tuple[datetime | None, datetime | None]
    by: str
    fill: bool
    size: int
    page: int
    values: Mapping[str, list[str]]
    """The values of filters, by the field of the breakdown."""

    def variables(self) -> dict[str, object]:
        start, end = (at and format_instant(at) for at in self.bounds)
        shared = {"zone": self.zone, "type": self.type, "search": self.search, "by": self.by, "fill": self.fill}
        return {**shared, "start": start, "end": end, "size": self.size, "page": self.page, **self.values}


def _sort_bounds(bounds: tuple[datetime | None, datetime | None]) -> tuple[datetime | None, datetime | None]:
    start, end = bounds
    return (end, start) if start is not None and end is not None and start > end else bounds


_BUCKETS = ("google", "Google", "50%", "a_b", "Ärzte", "direct", "unknown", "not set", " google ", "")
_FIELDS = tuple(breakdown.field for breakdown in APPOINTMENT_STATISTICS.breakdowns)

filters: st.SearchStrategy[dict[str, list[str]]] = st.dictionaries(
    st.sampled_from(_FIELDS), st.lists(st.sampled_from(_BUCKETS), min_size=1, max_size=3), min_size=1, max_size=2
) | st.builds(lambda field: {field: []}, st.sampled_from(_FIELDS))
"""One value, several values, none, and filters of several breakdowns."""

dashboard_arguments = st.builds(
    DashboardArguments,
    zone=st.none() | st.sampled_from(ZONES),
    type=st.sampled_from((None, None, "NP", "F_U", "FU_TELE")),
    search=st.sampled_from((None, None, "google", "STRASSE anna", "%", "_", "ärzte bob", "ärzte")),
    bounds=st.tuples(st.none() | instants, st.none() | instants).map(_sort_bounds),
    by=st.sampled_from(("CREATED_AT", "START")),
    fill=st.booleans(),
    size=st.sampled_from((1, 2, 300)),
    page=st.sampled_from((1, 1, 2)),
    values=st.just({}) | filters,
)

Appointment = tuple[datetime, Document]
"""Creation time and config."""

DOCUMENT_TYPES = {"NP": "NP", "F_U": "F/U", "FU_TELE": "FU Tele"}


def _get_time(appointment: Appointment, by: str) -> datetime | None:
    created_at, config = appointment
    return created_at if by == "CREATED_AT" else parse_instant(str(config.get("start")))


def _matches(appointment: Appointment, arguments: DashboardArguments) -> bool:
    config, at = appointment[1], _get_time(appointment, arguments.by)
    start, end = arguments.bounds
    keys = ("patientName", *(breakdown.key for breakdown in APPOINTMENT_STATISTICS.breakdowns))
    searched = "\n".join(text for key in keys if isinstance(text := config.get(key), str)).casefold()
    return (
        (start is None or (at is not None and start <= at))
        and (end is None or (at is not None and at < end))
        and (arguments.type is None or config.get("appointmentType") == DOCUMENT_TYPES[arguments.type])
        and all(word in searched for word in (arguments.search or "").casefold().split())
        and all(
            get_bucket(config, breakdown) in arguments.values[breakdown.field]
            for breakdown in APPOINTMENT_STATISTICS.breakdowns
            if breakdown.field in arguments.values
        )
    )


def _get_status(config: Document) -> str:
    status = config.get("bookingStatus")
    return status if status in ("successful", "failed") else "pending"


def get_bucket(config: Document, breakdown: Breakdown) -> str:
    value = config.get(breakdown.key)
    return (value.strip() if isinstance(value, str) else "") or breakdown.blank_value


def _count_buckets(
    matching: list[Appointment], arguments: DashboardArguments, breakdown: Breakdown
) -> list[dict[str, object]]:
    counts = Counter(get_bucket(config, breakdown) for _, config in matching)
    ordered = sorted(counts.items(), key=lambda bucket: (-bucket[1], bucket[0]))
    shown = ordered[arguments.size * (arguments.page - 1) : arguments.size * arguments.page]
    return [{"value": value, "count": number} for value, number in shown]


def _find_first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, found by trying each quarter of an hour."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
    while at.astimezone(zone).date() != day:
        at += timedelta(minutes=15)
    return at


def _count_trends(
    matching: list[Appointment], arguments: DashboardArguments, zone: ZoneInfo
) -> list[dict[str, object]]:
    by_day: dict[date, Counter[str]] = {}
    for appointment in matching:
        if (at := _get_time(appointment, arguments.by)) is not None:
            by_day.setdefault(at.astimezone(zone).date(), Counter())[_get_status(appointment[1])] += 1
    start, end = arguments.bounds
    shown = sorted(by_day)
    if arguments.fill and (start is None or start != end) and (shown or (start is not None and end is not None)):
        first = shown[0] if start is None else start.astimezone(zone).date()
        last = shown[-1] if end is None else (end - timedelta(milliseconds=1)).astimezone(zone).date()
        shown = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    return [
        {
            "date": format_instant(_find_first_instant(day, zone)),
            "day": day.isoformat(),
            "successful": by_day.get(day, Counter())["successful"],
            "failed": by_day.get(day, Counter())["failed"],
        }
        for day in shown
    ]


def recount(appointments: list[Appointment], arguments: DashboardArguments, zone: str) -> dict[str, Any]:
    matching = [appointment for appointment in appointments if _matches(appointment, arguments)]
    statuses = Counter(_get_status(config) for _, config in matching)
    return {
        "overview": {
            "total": len(matching),
            **{status: statuses[status] for status in ("successful", "failed", "pending")},
        },
        "trends": _count_trends(matching, arguments, ZoneInfo(arguments.zone or zone)),
        **{
            breakdown.field: _count_buckets(matching, arguments, breakdown)
            for breakdown in APPOINTMENT_STATISTICS.breakdowns
        },
    }
