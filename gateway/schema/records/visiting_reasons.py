"""Configs of records of type `visiting_reasons`."""

import strawberry

from gateway.domain.enums import AppointmentType, Status
from gateway.domain.records import VISITING_REASONS
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.json_readers import read_enums
from gateway.schema.record_config import SOURCE_ID, STATUS, STATUS_INPUT, RecordConfig, status

_CODE = "Code in the source system."
_DESCRIPTION = "Description for patients."
_APPOINTMENT_TYPES = "Types of visit that can be booked for this reason."


@strawberry.type(description="Reason for a visit that patients can book.")
class VisitingReasonConfig(RecordConfig):
    kind = VISITING_REASONS

    source_id: str | None = key_field("id", SOURCE_ID)
    name: str | None = key_field("name", "Display name.")
    code: str | None = key_field("code", _CODE)
    description: str | None = key_field("description", _DESCRIPTION)
    duration_minutes: int | None = key_field(
        "durationMinutes", "Length of the visit in minutes.", json_readers.integer
    )
    appointment_types: list[AppointmentType] = key_field(
        "appointmentTypes", f"{_APPOINTMENT_TYPES} Unknown types are left out.", read_enums(AppointmentType)
    )
    status: Status = key_field("status", STATUS, status)


@strawberry.input(description="Reason for a visit that patients can book.")
class VisitingReasonConfigInput:
    source_id: str | None = strawberry.field(description=SOURCE_ID, default=None)
    name: str = strawberry.field(description="Display name, not blank.")
    code: str | None = strawberry.field(description=_CODE, default=None)
    description: str | None = strawberry.field(description=_DESCRIPTION, default=None)
    duration_minutes: int | None = strawberry.field(
        description="Length of the visit in minutes, 1 to 1440.", default=None
    )
    appointment_types: list[AppointmentType] | None = strawberry.field(
        description=_APPOINTMENT_TYPES, default=None
    )
    status: Status = strawberry.field(description=STATUS_INPUT, default=Status.ACTIVE)
