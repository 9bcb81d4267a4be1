"""The configs of resource records, one file for each kind: what is shown of it, and what is given."""

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
    strawberry.union("ResourceConfig", description="What a resource record describes, by its type."),
]


@strawberry.input(description="What a resource record describes: exactly one of these.", one_of=True)
class ResourceConfigInput:
    practitioner: PractitionerConfigInput | None = optional_field("A person who treats patients.")
    location: LocationConfigInput | None = optional_field("A place where patients are seen.")
    appointment: AppointmentConfigInput | None = optional_field("A booking of a visit.")
    patient: PatientConfigInput | None = optional_field("A person who is treated.")
    organization: OrganizationConfigInput | None = optional_field("A clinic or a group of clinics.")
    visiting_reason: VisitingReasonConfigInput | None = optional_field("A reason for a visit that can be booked.")
    other: OtherConfigInput | None = optional_field("A record of a type this graph does not model.")
