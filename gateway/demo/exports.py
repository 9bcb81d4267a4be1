"""The clinic group as export documents."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.demo.appointments import DAYS, appointments
from gateway.demo.clinics import CLINICS, Clinic, integration, signed
from gateway.demo.invention import logical_id, object_id
from gateway.demo.staff import staff
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document


def exports(now: datetime) -> Iterator[Document]:
    """Document 1 of each clinic, with twelve months of appointments up to `now`."""
    for clinic in CLINICS:
        yield export(clinic, now)


def export(clinic: Clinic, now: datetime) -> Document:
    begin = (now - timedelta(days=DAYS + 30)).replace(hour=14, minute=0, second=0, microsecond=0)
    people = staff(clinic, begin)
    return {
        "integration": integration(clinic, now),
        "use_cases": [_billing(clinic, now)],
        "resource_records": [*people.records, *appointments(clinic, people, now)],
    }


def _billing(clinic: Clinic, now: datetime) -> Document:
    """A use case that stands alone and is done: a bill reminder that ran once, last month."""
    chance = clinic.chance("use case")
    ran_at = (now - timedelta(days=30)).replace(hour=16, minute=0, second=0, microsecond=0)
    made_at = ran_at - timedelta(days=3)
    id = object_id(chance, made_at)
    document: Document = {
        "logicalId": logical_id(chance, "use_case"),
        "integrationId": clinic.id,
        "schedulerNames": [],
        "config": {
            "displayName": "Open Bills, once",
            "assistantId": object_id(chance, made_at),
            "status": "inactive",
            "timezone": clinic.timezone,
            "type": "billing_reminder_with_sheet",
            "name": "Billing Reminder",
            "sheetLink": f"https://sheets.example.org/{clinic.slug}/open-bills",
            "actions": [
                {
                    "logicalId": logical_id(chance, "action"),
                    "actionType": "sms",
                    "templateName": "Open Bill",
                    "context": "open_bill",
                    "reportEmails": [f"billing.{clinic.slug}@example.org"],
                    "daysWindow": 0,
                    "status": "inactive",
                    "schedule": {
                        "startDateTime": instants.isoformat(ran_at),
                        "endDateTime": instants.isoformat(ran_at),
                        "field": "oneTime",
                        "triggerAt": instants.isoformat(ran_at),
                    },
                }
            ],
        },
    }
    return signed(clinic, id, document, made_at, ran_at)
