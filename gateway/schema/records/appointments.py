"""Bookings of visits."""

from datetime import datetime

import strawberry

from gateway.domain.enums import AppointmentType, BookingStatus
from gateway.domain.records import APPOINTMENTS
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.record_config import RecordConfig


@strawberry.type(description="A booking of a visit.")
class AppointmentConfig(RecordConfig):
    kind = APPOINTMENTS

    id: str | None = key_field("id", "The appointment's id in the system it came from.")
    appointment_type: AppointmentType | None = key_field(
        "appointmentType", "What kind of visit it is.", read_enum(AppointmentType)
    )
    booking_status: BookingStatus = key_field(
        "bookingStatus",
        "How the booking went; PENDING when nothing is said, or nothing that is understood.",
        with_default(read_enum(BookingStatus), BookingStatus.PENDING),
    )
    error_message: str | None = key_field("errorMessage", "Why the booking failed.")
    start: datetime | None = key_field("start", "When the visit begins.", json_readers.instant)
    end: datetime | None = key_field("end", "When the visit ends.", json_readers.instant)
    patient_id: strawberry.ID | None = key_field("patientId", "Who comes.")
    patient_name: str | None = key_field("patientName", "What people call who comes.")
    practitioner_id: strawberry.ID | None = key_field("practitionerId", "Who treats.")
    practitioner_name: str | None = key_field("practitionerName", "What people call who treats.")
    location_id: strawberry.ID | None = key_field("locationId", "Where it is.")
    location_name: str | None = key_field("locationName", "What people call the place.")
    visiting_reason_id: strawberry.ID | None = key_field("visitingReasonId", "What it is for.")
    visiting_reason_name: str | None = key_field("visitingReasonName", "What people call the reason.")
    source: str | None = key_field("source", "Where the booking was made, such as `website`.")
    utm_source: str | None = key_field(
        "utmSource", "The link's `utm_source`; the dashboard reads none as `direct`."
    )
    utm_medium: str | None = key_field(
        "utmMedium", "The link's `utm_medium`; the dashboard reads none as `not set`."
    )
    utm_campaign: str | None = key_field(
        "utmCampaign", "The link's `utm_campaign`; the dashboard reads none as `not set`."
    )


@strawberry.input(description="A booking of a visit.")
class AppointmentConfigInput:
    id: str | None = strawberry.field(description="Its id in the system it came from.", default=None)
    appointment_type: AppointmentType | None = strawberry.field(
        description="What kind of visit it is.", default=None
    )
    booking_status: BookingStatus = strawberry.field(
        description="How the booking went.", default=BookingStatus.PENDING
    )
    error_message: str | None = strawberry.field(description="Why the booking failed.", default=None)
    start: datetime | None = strawberry.field(description="When the visit begins.", default=None)
    end: datetime | None = strawberry.field(description="When it ends, not before `start`.", default=None)
    patient_id: strawberry.ID | None = strawberry.field(description="Who comes.", default=None)
    patient_name: str | None = strawberry.field(description="What people call who comes.", default=None)
    practitioner_id: strawberry.ID | None = strawberry.field(description="Who treats.", default=None)
    practitioner_name: str | None = strawberry.field(description="What people call who treats.", default=None)
    location_id: strawberry.ID | None = strawberry.field(description="Where it is.", default=None)
    location_name: str | None = strawberry.field(description="What people call the place.", default=None)
    visiting_reason_id: strawberry.ID | None = strawberry.field(description="What it is for.", default=None)
    visiting_reason_name: str | None = strawberry.field(description="What people call the reason.", default=None)
    source: str | None = strawberry.field(description="Where the booking was made.", default=None)
    utm_source: str | None = strawberry.field(description="The link's `utm_source`.", default=None)
    utm_medium: str | None = strawberry.field(description="The link's `utm_medium`.", default=None)
    utm_campaign: str | None = strawberry.field(description="The link's `utm_campaign`.", default=None)
