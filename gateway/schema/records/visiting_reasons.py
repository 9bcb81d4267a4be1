"""Reasons for a visit that can be booked."""

import strawberry

from gateway.domain.enums import AppointmentType, Status
from gateway.domain.records import VISITING_REASONS
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.json_readers import read_enums
from gateway.schema.record_config import RecordConfig, status


@strawberry.type(description="A reason for a visit that can be booked.")
class VisitingReasonConfig(RecordConfig):
    kind = VISITING_REASONS

    id: str | None = key_field("id", "The reason's id in the system it came from.")
    name: str | None = key_field("name", "What people call it.")
    code: str | None = key_field("code", "Its code in the system it came from.")
    description: str | None = key_field("description", "A few words for patients.")
    duration_minutes: int | None = key_field(
        "durationMinutes", "How long such a visit lasts.", json_readers.integer
    )
    appointment_types: list[AppointmentType] = key_field(
        "appointmentTypes", "The kinds of visit that it can be booked for.", read_enums(AppointmentType)
    )
    status: Status = key_field("status", "Whether it can be booked.", status)


@strawberry.input(description="A reason for a visit that can be booked.")
class VisitingReasonConfigInput:
    id: str | None = strawberry.field(description="Its id in the system it came from.", default=None)
    name: str = strawberry.field(description="What people call it; not blank.")
    code: str | None = strawberry.field(description="Its code in that system.", default=None)
    description: str | None = strawberry.field(description="A few words for patients.", default=None)
    duration_minutes: int | None = strawberry.field(
        description="How long such a visit lasts, from 1 to 1440.", default=None
    )
    appointment_types: list[AppointmentType] | None = strawberry.field(
        description="The kinds of visit that it can be booked for.", default=None
    )
    status: Status = strawberry.field(description="Whether it can be booked.", default=Status.ACTIVE)
