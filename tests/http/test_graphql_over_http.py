"""The HTTP door: methods, media types and statuses, and what a client may keep."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.endpoints import ASKED, GRAPHQL, JSON, VIEWER, Door, codes, message, opened

METHODS = "GET, POST, HEAD, OPTIONS"


@pytest.fixture(scope="module")
async def door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    async with opened(sqlite_template, folder) as found:
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
        ({"query": VIEWER, "operationName": ""}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"query": "fragment A on Query { a }"}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"query": "subscription { a }"}, "OPERATION_RESOLUTION_FAILURE", (200, 400)),
        ({"qeury": VIEWER}, "BAD_REQUEST", (400, 400)),
        ([{"query": VIEWER}], "BAD_REQUEST", (400, 400)),
    ],
)
async def test_each_outcome_has_the_status_of_its_media_type(
    door: Door, body: object, code: str | None, statuses: tuple[int, int]
) -> None:
    for accept, status in zip((JSON, GRAPHQL), statuses, strict=True):
        response = await door.knock(headers={"Accept": accept}, json=body)
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
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        ("Application/JSON; Charset=UTF-8", JSON),
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
async def test_the_answer_is_in_the_media_type_that_is_liked_best(
    door: Door, accept: str | None, answered: str
) -> None:
    response = await door.knock(headers={"Accept": accept}, json={"query": VIEWER})
    assert (response.status_code, response.json()) == (200, ASKED)
    assert response.headers["Content-Type"] == f"{answered}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/html", f"{JSON};q=0", "*/*;q=0", f"{JSON};charset=utf-16", "nonsense", ""]
)
async def test_a_client_that_reads_neither_media_type_is_told_so_in_json(door: Door, accept: str) -> None:
    response = await door.knock(headers={"Accept": accept}, json={"query": VIEWER})
    assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])


@pytest.mark.parametrize(
    "content_type", [JSON, "Application/JSON", f"{JSON};charset=UTF-8", f'{JSON}; charset="utf-8"']
)
async def test_json_in_utf_8_is_read(door: Door, content_type: str) -> None:
    response = await door.knock(
        headers={"Content-Type": content_type}, json={"query": VIEWER, "variables": {"a": "Zoë 🏥"}}
    )
    assert (response.status_code, response.json()) == (200, ASKED)


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
        {"Content-Encoding": "gzip"},
    ],
)
async def test_other_content_types_are_refused(door: Door, headers: dict[str, str | None]) -> None:
    response = await door.knock(headers=headers, json={"query": VIEWER})
    assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get"])
async def test_other_methods_are_refused_and_told_which_there_are(door: Door, method: str) -> None:
    response = await door.knock(method.encode() if method == "get" else method, json={"query": VIEWER})  # type: ignore[arg-type]  # in lower case
    assert (response.status_code, codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
    assert response.headers["Allow"] == METHODS


async def test_options_tells_the_methods_and_lets_no_other_origin_in(door: Door) -> None:
    preflight = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    response = await door.knock("OPTIONS", headers={**preflight, "Authorization": None})
    assert (response.status_code, response.content) == (200, b"")
    assert (response.headers["Allow"], response.headers["Content-Length"]) == (METHODS, "0")
    asked = await door.knock(headers=preflight, json={"query": VIEWER})
    for headers in (response.headers, asked.headers):
        assert not any(name.startswith("access-control-") for name in headers)
        assert "set-cookie" not in headers


async def test_a_key_in_a_cookie_is_none(door: Door) -> None:
    response = await door.knock(
        headers={"Authorization": None, "Cookie": f"rc_token={door.key}"}, json={"query": VIEWER}
    )
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_who_asks_is_known_before_anything_is_read(door: Door) -> None:
    for body in (b"", b"{", b"[" * 3_000_000):
        response = await door.post(body, Authorization=None)
        assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_two_of_a_header_that_says_one_thing_are_refused(door: Door) -> None:
    sent = [("Authorization", f"Bearer {door.key}"), ("Authorization", f"Bearer {door.key}")]
    response = await door.http.post("/graphql", headers=sent, json={"query": VIEWER})
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])
    assert message(response) == "The request has the header `authorization` twice; send it once."
    lists = [sent[0], ("Accept", "text/html"), ("Accept", GRAPHQL)]
    response = await door.http.post("/graphql", headers=lists, json={"query": VIEWER})
    assert (response.status_code, response.json()) == (200, ASKED)


@pytest.mark.parametrize("path", ["/", "/graphql/", "/graphiql/", "/graphql/x"])
async def test_nothing_else_is_served(door: Door, path: str) -> None:
    response = await door.http.get(path)
    assert (response.status_code, codes(response)) == (404, ["NOT_FOUND"])
    assert message(response) == "There is nothing at this path; the GraphQL endpoint is /graphql."
