"""Origins of pages: checks for our own origin, and CORS headers for the origins that the settings allow.

We write the CORS headers ourselves. Starlette's CORSMiddleware sends `Access-Control-Expose-Headers`, methods and
headers to origins that are not allowed. It answers their preflights with 400 in plain text, and all preflights
without `X-Request-Id` and without a line in the log.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from starlette.types import Scope

from gateway.settings import Settings
from gateway.web.refusals import Header

_EXPOSED_HEADERS: Header = (
    b"access-control-expose-headers",
    b"Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
)
_PREFLIGHT_HEADERS: Iterable[Header] = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-max-age", b"7200"),
)
_PREFLIGHT_VARY: Header = (b"vary", b"Origin, Access-Control-Request-Headers")
_HEADER_NAME = re.compile(rb"[!#$%&'+.^_`|~0-9A-Za-z-]+")
"""A header name of RFC 9110, but without `*`, which would allow all headers."""


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
        """Return the CORS headers of a response, or of a preflight; only `Vary` if the origin is not allowed."""
        # Read from the scope, because the headers may have been refused as too large.
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        is_preflight = scope["method"] == "OPTIONS"
        headers = [_PREFLIGHT_VARY] if is_preflight else []
        if origin in self._allowed:
            headers += (b"access-control-allow-origin", origin), _EXPOSED_HEADERS
            if is_preflight:
                headers += *_PREFLIGHT_HEADERS, *_allow_requested_headers(scope)
        return headers


def _allow_requested_headers(scope: Scope) -> Iterator[Header]:
    """Yield the header that allows all request headers that a preflight asks for.

    Libraries add headers of their own, for traces and for the client's name. The gateway ignores unknown ones.
    """
    values = [value for name, value in scope["headers"] if name == b"access-control-request-headers"]
    names = [name.strip() for name in b",".join(values).split(b",")]
    if allowed := b", ".join(filter(_HEADER_NAME.fullmatch, names)):
        yield b"access-control-allow-headers", allowed


def get_frame_ancestors(settings: Settings) -> str:
    """Return the `frame-ancestors` of our `/embed` pages, for their `Content-Security-Policy`."""
    return f"'self' {settings.allowed_origins}".rstrip()
