"""Origins of pages: checks for our own origin, and CORS headers for the origins that the settings allow.

We write the CORS headers ourselves. Starlette's CORSMiddleware sends `Access-Control-Expose-Headers`, methods and
headers to origins that are not allowed. It answers their preflights with 400 in plain text, and all preflights
without `X-Request-Id` and without a line in the log.
"""

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
    """Return our own origin, with the `Host` that the client sent."""
    return b"%b://%b" % (scope.get("scheme", "http").encode(), headers.get(b"host", b"").lower())


def is_same_origin(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a request comes from a page of our own origin, or from no page, according to the browser."""
    origin = headers.get(b"origin")
    return headers.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none") and (
        origin is None or origin == get_own_origin(scope, headers)
    )


class AllowedOrigins:
    """Builds the CORS headers for pages of `GATEWAY_ALLOWED_ORIGINS`. They use keys; cookies are never allowed."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = frozenset(settings.allowed_origins.encode().split())

    def get_headers(self, scope: Scope) -> list[Header]:
        """Return the CORS headers of a response, or of a preflight; none if the origin is not allowed."""
        # Read from the scope, because the headers may have been refused as too large.
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin not in self._allowed:
            return []
        headers = [(b"access-control-allow-origin", origin), _EXPOSED_HEADERS]
        return [*headers, *_PREFLIGHT_HEADERS] if scope["method"] == "OPTIONS" else headers


def get_frame_ancestors(settings: Settings) -> str:
    """Return the `frame-ancestors` of our `/embed` pages, for their `Content-Security-Policy`."""
    return f"'self' {settings.allowed_origins}".rstrip()
