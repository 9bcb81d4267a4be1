"""Sessions of browsers: begun with a key, ended by signing out, by time, or with the key.

A session is a row, so that all replicas know it and know when it has ended. What the browser holds is 256 random
bits, of which only the SHA-256 is stored.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway import sql
from gateway.database import BrowserSession, Reader, Writer
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class AuthenticatedSession:
    """Who signed in, and until when that holds."""

    viewer: Viewer
    team_name: str
    expires_at: datetime


async def create_session(writer: Writer, viewer: Viewer, lifetime: timedelta) -> str:
    """The token of a new session of the viewer's key; it is given once. Sessions that have expired are removed."""
    await writer.execute(sql.sessions.delete_expired_sessions(viewer.team_id, writer.as_of))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = {
        "team_id": viewer.team_id,
        "id": _hash_token(token),
        "key_id": viewer.key_id,
        "created_at": writer.as_of,
        "expires_at": writer.as_of + lifetime,
    }
    await writer.insert_rows(BrowserSession, [row])
    return token


async def authenticate_session(reader: Reader, token: str) -> AuthenticatedSession:
    """Who signed in and was given this token.

    Raises Unauthenticated when that session has ended, or its key is expired or revoked, without saying which.
    """
    for (
        team,
        team_name,
        user,
        name,
        key,
        permissions,
        key_expires_at,
        revoked_at,
        expires_at,
    ) in await reader.fetch_tuples(sql.sessions.select_session(_hash_token(token))):
        until = expires_at if key_expires_at is None else min(expires_at, key_expires_at)
        if until > reader.as_of and revoked_at is None:
            viewer = Viewer(team, user, name, key, frozenset(map(Permission, permissions)))
            return AuthenticatedSession(viewer, team_name, until)
    raise Unauthenticated


async def end_session(writer: Writer, token: str) -> None:
    """End the session of this token, if it has not ended."""
    await writer.execute(sql.sessions.delete_session(_hash_token(token)))


def derive_csrf_token(token: str) -> str:
    """What a page of ours sends along with what it wants changed, and others cannot know."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
