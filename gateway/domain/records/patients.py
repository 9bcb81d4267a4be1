"""People who are treated."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from gateway.domain import statistics
from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records.kind import Fault, Kind, blank, not_counted

_EARLIEST_CALENDAR = timedelta(hours=14)
"""How far ahead of UTC the first place is in which a day begins."""


def _columns(config: Mapping[str, Json]) -> Mapping[str, object]:
    return {**not_counted(config), **statistics.PATIENTS.columns(config)}


def _faults(values: Document, at: datetime) -> Iterator[Fault]:
    yield from blank(values, "id", "firstName", "lastName")
    born = values.get("birthDate")
    if isinstance(born, str) and born > (at + _EARLIEST_CALENDAR).date().isoformat():
        yield Fault("`birthDate` must not be in the future.", ("birthDate",))


PATIENTS = Kind(
    type=ResourceType.PATIENTS,
    member="patient",
    searched=("id", "firstName", "lastName", "phone", "email", "source"),
    faults=_faults,
    columns=_columns,
)
