"""Who is asking: a bearer key, Rocket.Chat's pair of headers with one, or the cookie of who signed in with one."""

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
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
_NO_CREDENTIALS = (None, None, None)


class AuthenticatedViewer(NamedTuple):
    """Who asks, and how far that is to be trusted."""

    viewer: Viewer
    may_change: bool = True
    """False where only a cookie says who asks: whoever changes something has to know the session's CSRF token."""

    allowed_origins: frozenset[bytes] = frozenset()
    """Whose pages alone may ask so; empty where all may."""


class Authentication:
    """Recognises the viewers of a database's keys, and remembers for some seconds whom it has recognised.

    A key that is revoked or expires meanwhile works until then, in each process by itself. Sessions are not
    remembered: people ask seldom, and signing out holds at once, in all processes.
    """

    def __init__(self, database: Database, settings: Settings, deadlines: Deadlines) -> None:
        self._database, self._deadlines = database, deadlines
        self._cache_seconds, self._timeout = settings.key_memory, settings.request_timeout
        self._cache: OrderedDict[bytes, tuple[float, AuthenticatedViewer]] = OrderedDict()
        self._lookups: dict[bytes, asyncio.Task[AuthenticatedViewer]] = {}

    async def authenticate(self, scope: Scope, headers: Mapping[bytes, bytes]) -> AuthenticatedViewer:
        """Who a request's credentials stand for, which is noted of the exchange.

        `Authorization: Bearer KEY`, or `X-Auth-Token: KEY` with `X-User-Id: USER`, or else a session's cookie.
        Raises Unauthenticated for none, for a bad one, and for both forms of a key at once; Refusal for a page
        that may not use the key; OutOfTime and Overloaded when it cannot be looked up.
        """
        credentials = headers.get(b"authorization"), headers.get(b"x-auth-token"), headers.get(b"x-user-id")
        # Not the key itself: memory is no place for it. No header holds a line break.
        cache_key = hashlib.sha256(b"\n".join([part or b"" for part in credentials])).digest()
        expires_at, authenticated = self._cache.get(cache_key, (0.0, None))
        if authenticated is None or monotonic() >= expires_at:
            if credentials == _NO_CREDENTIALS:
                return await self._authenticate_cookie(scope, headers)
            authenticated = await self._look_up_key_once(cache_key, *_parse_credentials(*credentials))
        current_request.get().viewer = authenticated.viewer
        if authenticated.allowed_origins:
            _require_origin(authenticated.allowed_origins, scope, headers)
        return authenticated

    async def authenticate_session(self, token: str) -> services.sessions.AuthenticatedSession:
        """Who was given this session's token. Raises as `asker_of` does."""
        with self._deadlines.enforce(self._timeout):
            async with self._database.read(once=True) as snapshot:
                found = await services.sessions.authenticate_session(snapshot, token)
        current_request.get().viewer = found.viewer
        return found

    async def _authenticate_cookie(self, scope: Scope, headers: Mapping[bytes, bytes]) -> AuthenticatedViewer:
        token = read_session_token(scope, headers)
        # A browser sends it along with what a page of a sister's origin asks for.
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
                # Who comes with the same key meanwhile need not ask for the same.
                self._lookups[cache_key] = lookup
                lookup.add_done_callback(lambda _: self._lookups.pop(cache_key))
        return await asyncio.shield(lookup)

    async def _look_up_key(self, cache_key: bytes, key: str, user_id: str | None) -> AuthenticatedViewer:
        with self._deadlines.enforce(self._timeout):
            async with self._database.read(once=True) as snapshot:
                viewer, allowed = await services.keys.authenticate_key(snapshot, key, user_id)
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
    """What the cookie is called; over TLS, so that neither a sister's origin nor one without TLS can set it."""
    return "__Host-gateway_session" if scope.get("scheme") == "https" else "gateway_session"


def read_session_token(scope: Scope, headers: Mapping[bytes, bytes]) -> str | None:
    """What the browser was given when somebody signed in."""
    cookies = headers.get(b"cookie")
    return None if cookies is None else cookie_parser(cookies.decode("latin-1")).get(get_cookie_name(scope))


def has_csrf_token(token: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request has the session's CSRF token, which only pages of ours can know."""
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
    """Our own is allowed too: whom `/embed` pages may be framed by is in their policy."""
    origin = headers.get(b"origin")
    if origin not in allowed and origin != origins.get_own_origin(scope, headers):
        origin_fact = (
            "says no origin"
            if origin is None
            else f"is of a page of `{origin[:_MAX_SHOWN_LENGTH].decode('latin-1')}`"
        )
        message = f"The request {origin_fact}, and this key is for pages of others; have one made with `--origin`."
        raise HTTPRefusal(GraphQLErrorCode.ORIGIN_NOT_ALLOWED, message)
