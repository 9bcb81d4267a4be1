"""Clinics and groups of clinics."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, Kind, blank


def _faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    yield from blank(values, "id", "name")


ORGANIZATIONS = Kind(
    type=ResourceType.ORGANIZATIONS, member="organization", searched=("id", "name"), faults=_faults
)
