"""Connected integrations made and changed."""

from gateway.database.tables import Integration
from gateway.database.writing import WriteSession
from gateway.domain.calendar import instants
from gateway.domain.calendar.timezones import is_timezone
from gateway.domain.documents.audit_fields import created, touched
from gateway.domain.enums import (
    AuthType,
    ErrorCode,
    IntegrationAccess,
    IntegrationKind,
    IntegrationStatus,
    Permission,
)
from gateway.domain.ids import new_id, new_logical_id
from gateway.domain.integrations import SECRETS, connected_columns
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import Problems
from gateway.services import day_counts
from gateway.services.integrations import INPUT_FIELDS, check_name, hold_for_update, require_right

_OUTER = ("name", "status", "access", "timezone")
"""The keys that stand beside `config`; none of them can be cleared."""

_CONFIG = (
    "scope",
    "tokenType",
    "expiresAt",
    "connectedAt",
    "renewedAt",
    "errorMessage",
    "provider",
    "authType",
    "authUserEmail",
    "authUserName",
)


async def create(session: WriteSession, viewer: Viewer, settings: Document) -> Integration:
    """A new connected integration of the viewer's with these settings, which are keys of its document.

    Raises Refused: FORBIDDEN without a right to make one, and whatever is wrong with the settings.
    """
    require_right(viewer, IntegrationKind.CONNECTED)
    _check(viewer, settings, None)
    at = instants.isoformat(session.as_of)
    known: Document = {**settings, "connectedAt": at, "authType": AuthType.OAUTH.value}
    id, logical_id = new_id(), new_logical_id("integration")
    document = created(
        {
            "logicalId": logical_id,
            "name": settings["name"],
            "status": IntegrationStatus.ACTIVE.value,
            "access": settings["access"],
            "config": {key: known.get(key) for key in _CONFIG},
            "timezone": settings["timezone"],
        },
        id=id,
        team_id=viewer.team_id,
        user_id=viewer.user_id,
        at=session.as_of,
    )
    row = Integration(team_id=viewer.team_id, id=id, secrets=_secrets(settings, {}), version=1)
    row.hold(document, connected_columns(document, logical_id, session.as_of))
    session.add(row)
    return row


async def update(
    session: WriteSession, viewer: Viewer, id: str, changes: Document, expected_version: int | None
) -> Integration:
    """Change these keys of a connected integration: absent keeps, null clears, a blank secret keeps.

    Raises Refused: what `hold_for_update` does, and whatever is wrong with the changes.
    """
    row = await hold_for_update(session, viewer, id, IntegrationKind.CONNECTED, expected_version)
    _check(viewer, changes, row.access)
    secrets = _secrets(changes, row.secrets)
    if secrets.get("accessToken") not in (None, row.secrets.get("accessToken")):
        changes = {**changes, "renewedAt": instants.isoformat(session.as_of)}
    document = _with(changes, row.document)
    if (document, secrets) != (row.document, row.secrets):
        document = touched(document, user_id=viewer.user_id, at=session.as_of)
        before = row.timezone
        row.hold(document, connected_columns(document, row.logical_id or row.id, row.created_at))
        row.secrets = secrets
        row.version += 1
        await day_counts.follow(session, row, before)
    return row


def _with(changes: Document, document: Document) -> Document:
    """The document with what was given."""
    stored = document.get("config")
    config = dict(stored) if isinstance(stored, dict) else {}
    for key in _CONFIG:
        if key in changes and not _same(key, changes[key], config.get(key)):
            config[key] = changes[key]
    changed: Document = {**document, **{key: changes[key] for key in _OUTER if key in changes}}
    if config:
        changed["config"] = config
    return changed


def _same(key: str, given: Json, stored: Json) -> bool:
    """Whether nothing changes; an instant is the same in another spelling."""
    if key == "expiresAt" and isinstance(given, str) and isinstance(stored, str):
        return instants.parse(given) == instants.parse(stored)
    return given == stored


def _secrets(given: Document, stored: Document) -> Document:
    """The stored secrets with what was given: null clears, a blank one keeps."""
    secrets = dict(stored)
    for key in SECRETS:
        value = given.get(key)
        if isinstance(value, str) and value.strip():
            secrets[key] = value
        elif key in given and value is None:
            secrets.pop(key, None)
    return secrets


def _check(viewer: Viewer, given: Document, access: IntegrationAccess | None) -> None:
    """Raises Refused with all that is wrong with what was given; `access` is what it has been so far."""
    problems = Problems()
    path = ("input", INPUT_FIELDS[IntegrationKind.CONNECTED])
    for key in _OUTER:
        if key in given and given[key] is None:
            problems.add(ErrorCode.REQUIRED, f"`{key}` cannot be cleared; leave it out to keep it.", *path, key)
    name, zone = given.get("name"), given.get("timezone")
    if isinstance(name, str):
        check_name(problems, name, *path, "name")
    if isinstance(zone, str) and not is_timezone(zone):
        problems.invalid(
            "This is not the IANA name of a time zone, such as America/Chicago or UTC.", *path, "timezone"
        )
    shared = given.get("access") == IntegrationAccess.SYSTEM.value and access is not IntegrationAccess.SYSTEM
    if shared and not viewer.may(Permission.ADMIN):
        problems.add(ErrorCode.FORBIDDEN, "Sharing with every team needs the permission ADMIN.", *path, "access")
    problems.raise_if_any()
