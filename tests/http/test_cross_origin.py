"""CORS: pages of the allowed origins may use GraphQL, with keys and never with cookies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import Response

from gateway.settings import Settings
from gateway.web.origins import get_frame_ancestors
from tests.support.endpoints import JSON, VIEWER, VIEWER_RESPONSE, Endpoint, get_codes, open_endpoint

CLINIC, OTHER, FOREIGN = "https://clinic.example", "http://localhost:3000", "https://elsewhere.example"
QUERY = {"query": VIEWER}
EXPOSED = "Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
    "Authorization": None,
}


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path, allowed_origins=f"{CLINIC} {OTHER}") as found:
        yield found


@pytest.fixture
async def endpoint_without_origins(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path) as found:
        yield found


def get_cors_headers(response: Response) -> dict[str, str]:
    """Return the CORS headers of a response."""
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


def assert_no_cors_headers(response: Response) -> None:
    assert get_cors_headers(response) == {}
    assert "Origin" in response.headers.get("Vary", "Origin")


@pytest.mark.parametrize("origin", [CLINIC, OTHER])
async def test_pages_of_an_allowed_origin_may_read_responses_and_rate_limits(
    endpoint: Endpoint, origin: str
) -> None:
    for response in (
        await endpoint.send(headers={"Origin": origin}, json=QUERY),
        await endpoint.send("GET", headers={"Origin": origin}, params=QUERY),
    ):
        assert response.json() == VIEWER_RESPONSE
        assert get_cors_headers(response) == {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": EXPOSED,
        }
        assert "Origin" in response.headers["Vary"].split(", ")


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "*", "", f"{CLINIC}.elsewhere.example", "http://clinic.example", f"{CLINIC}:8443"]
)
async def test_pages_of_other_origins_get_no_cors_headers(endpoint: Endpoint, origin: str) -> None:
    assert_no_cors_headers(await endpoint.send(headers={"Origin": origin}, json=QUERY))
    assert_no_cors_headers(await endpoint.send("OPTIONS", headers={"Origin": origin, **PREFLIGHT}))


async def test_no_origin_is_allowed_unless_it_is_set(endpoint_without_origins: Endpoint) -> None:
    for origin in (CLINIC, "null", "http://gateway"):
        assert_no_cors_headers(await endpoint_without_origins.send(headers={"Origin": origin}, json=QUERY))
        assert_no_cors_headers(
            await endpoint_without_origins.send("OPTIONS", headers={"Origin": origin, **PREFLIGHT})
        )


async def test_a_preflight_is_answered_without_a_key(endpoint: Endpoint) -> None:
    response = await endpoint.send("OPTIONS", headers={"Origin": CLINIC, **PREFLIGHT})
    assert (response.status_code, response.content) == (200, b"")
    headers = get_cors_headers(response)
    assert headers["access-control-allow-origin"] == CLINIC
    assert headers["access-control-allow-methods"] == "GET, POST"
    assert headers["access-control-allow-headers"] == "authorization, content-type"
    assert headers["access-control-max-age"] == "7200"
    assert response.headers["Vary"] == "Origin, Access-Control-Request-Headers"


async def test_a_preflight_allows_each_header_that_it_asks_for(endpoint: Endpoint) -> None:
    names = (
        "apollo-require-preflight,apollographql-client-name,apollographql-client-version,baggage,content-type,"
        "graphql-cost,if-none-match,sentry-trace,traceparent,tracestate,x-auth-token,x-requested-with,x-user-id"
    )
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": names}
    response = await endpoint.send("OPTIONS", headers={"Origin": CLINIC, **asked})
    assert response.headers["Access-Control-Allow-Headers"].split(", ") == names.split(",")
    refused = await endpoint.send("OPTIONS", headers={"Origin": FOREIGN, **asked})
    assert_no_cors_headers(refused)
    assert refused.headers["Vary"] == response.headers["Vary"]


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ("x y", None),
        ("baggage, *, x@y, <a>, x:y, tracestate", "baggage, tracestate"),
        (" baggage ,,\ttracestate", "baggage, tracestate"),
    ],
)
async def test_a_preflight_allows_nothing_that_is_no_header_name(
    endpoint: Endpoint, asked: str | None, allowed: str | None
) -> None:
    headers = {"Origin": CLINIC, **PREFLIGHT, "Access-Control-Request-Headers": asked}
    response = await endpoint.send("OPTIONS", headers=headers)
    assert response.headers.get("Access-Control-Allow-Headers") == allowed


async def test_no_response_allows_credentials_or_every_origin(endpoint: Endpoint) -> None:
    for method in ("GET", "POST", "OPTIONS", "PUT", "HEAD"):
        for origin in (CLINIC, FOREIGN):
            headers = get_cors_headers(await endpoint.send(method, headers={"Origin": origin, **PREFLIGHT}))
            assert "access-control-allow-credentials" not in headers
            assert "*" not in headers.values()


async def test_refusals_can_be_read_by_an_allowed_origin(endpoint: Endpoint) -> None:
    long = {"X-Long": "x" * 40_000}
    for headers, body, code in (
        ({"Authorization": None}, b"{}", "UNAUTHENTICATED"),
        ({"Content-Type": JSON}, b"{", "BAD_REQUEST"),
        (long, b"", "HEADERS_TOO_LARGE"),
        ({"Accept": "image/png"}, b"", "NOT_ACCEPTABLE"),
    ):
        response = await endpoint.send(headers={"Origin": CLINIC, **headers}, content=body)
        assert get_codes(response) == [code]
        assert get_cors_headers(response)["access-control-allow-origin"] == CLINIC


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_content_types_that_need_no_preflight_are_refused(endpoint: Endpoint, content_type: str) -> None:
    for origin in (CLINIC, FOREIGN):
        headers = {"Origin": origin, "Content-Type": content_type}
        response = await endpoint.send(headers=headers, content=b'{"query": "{ __typename }"}')
        assert (response.status_code, get_codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_only_graphql_is_open_to_other_origins(endpoint: Endpoint) -> None:
    for path in ("/session", "/livez", "/readyz", "/metrics", "/elsewhere"):
        for method in ("GET", "OPTIONS"):
            assert get_cors_headers(await endpoint.http.request(method, path, headers={"Origin": CLINIC})) == {}


@pytest.mark.parametrize(
    ("origins", "ancestors"),
    [("", "'self'"), (CLINIC, f"'self' {CLINIC}"), (f" {CLINIC}\n {OTHER} ", f"'self' {CLINIC} {OTHER}")],
)
def test_the_same_origins_may_embed_pages_in_frames(origins: str, ancestors: str) -> None:
    assert get_frame_ancestors(Settings(allowed_origins=origins)) == ancestors
