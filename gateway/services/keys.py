"""API keys: operators create, list and revoke them; requests authenticate with them.

A key has the form `gw_<prefix>_<secret>`. The prefix is public and identifies the key in lists and logs. The
secret has 256 random bits. The database stores the SHA-256 of the whole key, and never the key.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway import sql
from gateway.database import ApiKey, Reader, Writer
from gateway.domain.audit import AuditAction
from gateway.domain.enums import Permission
from gateway.domain.ids import new_id
from gateway.domain.viewer import ApiKeyIdentity, Viewer
from gateway.errors import Unauthenticated, not_found
from gateway.services import audit, teams

_PREFIX_BYTES = 6
_SECRET_BYTES = 32
_PART_COUNT = 3


def _hash_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


async def create_key(
    writer: Writer,
    *,
    team_id: str,
    user_id: str,
    name: str,
    permissions: Iterable[Permission],
    origins: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> str:
    """Create a key for a user of a team, and return its text, which cannot be read again.

    A missing team or user is created. With `origins`, which `gateway.domain.origins` has checked, only requests of
    pages with these origins may use the key.
    """
    await teams.create_missing_team(writer, team_id)
    await teams.add_missing_users(writer, team_id, {user_id: user_id})
    prefix = secrets.token_hex(_PREFIX_BYTES)
    key = f"gw_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    row = {
        "team_id": team_id,
        "id": new_id(),
        "user_id": user_id,
        "name": name,
        "prefix": prefix,
        "digest": _hash_key(key),
        "permissions": sorted(permission.value for permission in permissions),
        "origins": sorted(set(origins)),
        "created_at": writer.as_of,
        "expires_at": expires_at,
    }
    await writer.insert_rows(ApiKey, [row])
    await audit.record_command(writer, team_id, AuditAction.KEY_CREATE, f"key {row['id']}")
    return key


async def list_keys(reader: Reader, team_id: str | None = None) -> Sequence[ApiKey]:
    """Return all keys, or those of one team, the oldest first within each team."""
    return await reader.fetch_rows(sql.keys.select_keys(team_id))


async def revoke_key(writer: Writer, prefix: str) -> ApiKey:
    """Revoke the key with this prefix from now on, and return it. A second call changes nothing.

    Raises Refused (NOT_FOUND) if there is no such key.
    """
    found = await writer.fetch_rows(sql.keys.select_by_prefix(prefix))
    if not found:
        raise not_found(f"There is no key with the prefix {prefix}; `gateway keys list` shows them.")
    key = found[0]
    if key.revoked_at:
        return key
    await audit.record_command(writer, key.team_id, AuditAction.KEY_REVOKE, f"key {key.id}")
    return await writer.update_row(ApiKey, key, {"revoked_at": writer.as_of})


async def authenticate_key(reader: Reader, key: str, user_id: str | None = None) -> ApiKeyIdentity:
    """Return the viewer of a key, and the origins that may use it.

    Raises Unauthenticated if the key is unknown, expired or revoked, or if `user_id` is another user than the
    key's. Clients must not learn which, so that they cannot probe for keys. A widget key is never
    valid with a `user_id`, so that whoever reads it in a page cannot probe for its user.
    """
    parts = key.split("_", _PART_COUNT - 1)
    if len(parts) != _PART_COUNT or parts[0] != "gw" or not key.isascii():
        raise Unauthenticated
    refused = Unauthenticated()
    for row in await reader.fetch_tuples(sql.keys.select_credentials(parts[1])):
        team, user, name, key_id, digest, permissions, origins, expires_at, revoked_at = row
        is_expired = expires_at is not None and expires_at <= reader.as_of
        is_valid = hmac.compare_digest(digest, _hash_key(key)) and not is_expired and revoked_at is None
        viewer = Viewer(team, user, name, key_id, frozenset(map(Permission, permissions)))
        is_user = user_id is None or (user_id == user and not viewer.is_for_widgets)
        if is_valid and is_user:
            return ApiKeyIdentity(viewer, frozenset(origins))
        refused.known_key = (team, key_id)
    raise refused
