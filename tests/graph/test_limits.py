"""Limits on documents: refusals at each limit, and linear measuring."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from httpx import Response

from gateway.execution.limits.size import MAX_INT32, OperationSize, measure_operations
from tests.support.calls import count_calls
from tests.support.endpoints import VIEWER, Endpoint, get_message, open_endpoint
from tests.support.gateway import read_answer

Make = Callable[[int], str]
"""Returns a document with this number of something."""

LIMITS: list[tuple[str, str, Make]] = [
    ("characters", "document_limit", VIEWER.ljust),
    ("tokens", "token_limit", lambda n: f"{{ nodes(nodeIds: [{'1 ' * (n - 12)}]) {{ nodeId }} }}"),
    ("comments", "comment_limit", lambda n: "#\n" * n + VIEWER),
    ("depth", "depth_limit", lambda n: "{ a " * n + "}" * n),
    ("depth", "depth_limit", lambda n: "{ a { ...F } } fragment F on A " + "{ a " * (n - 1) + "}" * (n - 1)),
    ("rootFields", "root_field_limit", lambda n: "{ " + "viewer { userId } " * n + "}"),
    ("rootFields", "root_field_limit", lambda n: f"{{ {'...F ' * n} }} fragment F on Query {{ __typename }}"),
    ("fields", "field_limit", lambda n: f"{{ viewer {{ {'userId ' * (n - 1)} }} }}"),
    (
        "fields",
        "field_limit",
        lambda n: f"{{ viewer {{ {'...F ' * (n - 1)} }} }} fragment F on Viewer {{ userId }}",
    ),
    ("aliases", "alias_limit", lambda n: f"{{ viewer {{ {' '.join(f'a{i}: userId' for i in range(n))} }} }}"),
    ("directives", "directive_limit", lambda n: f"{{ viewer {{ {'userId @skip(if: true) ' * n} }} }}"),
    ("variables", "variable_limit", lambda n: f"query ({' '.join(f'$a{i}: Int' for i in range(n))}) {VIEWER}"),
]


@pytest.fixture(scope="module")
async def endpoint(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    async with open_endpoint(
        sqlite_template, tmp_path_factory.mktemp("limits"), rate_limit=MAX_INT32, url_limit=10**6
    ) as endpoint:
        yield endpoint


def get_limit_error(response: Response) -> dict[str, object] | None:
    """Return the extensions of a LIMIT_EXCEEDED error, which is the whole answer; None for any other answer."""
    error, *others = read_answer(response).get("errors", [{"extensions": {"code": None}}])
    if error["extensions"]["code"] != "LIMIT_EXCEEDED":
        return None
    assert "data" not in response.json()
    assert others == []
    extensions: dict[str, object] = error["extensions"]
    return extensions


@pytest.mark.parametrize(("limit", "setting", "make"), LIMITS)
async def test_a_document_at_a_limit_is_accepted_and_one_above_it_is_refused(
    endpoint: Endpoint, limit: str, setting: str, make: Make
) -> None:
    most: int = getattr(endpoint.settings, setting)
    # The test client does not send URLs as long as the longest documents.
    for method in ("POST", "GET") if limit != "characters" else ("POST",):
        for query, refusal in (
            (make(most), None),
            (make(most + 1), {"code": "LIMIT_EXCEEDED", "limit": limit, "max": most, "actual": most + 1}),
        ):
            where: dict[str, Any] = {"json" if method == "POST" else "params": {"query": query}}
            for _ in range(2):
                response = await endpoint.send(method, **where)
                assert get_limit_error(response) == refusal, response.text[:500]
                if refusal is not None:
                    assert f"at most {most} are allowed" in get_message(response)
                    assert f"have the operator raise GATEWAY_{setting.upper()}." in get_message(response)


@pytest.mark.parametrize(("limit", "setting", "make"), LIMITS[3:])
async def test_each_limit_is_a_setting(
    limit: str, setting: str, make: Make, sqlite_template: Path, tmp_path: Path
) -> None:
    async with open_endpoint(sqlite_template, tmp_path, **{setting: 3}) as endpoint:
        assert get_limit_error(await endpoint.send(json={"query": make(3)})) is None
        expected = {"code": "LIMIT_EXCEEDED", "limit": limit, "max": 3, "actual": 4}
        assert get_limit_error(await endpoint.send(json={"query": make(4)})) == expected


async def test_each_operation_of_a_document_is_measured_separately(endpoint: Endpoint) -> None:
    fields = " ".join(f"a{number}: userId" for number in range(20))
    document = f"query A {{ viewer {{ {fields} }} }} query B {{ viewer {{ {fields} }} }}"
    assert "data" in (await endpoint.send(json={"query": document, "operationName": "B"})).json()
    larger = document.replace("query B", f"query C {{ viewer {{ {fields} {fields.replace('a', 'b')} }} }} query B")
    response = await endpoint.send(json={"query": larger, "operationName": "A"})
    assert get_limit_error(response) == {"code": "LIMIT_EXCEEDED", "limit": "aliases", "max": 30, "actual": 40}


async def test_introspection_may_be_deep(endpoint: Endpoint) -> None:
    query = get_introspection_query(input_value_deprecation=True, type_depth=12)
    answer = (await endpoint.send(json={"query": query})).json()
    assert "errors" not in answer
    deeper = "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }"
    answer = (await endpoint.send(json={"query": deeper})).json()
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def build_bomb(levels: int) -> str:
    """Return a document of fragments that each spread the next one twice."""
    spreads = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {spreads} fragment F{levels} on Query {{ viewer {{ userId }} }}"


async def test_a_fragment_bomb_is_refused_without_expanding_it(endpoint: Endpoint) -> None:
    _, of_five, of_ten = [await count_request_calls(endpoint, build_bomb(levels)) for levels in (4, 5, 10)]
    # Each level spreads the next one twice: expanded, ten levels take 32 times the calls of five.
    assert of_ten < 3 * of_five
    expected = {"code": "LIMIT_EXCEEDED", "limit": "rootFields", "max": 20, "actual": MAX_INT32}
    assert get_limit_error(await endpoint.send(json={"query": build_bomb(40)})) == expected


async def count_request_calls(endpoint: Endpoint, query: str) -> int:
    with count_calls() as counted:
        await endpoint.send(json={"query": query})
    return counted.calls


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { viewer { userId } ...A }",
        "{ ...A } fragment A on Query { a: viewer { userId } ...B } fragment B on Query { __typename ...A }",
    ],
)
async def test_recursive_fragments_are_invalid(endpoint: Endpoint, query: str) -> None:
    answer = (await endpoint.send(json={"query": query})).json()
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_the_validation_of_repeated_fields_is_aborted(endpoint: Endpoint) -> None:
    def repeated(number: int) -> str:
        return "{ " + ("viewer { " + "userId " * number + "} ") * 20 + "}"

    _, of_twenty, of_forty = [await count_request_calls(endpoint, repeated(number)) for number in (1, 20, 40)]
    # Fields of one name are compared in pairs: to the end, twice the fields take four times the calls.
    assert of_forty < 2.5 * of_twenty
    response = await endpoint.send(json={"query": repeated(45)})
    assert get_message(response).startswith("The document was not fully validated")


@pytest.mark.parametrize("levels", [200, 201, 1000])
async def test_a_deeply_nested_document_is_not_an_internal_error(endpoint: Endpoint, levels: int) -> None:
    listed = "integrations(first: $first) { nodes { id } }"
    inner = "... @include(if: $yes) { " * 40 + listed + "}" * 40
    query = "query ($first: Int, $yes: Boolean = true) { " + "... { " * (levels - 43) + inner + "}" * (levels - 42)
    for _ in range(3):
        answer = (await endpoint.send(json={"query": query, "variables": {"first": 3}})).json()
        if levels <= 200:
            assert answer == {"data": {"integrations": {"nodes": []}}}
        else:
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_PARSE_FAILED"]


async def test_a_text_that_does_not_parse_is_a_parse_error(endpoint: Endpoint) -> None:
    response = await endpoint.send(json={"query": "{ viewer { " + "Document contains more than 5 tokens. " + "}"})
    (error,) = read_answer(response)["errors"]
    assert error["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}


WIDE: dict[str, Make] = {
    "fields": lambda n: "{ " + "a " * n + "}",
    "nested": lambda n: "{ " + "a { b { c } } " * (n // 3) + "}",
    "inline fragments": lambda n: "{ " + "... on A { a } " * n + "}",
    "a chain": lambda n: (
        "{ ...F0 } "
        + " ".join(f"fragment F{i} on A {{ a ...F{i + 1} }}" for i in range(n // 4))
        + f" fragment F{n // 4} on A {{ a }}"
    ),
    "a bomb": lambda n: build_bomb(n // 4),
    "circles": lambda n: (
        "{ ...F0 } " + " ".join(f"fragment F{i} on A {{ ...F{i // 2} ...F0 }}" for i in range(n // 4))
    ),
}


@pytest.mark.parametrize("make", WIDE.values(), ids=WIDE)
def test_measuring_takes_calls_linear_in_the_document(make: Make) -> None:
    def calls(size: int) -> int:
        document = parse(make(size), no_location=True)
        with count_calls() as counted:
            assert [*measure_operations(document)]
        return counted.calls

    assert calls(4000) < 3 * calls(2000)


def test_each_measure_is_limited_by_a_setting_of_its_name() -> None:
    text = "query ($a: Int @x) @y { a: b @z { ...F @u } } fragment F on A @v { c __schema { d { e } } }"
    (size,) = measure_operations(parse(text))
    assert size == OperationSize(depth=2, root_fields=1, fields=5, aliases=1, directives=5, variables=1)


@pytest.mark.parametrize(
    ("settings", "most"),
    [({}, 20), ({"error_limit": 3}, 3)],
)
async def test_an_answer_has_a_limited_number_of_errors_and_counts_the_rest(
    settings: dict[str, int], most: int, sqlite_template: Path, tmp_path: Path
) -> None:
    query = "{ viewer { " + " ".join(f"unknown{number}" for number in range(40)) + " } }"
    async with open_endpoint(sqlite_template, tmp_path, **settings) as endpoint:
        errors = read_answer(await endpoint.send(json={"query": query}))["errors"]
    assert len(errors) == most
    assert [error["extensions"]["code"] for error in errors[:-1]] == ["GRAPHQL_VALIDATION_FAILED"] * (most - 1)
    assert errors[-1]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "errors", "max": most, "actual": 40}
    assert errors[-1]["message"].startswith(
        f"{41 - most} more errors are left out; at most {most} entries are allowed."
    )


async def test_a_long_error_message_is_cut(endpoint: Endpoint) -> None:
    response = await endpoint.post(json.dumps({"query": f"{{ {'unknown' * 200} }}"}))
    assert len(get_message(response)) == 500
    assert get_message(response).endswith("…")


@pytest.mark.parametrize(
    ("name", "query", "value"),
    [
        ("nodeIds", "query ($value: [ID!]!) { nodes(nodeIds: $value) { nodeId } }", ["i"] * 2_001),
        (
            "or",
            "query ($value: IntegrationFilter) { integrations(filter: $value) { totalCount } }",
            {"or": [{}] * 2_001},
        ),
    ],
)
async def test_a_list_with_too_many_entries_is_named(
    endpoint: Endpoint, name: str, query: str, value: object
) -> None:
    response = await endpoint.post(json.dumps({"query": query, "variables": {"value": value}}))
    assert get_message(response) == f"The list `{name}` has 2001 entries; at most 2000 are allowed."
    assert get_limit_error(response) == {
        "code": "LIMIT_EXCEEDED",
        "limit": "entries",
        "max": 2_000,
        "actual": 2_001,
    }
