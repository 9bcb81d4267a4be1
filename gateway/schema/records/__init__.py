"""Config types and inputs of resource records, one module for each record kind."""

from typing import Annotated

import strawberry

from gateway.schema.inputs import optional_field
from gateway.schema.records.appointments import AppointmentConfig, AppointmentConfigInput
from gateway.schema.records.locations import LocationConfig, LocationConfigInput
from gateway.schema.records.organizations import OrganizationConfig, OrganizationConfigInput
from gateway.schema.records.other import OtherConfig, OtherConfigInput
from gateway.schema.records.patients import PatientConfig, PatientConfigInput
from gateway.schema.records.practitioners import PractitionerConfig, PractitionerConfigInput
from gateway.schema.records.visiting_reasons import VisitingReasonConfig, VisitingReasonConfigInput

ResourceConfig = Annotated[
    PractitionerConfig
    | LocationConfig
    | AppointmentConfig
    | PatientConfig
    | OrganizationConfig
    | VisitingReasonConfig
    | OtherConfig,
    strawberry.union(
        "ResourceConfig", description="Config of a resource record; its type follows the record's `type`."
    ),
]


@strawberry.input(description="Config of a resource record. Give exactly one.", one_of=True)
class ResourceConfigInput:
    practitioner: PractitionerConfigInput | None = optional_field("Person who treats patients.")
    location: LocationConfigInput | None = optional_field("Place where patients are seen.")
    appointment: AppointmentConfigInput | None = optional_field("Booking of a visit.")
    patient: PatientConfigInput | None = optional_field("Patient of the clinic.")
    organization: OrganizationConfigInput | None = optional_field("Clinic or group of clinics.")
    visiting_reason: VisitingReasonConfigInput | None = optional_field(
        "Reason for a visit that patients can book."
    )
    other: OtherConfigInput | None = optional_field("Record whose type the schema does not model.")
