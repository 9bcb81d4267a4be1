"""`/session`: a page of ours signs somebody in with a key, asks who is signed in, and signs them out."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Receive, Scope

from gateway import services
from gateway.database.database import Database
from gateway.domain.calendar import instants
from gateway.errors import Unauthenticated
from gateway.services.rate_limits import Buckets
from gateway.services.sessions import SignedIn, csrf_token
from gateway.settings import Settings
from gateway.web import origins, strict_json
from gateway.web.authentication import Authentication, cookie_name, knows_csrf_token, session_token
from gateway.web.error_codes import Code
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Header, Refusal, not_allowed, unauthenticated, without_csrf_token
from gateway.web.request_limits import Reading
from gateway.web.responses import NOT_KEPT, Answer, told
from gateway.web.timeouts import Watch

_METHODS = b"GET, POST, DELETE, OPTIONS"
_SHOWN = 100
_SIGNING_IN = 10_000
"""What it costs the key, in units of its rate limit: so it cannot fill the database with sessions."""

_BAD_KEY = 'Send a key that is known, not expired and not revoked: `{"key": KEY}`.'
_NOT_SIGNED_IN = 'Nobody is signed in, or no longer; send `{"key": KEY}` by POST.'
_FOREIGN = "Only pages of this origin sign in here, and none of another; what asks from elsewhere sends a key."


class Sessions:
    """Begins, tells and ends the sessions of browsers."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        reading: Reading,
        authentication: Authentication,
        buckets: Buckets,
        watch: Watch,
        visitors_key: str | None = None,
    ) -> None:
        """Whoever asks on this machine itself is signed in with the `visitors_key`, if there is one."""
        self._database, self._reading, self._watch = database, reading, watch
        self._authentication, self._buckets = authentication, buckets
        self._lifetime = timedelta(seconds=settings.session_lifetime)
        self._seconds = settings.request_timeout
        self._visitors_key = visitors_key

    async def asked(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], _accepted: MediaType | None
    ) -> Answer:
        """See `gateway.web.endpoint.Room`."""
        method: str = scope["method"]
        if method == "OPTIONS":
            return Answer(HTTPStatus.OK, [(b"allow", _METHODS), (b"content-length", b"0")], b"")
        if not origins.is_of_own(scope, headers):
            raise Refusal(Code.ORIGIN_NOT_ALLOWED, _FOREIGN)
        match method:
            case "GET":
                return await self._tell(scope, headers)
            case "POST":
                return await self._sign_in(scope, receive, headers)
            case "DELETE":
                return await self._sign_out(scope, headers)
        raise not_allowed(f"{method[:_SHOWN]} does nothing here; send GET, POST or DELETE.", _METHODS)

    async def _tell(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer:
        try:
            token, signed_in = await self._signed_in(scope, headers)
        except Refusal:
            if self._visitors_key is None or not _is_on_this_machine(scope, headers):
                raise
            token, signed_in = await self._begin(scope, headers, self._visitors_key)
            return told(HTTPStatus.OK, _session(token, signed_in), _cookie(scope, token))
        return told(HTTPStatus.OK, _session(token, signed_in))

    async def _sign_in(self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes]) -> Answer:
        try:
            content = strict_json.loads(await self._reading.body(headers, receive))
        except ValueError as error:
            raise Refusal(Code.BAD_REQUEST, f"The body {error}.", status=HTTPStatus.BAD_REQUEST) from None
        key = content.get("key") if isinstance(content, dict) else None
        if not isinstance(key, str):
            message = 'The body needs the key to sign in with: `{"key": KEY}`.'
            raise Refusal(Code.BAD_REQUEST, message, status=HTTPStatus.BAD_REQUEST)
        token, signed_in = await self._begin(scope, headers, key)
        return told(HTTPStatus.CREATED, _session(token, signed_in), _cookie(scope, token))

    async def _begin(self, scope: Scope, headers: Mapping[bytes, bytes], key: str) -> tuple[str, SignedIn]:
        """A session of this key, instead of that which the browser has, if any. Raises Refusal for a bad key."""
        before, bearer = session_token(scope, headers), {**headers, b"authorization": b"Bearer " + key.encode()}
        try:
            viewer = (await self._authentication.asker_of(scope, bearer)).viewer
            bucket = self._buckets.of(viewer)
            bucket.spend(min(_SIGNING_IN, bucket.size))
            with self._watch.over(self._seconds):
                async with self._database.write(team=viewer.team_id) as session:
                    if before is not None:
                        await services.sessions.end(session, before)
                    token = await services.sessions.begin(session, viewer, self._lifetime)
                    # The key may have been revoked since it was last looked up.
                    return token, await services.sessions.recognise(session, token)
        except Unauthenticated:
            raise unauthenticated(_BAD_KEY) from None

    async def _sign_out(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer:
        token, signed_in = await self._signed_in(scope, headers)
        if not knows_csrf_token(token, headers):
            raise without_csrf_token()
        with self._watch.over(self._seconds):
            async with self._database.write(team=signed_in.viewer.team_id) as session:
                await services.sessions.end(session, token)
        return Answer(HTTPStatus.NO_CONTENT, [NOT_KEPT, _cookie(scope, "", b"; Max-Age=0")], b"")

    async def _signed_in(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[str, SignedIn]:
        """The session's token, and who it is of. Raises Refusal when nobody is signed in."""
        token = session_token(scope, headers)
        if token is None:
            raise unauthenticated(_NOT_SIGNED_IN)
        try:
            return token, await self._authentication.signed_in(token)
        except Unauthenticated:
            raise unauthenticated(_NOT_SIGNED_IN) from None


def _session(token: str, signed_in: SignedIn) -> dict[str, object]:
    viewer = signed_in.viewer
    return {
        "user": {"id": viewer.user_id, "name": viewer.name},
        "team": {"id": viewer.team_id, "name": signed_in.team_name},
        "permissions": sorted(permission.name for permission in viewer.permissions),
        "expiresAt": instants.isoformat(signed_in.expires_at),
        "csrfToken": csrf_token(token),
    }


def _cookie(scope: Scope, token: str, more: bytes = b"") -> Header:
    """The cookie ends with the browser, and stands for nothing once the session has ended."""
    secure = b"; Secure" if scope.get("scheme") == "https" else b""
    attributes = b"; Path=/; HttpOnly; SameSite=Strict" + secure + more
    return b"set-cookie", f"{cookie_name(scope)}={token}".encode() + attributes


def _is_on_this_machine(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether it is called by a name that no other machine has, by a client of its own.

    A page of another machine may have its own name lead here, but that is what we are called then.
    """
    client = scope.get("client")
    try:
        name = urlsplit(b"//" + headers.get(b"host", b"")).hostname
        is_own = client is not None and ip_address(client[0]).is_loopback
    except ValueError:  # Not a name, or not an address.
        return False
    return is_own and name in (b"localhost", b"127.0.0.1", b"::1")
