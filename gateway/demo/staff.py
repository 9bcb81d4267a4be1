"""What a clinic has before anybody books: an organization, locations, visiting reasons, staff and patients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from gateway.demo.clinics import Clinic, signed
from gateway.demo.invention import logical_id, object_id, person, phone
from gateway.domain.enums import AppointmentType
from gateway.domain.lenient_reading import Document, Json

_REASONS: Sequence[tuple[AppointmentType, str, int, str]] = (
    (AppointmentType.NP, "New Patient Visit", 40, "First visit, with history and examination."),
    (AppointmentType.F_U, "Follow-up Visit", 20, "To see how it has gone since the last visit."),
    (AppointmentType.ASC_FU, "Post-surgery Follow-up", 20, "Check after a procedure at the surgery center."),
    (AppointmentType.FU_TELE, "Video Follow-up", 15, "Follow-up by video."),
    (AppointmentType.PROCEDURE, "Minor Procedure", 60, "A procedure under local anaesthesia."),
    (AppointmentType.PROV_USE, "Provider Time", 30, "Time kept for the provider."),
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
class Named:
    """A record that appointments refer to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Staff:
    """The records of a clinic, and what its appointments refer to."""

    records: Sequence[Document]
    locations: Sequence[Named]
    practitioners: Sequence[Named]
    patients: Sequence[Named]
    reasons: dict[AppointmentType, tuple[Named, int]]
    """The visiting reason of each type, and its minutes."""


class _Shelf:
    """Makes a clinic's records one after the other, each a minute later than the one before."""

    def __init__(self, clinic: Clinic, begin: datetime) -> None:
        self.clinic = clinic
        self.chance: Random = clinic.chance("staff")
        self.records: list[Document] = []
        self._begin = begin

    def add(self, type_: str, name: str, /, **config: Json) -> Named:
        at = self._begin + timedelta(minutes=len(self.records))
        id = object_id(self.chance, at)
        document: Document = {
            "logicalId": logical_id(self.chance, type_),
            "integrationId": self.clinic.id,
            "config": {"type": type_, "id": id[-8:], **config, "status": "active"},
        }
        self.records.append(signed(self.clinic, id, document, at, at))
        return Named(id, name)


def staff(clinic: Clinic, begin: datetime) -> Staff:
    """Everything of a clinic that is there from `begin` on."""
    shelf = _Shelf(clinic, begin)
    organization = shelf.add("organizations", clinic.name, name=clinic.name)
    locations = [_location(shelf, name) for name in clinic.locations]
    reasons = {
        type_: (
            shelf.add(
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
    supervisor = _practitioner(shelf, organization, locations, reasons.values(), None)
    others = [
        _practitioner(shelf, organization, locations, reasons.values(), supervisor)
        for _ in range(clinic.practitioners - 1)
    ]
    patients = [_patient(shelf, begin.date()) for _ in range(clinic.patients)]
    return Staff(shelf.records, locations, [supervisor, *others], patients, reasons)


def _location(shelf: _Shelf, name: str) -> Named:
    return shelf.add(
        "locations",
        name,
        name=name,
        timezone=shelf.clinic.timezone,
        address=f"{shelf.chance.randrange(1, 999)} {name}",
        phone=phone(shelf.chance),
    )


def _practitioner(
    shelf: _Shelf,
    organization: Named,
    locations: Sequence[Named],
    reasons: Iterable[tuple[Named, int]],
    supervisor: Named | None,
) -> Named:
    chance = shelf.chance
    somebody = person(chance)
    specialty, code = chance.choice(_SPECIALTIES)
    places = chance.sample(list(locations), k=min(2, len(locations)))
    hours: Json = [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]
    details: dict[str, Json] = {
        "organizationId": organization.id,
        "npi": f"000{chance.randrange(10**7):07}",
        "name": f"Dr. {somebody.name}",
        "gender": somebody.gender,
        "avatar": f"https://{shelf.clinic.domain}/avatars/{somebody.mailbox}.png",
        "summary": f"{specialty} at {shelf.clinic.name}.",
        "qualification": chance.choice(["MD", "DO", "NP", "PA"]),
        "education": "Example University School of Medicine",
        "languages": ["English", *chance.sample(["Spanish", "Polish", "Arabic", "French"], k=1)],
        "specialties": [{"name": specialty, "code": code}],
        "locations": [{"locationId": place.id, "locationName": place.name} for place in places],
        "workingHours": {day: hours if place < _WORKDAYS else [] for place, day in enumerate(_DAYS)},
        "preferred_visiting_reasons": [reason.id for reason, _ in chance.sample(list(reasons), k=3)],
    }
    if supervisor is not None:
        details["supervisorId"] = supervisor.id
    return shelf.add("practitioners", f"Dr. {somebody.name}", **details)


def _patient(shelf: _Shelf, today: date) -> Named:
    chance = shelf.chance
    somebody = person(chance)
    return shelf.add(
        "patients",
        somebody.name,
        firstName=somebody.first_name,
        lastName=somebody.last_name,
        birthDate=(today - timedelta(days=chance.randrange(300, 32_000))).isoformat(),
        gender=somebody.gender,
        phone=phone(chance),
        email=f"{somebody.mailbox}.{chance.randrange(1000):03}@example.org",
        source=_SOURCES[len(shelf.records) % len(_SOURCES)],
    )
