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
from gateway.database.reading import Reader
from gateway.database.tables import BrowserSession
from gateway.database.writing import WriteSession
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and until when that holds."""

    viewer: Viewer
    team_name: str
    expires_at: datetime


async def begin(session: WriteSession, viewer: Viewer, lifetime: timedelta) -> str:
    """The token of a new session of the viewer's key; it is given once. Sessions that have expired are removed."""
    await session.execute(sql.sessions.forget_expired(viewer.team_id, session.as_of))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        BrowserSession(
            team_id=viewer.team_id,
            id=_id(token),
            key_id=viewer.key_id,
            created_at=session.as_of,
            expires_at=session.as_of + lifetime,
        )
    )
    return token


async def recognise(session: Reader, token: str) -> SignedIn:
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
    ) in await session.tuples(sql.sessions.signed_in(_id(token))):
        until = expires_at if key_expires_at is None else min(expires_at, key_expires_at)
        if until > session.as_of and revoked_at is None:
            viewer = Viewer(team, user, name, key, frozenset(map(Permission, permissions)))
            return SignedIn(viewer, team_name, until)
    raise Unauthenticated


async def end(session: WriteSession, token: str) -> None:
    """End the session of this token, if it has not ended."""
    await session.execute(sql.sessions.end(_id(token)))


def csrf_token(token: str) -> str:
    """What a page of ours sends along with what it wants changed, and others cannot know."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def _id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
