"""People who treat patients."""

from typing import Annotated

import strawberry

from gateway import services
from gateway.database import ResourceRecord as ResourceRecordRow
from gateway.domain.enums import Status
from gateway.domain.records import PRACTITIONERS
from gateway.execution import BatchRequest, ListSize
from gateway.schema import json_readers
from gateway.schema.fields import SHORT_LIST_SIZE, batched_field, key_field
from gateway.schema.record_config import RecordConfig, RecordConfigSource, status

# A type of the room that builds on this one.
_RECORD_TYPE: object = Annotated["ResourceRecord", strawberry.lazy("gateway.schema.resource_records")] | None  # noqa: F821


_SLOT_LIST_SIZE = [ListSize(assumed_size=2)]
"""A day of work has a pause."""
_SLOTS_READER = json_readers.read_complete_objects("start", "end")


@strawberry.type(description="A field of medicine.")
class Specialty:
    name: str | None = key_field("name", "What people call it.")
    code: str | None = key_field("code", "Its code, such as one of the NUCC's taxonomy.")


@strawberry.type(description="A place where a practitioner sees patients.")
class PractitionerLocation:
    location_id: str | None = key_field("locationId", "The place's id in the system it came from.")
    location_name: str | None = key_field("locationName", "What people call the place.")


@strawberry.type(description="A part of a day, in the place's own time.")
class TimeSlot:
    start: str = key_field("start", "When it begins, such as `08:00`.")
    end: str = key_field("end", "When it ends, such as `12:30`.")


@strawberry.type(description="When a practitioner works, by day of the week; empty for a day off.")
class WorkingHours:
    mon: list[TimeSlot] = key_field("mon", "On Monday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    tue: list[TimeSlot] = key_field("tue", "On Tuesday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    wed: list[TimeSlot] = key_field("wed", "On Wednesday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    thu: list[TimeSlot] = key_field("thu", "On Thursday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    fri: list[TimeSlot] = key_field("fri", "On Friday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    sat: list[TimeSlot] = key_field("sat", "On Saturday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    sun: list[TimeSlot] = key_field("sun", "On Sunday.", _SLOTS_READER, _SLOT_LIST_SIZE)


def _request_supervisor(root: RecordConfigSource, _: object) -> BatchRequest | None:
    id = root.read_text("supervisorId")
    return None if id is None else BatchRequest(services.resource_records.find_by_keys, (root.row.team_id, id))


@strawberry.type(description="A person who treats patients.")
class PractitionerConfig(RecordConfig):
    kind = PRACTITIONERS

    id: str | None = key_field("id", "The practitioner's id in the system it came from.")
    organization_id: str | None = key_field("organizationId", "The clinic, by its id in the system it came from.")
    npi: str | None = key_field("npi", "The National Provider Identifier.")
    name: str | None = key_field("name", "What people call the practitioner.")
    gender: str | None = key_field("gender", "In the words of the system it came from.")
    avatar: str | None = key_field("avatar", "Where a picture is.")
    summary: str | None = key_field("summary", "A few words for patients.")
    qualification: str | None = key_field("qualification", "Degrees and titles.")
    education: str | None = key_field("education", "Where the practitioner learned.")
    supervisor_id: strawberry.ID | None = key_field("supervisorId", "The id of the supervisor's resource record.")
    status: Status = key_field("status", "Whether the practitioner is in use.", status)
    languages: list[str] = key_field("languages", "What the practitioner speaks.", json_readers.texts)
    specialties: list[Specialty] = key_field(
        "specialties", "The fields of medicine.", json_readers.json_objects, [SHORT_LIST_SIZE]
    )
    locations: list[PractitionerLocation] = key_field(
        "locations", "Where the practitioner works.", json_readers.json_objects, [SHORT_LIST_SIZE]
    )
    working_hours: WorkingHours = key_field(
        "workingHours", "When the practitioner works.", json_readers.json_object
    )
    preferred_visiting_reasons: list[strawberry.ID] = key_field(
        "preferred_visiting_reasons", "The ids of the visiting reasons taken first.", json_readers.texts
    )

    supervisor: ResourceRecordRow | None = batched_field(
        "The supervisor's record; null when there is none or it is not visible.",
        _request_supervisor,
        graphql_type=_RECORD_TYPE,
        reads=("document", "team_id", "id"),
    )


@strawberry.input(description="A field of medicine.")
class SpecialtyInput:
    name: str = strawberry.field(description="What people call it.")
    code: str | None = strawberry.field(description="Its code.", default=None)


@strawberry.input(description="A place where a practitioner sees patients.")
class PractitionerLocationInput:
    location_id: str = strawberry.field(description="The place's id in the system it came from.")
    location_name: str | None = strawberry.field(description="What people call the place.", default=None)


@strawberry.input(description="A part of a day, in the place's own time.")
class TimeSlotInput:
    start: str = strawberry.field(description="When it begins, `HH:MM`.")
    end: str = strawberry.field(description="When it ends, `HH:MM`, later on the same day.")


@strawberry.input(description="When a practitioner works, by day of the week.")
class WorkingHoursInput:
    mon: list[TimeSlotInput] | None = strawberry.field(description="On Monday.", default=None)
    tue: list[TimeSlotInput] | None = strawberry.field(description="On Tuesday.", default=None)
    wed: list[TimeSlotInput] | None = strawberry.field(description="On Wednesday.", default=None)
    thu: list[TimeSlotInput] | None = strawberry.field(description="On Thursday.", default=None)
    fri: list[TimeSlotInput] | None = strawberry.field(description="On Friday.", default=None)
    sat: list[TimeSlotInput] | None = strawberry.field(description="On Saturday.", default=None)
    sun: list[TimeSlotInput] | None = strawberry.field(description="On Sunday.", default=None)


@strawberry.input(description="A person who treats patients.")
class PractitionerConfigInput:
    id: str | None = strawberry.field(description="Their id in the system they came from.", default=None)
    organization_id: str | None = strawberry.field(description="The clinic, by its id there.", default=None)
    npi: str | None = strawberry.field(description="The National Provider Identifier.", default=None)
    name: str = strawberry.field(description="What people call them; not blank.")
    gender: str | None = strawberry.field(description="In the words of that system.", default=None)
    avatar: str | None = strawberry.field(description="Where a picture is.", default=None)
    summary: str | None = strawberry.field(description="A few words for patients.", default=None)
    qualification: str | None = strawberry.field(description="Degrees and titles.", default=None)
    education: str | None = strawberry.field(description="Where they learned.", default=None)
    supervisor_id: strawberry.ID | None = strawberry.field(
        description="The id of their supervisor's resource record.", default=None
    )
    status: Status = strawberry.field(description="Whether they are in use.", default=Status.ACTIVE)
    languages: list[str] | None = strawberry.field(description="What they speak.", default=None)
    specialties: list[SpecialtyInput] | None = strawberry.field(
        description="Their fields of medicine.", default=None
    )
    locations: list[PractitionerLocationInput] | None = strawberry.field(
        description="Where they work.", default=None
    )
    working_hours: WorkingHoursInput | None = strawberry.field(description="When they work.", default=None)
    preferred_visiting_reasons: list[strawberry.ID] | None = strawberry.field(
        description="The ids of the visiting reasons they take first.", default=None
    )
