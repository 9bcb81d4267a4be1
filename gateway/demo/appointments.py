"""A year of bookings: fewer at weekends and in summer, more in winter."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from gateway.demo.clinics import Clinic, add_audit_fields
from gateway.demo.invention import invent_logical_id, invent_object_id, pick_weighted
from gateway.demo.staff import ClinicStaff
from gateway.domain.calendar import instants
from gateway.domain.enums import AppointmentType, BookingStatus
from gateway.domain.lenient_reading import Document

DAYS = 365

_WEEKDAY_WEIGHTS = (1.30, 1.10, 1.05, 1.00, 0.85, 0.30, 0.12)
"""Monday to Sunday, relative to an average weekday."""

_MONTH_WEIGHTS = (1.20, 1.15, 1.05, 0.95, 0.95, 0.85, 0.70, 0.75, 1.05, 1.15, 1.10, 0.80)
"""January to December, relative to an average month."""

_TYPE_WEIGHTS: Mapping[AppointmentType, float] = {
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
"""Days from booking to visit: minimum and maximum."""

_SOURCE_WEIGHTS: Mapping[str | None, float] = {
    "website": 38,
    "phone": 24,
    "voice assistant": 18,
    "front desk": 10,
    "referral": 7,
    None: 3,
}
_CAMPAIGN_WEIGHTS: Mapping[tuple[str | None, str | None, str | None], float] = {
    (None, None, None): 46,
    ("google", "cpc", "spring-checkup"): 14,
    ("google", "organic", None): 12,
    ("facebook", "social", "back-to-school"): 9,
    ("newsletter", "email", "flu-season"): 8,
    ("instagram", "social", None): 5,
    ("partner-portal", "referral", "new-patients"): 4,
    ("google", "cpc", "knee-pain"): 2,
}
_FAILURE_MESSAGES = (
    "No slot was free at that time.",
    "The insurance could not be verified.",
    "The patient hung up before confirming.",
    "The calendar did not answer.",
)
_FAILURE_RATE = 0.08
_CAMPAIGN_FAILURE_RATES: Mapping[str | None, float] = {"back-to-school": 0.34}
"""One campaign fails often, so that dashboards have something to show."""
_PENDING_RATE = 0.015
_RECENT_PENDING_RATE = 0.35
_RECENT = timedelta(days=2)
_SATURDAY = 5


def build_appointments(clinic: Clinic, staff: ClinicStaff, now: datetime) -> Iterator[Document]:
    """Yield the bookings of the twelve months before `now`, oldest first."""
    zone = ZoneInfo(clinic.timezone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)):
        rng = clinic.create_rng("bookings", day)
        busy = clinic.bookings_per_day * _WEEKDAY_WEIGHTS[day.weekday()] * _MONTH_WEIGHTS[day.month - 1]
        count = max(0, round(rng.gauss(busy, busy**0.5)))
        for booked_at in sorted(_pick_booking_time(rng, day, zone) for _ in range(count)):
            if booked_at <= now:
                yield _build_appointment(clinic, staff, rng, booked_at, now)


def _pick_booking_time(rng: Random, day: date, zone: ZoneInfo) -> datetime:
    """Return an instant from 7:00 to 21:00, mostly late in the morning."""
    seconds = int(rng.triangular(7, 21, 11) * 3600)
    return datetime.combine(day, time(), zone) + timedelta(seconds=seconds)


def _pick_visit_time(rng: Random, type_: AppointmentType, booked_at: datetime) -> datetime:
    """Return the start of the visit: on a later weekday, from 8:00 to 17:00."""
    day = booked_at.date() + timedelta(days=max(1, rng.randint(*_LEAD_DAYS[type_])))
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(8), booked_at.tzinfo) + timedelta(minutes=15 * rng.randrange(36))


def _pick_status(rng: Random, campaign: str | None, booked_at: datetime, now: datetime) -> BookingStatus:
    pending = _RECENT_PENDING_RATE if now - booked_at < _RECENT else _PENDING_RATE
    failed = _CAMPAIGN_FAILURE_RATES.get(campaign, _FAILURE_RATE)
    drawn = rng.random()
    if drawn < pending:
        return BookingStatus.PENDING
    return BookingStatus.FAILED if drawn < pending + failed else BookingStatus.SUCCESSFUL


def _build_appointment(
    clinic: Clinic, staff: ClinicStaff, rng: Random, booked_at: datetime, now: datetime
) -> Document:
    type_ = pick_weighted(rng, _TYPE_WEIGHTS)
    reason, minutes = staff.reasons[type_]
    start = _pick_visit_time(rng, type_, booked_at)
    practitioner = rng.choice(staff.practitioners)
    location = rng.choice(staff.locations)
    id = invent_object_id(rng, booked_at)
    origin = _pick_origin(rng)
    config: Document = {
        "type": "appointments",
        "id": id[-8:],
        "appointmentType": type_.value,
        "start": instants.format_instant(start),
        "end": instants.format_instant(start + timedelta(minutes=minutes)),
        "practitionerId": practitioner.id,
        "practitionerName": practitioner.name,
        "locationId": location.id,
        "locationName": location.name,
        "visitingReasonId": reason.id,
        "visitingReasonName": reason.name,
        **_pick_patient(staff, rng, type_),
        **_pick_outcome(rng, origin.get("utmCampaign"), booked_at, now),
        **origin,
    }
    document: Document = {
        "logicalId": invent_logical_id(rng, "appointments"),
        "integrationId": clinic.id,
        "config": config,
    }
    decided_at = min(now, booked_at + timedelta(seconds=rng.randrange(5, 900)))
    return add_audit_fields(clinic, id, document, booked_at, decided_at)


def _pick_patient(staff: ClinicStaff, rng: Random, type_: AppointmentType) -> Document:
    if type_ is AppointmentType.PROV_USE:
        return {}
    patient = rng.choice(staff.patients)
    return {"patientId": patient.id, "patientName": patient.name}


def _pick_outcome(rng: Random, campaign: str | None, booked_at: datetime, now: datetime) -> Document:
    status = _pick_status(rng, campaign, booked_at, now)
    if status is BookingStatus.FAILED:
        return {"bookingStatus": status.value, "errorMessage": rng.choice(_FAILURE_MESSAGES)}
    return {"bookingStatus": status.value}


def _pick_origin(rng: Random) -> dict[str, str]:
    """Return source and UTM values; unknown ones are absent."""
    source, medium, campaign = pick_weighted(rng, _CAMPAIGN_WEIGHTS)
    values = {
        "source": pick_weighted(rng, _SOURCE_WEIGHTS),
        "utmSource": source,
        "utmMedium": medium,
        "utmCampaign": campaign,
    }
    return {key: value for key, value in values.items() if value is not None}
