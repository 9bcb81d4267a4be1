"""Configs of records of type `locations`."""

import strawberry

from gateway.domain.enums import Status
from gateway.domain.records import LOCATIONS
from gateway.schema import json_readers
from gateway.schema.fields import key_field
from gateway.schema.record_config import SOURCE_ID, STATUS, STATUS_INPUT, RecordConfig, status
from gateway.schema.scalars import TimeZone

_ADDRESS = "Postal address."
_PHONE = "Telephone number."


@strawberry.type(description="Place where patients are seen.")
class LocationConfig(RecordConfig):
    kind = LOCATIONS

    source_id: str | None = key_field("id", SOURCE_ID)
    name: str | None = key_field("name", "Display name.")
    status: Status = key_field("status", STATUS, status)
    timezone: TimeZone | None = key_field(
        "timezone",
        "Local time zone; null when the document has none or an invalid one.",
        json_readers.timezone,
    )
    address: str | None = key_field("address", _ADDRESS)
    phone: str | None = key_field("phone", _PHONE)


@strawberry.input(description="Place where patients are seen.")
class LocationConfigInput:
    source_id: str | None = strawberry.field(description=SOURCE_ID, default=None)
    name: str = strawberry.field(description="Display name, not blank.")
    status: Status = strawberry.field(description=STATUS_INPUT, default=Status.ACTIVE)
    timezone: TimeZone | None = strawberry.field(description="Local time zone.", default=None)
    address: str | None = strawberry.field(description=_ADDRESS, default=None)
    phone: str | None = strawberry.field(description=_PHONE, default=None)
