"""Invented appointments, the same in each run, as short as possible."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Document
from tests.benchmarks.documents import TEAM, USER, build_object_id

BEGIN = datetime(2024, 1, 1, 6, tzinfo=UTC)
DAYS = 731
"""All appointments are created in these two years. `BEGIN` is midnight in Chicago."""

SECONDS = DAYS * 24 * 60 * 60

RARE_WORD = "example-1417"
"""The name of one patient in a thousand."""


PRIME = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RandomNumber:
    """Draws a number below `choices`, uniformly and always the same for the same index."""

    factor: int
    choices: int

    def draw(self, index: int) -> int:
        return index * self.factor % PRIME % self.choices


@dataclass(frozen=True, slots=True)
class Choice:
    """Draws one of these values."""

    factor: int
    values: tuple[str | None, ...]

    @property
    def random_number(self) -> RandomNumber:
        return RandomNumber(self.factor, len(self.values))

    def draw(self, index: int) -> str | None:
        return self.values[self.random_number.draw(index)]


PATIENT = RandomNumber(62089911, 1000)
DAYS_TO_VISIT = RandomNumber(1343714438, 40)
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
"""The values of these keys of an appointment."""


@dataclass(frozen=True, slots=True)
class Appointments:
    """A number of appointments of one integration, evenly spaced in time. Each series has its own ids."""

    integration_id: str
    series: int
    count: int

    def __iter__(self) -> Iterator[Document]:
        """Yield the documents in the order of their creation."""
        return map(self.build_document, range(self.count))

    def build_document(self, index: int) -> Document:
        """Build an entry of `resource_records` of document 1."""
        created_at = BEGIN + timedelta(seconds=index * SECONDS // self.count)
        visit_at = created_at + timedelta(days=1 + DAYS_TO_VISIT.draw(index))
        id = build_object_id("appointment", self.get_number(index))
        when = format_instant(created_at)
        config: Document = {
            "type": "appointments",
            "id": str(index),
            "start": format_instant(visit_at),
            "patientName": f"Ada Example-{1000 + PATIENT.draw(index)}",
            **{key: choice.draw(index) for key, choice in CHOICES.items()},
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

    def get_number(self, index: int) -> int:
        """Return the number that the id contains."""
        return (self.series << 48) + index
