"""The HTTP endpoint: methods, media types, statuses and caching."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.endpoints import (
    GRAPHQL,
    JSON,
    VIEWER,
    VIEWER_RESPONSE,
    Endpoint,
    get_codes,
    get_message,
    open_endpoint,
)

METHODS = "GET, POST, HEAD, OPTIONS"


@pytest.fixture(scope="module")
async def endpoint(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    folder = tmp_path_factory.mktemp("endpoint")
    async with open_endpoint(sqlite_template, folder) as found:
        yield found


MISSING = '{ useCase(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { id } }'
OPERATIONS = "query A { viewer { userId } } query B { viewer { teamId } }"


@pytest.mark.parametrize(
    ("body", "code", "statuses"),
    [
        ({"query": VIEWER}, None, (200, 200)),
        ({"query": OPERATIONS, "operationName": "B"}, None, (200, 200)),
        ({"query": MISSING}, "NOT_FOUND", (200, 200)),
        ({"query": "{ integrations(first: 0) { totalCount } }"}, "BAD_USER_INPUT", (200, 200)),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED", (200, 400)),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED", (200, 400)),
        ({"query": "{" * 5000}, "GRAPHQL_PARSE_FAILED", (200, 400)),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED", (200, 400)),
        (
            {"query": "{ viewer { userId } } query A { viewer { userId } }"},
            "GRAPHQL_VALIDATION_FAILED",
            (200, 400),
        ),
        ({"query": "query($a: Boolean!) { __typename @skip(if: $a) }"}, "BAD_USER_INPUT", (200, 400)),
        ({"query": VIEWER, "variables": {"a": "\0"}}, "BAD_USER_INPUT", (200, 400)),
        ({"query": OPERATIONS}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"query": OPERATIONS, "operationName": "C"}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"query": VIEWER, "operationName": ""}, None, (200, 200)),
        ({"query": OPERATIONS, "operationName": ""}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"query": "fragment A on Query { a }"}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"query": "subscription { a }"}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"qeury": VIEWER}, "BAD_REQUEST", (400, 400)),
        ([{"query": VIEWER}], "BAD_REQUEST", (400, 400)),
    ],
)
async def test_each_outcome_has_the_status_of_its_media_type(
    endpoint: Endpoint, body: object, code: str | None, statuses: tuple[int, int]
) -> None:
    for accept, status in zip((JSON, GRAPHQL), statuses, strict=True):
        response = await endpoint.send(headers={"Accept": accept}, json=body)
        answer = response.json()
        assert response.status_code == status, answer
        assert [error["extensions"]["code"] for error in answer.get("errors", [])] == [code][: code is not None]
        # A request that was not executed has no data, not even null.
        assert ("data" in answer) == (code is None or "path" in answer["errors"][0])
        assert response.headers["Content-Type"] == f"{accept}; charset=utf-8"
        assert response.headers["Content-Length"] == str(len(response.content))
        assert response.headers["Cache-Control"] == "no-store"
        assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        ("Application/JSON; Charset=UTF-8", JSON),
        (f"{GRAPHQL};charset=UTF8", GRAPHQL),
        (f'{GRAPHQL}; profile="a, b; charset=utf-16", {JSON};q=0.1', GRAPHQL),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.4, */*;q=0.5", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"text/html, {GRAPHQL}, */*;q=0.1", GRAPHQL),
        (f"{GRAPHQL};q=2, {JSON};q=0.1", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
    ],
)
async def test_the_response_has_the_media_type_that_the_client_prefers(
    endpoint: Endpoint, accept: str | None, media_type: str
) -> None:
    response = await endpoint.send(headers={"Accept": accept}, json={"query": VIEWER})
    assert (response.status_code, response.json()) == (200, VIEWER_RESPONSE)
    assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/html", f"{JSON};q=0", "*/*;q=0", f"{JSON};charset=utf-16", "nonsense", ""]
)
async def test_a_client_that_accepts_neither_media_type_is_refused(endpoint: Endpoint, accept: str) -> None:
    response = await endpoint.send(headers={"Accept": accept}, json={"query": VIEWER})
    assert (response.status_code, get_codes(response)) == (406, ["NOT_ACCEPTABLE"])


@pytest.mark.parametrize(
    "content_type",
    [
        *(JSON, "Application/JSON", f"{JSON};charset=UTF-8", f'{JSON}; charset="utf-8"', f"{JSON};charset=UTF8"),
        *(f'{JSON}; Charset="Utf8"', f"{JSON}; charset='utf-8'", f"{JSON} ; charset = utf8 ;", f"{JSON};"),
        *(f"{JSON}; version=1; charset=utf8", f'{JSON}; profile="a;charset=utf-16"', f"{JSON}; charset="),
    ],
)
async def test_json_in_utf_8_is_read(endpoint: Endpoint, content_type: str) -> None:
    response = await endpoint.send(
        headers={"Content-Type": content_type}, json={"query": VIEWER, "variables": {"a": "Zoë 🏥"}}
    )
    assert (response.status_code, response.json()) == (200, VIEWER_RESPONSE)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": None},
        {"Content-Type": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": f"text/plain, {JSON}"},
        {"Content-Type": f"{JSON}; charset=utf-16"},
        {"Content-Type": f"{JSON}; charset=latin-1"},
        {"Content-Type": f'{JSON}; version="1;2"; charset=UTF16'},
        {"Content-Type": f"; {JSON}"},
        {"Content-Type": ";"},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_other_content_types_are_refused(endpoint: Endpoint, headers: dict[str, str | None]) -> None:
    response = await endpoint.send(headers=headers, json={"query": VIEWER})
    assert (response.status_code, get_codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get"])
async def test_other_methods_are_refused_with_the_allowed_ones(endpoint: Endpoint, method: str) -> None:
    response = await endpoint.send(method.encode() if method == "get" else method, json={"query": VIEWER})  # type: ignore[arg-type]  # in lower case
    assert (response.status_code, get_codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
    assert response.headers["Allow"] == METHODS


async def test_options_returns_the_methods_and_allows_no_other_origin(endpoint: Endpoint) -> None:
    preflight = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    response = await endpoint.send("OPTIONS", headers={**preflight, "Authorization": None})
    assert (response.status_code, response.content) == (200, b"")
    assert (response.headers["Allow"], response.headers["Content-Length"]) == (METHODS, "0")
    posted = await endpoint.send(headers=preflight, json={"query": VIEWER})
    for headers in (response.headers, posted.headers):
        assert not any(name.startswith("access-control-") for name in headers)
        assert "set-cookie" not in headers


async def test_a_key_in_a_cookie_is_ignored(endpoint: Endpoint) -> None:
    response = await endpoint.send(
        headers={"Authorization": None, "Cookie": f"rc_token={endpoint.key}"}, json={"query": VIEWER}
    )
    assert (response.status_code, get_codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_authentication_comes_before_the_body_is_read(endpoint: Endpoint) -> None:
    for body in (b"", b"{", b"[" * 3_000_000):
        response = await endpoint.post(body, Authorization=None)
        assert (response.status_code, get_codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_a_repeated_header_with_a_single_value_is_refused(endpoint: Endpoint) -> None:
    sent = [("Authorization", f"Bearer {endpoint.key}"), ("Authorization", f"Bearer {endpoint.key}")]
    response = await endpoint.http.post("/graphql", headers=sent, json={"query": VIEWER})
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
    assert get_message(response) == "The request has the header `authorization` twice; send it once."
    lists = [sent[0], ("Accept", "text/html"), ("Accept", GRAPHQL)]
    response = await endpoint.http.post("/graphql", headers=lists, json={"query": VIEWER})
    assert (response.status_code, response.json()) == (200, VIEWER_RESPONSE)


@pytest.mark.parametrize("path", ["/", "/graphql/", "/graphiql/", "/graphql/x"])
async def test_other_paths_are_not_found(endpoint: Endpoint, path: str) -> None:
    response = await endpoint.http.get(path)
    assert (response.status_code, get_codes(response)) == (404, ["NOT_FOUND"])
    assert get_message(response) == "There is nothing at this path; the GraphQL endpoint is /graphql."
