"""Invented export documents, as long as those of real clinics."""

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


def build_object_id(kind: str, index: int) -> str:
    """Return 24 hexadecimal digits, different ones for each kind."""
    return f"64a3f0{_KINDS.index(kind):02x}{index:016x}"


def _build_logical_id(kind: str, index: int) -> str:
    return f"{kind}_{UUID(int=index, version=4)}"


def build_export(id: str, at: datetime, use_cases: int, actions: int, practitioners: int) -> Document:
    """Return document 1 of an integration created at `at`, with these numbers of entries."""
    # Far enough from the ids of the children of other integrations.
    first = int(id[-4:], 16) * 1_000_000
    return {
        "integration": _build_integration(id, at),
        "use_cases": [_build_use_case(id, at, first + index, actions) for index in range(use_cases)],
        "resource_records": [_build_practitioner(id, at, first, index) for index in range(practitioners)],
    }


def _add_audit_fields(id: str, at: datetime, document: Document) -> Document:
    when = format_instant(at)
    audit: Document = {"createdBy": USER, "updatedBy": USER, "createdAt": when, "updatedAt": when}
    return {"teamId": TEAM, **audit, "_id": id, **document}


def _build_integration(id: str, at: datetime) -> Document:
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
        "logicalId": _build_logical_id("integration", number),
        "name": f"Clinic {number}",
        "status": "active",
        "access": "team",
        "config": config,
        "timezone": TIMEZONE,
    }
    return _add_audit_fields(id, at, document)


def _build_use_case(integration_id: str, at: datetime, number: int, actions: int) -> Document:
    index = number % len(KNOWN_USE_CASES)
    known = [*KNOWN_USE_CASES.values()][index]
    return _add_audit_fields(
        build_object_id("use_case", number),
        at + index * timedelta(minutes=1),
        {
            "logicalId": _build_logical_id("use_case", number),
            "integrationId": integration_id,
            "schedulerNames": [],
            "config": {
                "displayName": f"Reminders – {known.name}",  # noqa: RUF001 (a dash between words)
                "assistantId": build_object_id("assistant", 1),
                "status": "active",
                "timezone": TIMEZONE,
                "type": known.type.value,
                "name": known.name,
                "sheetLink": f"https://sheets.example.org/{number}",
                "actions": [_build_action(number * 10 + index) for index in range(actions)],
            },
        },
    )


def _build_action(number: int) -> Document:
    return {
        "logicalId": _build_logical_id("action", number),
        "actionType": "call" if number % 3 else "sms",
        "templateName": f"Template {number}",
        "context": f"reminder_{number % 10}d",
        "reportEmails": ["reports@example.org"],
        "daysWindow": number % 10,
        "status": "active",
        "schedule": None,
    }


def _build_practitioner(integration_id: str, at: datetime, first: int, index: int) -> Document:
    number = first + index
    return _add_audit_fields(
        build_object_id("resource_record", number),
        at + index * timedelta(seconds=1),
        {
            "logicalId": _build_logical_id("resource_record", number),
            "integrationId": integration_id,
            "config": _build_practitioner_config(number, index, build_object_id("resource_record", first)),
        },
    )


def _build_practitioner_config(number: int, index: int, supervisor_id: str) -> Document:
    specialties = [_SPECIALTIES[(index + step) % len(_SPECIALTIES)] for step in range(1 + index % 2)]
    hours: Json = [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]
    config: Document = {
        "type": "practitioners",
        "organizationId": "organization-1",
        "id": f"practitioner-{number}",
        "npi": f"{index:010}",
        "name": f"Dr. Ada Example {index}",
        "gender": ("female", "male", "nonbinary")[index % 3],
        "avatar": f"https://clinic.example.org/avatars/{number}.png",
        "summary": f"{specialties[0][0]} for children and adults; sees new patients, old ones at short notice.",
        "qualification": ("MD", "DO", "NP", "PA")[index % 4],
        "education": "Example University School of Medicine",
        "status": "inactive" if index % 10 == 9 else "active",
        "languages": [*_choose_languages(_LANGUAGES, index)],
        "specialties": [{"name": name, "code": code} for name, code in specialties],
        "locations": [
            {"locationId": f"location-{step}", "locationName": f"Clinic {step}"} for step in range(1 + index % 3)
        ],
        "workingHours": {day: hours if day_index < _WORKDAYS else [] for day_index, day in enumerate(_DAYS)},
        "preferred_visiting_reasons": [build_object_id("visiting_reason", index + step) for step in range(3)],
    }
    return {**config, "supervisorId": supervisor_id} if index else config


def _choose_languages(words: Sequence[str], index: int) -> Sequence[str]:
    return [words[0], words[1 + index % (len(words) - 1)]]
