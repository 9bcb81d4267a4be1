"""Configs of records of type `practitioners`."""

import strawberry

from gateway.database import ResourceRecord
from gateway.domain.enums import Status
from gateway.domain.records import PRACTITIONERS
from gateway.execution import Cost, ListSize
from gateway.schema import json_readers
from gateway.schema.fields import SHORT_LIST_SIZE, key_field
from gateway.schema.record_config import SOURCE_ID, STATUS, STATUS_INPUT, RecordConfig, reference_field, status

_SLOT_LIST_SIZE = [ListSize(assumed_size=2)]
"""A working day is usually divided by one break."""
_PART_COST, _TEXT_COST = [Cost(weight=5)], [Cost(weight=1)]
"""Costs of entries of the lists in an input, which costs 50 itself."""
_SLOTS_READER = json_readers.read_complete_objects("start", "end")

_SPECIALTY_CODE = "Code of the specialty, such as one of the NUCC taxonomy."
_LOCATION_ID = "Id of the location in the source system."
_LOCATION_NAME = "Display name of the location."
_ORGANIZATION_ID = "Id of the organization in the source system."
_NPI = "National Provider Identifier."
_GENDER = "Gender, as the source system writes it."
_AVATAR = "URL of a picture."
_SUMMARY = "Short introduction for patients."
_QUALIFICATION = "Degrees and titles."
_EDUCATION = "Schools and universities."
_SUPERVISOR_ID = "Id of the supervisor: `id` or `sourceId` of a practitioner."
_LANGUAGES = "Languages that the practitioner speaks."
_SPECIALTIES = "Medical specialties."
_LOCATIONS = "Locations where the practitioner works."
_WORKING_HOURS = "Working hours by day of the week."
_PREFERRED_VISITING_REASONS = "Ids of the visiting reasons that the practitioner prefers."


@strawberry.type(description="Medical specialty.")
class Specialty:
    name: str | None = key_field("name", "Display name of the specialty.")
    code: str | None = key_field("code", _SPECIALTY_CODE)


@strawberry.type(description="Location where a practitioner sees patients.")
class PractitionerLocation:
    location_id: str | None = key_field("locationId", _LOCATION_ID)
    location_name: str | None = key_field("locationName", _LOCATION_NAME)


@strawberry.type(description="Part of a day, in local time.")
class TimeSlot:
    start: str = key_field("start", "Start, such as `08:00`.")
    end: str = key_field("end", "End, such as `12:30`.")


@strawberry.type(description="Working hours by day of the week; an empty list is a day off.")
class WorkingHours:
    mon: list[TimeSlot] = key_field("mon", "On Monday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    tue: list[TimeSlot] = key_field("tue", "On Tuesday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    wed: list[TimeSlot] = key_field("wed", "On Wednesday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    thu: list[TimeSlot] = key_field("thu", "On Thursday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    fri: list[TimeSlot] = key_field("fri", "On Friday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    sat: list[TimeSlot] = key_field("sat", "On Saturday.", _SLOTS_READER, _SLOT_LIST_SIZE)
    sun: list[TimeSlot] = key_field("sun", "On Sunday.", _SLOTS_READER, _SLOT_LIST_SIZE)


@strawberry.type(description="Person who treats patients.")
class PractitionerConfig(RecordConfig):
    kind = PRACTITIONERS

    source_id: str | None = key_field("id", SOURCE_ID)
    organization_id: str | None = key_field("organizationId", _ORGANIZATION_ID)
    npi: str | None = key_field("npi", _NPI)
    name: str | None = key_field("name", "Display name.")
    gender: str | None = key_field("gender", _GENDER)
    avatar: str | None = key_field("avatar", _AVATAR)
    summary: str | None = key_field("summary", _SUMMARY)
    qualification: str | None = key_field("qualification", _QUALIFICATION)
    education: str | None = key_field("education", _EDUCATION)
    supervisor_id: strawberry.ID | None = key_field("supervisorId", _SUPERVISOR_ID)
    status: Status = key_field("status", STATUS, status)
    languages: list[str] = key_field("languages", _LANGUAGES, json_readers.texts)
    specialties: list[Specialty] = key_field(
        "specialties", _SPECIALTIES, json_readers.json_objects, [SHORT_LIST_SIZE]
    )
    locations: list[PractitionerLocation] = key_field(
        "locations", _LOCATIONS, json_readers.json_objects, [SHORT_LIST_SIZE]
    )
    working_hours: WorkingHours = key_field("workingHours", _WORKING_HOURS, json_readers.json_object)
    preferred_visiting_reasons: list[strawberry.ID] = key_field(
        "preferred_visiting_reasons", _PREFERRED_VISITING_REASONS, json_readers.texts
    )

    supervisor: ResourceRecord | None = reference_field("supervisorId", PRACTITIONERS, "supervisor")


@strawberry.input(description="Medical specialty.")
class SpecialtyInput:
    name: str = strawberry.field(description="Display name of the specialty, not blank.")
    code: str | None = strawberry.field(description=_SPECIALTY_CODE, default=None)


@strawberry.input(description="Location where a practitioner sees patients.")
class PractitionerLocationInput:
    location_id: str = strawberry.field(description=f"{_LOCATION_ID} Not blank.")
    location_name: str | None = strawberry.field(description=_LOCATION_NAME, default=None)


@strawberry.input(description="Part of a day, in local time.")
class TimeSlotInput:
    start: str = strawberry.field(description="Start, `HH:MM`.")
    end: str = strawberry.field(description="End, `HH:MM`, later on the same day.")


@strawberry.input(description="Working hours by day of the week. An absent or empty list is a day off.")
class WorkingHoursInput:
    mon: list[TimeSlotInput] | None = strawberry.field(
        description="On Monday.", default=None, directives=_PART_COST
    )
    tue: list[TimeSlotInput] | None = strawberry.field(
        description="On Tuesday.", default=None, directives=_PART_COST
    )
    wed: list[TimeSlotInput] | None = strawberry.field(
        description="On Wednesday.", default=None, directives=_PART_COST
    )
    thu: list[TimeSlotInput] | None = strawberry.field(
        description="On Thursday.", default=None, directives=_PART_COST
    )
    fri: list[TimeSlotInput] | None = strawberry.field(
        description="On Friday.", default=None, directives=_PART_COST
    )
    sat: list[TimeSlotInput] | None = strawberry.field(
        description="On Saturday.", default=None, directives=_PART_COST
    )
    sun: list[TimeSlotInput] | None = strawberry.field(
        description="On Sunday.", default=None, directives=_PART_COST
    )


@strawberry.input(description="Person who treats patients.")
class PractitionerConfigInput:
    source_id: str | None = strawberry.field(description=SOURCE_ID, default=None)
    organization_id: str | None = strawberry.field(description=_ORGANIZATION_ID, default=None)
    npi: str | None = strawberry.field(description=_NPI, default=None)
    name: str = strawberry.field(description="Display name, not blank.")
    gender: str | None = strawberry.field(description=_GENDER, default=None)
    avatar: str | None = strawberry.field(description=_AVATAR, default=None)
    summary: str | None = strawberry.field(description=_SUMMARY, default=None)
    qualification: str | None = strawberry.field(description=_QUALIFICATION, default=None)
    education: str | None = strawberry.field(description=_EDUCATION, default=None)
    supervisor_id: strawberry.ID | None = strawberry.field(description=_SUPERVISOR_ID, default=None)
    status: Status = strawberry.field(description=STATUS_INPUT, default=Status.ACTIVE)
    languages: list[str] | None = strawberry.field(description=_LANGUAGES, default=None, directives=_TEXT_COST)
    specialties: list[SpecialtyInput] | None = strawberry.field(
        description=_SPECIALTIES, default=None, directives=_PART_COST
    )
    locations: list[PractitionerLocationInput] | None = strawberry.field(
        description=_LOCATIONS, default=None, directives=_PART_COST
    )
    working_hours: WorkingHoursInput | None = strawberry.field(description=_WORKING_HOURS, default=None)
    preferred_visiting_reasons: list[strawberry.ID] | None = strawberry.field(
        description=_PREFERRED_VISITING_REASONS, default=None, directives=_TEXT_COST
    )
