"""Configs of records of type `patients`."""

from datetime import date

import strawberry

from gateway.domain.enums import BookingStatus, Status
from gateway.domain.records import PATIENTS
from gateway.domain.statistics import PATIENT_STATISTICS as PATIENTS_DASHBOARD
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.json_readers import read_required_enum
from gateway.schema.record_config import SOURCE_ID, STATUS, STATUS_INPUT, RecordConfig, status

_BIRTH_DATE = "Date of birth."
_GENDER = "Gender, as the source system writes it."
_PHONE = "Telephone number."
_EMAIL = "E-mail address."
_SOURCE = "System or channel that registered the patient. The dashboard counts a missing one as `unknown`."


@strawberry.type(description="Patient of the clinic.")
class PatientConfig(RecordConfig):
    kind = PATIENTS

    source_id: str | None = key_field("id", SOURCE_ID)
    first_name: str | None = key_field("firstName", "Given name.")
    last_name: str | None = key_field("lastName", "Family name.")
    birth_date: date | None = key_field("birthDate", _BIRTH_DATE, json_readers.date)
    gender: str | None = key_field("gender", _GENDER)
    phone: str | None = key_field("phone", _PHONE)
    email: str | None = key_field("email", _EMAIL)
    status: Status = key_field("status", STATUS, status)
    booking_status: BookingStatus = key_field(
        "bookingStatus",
        "State of the registration; SUCCESSFUL when the document has none, PENDING when it has an unknown one.",
        read_required_enum(
            BookingStatus, missing=PATIENTS_DASHBOARD.default_status, unknown=BookingStatus.PENDING
        ),
    )
    source: str | None = key_field("source", _SOURCE)


@strawberry.input(description="Patient of the clinic.")
class PatientConfigInput:
    source_id: str | None = strawberry.field(description=SOURCE_ID, default=None)
    first_name: str = strawberry.field(description="Given name, not blank.")
    last_name: str = strawberry.field(description="Family name, not blank.")
    birth_date: date | None = strawberry.field(description=f"{_BIRTH_DATE} Not in the future.", default=None)
    gender: str | None = strawberry.field(description=_GENDER, default=None)
    phone: str | None = strawberry.field(description=_PHONE, default=None)
    email: str | None = strawberry.field(description=_EMAIL, default=None)
    status: Status = strawberry.field(description=STATUS_INPUT, default=Status.ACTIVE)
    booking_status: BookingStatus | None = strawberry.field(
        description="State of the registration. Absent or null reads as SUCCESSFUL.", default=None
    )
    source: str | None = strawberry.field(description=_SOURCE, default=None)
