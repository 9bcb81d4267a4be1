"""Bookings of visits; the dashboard counts them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from gateway.domain import instants
from gateway.domain.enums import AppointmentType, BookingStatus, ResourceType
from gateway.domain.record_kind import Fault, Kind, blank, no_ids
from gateway.domain.section import Document, Json
from gateway.domain.statistics import APPOINTMENT_BREAKDOWNS

_BOOKING_STATUSES = {status.value: status for status in BookingStatus}
_TYPES = {type_.value for type_ in AppointmentType}


def _columns(config: Mapping[str, Json]) -> Mapping[str, object]:
    """What statistics read: a booking without a known status is pending, a type without a known name is none."""
    start, status, type_ = (config.get(key) for key in ("start", "bookingStatus", "appointmentType"))
    known = _BOOKING_STATUSES.get(status) if isinstance(status, str) else None
    return {
        "start": instants.parse(start) if isinstance(start, str) else None,
        "booking_status": known or BookingStatus.PENDING,
        "appointment_type": type_ if isinstance(type_, str) and type_ in _TYPES else None,
        **{breakdown.column: breakdown.bucket(config) for breakdown in APPOINTMENT_BREAKDOWNS},
    }


def _faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    yield from blank(values, "id", "patientName", "practitionerName", "locationName", "visitingReasonName")
    yield from no_ids(values, "patientId", "practitionerId", "locationId", "visitingReasonId")
    start, end = values.get("start"), values.get("end")
    # Both are in the one spelling of `instants.isoformat`, which sorts by time.
    if isinstance(start, str) and isinstance(end, str) and end < start:
        yield Fault("`end` must not be before `start`.", ("end",))


APPOINTMENTS = Kind(
    type=ResourceType.APPOINTMENTS,
    member="appointment",
    searched=(
        "id",
        "patientName",
        "practitionerName",
        "locationName",
        "visitingReasonName",
        *(breakdown.key for breakdown in APPOINTMENT_BREAKDOWNS),
    ),
    faults=_faults,
    columns=_columns,
    instant_keys=frozenset({"start", "end"}),
)
