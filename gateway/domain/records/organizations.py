"""Clinics and groups of clinics."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.record_kind import Fault, Kind, blank
from gateway.domain.section import Document


def _faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    yield from blank(values, "id", "name")


ORGANIZATIONS = Kind(
    type=ResourceType.ORGANIZATIONS, member="organization", searched=("id", "name"), faults=_faults
)
