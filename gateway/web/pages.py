"""HTML pages and static files. They are public and contain no data; pages load files of this origin only."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from os import PathLike, stat_result
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from gateway.assets import Assets, get_compressed_file
from gateway.settings import Settings
from gateway.web.negotiation import is_gzip_accepted, wants_page
from gateway.web.origins import get_frame_ancestors
from gateway.web.refusals import Header
from gateway.web.responses import HTTPResponse

WIDGET_ELEMENTS = ("appointments-total", "appointments-trend", "appointments-breakdown", "integrations-list")
"""The custom elements that `widgets.js` defines."""

HOME_PATH, DASHBOARD_PATH, WIDGETS_PATH = "/", "/dashboard", "/widgets"
GRAPHIQL_PATH, DOCS_PATH = "/graphiql", "/docs"

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
    ".ts": "application/typescript; charset=utf-8",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
"""The files that can be served. HTML is not among them, because a page needs its policy."""

_IMMUTABLE = "public, max-age=31536000, immutable"
_NO_CACHE = "no-cache"
_NOT_FOUND_STATUS = 404
_PERMANENT_REDIRECT_STATUS = 308
_MISSING_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
_SIGN_IN_MARK = "<!-- sign-in -->"

PageHandler = Callable[[Request], Awaitable[Response]]


class SitePage(NamedTuple):
    """A page that the navigation of every page links to."""

    path: str
    title: str
    description: str


def list_pages(settings: Settings) -> list[SitePage]:
    """Return the pages of a gateway with these settings, in the order of the navigation."""
    pages = [
        SitePage(HOME_PATH, "Home", "What the gateway serves, and who is signed in."),
        SitePage(DASHBOARD_PATH, "Dashboard", "The appointments of one integration, and the state of all."),
        SitePage(WIDGETS_PATH, "Widgets", "The same numbers for your own web pages, with the code to copy."),
        SitePage(GRAPHIQL_PATH, "GraphiQL", "An editor for queries, with the documentation of the graph."),
        SitePage(DOCS_PATH, "API documentation", "The REST operations, with a form for each."),
    ]
    removed = {path for path, is_served in _get_optional_pages(settings) if not is_served}
    return [page for page in pages if page.path not in removed]


def _get_optional_pages(settings: Settings) -> Iterator[tuple[str, bool]]:
    yield GRAPHIQL_PATH, settings.graphiql
    yield DOCS_PATH, settings.docs


def build_navigation(settings: Settings, current: str = "") -> str:
    """Return the links to all pages as HTML. `current` is the path of the page that contains them."""
    links = (
        f'<a href="{page.path}"{" aria-current=page" if page.path == current else ""}>{page.title}</a>'
        for page in list_pages(settings)
    )
    return f'<nav aria-label="Pages">{" ".join(links)}</nav>'


def build_page_routes(settings: Settings) -> Iterator[Route]:
    """Yield the routes of the first page and the dashboard, and of widgets for other origins' pages."""
    yield Route(HOME_PATH, _create_first_page(settings))
    yield Route(DASHBOARD_PATH, create_page("dashboard.html", {}, build_navigation(settings, DASHBOARD_PATH)))
    navigation = build_navigation(settings, WIDGETS_PATH)
    yield Route(WIDGETS_PATH, create_page("widgets.html", {"frame-src": "'self'"}, navigation))
    files = StaticFolder()
    yield Route("/widgets.js", files.create_file("widgets.js"))
    yield Route("/widgets.d.ts", files.create_file("widgets.d.ts"))
    embed_page = create_page("embed.html", {"frame-ancestors": get_frame_ancestors(settings)})
    for name in WIDGET_ELEMENTS:
        yield Route(f"/embed/{name}", embed_page)


def _create_first_page(settings: Settings) -> PageHandler:
    """Return the handler of the first page, which only browsers get."""
    entries = (
        f'<dt><a href="{page.path}">{page.title}</a></dt><dd>{page.description}</dd>'
        for page in list_pages(settings)
        if page.path != HOME_PATH
    )
    text = _read_page("home.html", build_navigation(settings, HOME_PATH))
    text = text.replace("<!-- pages -->", f"<dl>{''.join(entries)}</dl>")
    page = create_resource(text.encode(), {**_build_page_headers({}), "Vary": "Accept"})

    async def show(request: Request) -> Response:
        if not wants_page(request.scope):
            raise HTTPException(_NOT_FOUND_STATUS)
        return await page(request)

    return show


class MissingPages:
    """Answers browsers that open an address without a page."""

    def __init__(self, settings: Settings) -> None:
        self._paths = {page.path for page in list_pages(settings)}
        body = _read_page("not-found.html", build_navigation(settings)).encode()
        page_headers = {**_build_page_headers({}), **_MISSING_HEADERS, "Content-Length": str(len(body))}
        self.page = HTTPResponse(_NOT_FOUND_STATUS, _encode_headers(page_headers), body)
        """The page that says that there is none."""

    def find_redirect(self, scope: Scope) -> HTTPResponse | None:
        """Return the redirect to the page whose address has no slash at the end, if there is one."""
        path = scope["path"].rstrip("/")
        if path not in self._paths:
            return None
        query = scope["query_string"].decode("latin-1")
        location = f"{path}?{query}" if query else path
        headers = {**_MISSING_HEADERS, "Location": location, "Content-Length": "0"}
        return HTTPResponse(_PERMANENT_REDIRECT_STATUS, _encode_headers(headers), b"")


def _encode_headers(headers: Mapping[str, str]) -> list[Header]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def create_page(name: str, policy: Mapping[str, str] | None = None, navigation: str = "") -> PageHandler:
    """Return the handler of a page of `gateway/static`. `policy` overrides directives of the default policy."""
    return create_resource(_read_page(name, navigation).encode(), _build_page_headers(policy or {}))


def _read_page(name: str, navigation: str) -> str:
    """Return the HTML of a page, with the navigation and the sign-in dialog at their marks.

    `/static/vendor/NAME/` becomes the folder of the pinned version of that package.
    """
    text = (STATIC / name).read_text().replace("<!-- navigation -->", navigation)
    if _SIGN_IN_MARK in text:
        text = text.replace(_SIGN_IN_MARK, (STATIC / "sign-in.html").read_text())
    for pin in Assets().pins:
        text = text.replace(f"/static/vendor/{pin.name}/", f"/static/vendor/{pin.spec}/")
    return text


def _build_page_headers(policy: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers of a page. `policy` overrides directives of the default policy."""
    return {
        "Content-Security-Policy": "; ".join(map(" ".join, {**CONTENT_SECURITY_POLICY, **policy}.items())),
        "Content-Type": "text/html; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
    }


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
    Vendored texts are sent compressed: each form has its own `ETag`, and ranges of bytes are those of that form.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def create_file(self, name: str) -> PageHandler:
        """Return the handler of a file that has a second URL."""

        async def show(request: Request) -> Response:
            return await self.get_response(name, request.scope)

        return show

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        file = Path(full_path)
        content_type = _CONTENT_TYPES.get(file.suffix)
        if content_type is None:
            raise HTTPException(_NOT_FOUND_STATUS)
        is_vendored = file.is_relative_to(STATIC.resolve() / "vendor")
        compressed = get_compressed_file(file)
        is_compressed = is_vendored and _accepts_gzip(scope) and compressed.is_file()
        if is_compressed:
            full_path, stat_result = compressed, compressed.stat()
        response = super().file_response(full_path, stat_result, scope, status_code)
        if "content-type" in response.headers:
            response.headers["Content-Type"] = content_type
            if is_compressed:
                response.headers["Content-Encoding"] = "gzip"
        if is_vendored:
            response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = _IMMUTABLE if is_vendored else _NO_CACHE
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _accepts_gzip(scope: Scope) -> bool:
    values = [value for name, value in scope["headers"] if name == b"accept-encoding"]
    return is_gzip_accepted(b",".join(values))
