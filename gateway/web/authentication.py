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
from gateway.database.database import Database
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated
from gateway.services.sessions import SignedIn
from gateway.settings import Settings
from gateway.telemetry.request_record import current
from gateway.web import origins
from gateway.web.error_codes import Code
from gateway.web.refusals import Refusal
from gateway.web.timeouts import Watch

_MAX_REMEMBERED = 10_000
_SHOWN = 100
_NOTHING = (None, None, None)


class Asker(NamedTuple):
    """Who asks, and how far that is to be trusted."""

    viewer: Viewer
    may_change: bool = True
    """False where only a cookie says who asks: whoever changes something has to know the session's CSRF token."""

    origins: frozenset[bytes] = frozenset()
    """Whose pages alone may ask so; empty where all may."""


class Authentication:
    """Recognises the viewers of a database's keys, and remembers for some seconds whom it has recognised.

    A key that is revoked or expires meanwhile works until then, in each process by itself. Sessions are not
    remembered: people ask seldom, and signing out holds at once, in all processes.
    """

    def __init__(self, database: Database, settings: Settings, watch: Watch) -> None:
        self._database, self._watch = database, watch
        self._memory, self._seconds = settings.key_memory, settings.request_timeout
        self._remembered: OrderedDict[bytes, tuple[float, Asker]] = OrderedDict()
        self._looking: dict[bytes, asyncio.Task[Asker]] = {}

    async def asker_of(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Asker:
        """Who a request's credentials stand for, which is noted of the exchange.

        `Authorization: Bearer KEY`, or `X-Auth-Token: KEY` with `X-User-Id: USER`, or else a session's cookie.
        Raises Unauthenticated for none, for a bad one, and for both forms of a key at once; Refusal for a page
        that may not use the key; OutOfTime and Overloaded when it cannot be looked up.
        """
        sent = headers.get(b"authorization"), headers.get(b"x-auth-token"), headers.get(b"x-user-id")
        # Not the key itself: memory is no place for it. No header holds a line break.
        name = hashlib.sha256(b"\n".join([part or b"" for part in sent])).digest()
        until, asker = self._remembered.get(name, (0.0, None))
        if asker is None or monotonic() >= until:
            if sent == _NOTHING:
                return await self._by_cookie(scope, headers)
            asker = await self._looked_up_once(name, *_credentials(*sent))
        current.get().viewer = asker.viewer
        if asker.origins:
            _require_origin(asker.origins, scope, headers)
        return asker

    async def signed_in(self, token: str) -> SignedIn:
        """Who was given this session's token. Raises as `asker_of` does."""
        with self._watch.over(self._seconds):
            async with self._database.snapshot(once=True) as snapshot:
                found = await services.sessions.recognise(snapshot, token)
        current.get().viewer = found.viewer
        return found

    async def _by_cookie(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Asker:
        token = session_token(scope, headers)
        # A browser sends it along with what a page of a sister's origin asks for.
        if token is None or not origins.is_of_own(scope, headers):
            raise Unauthenticated
        return Asker((await self.signed_in(token)).viewer, may_change=knows_csrf_token(token, headers))

    async def _looked_up_once(self, name: bytes, key: str, user_id: str | None) -> Asker:
        looking = self._looking.get(name)
        if looking is None:
            looking = asyncio.create_task(self._looked_up(name, key, user_id))
            if self._memory:
                # Who comes with the same key meanwhile need not ask for the same.
                self._looking[name] = looking
                looking.add_done_callback(lambda _: self._looking.pop(name))
        return await asyncio.shield(looking)

    async def _looked_up(self, name: bytes, key: str, user_id: str | None) -> Asker:
        with self._watch.over(self._seconds):
            async with self._database.snapshot(once=True) as snapshot:
                viewer, allowed = await services.keys.authenticate(snapshot, key, user_id)
        asker = Asker(viewer, origins=frozenset(origin.encode() for origin in allowed))
        self._remember(name, asker)
        return asker

    def _remember(self, name: bytes, asker: Asker) -> None:
        self._remembered[name] = (monotonic() + self._memory, asker)
        self._remembered.move_to_end(name)
        if len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def cookie_name(scope: Scope) -> str:
    """What the cookie is called; over TLS, so that neither a sister's origin nor one without TLS can set it."""
    return "__Host-gateway_session" if scope.get("scheme") == "https" else "gateway_session"


def session_token(scope: Scope, headers: Mapping[bytes, bytes]) -> str | None:
    """What the browser was given when somebody signed in."""
    cookies = headers.get(b"cookie")
    return None if cookies is None else cookie_parser(cookies.decode("latin-1")).get(cookie_name(scope))


def knows_csrf_token(token: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request has the session's CSRF token, which only pages of ours can know."""
    return hmac.compare_digest(headers.get(b"x-csrf-token", b""), services.sessions.csrf_token(token).encode())


def _credentials(bearer: bytes | None, token: bytes | None, user_id: bytes | None) -> tuple[str, str | None]:
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
    if origin not in allowed and origin != origins.own(scope, headers):
        said = "says no origin" if origin is None else f"is of a page of `{origin[:_SHOWN].decode('latin-1')}`"
        message = f"The request {said}, and this key is for pages of others; have one made with `--origin`."
        raise Refusal(Code.ORIGIN_NOT_ALLOWED, message)
