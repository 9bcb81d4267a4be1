"""Kinds of resource records: their checks, the columns of their rows, and JSON Lines of records.

Each module with the name of a kind has one entry of `catalogue.RECORD_KINDS`.
"""

from gateway.domain.records.appointments import APPOINTMENTS
from gateway.domain.records.catalogue import (
    KINDS_BY_MEMBER,
    KINDS_BY_TYPE,
    get_kind,
    read_record_columns,
)
from gateway.domain.records.kind import RecordKind, is_same_instant
from gateway.domain.records.lines import (
    IntegrationRecords,
    RecordLineParser,
)
from gateway.domain.records.locations import LOCATIONS
from gateway.domain.records.organizations import ORGANIZATIONS
from gateway.domain.records.other import OTHER
from gateway.domain.records.patients import PATIENTS
from gateway.domain.records.practitioners import PRACTITIONERS
from gateway.domain.records.visiting_reasons import VISITING_REASONS

__all__ = [
    "APPOINTMENTS",
    "KINDS_BY_MEMBER",
    "KINDS_BY_TYPE",
    "LOCATIONS",
    "ORGANIZATIONS",
    "OTHER",
    "PATIENTS",
    "PRACTITIONERS",
    "VISITING_REASONS",
    "IntegrationRecords",
    "RecordKind",
    "RecordLineParser",
    "get_kind",
    "is_same_instant",
    "read_record_columns",
]
