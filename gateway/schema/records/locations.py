"""Places where patients are seen."""

import strawberry

from gateway.domain.enums import Status
from gateway.domain.records import LOCATIONS
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.record_config import RecordConfig, status
from gateway.schema.scalars import TimeZone


@strawberry.type(description="A place where patients are seen.")
class LocationConfig(RecordConfig):
    kind = LOCATIONS

    id: str | None = key_field("id", "The place's id in the system it came from.")
    name: str | None = key_field("name", "What people call the place.")
    status: Status = key_field("status", "Whether the place is in use.", status)
    timezone: TimeZone | None = key_field(
        "timezone",
        "The zone of its clocks; null where its document names none that exists.",
        json_readers.timezone,
    )
    address: str | None = key_field("address", "Where it is.")
    phone: str | None = key_field("phone", "Its telephone number.")


@strawberry.input(description="A place where patients are seen.")
class LocationConfigInput:
    id: str | None = strawberry.field(description="Its id in the system it came from.", default=None)
    name: str = strawberry.field(description="What people call it; not blank.")
    status: Status = strawberry.field(description="Whether it is in use.", default=Status.ACTIVE)
    timezone: TimeZone | None = strawberry.field(description="The zone of its clocks.", default=None)
    address: str | None = strawberry.field(description="Where it is.", default=None)
    phone: str | None = strawberry.field(description="Its telephone number.", default=None)
