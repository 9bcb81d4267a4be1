"""Which pages ask: those of our own origin, and those of others that are allowed to ask the graph."""

from collections.abc import Iterable, Mapping

from starlette.types import Scope

from gateway.settings import Settings
from gateway.web.refusals import Header

_EXPOSED_HEADERS: Header = (
    b"access-control-expose-headers",
    b"RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
)
_ALLOWED_REQUEST_HEADERS = (
    b"Authorization, Content-Type, GraphQL-Cost, If-None-Match, Traceparent, X-Auth-Token, X-Request-Id, X-User-Id"
)
_PREFLIGHT_HEADERS: Iterable[Header] = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", _ALLOWED_REQUEST_HEADERS),
    (b"access-control-max-age", b"7200"),
)


def get_own_origin(scope: Scope, headers: Mapping[bytes, bytes]) -> bytes:
    """Our own origin, by the name that the client calls us."""
    return b"%b://%b" % (scope.get("scheme", "http").encode(), headers.get(b"host", b"").lower())


def is_same_origin(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request is that of a page of our own, or of no page, as far as the browser says."""
    origin = headers.get(b"origin")
    return headers.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none") and (
        origin is None or origin == get_own_origin(scope, headers)
    )


class AllowedOrigins:
    """Lets pages of the origins that are set read the graph's answers: with keys, and never with cookies."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = frozenset(settings.allowed_origins.encode().split())

    def get_headers(self, scope: Scope) -> list[Header]:
        """What a browser wants to be told before it lets a page ask, or read the answer."""
        # Also where a request has more headers than are read.
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin not in self._allowed:
            return []
        found = [(b"access-control-allow-origin", origin), _EXPOSED_HEADERS]
        return [*found, *_PREFLIGHT_HEADERS] if scope["method"] == "OPTIONS" else found


def get_frame_ancestors(settings: Settings) -> str:
    """Who may hold our `/embed` pages in frames, in the words of `Content-Security-Policy`."""
    return f"'self' {settings.allowed_origins}".rstrip()
