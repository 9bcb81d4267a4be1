"""The clinic group: two teams and five connected integrations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from gateway.demo.invention import invent_logical_id, invent_object_id
from gateway.domain.calendar import instants
from gateway.domain.documents import mark_created, mark_updated
from gateway.domain.enums import Provider
from gateway.domain.lenient_reading import Document

_CONNECTED_AT = datetime(2024, 3, 4, 15, 20, tzinfo=UTC)
_SCOPES = {
    Provider.GOOGLE: "openid email https://www.googleapis.com/auth/spreadsheets",
    Provider.MICROSOFT: "offline_access User.Read Files.ReadWrite",
}


@dataclass(frozen=True, slots=True)
class DemoTeam:
    """A team, and the user who owns its integrations."""

    id: str
    name: str
    user_id: str
    username: str


LAKESIDE = DemoTeam("5eb7cf5a86d9755df3a6c593", "Lakeside", "64a3f0c2b81d4e5f6a7b8c01", "mara.lindqvist")
"""Also the team of the documents' examples, so that one key reads both."""

HARBORVIEW = DemoTeam("64b0d2e47c1f3a5b9d8e6f02", "Harborview", "64b0d3117c1f3a5b9d8e6f03", "otto.rosendahl")

TEAMS = (LAKESIDE, HARBORVIEW)


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic with one connected integration, which all its records belong to."""

    team: DemoTeam
    slug: str
    name: str
    provider: Provider
    timezone: str
    locations: tuple[str, ...]
    practitioners: int
    patients: int
    bookings_per_day: float
    """Average of a weekday."""
    token_lifetime: timedelta
    """From now on; negative for an expired token."""

    def create_rng(self, *subject: object) -> Random:
        """Return a random generator that is the same for the same clinic and subject."""
        return Random("/".join([self.slug, *map(str, subject)]))

    @property
    def id(self) -> str:
        return invent_object_id(self.create_rng("id"), _CONNECTED_AT)

    @property
    def domain(self) -> str:
        return f"{self.slug}.example.org"


CLINICS: Sequence[Clinic] = (
    Clinic(
        LAKESIDE,
        "lakeside-family",
        "Lakeside Family Clinic",
        Provider.GOOGLE,
        "America/Chicago",
        ("Main Street", "Lake Shore", "North Campus"),
        practitioners=9,
        patients=320,
        bookings_per_day=11.0,
        token_lifetime=timedelta(days=41),
    ),
    Clinic(
        LAKESIDE,
        "lakeside-specialty",
        "Lakeside Specialty Center",
        Provider.MICROSOFT,
        "America/Chicago",
        ("Tower East", "Tower West"),
        practitioners=6,
        patients=180,
        bookings_per_day=6.0,
        token_lifetime=timedelta(hours=7),
    ),
    Clinic(
        LAKESIDE,
        "lakeside-surgery",
        "Lakeside Surgery Center",
        Provider.MICROSOFT,
        "America/Denver",
        ("Surgery Center",),
        practitioners=4,
        patients=90,
        bookings_per_day=2.5,
        token_lifetime=timedelta(days=-9),
    ),
    Clinic(
        HARBORVIEW,
        "harborview-pediatrics",
        "Harborview Pediatrics",
        Provider.MICROSOFT,
        "America/New_York",
        ("Harbor Square", "Hillside"),
        practitioners=5,
        patients=160,
        bookings_per_day=5.0,
        token_lifetime=timedelta(days=23),
    ),
    Clinic(
        HARBORVIEW,
        "harborview-telehealth",
        "Harborview Telehealth",
        Provider.GOOGLE,
        "America/Phoenix",
        ("Video",),
        practitioners=4,
        patients=120,
        bookings_per_day=3.5,
        token_lifetime=timedelta(days=58),
    ),
)


def add_audit_fields(
    clinic: Clinic, id: str, document: Document, created_at: datetime, updated_at: datetime
) -> Document:
    """Return the document with its id, team and audit fields."""
    user_id = clinic.team.user_id
    document_created = mark_created(document, id=id, team_id=clinic.team.id, user_id=user_id, at=created_at)
    return mark_updated(document_created, user_id=user_id, at=updated_at)


def build_integration(clinic: Clinic, now: datetime) -> Document:
    """Return the `integration` of an export document."""
    rng = clinic.create_rng("integration")
    is_expired = clinic.token_lifetime < timedelta()
    renewed_at = now + min(clinic.token_lifetime, timedelta()) - timedelta(hours=3)
    config: Document = {
        "scope": _SCOPES[clinic.provider],
        "accessToken": f"demo-access-{rng.getrandbits(96):024x}",
        "refreshToken": f"demo-refresh-{rng.getrandbits(96):024x}",
        "tokenType": "Bearer",
        "expiresAt": instants.format_instant(now + clinic.token_lifetime),
        "connectedAt": instants.format_instant(_CONNECTED_AT),
        "renewedAt": instants.format_instant(renewed_at),
        "provider": clinic.provider.value,
        "authType": "oauth",
        "authUserEmail": f"sheets.{clinic.slug}@example.org",
        "authUserName": f"{clinic.name} Sheets",
    }
    if is_expired:
        config["errorMessage"] = "The refresh token was revoked: connect the account again."
    document: Document = {
        "logicalId": invent_logical_id(rng, "integration"),
        "name": clinic.name,
        "status": "active",
        "access": "team",
        "config": config,
        "timezone": clinic.timezone,
    }
    return add_audit_fields(clinic, clinic.id, document, _CONNECTED_AT, renewed_at)
