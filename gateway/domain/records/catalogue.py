"""The catalogue of record kinds, and the columns that documents determine."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from gateway.domain import statistics
from gateway.domain.bounds import MAX_NAME_LENGTH
from gateway.domain.calendar import instants
from gateway.domain.documents import AuditColumns, get_text_or_none
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records.appointments import APPOINTMENTS
from gateway.domain.records.kind import RecordKind
from gateway.domain.records.locations import LOCATIONS
from gateway.domain.records.organizations import ORGANIZATIONS
from gateway.domain.records.other import OTHER
from gateway.domain.records.patients import PATIENTS
from gateway.domain.records.practitioners import PRACTITIONERS
from gateway.domain.records.visiting_reasons import VISITING_REASONS
from gateway.domain.text import fold

RecordColumns: TypeAlias = Mapping[str, object]
"""The columns of `gateway.database.tables.ResourceRecord` that its document determines.

They are in the order of `RECORD_COLUMNS`. Instants are texts of `gateway.domain.calendar.instants.format_instant`.
"""

RECORD_COLUMNS = (
    *("logical_id", "type", "source_id", "search_text", "start", "appointment_type"),
    *statistics.STATISTICS_COLUMNS,
    *AuditColumns.__annotations__,
)
"""The names of these columns."""

RECORD_KINDS: tuple[RecordKind, ...] = (
    PRACTITIONERS,
    LOCATIONS,
    APPOINTMENTS,
    PATIENTS,
    ORGANIZATIONS,
    VISITING_REASONS,
    OTHER,
)

KINDS_BY_TYPE: Mapping[str, RecordKind] = {kind.type.value: kind for kind in RECORD_KINDS if kind is not OTHER}
"""The kinds that have a type in the GraphQL schema, by `config.type`."""

KINDS_BY_MEMBER: Mapping[str, RecordKind] = {kind.member: kind for kind in RECORD_KINDS}
"""The kinds by their field of the GraphQL input `ResourceConfigInput`."""


def get_kind(type: str) -> RecordKind:
    """Return the kind of records with this `config.type`."""
    return KINDS_BY_TYPE.get(type, OTHER)


def read_record_columns(document: Document, logical_id: str, at: datetime) -> RecordColumns:
    """Return the columns for an entry of `resource_records`. `at` replaces a missing or invalid instant."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    type_ = config.get("type")
    kind = get_kind(type_ if isinstance(type_, str) else "")
    return {
        "logical_id": logical_id,
        "type": type_ if isinstance(type_, str) else "",
        "source_id": _read_source_id(config) if kind.is_referenced else None,
        "search_text": fold(_join_texts([document.get("_id"), *map(config.get, kind.searched_keys)])),
        **kind.read_columns(config),
        "created_at": _normalize_instant(document.get("createdAt")) or instants.format_instant(at),
        "created_by": get_text_or_none(document.get("createdBy")),
        "updated_at": _normalize_instant(document.get("updatedAt")) or instants.format_instant(at),
        "updated_by": get_text_or_none(document.get("updatedBy")),
    }


def _read_source_id(config: Mapping[str, Json]) -> str | None:
    """Return `config.id`; None if it is missing, no text, or longer than a mutation accepts."""
    value = config.get("id")
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH else None


def _normalize_instant(value: Json) -> str | None:
    return instants.normalize_instant(value) if isinstance(value, str) else None


def _join_texts(values: Sequence[Json]) -> str:
    """Return the texts among the values, one a line. A search for a word cannot match across lines."""
    try:
        return "\n".join(filter(None, values))  # type: ignore[arg-type]  # Other values raise TypeError.
    except TypeError:
        return "\n".join(value for value in values if value and isinstance(value, str))
