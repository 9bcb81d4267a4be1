"""Random bodies, headers, URLs and documents of Hypothesis."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.domain import strict_json
from tests.support.endpoints import GRAPHQL, JSON, VIEWER, Endpoint, exchange_messages, open_endpoint

PROPERTY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
async def endpoint(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint")) as found:
        yield found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
TOKENS = (
    *("{", "}", "{", "}", "(", ")", "[", "]", ":", "...", "$a", "!", "=", "@skip(if: true)", "@include(if: $a)"),
    *("query", "mutation", "subscription", "fragment A on Query", "...A", "... on Query", "Q", "null", "true"),
    *("viewer", "userId", "integrations", "nodes", "id", "(first: 1)", "first: 99999999999", "__typename", "a: 1"),
    *('"a\\u0000"', '"""', "#", "1e999", "-0", "\ufeff", "\x00", "é", "\n"),
)
DOCUMENTS = st.lists(st.sampled_from(TOKENS), max_size=20).map(" ".join)
PERSISTED = st.fixed_dictionaries({"persistedQuery": VALUES | st.just({"version": 1, "sha256Hash": "0" * 64})})
PARAMETERS = st.dictionaries(
    st.sampled_from(["query", "query", "documentId", "operationName", "variables", "extensions", "else"]),
    VALUES
    | DOCUMENTS
    | PERSISTED
    | st.sampled_from([VIEWER, "{ __schema { types { name } } }", "mutation { a }"]),
)
BODIES = (
    st.binary(max_size=64)
    | VALUES.map(json.dumps).map(str.encode)
    | PARAMETERS.map(lambda found: json.dumps(found, ensure_ascii=False).encode(errors="surrogatepass"))
    | st.tuples(PARAMETERS.map(json.dumps).map(str.encode), st.binary(max_size=4), st.integers(0, 60)).map(
        lambda parts: parts[0][: parts[2]] + parts[1] + parts[0][parts[2] :]
    )
)
HEADER_VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20) | st.sampled_from(
    [JSON, GRAPHQL, "*/*", "text/plain", f"{JSON};q=0.1, {GRAPHQL}", "application/json;charset=utf-8", "gzip", "7"]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("Accept", "Content-Type", "Content-Encoding", "If-None-Match", "X-User-Id", "Cookie"),
            *("X-Request-Id", "traceparent"),
        ]
    ),
    HEADER_VALUES,
)


@PROPERTY
@given(body=BODIES, headers=HEADERS, method=st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "DELETE"]))
@example(body=b"null", headers={}, method="POST")
@example(body=b'{"query":"{ viewer(a: 1e999999999) { userId } }"}', headers={}, method="POST")
async def test_any_request_gets_a_response_in_json(
    endpoint: Endpoint, body: bytes, headers: dict[str, str], method: str
) -> None:
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    sent = {b"Content-Type": JSON.encode(), b"Authorization": f"Bearer {endpoint.key}".encode(), **encoded}
    async with asyncio.timeout(10):
        response = await endpoint.http.request(method, "/graphql", headers=sent, content=body)
    assert response.status_code < 500
    assert response.headers["Content-Type"] in (f"{JSON}; charset=utf-8", f"{GRAPHQL}; charset=utf-8")
    answer = response.json()
    assert "errors" in answer or "data" in answer
    assert all(error["extensions"]["code"] for error in answer.get("errors", []))


@PROPERTY
@given(document=DOCUMENTS, operation_name=st.none() | st.sampled_from(["", "Q", "A"]))
async def test_any_document_gets_a_response_in_json_by_get_and_post(
    endpoint: Endpoint, document: str, operation_name: str | None
) -> None:
    parameters = {"query": document} | ({} if operation_name is None else {"operationName": operation_name})
    for method, request in (("POST", {"json": parameters}), ("GET", {"params": parameters})):
        async with asyncio.timeout(10):
            response = await endpoint.send(method, **request)
        assert response.status_code < 500
        answer = response.json()
        assert "errors" in answer or "data" in answer


@PROPERTY
@given(query_string=st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
async def test_any_query_string_gets_a_response_in_json(endpoint: Endpoint, query_string: bytes) -> None:
    start, body = await exchange_messages(
        endpoint, [], method="GET", query_string=b"query=%7Ba%7D&" + query_string
    )
    assert start["status"] < 500
    assert json.loads(body["body"])["errors"]


@PROPERTY
@given(value=VALUES, indent=st.none() | st.just(1), ensure_ascii=st.booleans())
def test_json_round_trips(value: Any, indent: int | None, ensure_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii).encode()
    read = strict_json.loads(text)
    assert read == value
    assert json.dumps(read) == json.dumps(value)
