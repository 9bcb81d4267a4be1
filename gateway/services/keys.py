"""API keys: made, listed and revoked by an operator, and recognised at the door.

A key reads `gw_<prefix>_<secret>`. The prefix is public and names the key in lists and logs; the secret is 256
random bits, of which only the SHA-256 of the whole key is stored.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway import sql
from gateway.database import ApiKey, Reader, Writer
from gateway.domain.enums import Permission
from gateway.domain.ids import new_id
from gateway.domain.viewer import ApiKeyIdentity, Viewer
from gateway.errors import Unauthenticated, not_found
from gateway.services import teams

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
    """A new key for a user of a team, both made when they do not exist. It is given once and never again.

    With `origins`, as `gateway.domain.origins` checks them, it is good for requests of their pages alone.
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
    return key


async def list_keys(reader: Reader, team_id: str | None = None) -> Sequence[ApiKey]:
    """Every key, or those of one team, the oldest first."""
    return await reader.fetch_rows(sql.keys.select_keys(team_id))


async def revoke_key(writer: Writer, prefix: str) -> ApiKey:
    """Make the key of this prefix useless from now on; revoking it again changes nothing."""
    found = await writer.fetch_rows(sql.keys.select_by_prefix(prefix))
    if not found:
        raise not_found(f"There is no key with the prefix {prefix}; `gateway keys list` shows them.")
    key = found[0]
    return key if key.revoked_at else await writer.update_row(ApiKey, key, {"revoked_at": writer.as_of})


async def authenticate_key(reader: Reader, key: str, user_id: str | None = None) -> ApiKeyIdentity:
    """Who comes with this key.

    `user_id`, where one is given with the key, must be that of the key's user. Raises Unauthenticated for a key
    that is unknown, expired or revoked, without saying which.
    """
    parts = key.split("_", _PART_COUNT - 1)
    if len(parts) != _PART_COUNT or parts[0] != "gw" or not key.isascii():
        raise Unauthenticated
    for (
        team,
        user,
        name,
        key_id,
        digest,
        permissions,
        origins,
        expires_at,
        revoked_at,
    ) in await reader.fetch_tuples(sql.keys.select_credentials(parts[1])):
        expired = expires_at is not None and expires_at <= reader.as_of
        good = hmac.compare_digest(digest, _hash_key(key)) and not expired and revoked_at is None
        if good and user_id in (None, user):
            viewer = Viewer(team, user, name, key_id, frozenset(map(Permission, permissions)))
            return ApiKeyIdentity(viewer, frozenset(origins))
    raise Unauthenticated
