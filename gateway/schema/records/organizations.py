"""Configs of records of type `organizations`."""

import strawberry

from gateway.domain.enums import Status
from gateway.domain.records import ORGANIZATIONS
from gateway.schema.fields import key_field
from gateway.schema.record_config import SOURCE_ID, STATUS, STATUS_INPUT, RecordConfig, status


@strawberry.type(description="Clinic or group of clinics.")
class OrganizationConfig(RecordConfig):
    kind = ORGANIZATIONS

    source_id: str | None = key_field("id", SOURCE_ID)
    name: str | None = key_field("name", "Display name.")
    status: Status = key_field("status", STATUS, status)


@strawberry.input(description="Clinic or group of clinics.")
class OrganizationConfigInput:
    source_id: str | None = strawberry.field(description=SOURCE_ID, default=None)
    name: str = strawberry.field(description="Display name, not blank.")
    status: Status = strawberry.field(description=STATUS_INPUT, default=Status.ACTIVE)
