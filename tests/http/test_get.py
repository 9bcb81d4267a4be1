"""Queries by GET: in the URL, and cached by clients with ETags."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import run_gateway, start_server
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
from tests.support.gateway import TEAM, USER

NAMED = "query A { viewer { userId teamId } } query null { __typename }"


@pytest.fixture(scope="module")
async def endpoint(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint")) as found:
        yield found


@pytest.mark.parametrize(
    ("params", "answer"),
    [
        ({"query": VIEWER}, VIEWER_RESPONSE),
        ({"query": VIEWER, "variables": "", "extensions": "", "operationName": "", "else": "1"}, VIEWER_RESPONSE),
        ({"query": VIEWER, "variables": "null", "extensions": "{}"}, VIEWER_RESPONSE),
        ({"query": NAMED, "operationName": "A"}, VIEWER_RESPONSE),
        ({"query": NAMED, "operationName": "null"}, {"data": {"__typename": "Query"}}),
        (
            {"query": "query($a: Boolean!) { __typename @skip(if: $a) }", "variables": '{"a": true}'},
            {"data": {}},
        ),
    ],
)
async def test_a_query_can_be_sent_in_the_url(endpoint: Endpoint, params: dict[str, str], answer: object) -> None:
    response = await endpoint.send("GET", params=params)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("name", ["documentId", "operationName", "variables", "extensions"])
async def test_an_empty_parameter_is_absent_by_get_and_post(
    endpoint: Endpoint, name: str, empty: str | None
) -> None:
    posted = await endpoint.send("POST", json={"query": VIEWER, name: empty})
    assert (posted.status_code, posted.json()) == (200, VIEWER_RESPONSE)
    sent = await endpoint.send("GET", params={"query": VIEWER, name: empty or ""})
    assert (sent.status_code, sent.json()) == (200, VIEWER_RESPONSE)


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("", "`query` is missing; send the text of a GraphQL document."),
        ("variables={}", "`query` is missing; send the text of a GraphQL document."),
        ("query={__typename}&variables=1", "`variables` is a number; send an object or null, or leave it out."),
        ("query={__typename}&extensions=[]", "`extensions` is a list; send an object or null, or leave it out."),
        ('query={__typename}&variables={"a":1,"a":2}', "`variables` has the key `a` twice in one object."),
        ("query={__typename}&query={viewer}", "The query string has `query` twice; send it once."),
        (
            "query=%ff",
            "The query string is not percent-encoded UTF-8; encode it as browsers encode forms.",
        ),
    ],
)
async def test_an_invalid_query_string_is_refused(endpoint: Endpoint, query_string: str, message: str) -> None:
    response = await endpoint.http.get(
        f"/graphql?{query_string}", headers={"Authorization": f"Bearer {endpoint.key}"}
    )
    assert (response.status_code, get_codes(response), get_message(response)) == (400, ["BAD_REQUEST"], message)


async def test_invalid_json_in_the_url_is_refused(endpoint: Endpoint) -> None:
    for text in ("{", "NaN", "[1,]"):
        response = await endpoint.send("GET", params={"query": VIEWER, "variables": text})
        assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
        assert get_message(response).startswith("`variables` is not JSON in UTF-8: ")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_mutation_must_be_sent_by_post(endpoint: Endpoint, method: str, accept: str) -> None:
    mutation = 'mutation { deleteIntegration(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { __typename } }'
    response = await endpoint.send(method, headers={"Accept": accept}, params={"query": mutation})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    if method == "GET":
        assert get_codes(response) == ["METHOD_NOT_ALLOWED"]
        assert get_message(response) == "GET cannot run a mutation; send it by POST."


async def test_an_unchanged_response_is_not_sent_again(endpoint: Endpoint) -> None:
    first = await endpoint.send("GET", params={"query": VIEWER})
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]
    for etags in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = await endpoint.send("GET", headers={"If-None-Match": etags}, params={"query": VIEWER})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Cache-Control"] == "private, no-cache"
    other = await endpoint.send("GET", headers={"If-None-Match": '"another"'}, params={"query": VIEWER})
    assert (other.status_code, other.json(), other.headers["ETag"]) == (200, VIEWER_RESPONSE, tag)


async def test_different_responses_have_different_etags(endpoint: Endpoint) -> None:
    requests = [({"query": VIEWER}, JSON), ({"query": VIEWER}, GRAPHQL), ({"query": "{ __typename }"}, JSON)]
    tags = [
        (await endpoint.send("GET", headers={"Accept": accept}, params=params)).headers["ETag"]
        for params, accept in requests
    ]
    assert len(set(tags)) == 3


@pytest.mark.parametrize("query", ["{", '{ useCase(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { id } }'])
async def test_a_response_with_errors_is_not_cached(endpoint: Endpoint, query: str) -> None:
    response = await endpoint.send("GET", headers={"If-None-Match": "*"}, params={"query": query})
    assert response.json()["errors"]
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


async def test_if_none_match_does_not_replace_authentication(endpoint: Endpoint) -> None:
    headers = {"Authorization": None, "If-None-Match": "*"}
    response = await endpoint.send("GET", headers=headers, params={"query": VIEWER})
    assert (response.status_code, get_codes(response)) == (401, ["UNAUTHENTICATED"])


def test_a_connection_stays_open_through_all_kinds_of_responses(tmp_path: Path) -> None:
    with start_server("serve", "--port", "0", folder=tmp_path, body_limit="1024") as server:
        owner = ("--team", TEAM, "--user", USER, "--name", "test", "--permission", "ADMIN")
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
        key = run_gateway("keys", "create", *owner, database_url=url).stdout.strip()
        params = {"query": VIEWER}
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as client:
            got = client.get(server.url, params=params)
            head = client.head(server.url, params=params)
            not_modified = client.get(server.url, params=params, headers={"If-None-Match": got.headers["ETag"]})
            sent = [client.post(server.url, content=part, headers={"Content-Type": JSON}) for part in _bodies()]
            large = client.post(server.url, content=b" " * 1025, headers={"Content-Type": JSON})
        assert "data" in got.json()
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert (not_modified.status_code, not_modified.content) == (304, b"")
        assert [response.json() for response in sent] == [got.json()] * 2
        assert (large.status_code, large.headers["Connection"]) == (413, "close")
        assert server.stop() == 0


def _bodies() -> list[bytes | Iterator[bytes]]:
    body = json.dumps({"query": VIEWER}).encode()
    # The second one is sent in chunks, without a length.
    return [body, iter([body[:5], body[5:]])]
