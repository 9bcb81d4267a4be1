"""People who are treated."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.domain.enums import ResourceType
from gateway.domain.record_kind import Fault, Kind, blank
from gateway.domain.section import Document

_EARLIEST_CALENDAR = timedelta(hours=14)
"""How far ahead of UTC the first place is in which a day begins."""


def _faults(values: Document, at: datetime) -> Iterator[Fault]:
    yield from blank(values, "id", "firstName", "lastName")
    born = values.get("birthDate")
    if isinstance(born, str) and born > (at + _EARLIEST_CALENDAR).date().isoformat():
        yield Fault("`birthDate` must not be in the future.", ("birthDate",))


PATIENTS = Kind(
    type=ResourceType.PATIENTS,
    member="patient",
    searched=("id", "firstName", "lastName", "phone", "email"),
    faults=_faults,
)
