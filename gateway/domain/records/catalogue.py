"""The kinds of resource record, one file each, and what their documents say about a row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from gateway.domain import statistics
from gateway.domain.calendar import instants
from gateway.domain.documents import AuditColumns, get_text_or_none
from gateway.domain.enums import ResourceType
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
"""The columns of `gateway.database.tables.ResourceRecord` that follow from its document, in the order of `COLUMNS`.

Instants are as `gateway.domain.calendar.instants.isoformat` writes them, which is how most documents do.
"""

RECORD_COLUMNS = (
    *("logical_id", "type", "search_text", "start", "appointment_type", *statistics.STATISTICS_COLUMNS),
    *AuditColumns.__annotations__,
)
"""Their names."""

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
"""The kinds that the graph has a type for, by `config.type`."""

KINDS_BY_MEMBER: Mapping[str, RecordKind] = {kind.member: kind for kind in RECORD_KINDS}


def get_kind(type: str) -> RecordKind:
    """The kind of a record whose `config.type` this is."""
    return KINDS_BY_TYPE.get(type, OTHER)


def list_config_types(type: ResourceType) -> tuple[str, ...] | None:
    """The `config.type`s that read as `type`, or None for OTHER: whatever is not in `MODELLED`."""
    return None if type is ResourceType.OTHER else (type.value,)


def read_record_columns(document: Document, logical_id: str, at: datetime) -> RecordColumns:
    """Of one of document 1's `resource_records`; an absent or unreadable instant is `at`, that of the import."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    type_ = config.get("type")
    kind = get_kind(type_ if isinstance(type_, str) else "")
    return {
        "logical_id": logical_id,
        "type": type_ if isinstance(type_, str) else "",
        "search_text": fold(_join_texts([document.get("_id"), *map(config.get, kind.searched_keys)])),
        **kind.read_columns(config),
        "created_at": _normalize_instant(document.get("createdAt")) or instants.format_instant(at),
        "created_by": get_text_or_none(document.get("createdBy")),
        "updated_at": _normalize_instant(document.get("updatedAt")) or instants.format_instant(at),
        "updated_by": get_text_or_none(document.get("updatedBy")),
    }


def _normalize_instant(value: Json) -> str | None:
    return instants.normalize_instant(value) if isinstance(value, str) else None


def _join_texts(values: Sequence[Json]) -> str:
    """Those that are texts, in lines of their own: words hold no line break, so none is found across two texts."""
    try:
        return "\n".join(filter(None, values))  # type: ignore[arg-type]  # It may hold what raises.
    except TypeError:
        return "\n".join(value for value in values if value and isinstance(value, str))
