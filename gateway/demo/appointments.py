"""A year of bookings: fewer at weekends and in summer, more in the cold months."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from gateway.demo.clinics import Clinic, signed
from gateway.demo.invention import logical_id, object_id, pick
from gateway.demo.staff import Staff
from gateway.domain.calendar import instants
from gateway.domain.enums import AppointmentType, BookingStatus
from gateway.domain.lenient_reading import Document

DAYS = 365

_WEEKDAYS = (1.30, 1.10, 1.05, 1.00, 0.85, 0.30, 0.12)
"""How busy Monday to Sunday are."""

_MONTHS = (1.20, 1.15, 1.05, 0.95, 0.95, 0.85, 0.70, 0.75, 1.05, 1.15, 1.10, 0.80)
"""How busy January to December are."""

_TYPES: Mapping[AppointmentType, float] = {
    AppointmentType.F_U: 34,
    AppointmentType.NP: 24,
    AppointmentType.FU_TELE: 14,
    AppointmentType.PROCEDURE: 10,
    AppointmentType.RAP_ACCESS: 8,
    AppointmentType.ASC_FU: 6,
    AppointmentType.PROV_USE: 4,
}
_LEAD_DAYS: Mapping[AppointmentType, tuple[int, int]] = {
    AppointmentType.NP: (4, 40),
    AppointmentType.F_U: (3, 60),
    AppointmentType.ASC_FU: (2, 20),
    AppointmentType.FU_TELE: (1, 25),
    AppointmentType.PROCEDURE: (7, 50),
    AppointmentType.PROV_USE: (0, 14),
    AppointmentType.RAP_ACCESS: (0, 1),
}
"""From booking to visit: the fewest and the most."""

_SOURCES: Mapping[str | None, float] = {
    "website": 38,
    "phone": 24,
    "voice assistant": 18,
    "front desk": 10,
    "referral": 7,
    None: 3,
}
_CAMPAIGNS: Mapping[tuple[str | None, str | None, str | None], float] = {
    (None, None, None): 46,
    ("google", "cpc", "spring-checkup"): 14,
    ("google", "organic", None): 12,
    ("facebook", "social", "back-to-school"): 9,
    ("newsletter", "email", "flu-season"): 8,
    ("instagram", "social", None): 5,
    ("partner-portal", "referral", "new-patients"): 4,
    ("google", "cpc", "knee-pain"): 2,
}
_FAILURES = (
    "No slot was free at that time.",
    "The insurance could not be verified.",
    "The patient hung up before confirming.",
    "The calendar did not answer.",
)
_FAILED = 0.08
_FAILED_OF_CAMPAIGN: Mapping[str | None, float] = {"back-to-school": 0.34}
"""One campaign promises what cannot be booked, for dashboards to find out."""
_PENDING = 0.015
_PENDING_WHEN_FRESH = 0.35
_FRESH = timedelta(days=2)
_SATURDAY = 5


def appointments(clinic: Clinic, staff: Staff, now: datetime) -> Iterator[Document]:
    """The bookings of the twelve months up to `now`, by the instant at which they were made."""
    zone = ZoneInfo(clinic.timezone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)):
        chance = clinic.chance("bookings", day)
        busy = clinic.bookings * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1]
        count = max(0, round(chance.gauss(busy, busy**0.5)))
        for booked_at in sorted(_booked_at(chance, day, zone) for _ in range(count)):
            if booked_at <= now:
                yield _appointment(clinic, staff, chance, booked_at, now)


def _booked_at(chance: Random, day: date, zone: ZoneInfo) -> datetime:
    """Between 7 in the morning and 9 in the evening, mostly in the late morning."""
    seconds = int(chance.triangular(7, 21, 11) * 3600)
    return datetime.combine(day, time(), zone) + timedelta(seconds=seconds)


def _visit(chance: Random, type_: AppointmentType, booked_at: datetime) -> datetime:
    """When the visit begins: on a weekday, between 8 and 17, not before it was booked."""
    day = booked_at.date() + timedelta(days=max(1, chance.randint(*_LEAD_DAYS[type_])))
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(8), booked_at.tzinfo) + timedelta(minutes=15 * chance.randrange(36))


def _status(chance: Random, campaign: str | None, booked_at: datetime, now: datetime) -> BookingStatus:
    pending = _PENDING_WHEN_FRESH if now - booked_at < _FRESH else _PENDING
    failed = _FAILED_OF_CAMPAIGN.get(campaign, _FAILED)
    drawn = chance.random()
    if drawn < pending:
        return BookingStatus.PENDING
    return BookingStatus.FAILED if drawn < pending + failed else BookingStatus.SUCCESSFUL


def _appointment(clinic: Clinic, staff: Staff, chance: Random, booked_at: datetime, now: datetime) -> Document:
    type_ = pick(chance, _TYPES)
    reason, minutes = staff.reasons[type_]
    start = _visit(chance, type_, booked_at)
    practitioner = chance.choice(staff.practitioners)
    location = chance.choice(staff.locations)
    id = object_id(chance, booked_at)
    origin = _origin(chance)
    config: Document = {
        "type": "appointments",
        "id": id[-8:],
        "appointmentType": type_.value,
        "start": instants.isoformat(start),
        "end": instants.isoformat(start + timedelta(minutes=minutes)),
        "practitionerId": practitioner.id,
        "practitionerName": practitioner.name,
        "locationId": location.id,
        "locationName": location.name,
        "visitingReasonId": reason.id,
        "visitingReasonName": reason.name,
        **_patient(staff, chance, type_),
        **_outcome(chance, origin.get("utmCampaign"), booked_at, now),
        **origin,
    }
    document: Document = {
        "logicalId": logical_id(chance, "appointments"),
        "integrationId": clinic.id,
        "config": config,
    }
    decided_at = min(now, booked_at + timedelta(seconds=chance.randrange(5, 900)))
    return signed(clinic, id, document, booked_at, decided_at)


def _patient(staff: Staff, chance: Random, type_: AppointmentType) -> Document:
    if type_ is AppointmentType.PROV_USE:
        return {}
    patient = chance.choice(staff.patients)
    return {"patientId": patient.id, "patientName": patient.name}


def _outcome(chance: Random, campaign: str | None, booked_at: datetime, now: datetime) -> Document:
    status = _status(chance, campaign, booked_at, now)
    if status is BookingStatus.FAILED:
        return {"bookingStatus": status.value, "errorMessage": chance.choice(_FAILURES)}
    return {"bookingStatus": status.value}


def _origin(chance: Random) -> dict[str, str]:
    """Where the booking came from; what is not known is absent."""
    source, medium, campaign = pick(chance, _CAMPAIGNS)
    values = {
        "source": pick(chance, _SOURCES),
        "utmSource": source,
        "utmMedium": medium,
        "utmCampaign": campaign,
    }
    return {key: value for key, value in values.items() if value is not None}
