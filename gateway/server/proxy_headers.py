"""Requests that a proxy hands on, which says how the client came and who it is."""

from collections.abc import Awaitable
from operator import itemgetter
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_FORWARDED_HEADERS = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})


class ForwardedHeadersMiddleware:
    """Uvicorn's middleware, for requests of which a proxy says anything: others pay less than half of its cost."""

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        """`trusted` are the addresses of proxies that are believed, between commas; `*` are all."""
        self._app = app
        self._middleware = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), trusted))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_direct = _FORWARDED_HEADERS.isdisjoint(map(itemgetter(0), scope.get("headers", ())))
        return (self._app if is_direct else self._middleware)(scope, receive, send)
