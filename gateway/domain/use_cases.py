"""Use cases: the map of keys, and what their documents say about a row."""

from datetime import datetime
from typing import NamedTuple

from gateway.domain.documents import AuditColumns, audit_columns
from gateway.domain.enums import Status, UseCaseKey, UseCaseType
from gateway.domain.section import Document


class KnownUseCase(NamedTuple):
    """What `config.type` and `config.name` say of a use case with a key."""

    type: UseCaseType
    name: str


CATALOGUE: dict[UseCaseKey, KnownUseCase] = {
    UseCaseKey.NEW_PATIENT_APPOINTMENT_REMINDER: KnownUseCase(
        UseCaseType.APPOINTMENT_REMINDER_WITH_SHEET, "New Patients Appointment Reminder"
    ),
    UseCaseKey.FOLLOW_UP_APPOINTMENT_REMINDER: KnownUseCase(
        UseCaseType.APPOINTMENT_REMINDER_WITH_SHEET, "Follow Up Appointment Reminder"
    ),
    UseCaseKey.PROCEDURE_REMINDER: KnownUseCase(UseCaseType.APPOINTMENT_REMINDER_WITH_SHEET, "Procedure Reminder"),
    UseCaseKey.LAB_REMINDER: KnownUseCase(UseCaseType.LAB_REMINDER_WITH_SHEET, "Lab Reminder"),
    UseCaseKey.MEDICATION_REFILL_REMINDER: KnownUseCase(
        UseCaseType.MEDICATION_REFILL_WITH_SHEET, "Medication Refill Reminder"
    ),
    UseCaseKey.BILLING_REMINDER: KnownUseCase(UseCaseType.BILLING_REMINDER_WITH_SHEET, "Billing Reminder"),
    UseCaseKey.NO_SHOW_FOLLOW_UP: KnownUseCase(UseCaseType.NO_SHOW_FOLLOW_UP_WITH_SHEET, "No Show Follow Up"),
}
"""Each key, and what documents say in its place: no two say the same."""

_TYPES = {type_.value: type_ for type_ in UseCaseType}


def use_case_type(stored: str) -> UseCaseType:
    """A stored `config.type`, which reads as OTHER when it is none we know."""
    return _TYPES.get(stored, UseCaseType.OTHER)


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
