"""Records that appointments refer to: organization, locations, visiting reasons, practitioners and patients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from gateway.demo.clinics import Clinic, add_audit_fields
from gateway.demo.invention import invent_logical_id, invent_object_id, invent_person, invent_phone
from gateway.domain.enums import AppointmentType
from gateway.domain.lenient_reading import Document, Json

_REASONS: Sequence[tuple[AppointmentType, str, int, str]] = (
    (AppointmentType.NP, "New Patient Visit", 40, "First visit, with history and examination."),
    (AppointmentType.F_U, "Follow-up Visit", 20, "Visit after an earlier treatment."),
    (AppointmentType.ASC_FU, "Post-surgery Follow-up", 20, "Check after a procedure at the surgery center."),
    (AppointmentType.FU_TELE, "Video Follow-up", 15, "Follow-up by video."),
    (AppointmentType.PROCEDURE, "Minor Procedure", 60, "A procedure under local anaesthesia."),
    (AppointmentType.PROV_USE, "Provider Time", 30, "Time reserved for the provider."),
    (AppointmentType.RAP_ACCESS, "Rapid Access", 20, "Seen on the same or the next day."),
)
_SOURCES = ("website", "phone", "website", "front desk", "referral")
_SPECIALTIES = (
    ("Family Medicine", "207Q00000X"),
    ("Pediatrics", "208000000X"),
    ("Dermatology", "207N00000X"),
    ("Orthopaedic Surgery", "207X00000X"),
    ("Internal Medicine", "207R00000X"),
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKDAYS = 5


@dataclass(frozen=True, slots=True)
class RecordReference:
    """Id and name of a record that appointments refer to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ClinicStaff:
    """The records of a clinic, and references to them for appointments."""

    records: Sequence[Document]
    locations: Sequence[RecordReference]
    practitioners: Sequence[RecordReference]
    patients: Sequence[RecordReference]
    reasons: dict[AppointmentType, tuple[RecordReference, int]]
    """Visiting reason and duration in minutes of each type."""


class _RecordBuilder:
    """Creates the records of a clinic, each one minute after the one before."""

    def __init__(self, clinic: Clinic, begin: datetime) -> None:
        self.clinic = clinic
        self.rng: Random = clinic.create_rng("staff")
        self.records: list[Document] = []
        self._begin = begin

    def add_record(self, type_: str, name: str, /, **config: Json) -> RecordReference:
        at = self._begin + timedelta(minutes=len(self.records))
        id = invent_object_id(self.rng, at)
        document: Document = {
            "logicalId": invent_logical_id(self.rng, type_),
            "integrationId": self.clinic.id,
            "config": {"type": type_, "id": id[-8:], **config, "status": "active"},
        }
        self.records.append(add_audit_fields(self.clinic, id, document, at, at))
        return RecordReference(id, name)


def build_staff(clinic: Clinic, begin: datetime) -> ClinicStaff:
    """Return the records of a clinic, created from `begin` on."""
    builder = _RecordBuilder(clinic, begin)
    organization = builder.add_record("organizations", clinic.name, name=clinic.name)
    locations = [_add_location(builder, name) for name in clinic.locations]
    reasons = {
        type_: (
            builder.add_record(
                "visiting_reasons",
                name,
                name=name,
                code=type_.name,
                description=description,
                durationMinutes=minutes,
                appointmentTypes=[type_.value],
            ),
            minutes,
        )
        for type_, name, minutes, description in _REASONS
    }
    supervisor = _add_practitioner(builder, organization, locations, reasons.values(), None)
    others = [
        _add_practitioner(builder, organization, locations, reasons.values(), supervisor)
        for _ in range(clinic.practitioners - 1)
    ]
    patients = [_add_patient(builder, begin.date()) for _ in range(clinic.patients)]
    return ClinicStaff(builder.records, locations, [supervisor, *others], patients, reasons)


def _add_location(builder: _RecordBuilder, name: str) -> RecordReference:
    return builder.add_record(
        "locations",
        name,
        name=name,
        timezone=builder.clinic.timezone,
        address=f"{builder.rng.randrange(1, 999)} {name}",
        phone=invent_phone(builder.rng),
    )


def _add_practitioner(
    builder: _RecordBuilder,
    organization: RecordReference,
    locations: Sequence[RecordReference],
    reasons: Iterable[tuple[RecordReference, int]],
    supervisor: RecordReference | None,
) -> RecordReference:
    rng = builder.rng
    person = invent_person(rng)
    specialty, code = rng.choice(_SPECIALTIES)
    chosen_locations = rng.sample(list(locations), k=min(2, len(locations)))
    hours: Json = [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]
    details: dict[str, Json] = {
        "organizationId": organization.id,
        "npi": f"000{rng.randrange(10**7):07}",
        "name": f"Dr. {person.name}",
        "gender": person.gender,
        "avatar": f"https://{builder.clinic.domain}/avatars/{person.mailbox}.png",
        "summary": f"{specialty} at {builder.clinic.name}.",
        "qualification": rng.choice(["MD", "DO", "NP", "PA"]),
        "education": "Example University School of Medicine",
        "languages": ["English", *rng.sample(["Spanish", "Polish", "Arabic", "French"], k=1)],
        "specialties": [{"name": specialty, "code": code}],
        "locations": [{"locationId": location.id, "locationName": location.name} for location in chosen_locations],
        "workingHours": {day: hours if index < _WORKDAYS else [] for index, day in enumerate(_DAYS)},
        "preferred_visiting_reasons": [reason.id for reason, _ in rng.sample(list(reasons), k=3)],
    }
    if supervisor is not None:
        details["supervisorId"] = supervisor.id
    return builder.add_record("practitioners", f"Dr. {person.name}", **details)


def _add_patient(builder: _RecordBuilder, today: date) -> RecordReference:
    rng = builder.rng
    person = invent_person(rng)
    return builder.add_record(
        "patients",
        person.name,
        firstName=person.first_name,
        lastName=person.last_name,
        birthDate=(today - timedelta(days=rng.randrange(300, 32_000))).isoformat(),
        gender=person.gender,
        phone=invent_phone(rng),
        email=f"{person.mailbox}.{rng.randrange(1000):03}@example.org",
        source=_SOURCES[len(builder.records) % len(_SOURCES)],
    )
