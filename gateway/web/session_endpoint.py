"""`/session`: our own pages sign a user in with a key, show who is signed in, and sign the user out."""

from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from time import monotonic
from urllib.parse import urlsplit

import structlog
from starlette.types import Receive, Scope

from gateway import services
from gateway.database import Database
from gateway.domain import strict_json
from gateway.domain.calendar import instants
from gateway.domain.viewer import Viewer
from gateway.errors import Refused, Unauthenticated
from gateway.settings import Settings
from gateway.telemetry import current_request
from gateway.web import origins
from gateway.web.authentication import Authentication, get_cookie_name, has_csrf_token, read_session_token
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Header, HTTPRefusal, csrf_token_invalid, method_not_allowed, unauthenticated
from gateway.web.request_limits import RequestReader
from gateway.web.responses import NO_STORE, HTTPResponse, build_json_response
from gateway.web.timeouts import Deadlines

log = structlog.get_logger(__name__)

_METHODS = b"GET, POST, DELETE, OPTIONS"
_MAX_SHOWN_LENGTH = 100
_SIGN_IN_COST = 10_000
"""Cost of signing in, in units of the key's rate limit, which thus limits the number of sessions."""

_REFUSAL_REASON = "sign-in"
"""The `reason` of refused sign-ins in `graphql_rejected_total`."""

_BAD_KEY_MESSAGE = 'The key is not valid; send one that is not expired or revoked: `{"key": KEY}`.'
_NOT_SIGNED_IN_MESSAGE = 'Nobody is signed in, or the session has ended; send `{"key": KEY}` by POST.'
_FOREIGN_ORIGIN_MESSAGE = (
    "Pages of other origins cannot use sessions; send a key with each request to /graphql instead."
)


class SessionEndpoint:
    """Creates, shows and ends the sessions of browsers."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        request_reader: RequestReader,
        authentication: Authentication,
        buckets: services.rate_limits.TokenBuckets,
        deadlines: Deadlines,
        pending_writes: services.pending_writes.PendingWrites,
        visitors_key: str | None = None,
    ) -> None:
        """With `visitors_key`, browsers on this machine are signed in with that key."""
        self._database, self._request_reader, self._deadlines = database, request_reader, deadlines
        self._authentication, self._buckets, self._pending_writes = authentication, buckets, pending_writes
        self._timeout = settings.request_timeout
        self._visitors_key = visitors_key

    async def handle(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], _accepted: MediaType | None
    ) -> HTTPResponse:
        """Answer a request, see `gateway.web.endpoint.EndpointHandler`."""
        method: str = scope["method"]
        if method == "OPTIONS":
            return HTTPResponse(HTTPStatus.OK, [(b"allow", _METHODS), (b"content-length", b"0")], b"")
        if not origins.is_same_origin(scope, headers):
            raise HTTPRefusal(GraphQLErrorCode.ORIGIN_NOT_ALLOWED, _FOREIGN_ORIGIN_MESSAGE)
        match method:
            case "GET":
                return await self._show(scope, headers)
            case "POST":
                return await self._sign_in(scope, receive, headers)
            case "DELETE":
                return await self._sign_out(scope, headers)
        raise method_not_allowed(
            f"The method {method[:_MAX_SHOWN_LENGTH]} is not allowed here; send GET, POST or DELETE.", _METHODS
        )

    async def _show(self, scope: Scope, headers: Mapping[bytes, bytes]) -> HTTPResponse:
        try:
            token, signed_in = await self._require_session(scope, headers)
        except HTTPRefusal:
            if self._visitors_key is None or not _is_local(scope, headers):
                raise
            token, signed_in = await self._begin_session(scope, headers, self._visitors_key)
            return build_json_response(HTTPStatus.OK, _to_json(token, signed_in), _build_cookie(scope, token))
        return build_json_response(HTTPStatus.OK, _to_json(token, signed_in))

    async def _sign_in(self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes]) -> HTTPResponse:
        try:
            content = strict_json.loads(await self._request_reader.read_body(headers, receive))
        except ValueError as error:
            raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, f"The body {error}.") from None
        key = content.get("key") if isinstance(content, dict) else None
        if not isinstance(key, str):
            message = 'The body has no `key`; send the key to sign in with: `{"key": KEY}`.'
            raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, message)
        token, signed_in = await self._begin_session(scope, headers, key)
        return build_json_response(HTTPStatus.CREATED, _to_json(token, signed_in), _build_cookie(scope, token))

    async def _begin_session(
        self, scope: Scope, headers: Mapping[bytes, bytes], key: str
    ) -> tuple[str, services.sessions.AuthenticatedSession]:
        """Create a session with a key, and end the browser's previous one.

        Raises HTTPRefusal if the key is not valid, or may not sign in.
        """
        started = monotonic()
        previous_token = read_session_token(scope, headers)
        try:
            viewer = await self._authenticate_key(scope, headers, key)
            bucket = self._buckets.get_bucket(viewer)
            bucket.spend(min(_SIGN_IN_COST, bucket.size))
            with self._deadlines.enforce(self._timeout, spent=monotonic() - started):
                async with services.audit.write(self._database, viewer) as session:
                    token = await services.sessions.create_session(session, viewer, previous_token)
                    # Fails if the key was revoked after its last lookup.
                    return token, await services.sessions.authenticate_session(session, token)
        except Unauthenticated as error:
            self._report_refusal(error.known_key)
            raise unauthenticated(_BAD_KEY_MESSAGE, _REFUSAL_REASON) from None

    def _report_refusal(self, key: tuple[str, str] | None) -> None:
        """Log a refused sign-in. If it names an existing key, add it to the audit log."""
        log.warning("session.refused", key_id=key and key[1])
        if key is not None:
            self._pending_writes.add_refused_sign_in(*key, current_request.get().id)

    async def _authenticate_key(self, scope: Scope, headers: Mapping[bytes, bytes], key: str) -> Viewer:
        """Return the viewer of a key that may sign in. Raises HTTPRefusal for any other valid key."""
        bearer = {**headers, b"authorization": b"Bearer " + key.encode()}
        viewer = (await self._authentication.authenticate(scope, bearer)).viewer
        try:
            # Before the key's rate limit: visitors of a page must not use up that of its widget key here.
            services.sessions.require_sign_in(viewer)
        except Refused as refusal:
            self._report_refusal((viewer.team_id, viewer.key_id))
            raise HTTPRefusal(
                GraphQLErrorCode.FORBIDDEN, str(refusal), status=HTTPStatus.FORBIDDEN, reason=_REFUSAL_REASON
            ) from None
        return viewer

    async def _sign_out(self, scope: Scope, headers: Mapping[bytes, bytes]) -> HTTPResponse:
        started = monotonic()
        token, signed_in = await self._require_session(scope, headers)
        if not has_csrf_token(token, headers):
            raise csrf_token_invalid()
        with self._deadlines.enforce(self._timeout, spent=monotonic() - started):
            async with services.audit.write(self._database, signed_in.viewer) as session:
                await services.sessions.end_session(session, signed_in.viewer, token)
        return HTTPResponse(HTTPStatus.NO_CONTENT, [NO_STORE, _build_cookie(scope, "", b"; Max-Age=0")], b"")

    async def _require_session(
        self, scope: Scope, headers: Mapping[bytes, bytes]
    ) -> tuple[str, services.sessions.AuthenticatedSession]:
        """Return the token and the session of a request. Raises HTTPRefusal if nobody is signed in."""
        token = read_session_token(scope, headers)
        if token is None:
            raise unauthenticated(_NOT_SIGNED_IN_MESSAGE)
        try:
            return token, await self._authentication.authenticate_session(token)
        except Unauthenticated:
            raise unauthenticated(_NOT_SIGNED_IN_MESSAGE) from None


def _to_json(token: str, signed_in: services.sessions.AuthenticatedSession) -> dict[str, object]:
    viewer = signed_in.viewer
    return {
        "user": {"id": viewer.user_id, "name": viewer.name},
        "team": {"id": viewer.team_id, "name": signed_in.team_name},
        "permissions": sorted(permission.name for permission in viewer.permissions),
        "expiresAt": instants.format_instant(signed_in.expires_at),
        "csrfToken": services.sessions.derive_csrf_token(token),
    }


def _build_cookie(scope: Scope, token: str, extra_attributes: bytes = b"") -> Header:
    """Return the `Set-Cookie` header. The browser deletes the cookie when it closes."""
    secure = b"; Secure" if scope.get("scheme") == "https" else b""
    attributes = b"; Path=/; HttpOnly; SameSite=Strict" + secure + extra_attributes
    return b"set-cookie", f"{get_cookie_name(scope)}={token}".encode() + attributes


def _is_local(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a client on this machine sent the request, to a host name that only means this machine.

    The host name matters because another site can let its own name resolve to 127.0.0.1 (DNS rebinding).
    """
    client = scope.get("client")
    try:
        name = urlsplit(b"//" + headers.get(b"host", b"")).hostname
        is_own = client is not None and ip_address(client[0]).is_loopback
    except ValueError:  # The host or the client's address is malformed.
        return False
    return is_own and name in (b"localhost", b"127.0.0.1", b"::1")
