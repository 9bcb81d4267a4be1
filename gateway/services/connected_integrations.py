"""Create and update connected integrations."""

from gateway.database import Integration, Writer
from gateway.domain.audit import AuditAction
from gateway.domain.bounds import find_excesses, is_blank
from gateway.domain.calendar import instants, timezones
from gateway.domain.documents import find_changed_paths, mark_created, mark_updated
from gateway.domain.enums import (
    AuthType,
    ErrorCode,
    IntegrationAccess,
    IntegrationKind,
    Permission,
    Provider,
    Status,
)
from gateway.domain.ids import new_id, new_logical_id
from gateway.domain.integration_secrets import CONFIG_SECRETS
from gateway.domain.integrations import read_connected_columns
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList
from gateway.services import audit, day_counts
from gateway.services.integrations import (
    INPUT_FIELDS,
    check_blank,
    check_not_other,
    lock_integration_for_update,
    require_kind_permission,
)
from gateway.services.secrets import decrypt_document, decrypt_secret, encrypt_document

_TOP_LEVEL_KEYS = ("name", "status", "access", "timezone")
"""The keys of the document outside `config`. None of them can be cleared."""

_CONFIG_KEYS = (
    "scope",
    *CONFIG_SECRETS,
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


async def create_connected_integration(writer: Writer, viewer: Viewer, settings: Document) -> Integration:
    """Create a connected integration in the viewer's team, and return its row.

    `settings` are keys of the document and of its `config`. The viewer needs WRITE_INTEGRATIONS, and ADMIN for the
    access `system`. Raises Refused: FORBIDDEN, REQUIRED or INVALID, with all problems of the settings.
    """
    require_kind_permission(viewer, IntegrationKind.CONNECTED)
    _check_settings(viewer, settings, None)
    at = instants.format_instant(writer.as_of)
    given = {**_drop_blank_secrets(settings), "connectedAt": at, "authType": AuthType.OAUTH.value}
    config: Document = {key: given.get(key) for key in _CONFIG_KEYS if key not in CONFIG_SECRETS or given.get(key)}
    id, logical_id = new_id(), new_logical_id("integration")
    document = mark_created(
        {
            "logicalId": logical_id,
            "name": settings["name"],
            "status": Status.ACTIVE.value,
            "access": settings["access"],
            "config": config,
            "timezone": settings["timezone"],
        },
        id=id,
        team_id=viewer.team_id,
        user_id=viewer.user_id,
        at=writer.as_of,
    )
    values = {
        "team_id": viewer.team_id,
        "id": id,
        "version": 1,
        **encrypt_document(writer.keyring, viewer.team_id, id, IntegrationKind.CONNECTED, document),
        **read_connected_columns(document, logical_id, writer.as_of),
    }
    await audit.record(writer, viewer, AuditAction.INTEGRATION_CREATE, f"integration {id}")
    return await writer.insert_row(Integration, values)


async def update_connected_integration(
    writer: Writer, viewer: Viewer, id: str, changes: Document, expected_version: int | None
) -> Integration:
    """Update these keys of a connected integration, and return its row; without a change, write nothing.

    An absent key keeps its value, null clears it, and a blank secret keeps the stored one. A new time zone
    recounts all records. The viewer needs WRITE_INTEGRATIONS, and ADMIN to change the access to `system`. Raises
    Refused: as `lock_integration_for_update`, and FORBIDDEN, REQUIRED or INVALID, with all problems of the
    changes.
    """
    row = await lock_integration_for_update(writer, viewer, id, IntegrationKind.CONNECTED, expected_version)
    _check_settings(viewer, changes, row.access)
    stored = decrypt_document(writer.keyring, row)
    changes = _drop_blank_secrets(changes)
    if changes.get("accessToken") not in (None, decrypt_secret(writer.keyring, row, "accessToken")):
        changes = {**changes, "renewedAt": instants.format_instant(writer.as_of)}
    document = _apply_changes(changes, stored)
    if document == stored:
        return row
    paths = find_changed_paths(stored, document)
    await audit.record(writer, viewer, AuditAction.INTEGRATION_UPDATE, f"integration {id}", paths)
    document = mark_updated(document, user_id=viewer.user_id, at=writer.as_of)
    created_at = instants.to_instant(row.created_at)
    new_values = {
        **encrypt_document(writer.keyring, row.team_id, row.id, row.kind, document),
        **read_connected_columns(document, row.logical_id or row.id, created_at),
        "version": row.version + 1,
    }
    updated = await writer.update_row(Integration, row, new_values)
    await day_counts.recount_if_timezone_changed(writer, updated, row.timezone)
    return updated


def _apply_changes(changes: Document, document: Document) -> Document:
    """Return the document with these changes. A secret that is cleared leaves no key."""
    stored = document.get("config")
    config = dict(stored) if isinstance(stored, dict) else {}
    for key in _CONFIG_KEYS:
        if key in changes and not _is_same_value(key, changes[key], config.get(key)):
            config[key] = changes[key]
        if key in CONFIG_SECRETS and key in changes and changes[key] is None:
            config.pop(key, None)
    changed: Document = {**document, **{key: changes[key] for key in _TOP_LEVEL_KEYS if key in changes}}
    if config or isinstance(stored, dict):
        changed["config"] = config
    return changed


def _is_same_value(key: str, new: Json, stored: Json) -> bool:
    """Return whether the values of a key are equal. Instants are compared, not their spelling."""
    if key == "expiresAt" and isinstance(new, str) and isinstance(stored, str):
        return instants.parse_instant(new) == instants.parse_instant(stored)
    return new == stored


def _drop_blank_secrets(settings: Document) -> Document:
    """Return the settings without blank secrets, which clients send to keep the stored ones."""
    return {
        key: value
        for key, value in settings.items()
        if not (key in CONFIG_SECRETS and isinstance(value, str) and is_blank(value))
    }


def _check_settings(viewer: Viewer, settings: Document, current_access: IntegrationAccess | None) -> None:
    """Raise Refused with all problems of the settings; `current_access` is None for a new integration."""
    problems = ProblemList()
    path = ("input", INPUT_FIELDS[IntegrationKind.CONNECTED])
    for key in _TOP_LEVEL_KEYS:
        if key in settings and settings[key] is None:
            problems.add(ErrorCode.REQUIRED, f"`{key}` cannot be cleared; leave it out to keep it.", *path, key)
    name, zone = settings.get("name"), settings.get("timezone")
    if isinstance(name, str):
        check_blank(problems, name, *path, "name")
    if isinstance(provider := settings.get("provider"), str):
        check_not_other(problems, Provider(provider), *path, "provider")
    problems.extend(find_excesses(settings, *path))
    if isinstance(zone, str) and not timezones.is_timezone(zone):
        problems.add_invalid(
            "`timezone` must be the exact IANA name of a time zone, such as `America/Chicago`.", *path, "timezone"
        )
    is_newly_shared = (
        settings.get("access") == IntegrationAccess.SYSTEM.value and current_access is not IntegrationAccess.SYSTEM
    )
    if is_newly_shared and not viewer.has_permission(Permission.ADMIN):
        problems.add(
            ErrorCode.FORBIDDEN,
            "The access SYSTEM needs the permission ADMIN, because every team can read the integration.",
            *path,
            "access",
        )
    problems.raise_if_any()
