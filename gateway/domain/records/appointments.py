"""Bookings of visits; the dashboard counts them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from gateway.domain import statistics
from gateway.domain.calendar import instants
from gateway.domain.enums import AppointmentType, ResourceType
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records.kind import Fault, Kind, blank, no_ids

_TYPES = {type_.value for type_ in AppointmentType}


def _columns(config: Mapping[str, Json]) -> Mapping[str, object]:
    """What statistics read: a type without a known name is none."""
    start, type_ = config.get("start"), config.get("appointmentType")
    return {
        "start": instants.written(start) if isinstance(start, str) else None,
        "appointment_type": type_ if isinstance(type_, str) and type_ in _TYPES else None,
        **statistics.APPOINTMENTS.columns(config),
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
        *(breakdown.key for breakdown in statistics.APPOINTMENTS.breakdowns),
    ),
    faults=_faults,
    columns=_columns,
    instant_keys=frozenset({"start", "end"}),
)
