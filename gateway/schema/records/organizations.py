"""Clinics and groups of clinics."""

import strawberry

from gateway.domain.enums import Status
from gateway.domain.records import ORGANIZATIONS
from gateway.schema.fields import key_field
from gateway.schema.record_config import RecordConfig, status


@strawberry.type(description="A clinic or a group of clinics.")
class OrganizationConfig(RecordConfig):
    kind = ORGANIZATIONS

    id: str | None = key_field("id", "The organization's id in the system it came from.")
    name: str | None = key_field("name", "What people call it.")
    status: Status = key_field("status", "Whether it is in use.", status)


@strawberry.input(description="A clinic or a group of clinics.")
class OrganizationConfigInput:
    id: str | None = strawberry.field(description="Its id in the system it came from.", default=None)
    name: str = strawberry.field(description="What people call it; not blank.")
    status: Status = strawberry.field(description="Whether it is in use.", default=Status.ACTIVE)
