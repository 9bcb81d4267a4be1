"""HTML pages and static files. They are public and contain no data; pages load files of this origin only."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from os import PathLike, stat_result
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from gateway.assets import Assets
from gateway.settings import Settings
from gateway.web.origins import get_frame_ancestors

WIDGET_ELEMENTS = ("appointments-total", "appointments-trend", "appointments-breakdown", "integrations-list")
"""The custom elements that `widgets.js` defines."""

STATIC = Path(__file__).parent.parent / "static"

CONTENT_SECURITY_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
"""The default `Content-Security-Policy` of a page."""

_CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
"""The files that can be served. HTML is not among them, because a page needs its policy."""

_IMMUTABLE = "public, max-age=31536000, immutable"
_NO_CACHE = "no-cache"
_NOT_FOUND_STATUS = 404

PageHandler = Callable[[Request], Awaitable[Response]]


def build_page_routes(settings: Settings) -> Iterator[Route]:
    """Yield the routes of the dashboard, and of widgets for other origins' pages."""
    yield Route("/dashboard", create_page("dashboard.html"))
    yield Route("/widgets", create_page("widgets.html", {"frame-src": "'self'"}))
    files = StaticFolder()

    async def show_script(request: Request) -> Response:
        return await files.get_response("widgets.js", request.scope)

    yield Route("/widgets.js", show_script)
    embed_page = create_page("embed.html", {"frame-ancestors": get_frame_ancestors(settings)})
    for name in WIDGET_ELEMENTS:
        yield Route(f"/embed/{name}", embed_page)


def create_page(name: str, policy: Mapping[str, str] | None = None) -> PageHandler:
    """Return the handler of a page of `gateway/static`. `policy` overrides directives of the default policy.

    In the page, `/static/vendor/NAME/` becomes the folder of the pinned version of that package.
    """
    text = (STATIC / name).read_text()
    for pin in Assets().pins:
        text = text.replace(f"/static/vendor/{pin.name}/", f"/static/vendor/{pin.spec}/")
    headers = {
        "Content-Security-Policy": "; ".join(map(" ".join, {**CONTENT_SECURITY_POLICY, **(policy or {})}.items())),
        "Content-Type": "text/html; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
    }
    return create_resource(text.encode(), headers)


def create_resource(content: bytes, headers: Mapping[str, str]) -> PageHandler:
    """Return the handler of a public resource that changes only with the release."""
    headers = {
        "Cache-Control": _NO_CACHE,
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "X-Content-Type-Options": "nosniff",
        **headers,
    }

    async def show(request: Request) -> Response:
        response = Response(content, headers=headers)
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return NotModifiedResponse(response.headers)
        return response

    return show


class StaticFolder(StaticFiles):
    """Serves the files of `gateway/static`. Vendored files have a version in their URL, so they never change.

    The files are public, and widgets run on pages of other origins, so all origins may read them.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        file = Path(full_path)
        content_type = _CONTENT_TYPES.get(file.suffix)
        if content_type is None:
            raise HTTPException(_NOT_FOUND_STATUS)
        response = super().file_response(full_path, stat_result, scope, status_code)
        if "content-type" in response.headers:
            response.headers["Content-Type"] = content_type
        is_vendored = file.is_relative_to(STATIC.resolve() / "vendor")
        response.headers["Cache-Control"] = _IMMUTABLE if is_vendored else _NO_CACHE
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
