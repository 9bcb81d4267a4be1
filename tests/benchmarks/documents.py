"""Export documents of integrations that do not exist, as long as those of clinics are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.use_cases import KNOWN_USE_CASES

TEAM = "5eb7cf5a86d9755df3a6c593"
USER = "68a8652f82513625d1c21a85"
TIMEZONE = "America/Chicago"

_KINDS = ("integration", "use_case", "action", "resource_record", "assistant", "visiting_reason", "appointment")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKDAYS = 5
_SPECIALTIES = (
    ("Family Medicine", "207Q00000X"),
    ("Dermatology", "207N00000X"),
    ("Pediatrics", "208000000X"),
    ("Cardiology", "207RC0000X"),
)
_LANGUAGES = ("English", "Spanish", "Polish", "Français", "العربية")


def object_id(kind: str, place: int) -> str:
    """24 hexadecimal digits, other ones for each kind of thing."""
    return f"64a3f0{_KINDS.index(kind):02x}{place:016x}"


def _logical_id(kind: str, place: int) -> str:
    return f"{kind}_{UUID(int=place, version=4)}"


def export(id: str, at: datetime, use_cases: int, actions: int, practitioners: int) -> Document:
    """Document 1 of an integration that was made at `at`, with this many of everything."""
    # Far enough from the ids of what hangs below others.
    first = int(id[-4:], 16) * 1_000_000
    return {
        "integration": _integration(id, at),
        "use_cases": [_use_case(id, at, first + place, actions) for place in range(use_cases)],
        "resource_records": [_practitioner(id, at, first, place) for place in range(practitioners)],
    }


def _signed(id: str, at: datetime, document: Document) -> Document:
    when = format_instant(at)
    audit: Document = {"createdBy": USER, "updatedBy": USER, "createdAt": when, "updatedAt": when}
    return {"teamId": TEAM, **audit, "_id": id, **document}


def _integration(id: str, at: datetime) -> Document:
    number = int(id[-4:], 16)
    config: Document = {
        "scope": "offline_access User.Read Files.ReadWrite",
        "accessToken": f"access-{number}",
        "refreshToken": f"refresh-{number}",
        "tokenType": "Bearer",
        "expiresAt": format_instant(at + timedelta(days=900)),
        "connectedAt": format_instant(at),
        "renewedAt": format_instant(at),
        "provider": "microsoft",
        "authType": "oauth",
        "authUserEmail": f"sheets.{number}@example.org",
        "authUserName": f"Clinic {number} Sheets",
    }
    document: Document = {
        "logicalId": _logical_id("integration", number),
        "name": f"Clinic {number}",
        "status": "active",
        "access": "team",
        "config": config,
        "timezone": TIMEZONE,
    }
    return _signed(id, at, document)


def _use_case(integration_id: str, at: datetime, number: int, actions: int) -> Document:
    place = number % len(KNOWN_USE_CASES)
    known = [*KNOWN_USE_CASES.values()][place]
    return _signed(
        object_id("use_case", number),
        at + place * timedelta(minutes=1),
        {
            "logicalId": _logical_id("use_case", number),
            "integrationId": integration_id,
            "schedulerNames": [],
            "config": {
                "displayName": f"Reminders – {known.name}",  # noqa: RUF001 (a dash between words)
                "assistantId": object_id("assistant", 1),
                "status": "active",
                "timezone": TIMEZONE,
                "type": known.type.value,
                "name": known.name,
                "sheetLink": f"https://sheets.example.org/{number}",
                "actions": [_action(number * 10 + place) for place in range(actions)],
            },
        },
    )


def _action(number: int) -> Document:
    return {
        "logicalId": _logical_id("action", number),
        "actionType": "call" if number % 3 else "sms",
        "templateName": f"Template {number}",
        "context": f"reminder_{number % 10}d",
        "reportEmails": ["reports@example.org"],
        "daysWindow": number % 10,
        "status": "active",
        "schedule": None,
    }


def _practitioner(integration_id: str, at: datetime, first: int, place: int) -> Document:
    number = first + place
    return _signed(
        object_id("resource_record", number),
        at + place * timedelta(seconds=1),
        {
            "logicalId": _logical_id("resource_record", number),
            "integrationId": integration_id,
            "config": _practitioner_config(number, place, object_id("resource_record", first)),
        },
    )


def _practitioner_config(number: int, place: int, supervisor_id: str) -> Document:
    specialties = [_SPECIALTIES[(place + step) % len(_SPECIALTIES)] for step in range(1 + place % 2)]
    hours: Json = [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]
    config: Document = {
        "type": "practitioners",
        "organizationId": "organization-1",
        "id": f"practitioner-{number}",
        "npi": f"{place:010}",
        "name": f"Dr. Ada Example {place}",
        "gender": ("female", "male", "nonbinary")[place % 3],
        "avatar": f"https://clinic.example.org/avatars/{number}.png",
        "summary": f"{specialties[0][0]} for children and adults; sees new patients, old ones at short notice.",
        "qualification": ("MD", "DO", "NP", "PA")[place % 4],
        "education": "Example University School of Medicine",
        "status": "inactive" if place % 10 == 9 else "active",
        "languages": [*_chosen(_LANGUAGES, place)],
        "specialties": [{"name": name, "code": code} for name, code in specialties],
        "locations": [
            {"locationId": f"location-{step}", "locationName": f"Clinic {step}"} for step in range(1 + place % 3)
        ],
        "workingHours": {day: hours if day_place < _WORKDAYS else [] for day_place, day in enumerate(_DAYS)},
        "preferred_visiting_reasons": [object_id("visiting_reason", place + step) for step in range(3)],
    }
    return {**config, "supervisorId": supervisor_id} if place else config


def _chosen(words: Sequence[str], place: int) -> Sequence[str]:
    return [words[0], words[1 + place % (len(words) - 1)]]
