"""Appointments. A dashboard counts them by status, day and breakdown."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from gateway.domain import statistics
from gateway.domain.calendar import instants
from gateway.domain.enums import AppointmentType, ResourceType
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records.kind import Fault, RecordKind, find_blank, find_invalid_ids, join_searched_keys

_APPOINTMENT_TYPES = {type_.value for type_ in AppointmentType}


def _read_columns(config: Mapping[str, Json]) -> Mapping[str, object]:
    """Return the columns that statistics count; an unknown appointment type is None."""
    start, type_ = config.get("start"), config.get("appointmentType")
    return {
        "start": instants.normalize_instant(start) if isinstance(start, str) else None,
        "appointment_type": type_ if isinstance(type_, str) and type_ in _APPOINTMENT_TYPES else None,
        **statistics.APPOINTMENT_STATISTICS.read_columns(config),
    }


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (the signature of `find_faults`)
    yield from find_blank(
        values, "sourceId", "patientName", "practitionerName", "locationName", "visitingReasonName"
    )
    yield from find_invalid_ids(values, "patientId", "practitionerId", "locationId", "visitingReasonId")
    start, end = values.get("start"), values.get("end")
    # Both have the format of `instants.format_instant`, which sorts by time.
    if isinstance(start, str) and isinstance(end, str) and end < start:
        yield Fault("`end` must not be before `start`.", ("end",))


APPOINTMENTS = RecordKind(
    type=ResourceType.APPOINTMENTS,
    member="appointment",
    searched_keys=join_searched_keys(
        ("id", "patientName", "practitionerName", "locationName", "visitingReasonName"),
        statistics.APPOINTMENT_STATISTICS,
    ),
    find_faults=_find_faults,
    read_columns=_read_columns,
    instant_keys=frozenset({"start", "end"}),
)
