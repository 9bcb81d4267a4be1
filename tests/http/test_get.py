"""Queries by GET: in the URL, kept by the client, asked for again."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import gateway as command
from tests.support.commands import serving
from tests.support.endpoints import ASKED, GRAPHQL, JSON, VIEWER, Door, codes, message, opened
from tests.support.gateway import TEAM, USER

NAMED = "query A { viewer { userId teamId } } query null { __typename }"


@pytest.fixture(scope="module")
async def door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with opened(sqlite_template, tmp_path_factory.mktemp("door")) as found:
        yield found


@pytest.mark.parametrize(
    ("params", "answer"),
    [
        ({"query": VIEWER}, ASKED),
        ({"query": VIEWER, "variables": "", "extensions": "", "operationName": "", "else": "1"}, ASKED),
        ({"query": VIEWER, "variables": "null", "extensions": "{}"}, ASKED),
        ({"query": NAMED, "operationName": "A"}, ASKED),
        ({"query": NAMED, "operationName": "null"}, {"data": {"__typename": "Query"}}),
        (
            {"query": "query($a: Boolean!) { __typename @skip(if: $a) }", "variables": '{"a": true}'},
            {"data": {}},
        ),
    ],
)
async def test_a_query_may_stand_in_the_url(door: Door, params: dict[str, str], answer: object) -> None:
    response = await door.knock("GET", params=params)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize(
    ("query_string", "said"),
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
async def test_a_url_that_is_no_request_is_refused(door: Door, query_string: str, said: str) -> None:
    response = await door.http.get(f"/graphql?{query_string}", headers={"Authorization": f"Bearer {door.key}"})
    assert (response.status_code, codes(response), message(response)) == (400, ["BAD_REQUEST"], said)


async def test_json_that_is_none_is_refused_in_the_url_too(door: Door) -> None:
    for text in ("{", "NaN", "[1,]"):
        response = await door.knock("GET", params={"query": VIEWER, "variables": text})
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])
        assert message(response).startswith("`variables` is not JSON in UTF-8: ")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_mutation_is_done_by_post_alone(door: Door, method: str, accept: str) -> None:
    mutation = 'mutation { deleteIntegration(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { __typename } }'
    response = await door.knock(method, headers={"Accept": accept}, params={"query": mutation})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    if method == "GET":
        assert codes(response) == ["METHOD_NOT_ALLOWED"]
        assert message(response) == "GET cannot run a mutation; send it by POST."


async def test_an_answer_is_kept_for_as_long_as_it_holds(door: Door) -> None:
    first = await door.knock("GET", params={"query": VIEWER})
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]
    for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = await door.knock("GET", headers={"If-None-Match": known}, params={"query": VIEWER})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Cache-Control"] == "private, no-cache"
    other = await door.knock("GET", headers={"If-None-Match": '"another"'}, params={"query": VIEWER})
    assert (other.status_code, other.json(), other.headers["ETag"]) == (200, ASKED, tag)


async def test_what_differs_has_another_tag(door: Door) -> None:
    asked = [({"query": VIEWER}, JSON), ({"query": VIEWER}, GRAPHQL), ({"query": "{ __typename }"}, JSON)]
    tags = [
        (await door.knock("GET", headers={"Accept": accept}, params=params)).headers["ETag"]
        for params, accept in asked
    ]
    assert len(set(tags)) == 3


@pytest.mark.parametrize("query", ["{", '{ useCase(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { id } }'])
async def test_an_answer_with_errors_is_not_kept(door: Door, query: str) -> None:
    response = await door.knock("GET", headers={"If-None-Match": "*"}, params={"query": query})
    assert response.json()["errors"]
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


async def test_nothing_is_not_modified_for_whom_it_is_not(door: Door) -> None:
    headers = {"Authorization": None, "If-None-Match": "*"}
    response = await door.knock("GET", headers=headers, params={"query": VIEWER})
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


def test_the_server_keeps_a_connection_through_all_kinds_of_answers(tmp_path: Path) -> None:
    with serving("serve", "--port", "0", folder=tmp_path, body_limit="1024") as served:
        owner = ("--team", TEAM, "--user", USER, "--name", "test", "--permission", "ADMIN")
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
        key = command("keys", "create", *owner, database_url=url).stdout.strip()
        params = {"query": VIEWER}
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as client:
            got = client.get(served.url, params=params)
            head = client.head(served.url, params=params)
            kept = client.get(served.url, params=params, headers={"If-None-Match": got.headers["ETag"]})
            sent = [client.post(served.url, content=part, headers={"Content-Type": JSON}) for part in _bodies()]
            large = client.post(served.url, content=b" " * 1025, headers={"Content-Type": JSON})
        assert "data" in got.json()
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert (kept.status_code, kept.content) == (304, b"")
        assert [response.json() for response in sent] == [got.json()] * 2
        assert (large.status_code, large.headers["Connection"]) == (413, "close")
        assert served.stop() == 0


def _bodies() -> list[bytes | Iterator[bytes]]:
    body = json.dumps({"query": VIEWER}).encode()
    # The second comes in chunks, without a length.
    return [body, iter([body[:5], body[5:]])]
