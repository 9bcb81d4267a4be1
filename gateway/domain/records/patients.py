"""Patients. A dashboard counts them by status, day and source."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from gateway.domain import statistics
from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records.kind import Fault, RecordKind, build_empty_columns, find_blank, join_searched_keys

_MAX_UTC_OFFSET = timedelta(hours=14)
"""The largest offset from UTC of a zone. There, a day begins first."""


def _read_columns(config: Mapping[str, Json]) -> Mapping[str, object]:
    return {**build_empty_columns(config), **statistics.PATIENT_STATISTICS.read_columns(config)}


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:
    yield from find_blank(values, "sourceId", "firstName", "lastName")
    born = values.get("birthDate")
    if isinstance(born, str) and born > (at + _MAX_UTC_OFFSET).date().isoformat():
        yield Fault("`birthDate` must not be in the future.", ("birthDate",))


PATIENTS = RecordKind(
    type=ResourceType.PATIENTS,
    member="patient",
    searched_keys=join_searched_keys(
        ("id", "firstName", "lastName", "phone", "email"), statistics.PATIENT_STATISTICS
    ),
    find_faults=_find_faults,
    read_columns=_read_columns,
    is_referenced=True,
)
