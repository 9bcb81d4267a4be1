"""Appointments that do not exist, the same each time, as short as they can be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Document
from tests.benchmarks.documents import TEAM, USER, object_id

BEGIN = datetime(2024, 1, 1, 6, tzinfo=UTC)
DAYS = 731
"""All of them are made in these two years of Chicago's, whose midnight `BEGIN` is."""

SECONDS = DAYS * 24 * 60 * 60

RARE_WORD = "example-1417"
"""What one patient in a thousand is called."""


PRIME = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws a number below `choices`, each as often as another, and the same for the same place."""

    factor: int
    choices: int

    def draw(self, place: int) -> int:
        return place * self.factor % PRIME % self.choices


@dataclass(frozen=True, slots=True)
class Choice:
    """Draws one of these values."""

    factor: int
    values: tuple[str | None, ...]

    @property
    def chance(self) -> Chance:
        return Chance(self.factor, len(self.values))

    def draw(self, place: int) -> str | None:
        return self.values[self.chance.draw(place)]


PATIENT = Chance(62089911, 1000)
DAYS_TO_VISIT = Chance(1343714438, 40)
CHOICES: Mapping[str, Choice] = {
    "appointmentType": Choice(742938285, (None, "NP", "F/U", "FU Tele", "PROCEDURE")),
    "bookingStatus": Choice(1583458089, (*["successful"] * 7, *["failed"] * 2, "pending")),
    "practitionerName": Choice(397204094, ("Dr. Lindqvist", "Dr. Hartwell", "Dr. Okafor")),
    "source": Choice(784588716, (None, "website", "phone", "voice assistant", "front desk", "referral")),
    "utmSource": Choice(
        950706376, (None, "google", "bing", "facebook", "instagram", "newsletter", "partner-portal", "tiktok")
    ),
    "utmMedium": Choice(1226874159, (None, "cpc", "organic", "social", "email", "referral")),
    "utmCampaign": Choice(630360016, (None, *(f"campaign-{number:02}" for number in range(1, 25)))),
}
"""What is drawn for these keys of an appointment."""


@dataclass(frozen=True, slots=True)
class Appointments:
    """So many of one integration, at even distances in time; no two series have an id in common."""

    integration_id: str
    series: int
    count: int

    def __iter__(self) -> Iterator[Document]:
        """Their documents, by the instant at which they were made."""
        return map(self.document, range(self.count))

    def document(self, place: int) -> Document:
        """One of document 1's `resource_records`."""
        made_at = BEGIN + timedelta(seconds=place * SECONDS // self.count)
        visit_at = made_at + timedelta(days=1 + DAYS_TO_VISIT.draw(place))
        id = object_id("appointment", self.number(place))
        when = format_instant(made_at)
        config: Document = {
            "type": "appointments",
            "id": str(place),
            "start": format_instant(visit_at),
            "patientName": f"Ada Example-{1000 + PATIENT.draw(place)}",
            **{key: choice.draw(place) for key, choice in CHOICES.items()},
        }
        return {
            "teamId": TEAM,
            "createdBy": USER,
            "updatedBy": USER,
            "createdAt": when,
            "updatedAt": when,
            "_id": id,
            "logicalId": id,
            "integrationId": self.integration_id,
            "config": config,
        }

    def number(self, place: int) -> int:
        """What its id is made of."""
        return (self.series << 48) + place
