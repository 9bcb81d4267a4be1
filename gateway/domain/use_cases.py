"""Use cases: the map of keys, and what their documents say about a row."""

from datetime import datetime

from gateway.domain.documents import AuditColumns, audit_columns
from gateway.domain.enums import Status
from gateway.domain.section import Document


class UseCaseColumns(AuditColumns):
    """The columns of `gateway.tables.UseCase` that follow from its document."""

    logical_id: str
    type: str
    status: Status


def use_case_columns(document: Document, logical_id: str, at: datetime) -> UseCaseColumns:
    """Of one of document 1's `use_cases`; a status that is not `active` reads as inactive."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    type_ = config.get("type")
    return UseCaseColumns(
        logical_id=logical_id,
        type=type_ if isinstance(type_, str) else "",
        status=Status.ACTIVE if config.get("status") == Status.ACTIVE.value else Status.INACTIVE,
        **audit_columns(document, at),
    )
