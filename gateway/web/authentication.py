"""Authenticate requests by a bearer key, by Rocket.Chat's two headers, or by a session cookie."""

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Collection, Mapping
from time import monotonic
from typing import NamedTuple

from starlette.requests import cookie_parser
from starlette.types import Scope

from gateway import services
from gateway.database import Database
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated
from gateway.settings import Settings
from gateway.telemetry import current_request
from gateway.web import origins
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.refusals import HTTPRefusal
from gateway.web.timeouts import Deadlines

_MAX_CACHED_KEYS = 10_000
_MAX_SHOWN_LENGTH = 100
_CREDENTIAL_HEADERS = (b"authorization", b"x-auth-token", b"x-user-id")


class AuthenticatedViewer(NamedTuple):
    """The viewer of a request, and what its credentials allow."""

    viewer: Viewer
    may_change: bool = True
    """False for a session cookie without the session's CSRF token, as a forged request has it."""

    allowed_origins: frozenset[bytes] = frozenset()
    """Origins whose pages may use the key; empty if it is not bound to origins."""


class Authentication:
    """Finds the viewers of keys and sessions, and caches those of keys for `GATEWAY_KEY_MEMORY` seconds.

    A revoked or expired key works until its entry expires. Each process has its own cache.
    Sessions are not cached: browsers send few requests, and signing out takes effect immediately.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        deadlines: Deadlines,
        pending_writes: services.pending_writes.PendingWrites,
    ) -> None:
        self._database, self._deadlines, self._pending_writes = database, deadlines, pending_writes
        self._cache_seconds, self._timeout = settings.key_memory, settings.request_timeout
        self._cache: OrderedDict[bytes, tuple[float, AuthenticatedViewer]] = OrderedDict()
        self._lookups: dict[bytes, asyncio.Task[AuthenticatedViewer]] = {}

    async def authenticate(self, scope: Scope, headers: Mapping[bytes, bytes]) -> AuthenticatedViewer:
        """Return the viewer of a request's credentials, and add it to the request's record.

        Credentials are `Authorization: Bearer KEY`, or `X-Auth-Token: KEY` with `X-User-Id: USER`, or a session
        cookie. Raises Unauthenticated if there are none, if they are invalid, or if a request has both forms of
        a key. Raises HTTPRefusal if the origin may not use the key, DeadlineExceeded or Overloaded if the
        database does not answer.
        """
        if headers.keys().isdisjoint(_CREDENTIAL_HEADERS):
            return await self.authenticate_cookie(scope, headers)
        return await self.authenticate_key(scope, headers)

    async def authenticate_key(
        self, scope: Scope, headers: Mapping[bytes, bytes], names: Collection[bytes] = _CREDENTIAL_HEADERS
    ) -> AuthenticatedViewer:
        """Return the viewer of a request's key, as `authenticate` does. Only the headers in `names` are read."""
        bearer, token, user_id = [headers.get(name) if name in names else None for name in _CREDENTIAL_HEADERS]
        # A hash, so that the cache contains no keys. Headers contain no line breaks.
        cache_key = hashlib.sha256(b"\n".join([bearer or b"", token or b"", user_id or b""])).digest()
        expires_at, authenticated = self._cache.get(cache_key, (0.0, None))
        if authenticated is None or monotonic() >= expires_at:
            credentials = _parse_credentials(bearer, token, user_id)
            authenticated = await self._look_up_key_once(cache_key, *credentials)
        current_request.get().viewer = authenticated.viewer
        if authenticated.allowed_origins:
            _require_origin(authenticated.allowed_origins, scope, headers)
        return authenticated

    async def authenticate_session(self, token: str) -> services.sessions.AuthenticatedSession:
        """Return the session of a token, and add its viewer to the request's record.

        Raises Unauthenticated if there is no such session, DeadlineExceeded or Overloaded as `authenticate` does.
        """
        with self._deadlines.enforce(self._timeout):
            async with self._database.read(once=True) as snapshot:
                found = await services.sessions.authenticate_session(snapshot, token)
        self._pending_writes.note_use(found.viewer)
        current_request.get().viewer = found.viewer
        return found

    async def authenticate_cookie(self, scope: Scope, headers: Mapping[bytes, bytes]) -> AuthenticatedViewer:
        """Return the viewer of a request's session cookie, as `authenticate` does."""
        token = read_session_token(scope, headers)
        # Browsers send the cookie from pages of the same site too, even if their origin is another one.
        if token is None or not origins.is_same_origin(scope, headers):
            raise Unauthenticated
        return AuthenticatedViewer(
            (await self.authenticate_session(token)).viewer, may_change=has_csrf_token(token, headers)
        )

    async def _look_up_key_once(self, cache_key: bytes, key: str, user_id: str | None) -> AuthenticatedViewer:
        lookup = self._lookups.get(cache_key)
        if lookup is None:
            lookup = asyncio.create_task(self._look_up_key(cache_key, key, user_id))
            if self._cache_seconds:
                # Concurrent requests with the same key share one lookup.
                self._lookups[cache_key] = lookup
                lookup.add_done_callback(lambda _: self._lookups.pop(cache_key))
        return await asyncio.shield(lookup)

    async def _look_up_key(self, cache_key: bytes, key: str, user_id: str | None) -> AuthenticatedViewer:
        with self._deadlines.enforce(self._timeout):
            async with self._database.read(once=True) as snapshot:
                viewer, allowed = await services.keys.authenticate_key(snapshot, key, user_id)
        self._pending_writes.note_use(viewer)
        authenticated = AuthenticatedViewer(
            viewer, allowed_origins=frozenset(origin.encode() for origin in allowed)
        )
        self._cache_key(cache_key, authenticated)
        return authenticated

    def _cache_key(self, cache_key: bytes, authenticated: AuthenticatedViewer) -> None:
        self._cache[cache_key] = (monotonic() + self._cache_seconds, authenticated)
        self._cache.move_to_end(cache_key)
        if len(self._cache) > _MAX_CACHED_KEYS:
            self._cache.popitem(last=False)


def get_cookie_name(scope: Scope) -> str:
    """Return the cookie's name. Over TLS its prefix prevents that another host, or a page without TLS, sets it."""
    return "__Host-gateway_session" if scope.get("scheme") == "https" else "gateway_session"


def read_session_token(scope: Scope, headers: Mapping[bytes, bytes]) -> str | None:
    """Return the session token of the request's cookie, if it has one."""
    cookies = headers.get(b"cookie")
    return None if cookies is None else cookie_parser(cookies.decode("latin-1")).get(get_cookie_name(scope))


def has_csrf_token(token: str, headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a request has the session's CSRF token, which only our own pages can read."""
    return hmac.compare_digest(
        headers.get(b"x-csrf-token", b""), services.sessions.derive_csrf_token(token).encode()
    )


def _parse_credentials(bearer: bytes | None, token: bytes | None, user_id: bytes | None) -> tuple[str, str | None]:
    if bearer is not None and token is None and user_id is None:
        scheme, _, key = bearer.decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and key:
            return key.strip(), None
    if bearer is None and token and user_id:
        return token.decode("latin-1"), user_id.decode("latin-1")
    raise Unauthenticated


def _require_origin(allowed: frozenset[bytes], scope: Scope, headers: Mapping[bytes, bytes]) -> None:
    """Raise HTTPRefusal unless the page's origin is allowed or our own, which serves the `/embed` pages."""
    origin = headers.get(b"origin")
    if origin not in allowed and origin != origins.get_own_origin(scope, headers):
        subject = "Requests without `Origin`" if origin is None else f"Pages of `{_shorten(origin)}`"
        message = f"{subject} may not use this key; use another key, or one created with `--origin` for that page."
        raise HTTPRefusal(GraphQLErrorCode.ORIGIN_NOT_ALLOWED, message)


def _shorten(origin: bytes) -> str:
    return origin[:_MAX_SHOWN_LENGTH].decode("latin-1")
