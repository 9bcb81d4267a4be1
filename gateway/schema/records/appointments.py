"""Configs of records of type `appointments`."""

from datetime import datetime

import strawberry

from gateway.database import ResourceRecord
from gateway.domain.enums import AppointmentType, BookingStatus
from gateway.domain.records import APPOINTMENTS, LOCATIONS, PATIENTS, PRACTITIONERS, VISITING_REASONS
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.record_config import SOURCE_ID, RecordConfig, reference_field

_START = "When the visit begins."
_END = "When the visit ends."
_ERROR_MESSAGE = "Why the booking failed, when `bookingStatus` is FAILED."
_PATIENT_ID = "Id of the patient: `id` or `sourceId` of its record."
_PATIENT_NAME = "Name of the patient."
_PRACTITIONER_ID = "Id of the practitioner: `id` or `sourceId` of its record."
_PRACTITIONER_NAME = "Name of the practitioner."
_LOCATION_ID = "Id of the location: `id` or `sourceId` of its record."
_LOCATION_NAME = "Name of the location."
_VISITING_REASON_ID = "Id of the visiting reason: `id` or `sourceId` of its record."
_VISITING_REASON_NAME = "Name of the visiting reason."
_SOURCE = (
    "System or channel that made the booking, such as `website`. The dashboard counts a missing one as `unknown`."
)
_UTM_SOURCE = "`utm_source` of the link that led to the booking. The dashboard counts a missing one as `direct`."
_UTM_MEDIUM = "`utm_medium` of the link that led to the booking. The dashboard counts a missing one as `not set`."
_UTM_CAMPAIGN = (
    "`utm_campaign` of the link that led to the booking. The dashboard counts a missing one as `not set`."
)


@strawberry.type(description="Booking of a visit.")
class AppointmentConfig(RecordConfig):
    kind = APPOINTMENTS

    source_id: str | None = key_field("id", SOURCE_ID)
    appointment_type: AppointmentType | None = key_field(
        "appointmentType",
        "Type of visit; null when the document has none or an unknown one.",
        read_enum(AppointmentType),
    )
    booking_status: BookingStatus = key_field(
        "bookingStatus",
        "State of the booking; PENDING when the document has none or an unknown one.",
        with_default(read_enum(BookingStatus), BookingStatus.PENDING),
    )
    error_message: str | None = key_field("errorMessage", _ERROR_MESSAGE)
    start: datetime | None = key_field("start", _START, json_readers.instant)
    end: datetime | None = key_field("end", _END, json_readers.instant)
    patient_id: strawberry.ID | None = key_field("patientId", _PATIENT_ID)
    patient_name: str | None = key_field("patientName", _PATIENT_NAME)
    patient: ResourceRecord | None = reference_field("patientId", PATIENTS, "patient")
    practitioner_id: strawberry.ID | None = key_field("practitionerId", _PRACTITIONER_ID)
    practitioner_name: str | None = key_field("practitionerName", _PRACTITIONER_NAME)
    practitioner: ResourceRecord | None = reference_field("practitionerId", PRACTITIONERS, "practitioner")
    location_id: strawberry.ID | None = key_field("locationId", _LOCATION_ID)
    location_name: str | None = key_field("locationName", _LOCATION_NAME)
    location: ResourceRecord | None = reference_field("locationId", LOCATIONS, "location")
    visiting_reason_id: strawberry.ID | None = key_field("visitingReasonId", _VISITING_REASON_ID)
    visiting_reason_name: str | None = key_field("visitingReasonName", _VISITING_REASON_NAME)
    visiting_reason: ResourceRecord | None = reference_field(
        "visitingReasonId", VISITING_REASONS, "visiting reason"
    )
    source: str | None = key_field("source", _SOURCE)
    utm_source: str | None = key_field("utmSource", _UTM_SOURCE)
    utm_medium: str | None = key_field("utmMedium", _UTM_MEDIUM)
    utm_campaign: str | None = key_field("utmCampaign", _UTM_CAMPAIGN)


@strawberry.input(description="Booking of a visit.")
class AppointmentConfigInput:
    source_id: str | None = strawberry.field(description=SOURCE_ID, default=None)
    appointment_type: AppointmentType | None = strawberry.field(description="Type of visit.", default=None)
    booking_status: BookingStatus = strawberry.field(
        description="State of the booking.", default=BookingStatus.PENDING
    )
    error_message: str | None = strawberry.field(description=_ERROR_MESSAGE, default=None)
    start: datetime | None = strawberry.field(description=_START, default=None)
    end: datetime | None = strawberry.field(description=f"{_END} Not before `start`.", default=None)
    patient_id: strawberry.ID | None = strawberry.field(description=_PATIENT_ID, default=None)
    patient_name: str | None = strawberry.field(description=_PATIENT_NAME, default=None)
    practitioner_id: strawberry.ID | None = strawberry.field(description=_PRACTITIONER_ID, default=None)
    practitioner_name: str | None = strawberry.field(description=_PRACTITIONER_NAME, default=None)
    location_id: strawberry.ID | None = strawberry.field(description=_LOCATION_ID, default=None)
    location_name: str | None = strawberry.field(description=_LOCATION_NAME, default=None)
    visiting_reason_id: strawberry.ID | None = strawberry.field(description=_VISITING_REASON_ID, default=None)
    visiting_reason_name: str | None = strawberry.field(description=_VISITING_REASON_NAME, default=None)
    source: str | None = strawberry.field(description=_SOURCE, default=None)
    utm_source: str | None = strawberry.field(description=_UTM_SOURCE, default=None)
    utm_medium: str | None = strawberry.field(description=_UTM_MEDIUM, default=None)
    utm_campaign: str | None = strawberry.field(description=_UTM_CAMPAIGN, default=None)
