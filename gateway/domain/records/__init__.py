"""The kinds of resource record, one file each, and what their documents say about a row."""

from datetime import datetime

from gateway.domain.documents import AuditColumns, audit_columns
from gateway.domain.enums import BookingStatus
from gateway.domain.section import Document


class RecordColumns(AuditColumns):
    """The columns of `gateway.tables.ResourceRecord` that follow from its document."""

    logical_id: str
    type: str
    search_text: str
    start: datetime | None
    booking_status: BookingStatus | None
    appointment_type: str | None
    source: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None


def record_columns(document: Document, logical_id: str, at: datetime) -> RecordColumns:
    """Of one of document 1's `resource_records`."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    type_ = config.get("type")
    return RecordColumns(
        logical_id=logical_id,
        type=type_ if isinstance(type_, str) else "",
        search_text="",
        start=None,
        booking_status=None,
        appointment_type=None,
        source=None,
        utm_source=None,
        utm_medium=None,
        utm_campaign=None,
        **audit_columns(document, at),
    )
