"""Resource records of the ORM peer."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry

from tests.benchmarks.peers.orm_enums import ResourceType, Status
from tests.benchmarks.peers.orm_rows import RecordRow

_Config = dict[str, Any]
"""The `config` of a document, with any keys and values."""


@strawberry.type
class Specialty:
    name: str | None
    code: str | None


@strawberry.type
class PractitionerLocation:
    location_id: str | None
    location_name: str | None


@strawberry.type
class TimeSlot:
    start: str
    end: str


@strawberry.type
class WorkingHours:
    mon: list[TimeSlot]
    tue: list[TimeSlot]
    wed: list[TimeSlot]
    thu: list[TimeSlot]
    fri: list[TimeSlot]
    sat: list[TimeSlot]
    sun: list[TimeSlot]

    @classmethod
    def of(cls, hours: _Config) -> Self:
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        return cls(
            **{
                day: [TimeSlot(start=slot["start"], end=slot["end"]) for slot in hours.get(day, [])]
                for day in days
            }
        )


@strawberry.type
class PractitionerConfig:
    source_id: str | None
    organization_id: str | None
    npi: str | None
    name: str | None
    gender: str | None
    avatar: str | None
    summary: str | None
    qualification: str | None
    education: str | None
    supervisor_id: strawberry.ID | None
    status: Status
    languages: list[str]
    specialties: list[Specialty]
    locations: list[PractitionerLocation]
    working_hours: WorkingHours
    preferred_visiting_reasons: list[strawberry.ID]

    @classmethod
    def of(cls, config: _Config) -> Self:
        return cls(
            source_id=config.get("id"),
            organization_id=config.get("organizationId"),
            npi=config.get("npi"),
            name=config.get("name"),
            gender=config.get("gender"),
            avatar=config.get("avatar"),
            summary=config.get("summary"),
            qualification=config.get("qualification"),
            education=config.get("education"),
            supervisor_id=config.get("supervisorId"),
            status=Status(config.get("status", "active")),
            languages=config.get("languages", []),
            specialties=[
                Specialty(name=item.get("name"), code=item.get("code")) for item in config.get("specialties", [])
            ],
            locations=[
                PractitionerLocation(location_id=item.get("locationId"), location_name=item.get("locationName"))
                for item in config.get("locations", [])
            ],
            working_hours=WorkingHours.of(config.get("workingHours", {})),
            preferred_visiting_reasons=config.get("preferred_visiting_reasons", []),
        )


@strawberry.type
class OtherConfig:
    type: str


ResourceConfig = Annotated[PractitionerConfig | OtherConfig, strawberry.union("ResourceConfig")]


@strawberry.type
class ResourceRecord:
    id: strawberry.ID
    logical_id: str
    type: ResourceType
    created_at: datetime
    updated_at: datetime
    config: ResourceConfig

    @classmethod
    def of(cls, row: RecordRow) -> Self:
        is_practitioner = row.type == ResourceType.PRACTITIONERS.value
        config: Any = row.document["config"]
        return cls(
            id=strawberry.ID(row.id),
            logical_id=row.logical_id,
            type=ResourceType.PRACTITIONERS if is_practitioner else ResourceType.OTHER,
            created_at=row.created_at,
            updated_at=row.updated_at,
            config=PractitionerConfig.of(config) if is_practitioner else OtherConfig(type=row.type),
        )
