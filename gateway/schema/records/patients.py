"""People who are treated."""

from datetime import date

import strawberry

from gateway.domain.enums import BookingStatus, Status
from gateway.domain.records import PATIENTS
from gateway.domain.statistics import PATIENT_STATISTICS as PATIENTS_DASHBOARD
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.record_config import RecordConfig, status


@strawberry.type(description="A person who is treated.")
class PatientConfig(RecordConfig):
    kind = PATIENTS

    id: str | None = key_field("id", "The patient's id in the system it came from.")
    first_name: str | None = key_field("firstName", "The given name.")
    last_name: str | None = key_field("lastName", "The family name.")
    birth_date: date | None = key_field("birthDate", "The day of birth.", json_readers.date)
    gender: str | None = key_field("gender", "In the words of the system it came from.")
    phone: str | None = key_field("phone", "The telephone number.")
    email: str | None = key_field("email", "The e-mail address.")
    status: Status = key_field("status", "Whether the patient is in use.", status)
    booking_status: BookingStatus = key_field(
        "bookingStatus",
        "How taking the patient in went; SUCCESSFUL when nothing is said, or nothing that is understood.",
        with_default(read_enum(BookingStatus), PATIENTS_DASHBOARD.default_status),
    )
    source: str | None = key_field("source", "Where the patient came from; the dashboard reads none as `unknown`.")


@strawberry.input(description="A person who is treated.")
class PatientConfigInput:
    id: str | None = strawberry.field(description="Their id in the system they came from.", default=None)
    first_name: str = strawberry.field(description="Their given name; not blank.")
    last_name: str = strawberry.field(description="Their family name; not blank.")
    birth_date: date | None = strawberry.field(
        description="The day they were born, not in the future.", default=None
    )
    gender: str | None = strawberry.field(description="In the words of that system.", default=None)
    phone: str | None = strawberry.field(description="Their telephone number.", default=None)
    email: str | None = strawberry.field(description="Their e-mail address.", default=None)
    status: Status = strawberry.field(description="Whether they are in use.", default=Status.ACTIVE)
    booking_status: BookingStatus | None = strawberry.field(
        description="How taking them in went; it went well where this is not said.", default=None
    )
    source: str | None = strawberry.field(description="Where they came from.", default=None)
