"""The clinic group as export documents (document 1)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.demo.appointments import DAYS, build_appointments
from gateway.demo.clinics import CLINICS, Clinic, add_audit_fields, build_integration
from gateway.demo.invention import invent_logical_id, invent_object_id
from gateway.demo.staff import build_staff
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document


def build_clinic_exports(now: datetime) -> Iterator[Document]:
    """Yield an export document for each clinic, with appointments of the twelve months before `now`."""
    for clinic in CLINICS:
        yield build_clinic_export(clinic, now)


def build_clinic_export(clinic: Clinic, now: datetime) -> Document:
    begin = (now - timedelta(days=DAYS + 30)).replace(hour=14, minute=0, second=0, microsecond=0)
    clinic_staff = build_staff(clinic, begin)
    return {
        "integration": build_integration(clinic, now),
        "use_cases": [_build_billing_use_case(clinic, now)],
        "resource_records": [*clinic_staff.records, *build_appointments(clinic, clinic_staff, now)],
    }


def _build_billing_use_case(clinic: Clinic, now: datetime) -> Document:
    """Return a finished use case outside any group: a bill reminder that ran once, last month."""
    rng = clinic.create_rng("use case")
    ran_at = (now - timedelta(days=30)).replace(hour=16, minute=0, second=0, microsecond=0)
    created_at = ran_at - timedelta(days=3)
    id = invent_object_id(rng, created_at)
    document: Document = {
        "logicalId": invent_logical_id(rng, "use_case"),
        "integrationId": clinic.id,
        "schedulerNames": [],
        "config": {
            "displayName": "Open Bills, once",
            "assistantId": invent_object_id(rng, created_at),
            "status": "inactive",
            "timezone": clinic.timezone,
            "type": "billing_reminder_with_sheet",
            "name": "Billing Reminder",
            "sheetLink": f"https://sheets.example.org/{clinic.slug}/open-bills",
            "actions": [
                {
                    "logicalId": invent_logical_id(rng, "action"),
                    "actionType": "sms",
                    "templateName": "Open Bill",
                    "context": "open_bill",
                    "reportEmails": [f"billing.{clinic.slug}@example.org"],
                    "daysWindow": 0,
                    "status": "inactive",
                    "schedule": {
                        "startDateTime": instants.format_instant(ran_at),
                        "endDateTime": instants.format_instant(ran_at),
                        "field": "oneTime",
                        "triggerAt": instants.format_instant(ran_at),
                    },
                }
            ],
        },
    }
    return add_audit_fields(clinic, id, document, created_at, ran_at)
