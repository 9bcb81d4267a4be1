"""Pages and static files: caching, content security policies, and paths that are not served."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from gateway.assets import Assets
from gateway.web import pages
from tests.support.endpoints import Endpoint, get_codes, open_endpoint

COMPRESSED = gzip.compress(b"export {}" * 100)
SIZE, COMPRESSED_SIZE = len("export {}" * 100), len(COMPRESSED)


@pytest.fixture
async def http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncClient]:
    """A client for pages and files of a temporary folder, with a secret file next to the folder."""
    static = tmp_path / "static"
    vendored = static / "vendor" / "@somebody" / "charts@1.0.0"
    vendored.mkdir(parents=True)
    for folder in (static, vendored):
        (folder / "own.js").write_text("export {}")
        (folder / "own.css").write_text("body { color: black }")
    (vendored / "own.js").write_text("export {}" * 100)
    (vendored / "own.js.gz").write_bytes(COMPRESSED)
    (static / "page.html").write_text('<link rel="stylesheet" href="/static/vendor/@graphql-yoga/graphiql/x.css">')
    (tmp_path / "secret.js").write_text("open-sesame")
    (static / "link.js").symlink_to(tmp_path / "secret.js")
    monkeypatch.setattr(pages, "STATIC", static)
    routes = [
        Route("/page", pages.create_page("page.html")),
        Route("/framed", pages.create_page("page.html", {"frame-ancestors": "https://clinic.example"})),
        Mount("/static", pages.StaticFolder()),
    ]
    async with AsyncClient(transport=ASGITransport(Starlette(routes=routes)), base_url="http://gateway") as client:
        yield client


async def test_a_page_has_a_strict_content_security_policy(http: AsyncClient) -> None:
    response = await http.get("/page")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_a_page_gets_the_pinned_versions_of_vendored_files(http: AsyncClient) -> None:
    (pin,) = (pin for pin in Assets().pins if pin.name == "@graphql-yoga/graphiql")
    assert f'href="/static/vendor/@graphql-yoga/graphiql@{pin.version}/x.css"' in (await http.get("/page")).text


async def test_a_page_can_extend_the_content_security_policy(http: AsyncClient) -> None:
    policy = (await http.get("/framed")).headers["Content-Security-Policy"]
    assert "; frame-ancestors https://clinic.example; " in policy
    assert policy.count("frame-ancestors") == 1


@pytest.mark.parametrize("path", ["/page", "/static/own.js"])
async def test_our_own_files_are_revalidated_by_etag(http: AsyncClient, path: str) -> None:
    first = await http.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    again = await http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "no-cache"
    other = await http.get(path, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.content) == (200, first.content)


async def test_vendored_files_are_cached_as_immutable(http: AsyncClient) -> None:
    response = await http.get("/static/vendor/@somebody/charts@1.0.0/own.js")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


VENDORED = "/static/vendor/@somebody/charts@1.0.0/own.js"


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip, deflate, br, zstd", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("*;q=0", False),
        ("", False),
    ],
)
async def test_vendored_texts_are_sent_in_a_form_that_the_browser_accepts(
    http: AsyncClient, accepted: str, is_compressed: bool
) -> None:
    for method in ("GET", "HEAD"):
        response = await http.request(method, VENDORED, headers={"Accept-Encoding": accepted})
        assert response.headers.get("Content-Encoding") == ("gzip" if is_compressed else None)
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert int(response.headers["Content-Length"]) == (COMPRESSED_SIZE if is_compressed else SIZE)
        assert response.text == ("export {}" * 100 if method == "GET" else "")


async def test_each_form_of_a_vendored_text_has_its_own_etag_and_ranges(http: AsyncClient) -> None:
    etags = []
    for accepted, size in (("gzip", COMPRESSED_SIZE), ("identity", SIZE)):
        sent = {"Accept-Encoding": accepted}
        etag = (await http.get(VENDORED, headers=sent)).headers["ETag"]
        etags.append(etag)
        again = await http.get(VENDORED, headers={**sent, "If-None-Match": etag})
        assert (again.status_code, again.headers["Vary"], again.content) == (304, "Accept-Encoding", b"")
        assert "Content-Encoding" not in again.headers
        async with http.stream("GET", VENDORED, headers={**sent, "Range": "bytes=5-9"}) as part:
            content = b"".join([chunk async for chunk in part.aiter_raw()])
        assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 5-9/{size}")
        assert len(content) == 5
    assert etags[0] != etags[1]
    other = await http.get(VENDORED, headers={"Accept-Encoding": "gzip", "If-None-Match": etags[1]})
    assert other.status_code == 200


async def test_own_files_and_compressed_files_by_their_names_are_not_sent_compressed(http: AsyncClient) -> None:
    own = await http.get("/static/own.js", headers={"Accept-Encoding": "gzip"})
    assert ("Content-Encoding" in own.headers, "Vary" in own.headers) == (False, False)
    assert (await http.get(f"{VENDORED}.gz")).status_code == 404
    plain = await http.get(VENDORED.replace(".js", ".css"), headers={"Accept-Encoding": "gzip"})
    assert (plain.status_code, "Content-Encoding" in plain.headers) == (200, False)


@pytest.mark.parametrize(
    ("file", "content_type"),
    [("own.js", "text/javascript; charset=utf-8"), ("own.css", "text/css; charset=utf-8")],
)
async def test_files_have_a_content_type_and_are_readable_by_other_origins(
    http: AsyncClient, file: str, content_type: str
) -> None:
    response = await http.get(f"/static/{file}")
    assert response.headers["Content-Type"] == content_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.js",
        "/static/%2e%2e/secret.js",
        "/static/..%2fsecret.js",
        "/static/vendor/../../secret.js",
        "/static//secret.js",
        "/static/link.js",
        "/static/own.js%00",
        "/static/vendor",
        "/static/",
        # As a file it would be served without its policy.
        "/static/page.html",
    ],
)
async def test_paths_outside_the_static_files_are_not_found(http: AsyncClient, path: str) -> None:
    response = await http.get(path)
    assert (response.status_code, "open-sesame" in response.text) == (404, False)


async def test_pages_and_files_are_read_only(http: AsyncClient) -> None:
    for path in ("/page", "/static/own.js"):
        assert (await http.post(path)).status_code == 405
        assert (await http.head(path)).status_code == 200


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path) as found:
        yield found


async def test_a_missing_file_is_refused_in_json(endpoint: Endpoint) -> None:
    response = await endpoint.http.get("/static/vendor/nothing@1.0.0/nothing.js")
    assert (response.status_code, get_codes(response)) == (404, ["NOT_FOUND"])
