"""Organizations: clinics and groups of clinics."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, RecordKind, find_blank


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (the signature of `find_faults`)
    yield from find_blank(values, "sourceId", "name")


ORGANIZATIONS = RecordKind(
    type=ResourceType.ORGANIZATIONS, member="organization", searched_keys=("id", "name"), find_faults=_find_faults
)
