"""Sessions of browsers: an API key begins one; it ends by signing out, at its expiry, or with its key.

A session is a row, so that all replicas see when it ends. Its token has 256 random bits. Only the browser stores
the token; the database stores its SHA-256.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway import sql
from gateway.database import BrowserSession, Reader, Writer
from gateway.domain.audit import AuditAction
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated, forbidden
from gateway.services import audit

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class AuthenticatedSession:
    """The viewer of a session, and the session's expiry or an earlier one of its key."""

    viewer: Viewer
    team_name: str
    expires_at: datetime


def require_sign_in(viewer: Viewer) -> None:
    """Raise Refused (FORBIDDEN) for a widget key: its session would reveal a user and a team to all visitors."""
    if viewer.is_for_widgets:
        raise forbidden("A widget key cannot sign in; send it with each request to /graphql, or use another key.")


async def create_session(writer: Writer, viewer: Viewer, previous_token: str | None = None) -> str:
    """Create a session of the viewer's key, and return its token, which cannot be read again.

    The browser's previous session ends. The setting `session_lifetime` limits the new one. Expired sessions of the
    team are deleted. Raises Refused (FORBIDDEN) for a widget key; any other key may sign in.
    """
    require_sign_in(viewer)
    if previous_token is not None:
        await writer.execute(sql.sessions.delete_session(_hash_token(previous_token)))
    await writer.execute(sql.sessions.delete_expired_sessions(viewer.team_id, writer.as_of))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = {
        "team_id": viewer.team_id,
        "id": _hash_token(token),
        "key_id": viewer.key_id,
        "created_at": writer.as_of,
        "expires_at": writer.as_of + timedelta(seconds=writer.settings.session_lifetime),
    }
    await writer.insert_rows(BrowserSession, [row])
    await audit.record(writer, viewer, AuditAction.SESSION_CREATE, f"key {viewer.key_id}")
    return token


async def authenticate_session(reader: Reader, token: str) -> AuthenticatedSession:
    """Return the session of a token.

    Raises Unauthenticated if the session has ended, or if its key is expired or revoked. The exception does not
    say which.
    """
    for row in await reader.fetch_tuples(sql.sessions.select_session(_hash_token(token))):
        team_id, team_name, user_id, name, key_id, permissions, key_expires_at, revoked_at, session_expires_at = (
            row
        )
        expires_at = session_expires_at if key_expires_at is None else min(session_expires_at, key_expires_at)
        if expires_at > reader.as_of and revoked_at is None:
            viewer = Viewer(team_id, user_id, name, key_id, frozenset(map(Permission, permissions)))
            return AuthenticatedSession(viewer, team_name, expires_at)
    raise Unauthenticated


async def end_session(writer: Writer, viewer: Viewer, token: str) -> None:
    """Delete the viewer's session of a token, if it still exists."""
    if await writer.execute(sql.sessions.delete_session(_hash_token(token))):
        await audit.record(writer, viewer, AuditAction.SESSION_DELETE, f"key {viewer.key_id}")


def derive_csrf_token(token: str) -> str:
    """Return the CSRF token of a session, in hexadecimal. Pages of other origins cannot compute it."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
