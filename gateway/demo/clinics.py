"""The clinic group: two teams, five connected integrations, and how busy each of them is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from gateway.demo.invention import logical_id, object_id
from gateway.domain.calendar import instants
from gateway.domain.documents.audit_fields import created, touched
from gateway.domain.enums import Provider
from gateway.domain.lenient_reading import Document

_CONNECTED = datetime(2024, 3, 4, 15, 20, tzinfo=UTC)
_SCOPES = {
    Provider.GOOGLE: "openid email https://www.googleapis.com/auth/spreadsheets",
    Provider.MICROSOFT: "offline_access User.Read Files.ReadWrite",
}


@dataclass(frozen=True, slots=True)
class Team:
    """A team and the person who keeps its integrations."""

    id: str
    name: str
    user_id: str
    username: str


LAKESIDE = Team("5eb7cf5a86d9755df3a6c593", "Lakeside", "64a3f0c2b81d4e5f6a7b8c01", "mara.lindqvist")
"""The team of the documents' own example too, so that one key sees everything."""

HARBORVIEW = Team("64b0d2e47c1f3a5b9d8e6f02", "Harborview", "64b0d3117c1f3a5b9d8e6f03", "otto.rosendahl")

TEAMS = (LAKESIDE, HARBORVIEW)


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic that has connected an account; all of its records hang below that integration."""

    team: Team
    slug: str
    name: str
    provider: Provider
    timezone: str
    locations: tuple[str, ...]
    practitioners: int
    patients: int
    bookings: float
    """On an ordinary weekday."""
    token_lasts: timedelta
    """From now; negative for one that has expired."""

    def chance(self, *about: object) -> Random:
        """Chance of this clinic's own, for one thing."""
        return Random("/".join([self.slug, *map(str, about)]))

    @property
    def id(self) -> str:
        return object_id(self.chance("id"), _CONNECTED)

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
        bookings=11.0,
        token_lasts=timedelta(days=41),
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
        bookings=6.0,
        token_lasts=timedelta(hours=7),
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
        bookings=2.5,
        token_lasts=timedelta(days=-9),
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
        bookings=5.0,
        token_lasts=timedelta(days=23),
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
        bookings=3.5,
        token_lasts=timedelta(days=58),
    ),
)


def signed(clinic: Clinic, id: str, document: Document, made_at: datetime, changed_at: datetime) -> Document:
    """A document of this clinic with its id and audit keys."""
    user_id = clinic.team.user_id
    made = created(document, id=id, team_id=clinic.team.id, user_id=user_id, at=made_at)
    return touched(made, user_id=user_id, at=changed_at)


def integration(clinic: Clinic, now: datetime) -> Document:
    """Document 1's `integration`."""
    chance = clinic.chance("integration")
    expired = clinic.token_lasts < timedelta()
    renewed_at = now + min(clinic.token_lasts, timedelta()) - timedelta(hours=3)
    config: Document = {
        "scope": _SCOPES[clinic.provider],
        "accessToken": f"demo-access-{chance.getrandbits(96):024x}",
        "refreshToken": f"demo-refresh-{chance.getrandbits(96):024x}",
        "tokenType": "Bearer",
        "expiresAt": instants.isoformat(now + clinic.token_lasts),
        "connectedAt": instants.isoformat(_CONNECTED),
        "renewedAt": instants.isoformat(renewed_at),
        "provider": clinic.provider.value,
        "authType": "oauth",
        "authUserEmail": f"sheets.{clinic.slug}@example.org",
        "authUserName": f"{clinic.name} Sheets",
    }
    if expired:
        config["errorMessage"] = "The refresh token was revoked: connect the account again."
    document: Document = {
        "logicalId": logical_id(chance, "integration"),
        "name": clinic.name,
        "status": "active",
        "access": "team",
        "config": config,
        "timezone": clinic.timezone,
    }
    return signed(clinic, clinic.id, document, _CONNECTED, renewed_at)
