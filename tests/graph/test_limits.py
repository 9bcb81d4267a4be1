"""Limits on documents: each is kept, in time that grows as the document does, whichever way it is asked."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from httpx import Response

from gateway.execution.limits.size import MAX_INT32, OperationSize, measure_operations
from tests.support.calls import count_calls
from tests.support.endpoints import VIEWER, Door, message, opened
from tests.support.gateway import answer_of

Make = Callable[[int], str]
"""A document that has so many of something."""

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
async def door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with opened(
        sqlite_template, tmp_path_factory.mktemp("door"), rate_limit=MAX_INT32, url_limit=10**6
    ) as found:
        yield found


def _refusal(response: Response) -> dict[str, object] | None:
    """What an answer says of a limit that the document is beyond; it then says nothing else."""
    error, *others = answer_of(response).get("errors", [{"extensions": {"code": None}}])
    if error["extensions"]["code"] != "LIMIT_EXCEEDED":
        return None
    assert "data" not in response.json()
    assert others == []
    found: dict[str, object] = error["extensions"]
    return found


@pytest.mark.parametrize(("limit", "setting", "make"), LIMITS)
async def test_a_document_may_be_as_large_as_each_limit_and_no_larger(
    door: Door, limit: str, setting: str, make: Make
) -> None:
    most: int = getattr(door.settings, setting)
    # The client that asks here takes no URL as long as the longest documents.
    for method in ("POST", "GET") if limit != "characters" else ("POST",):
        for query, refusal in (
            (make(most), None),
            (make(most + 1), {"code": "LIMIT_EXCEEDED", "limit": limit, "max": most, "actual": most + 1}),
        ):
            where: dict[str, Any] = {"json" if method == "POST" else "params": {"query": query}}
            for _ in range(2):
                response = await door.knock(method, **where)
                assert _refusal(response) == refusal, response.text[:500]
                if refusal is not None:
                    assert f"at most {most} are allowed" in message(response)
                    assert f"have the operator raise GATEWAY_{setting.upper()}." in message(response)


@pytest.mark.parametrize(("limit", "setting", "make"), LIMITS[3:])
async def test_each_limit_is_a_setting(
    limit: str, setting: str, make: Make, sqlite_template: Path, tmp_path: Path
) -> None:
    async with opened(sqlite_template, tmp_path, **{setting: 3}) as door:
        assert _refusal(await door.knock(json={"query": make(3)})) is None
        expected = {"code": "LIMIT_EXCEEDED", "limit": limit, "max": 3, "actual": 4}
        assert _refusal(await door.knock(json={"query": make(4)})) == expected


async def test_each_operation_of_a_document_is_measured_for_itself(door: Door) -> None:
    fields = " ".join(f"a{number}: userId" for number in range(20))
    document = f"query A {{ viewer {{ {fields} }} }} query B {{ viewer {{ {fields} }} }}"
    assert "data" in (await door.knock(json={"query": document, "operationName": "B"})).json()
    larger = document.replace("query B", f"query C {{ viewer {{ {fields} {fields.replace('a', 'b')} }} }} query B")
    response = await door.knock(json={"query": larger, "operationName": "A"})
    assert _refusal(response) == {"code": "LIMIT_EXCEEDED", "limit": "aliases", "max": 30, "actual": 40}


async def test_introspection_may_be_deep(door: Door) -> None:
    query = get_introspection_query(input_value_deprecation=True, type_depth=12)
    answer = (await door.knock(json={"query": query})).json()
    assert "errors" not in answer
    deeper = "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }"
    answer = (await door.knock(json={"query": deeper})).json()
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def _bomb(levels: int) -> str:
    """Fragments, each of which spreads the next one twice."""
    spreads = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {spreads} fragment F{levels} on Query {{ viewer {{ userId }} }}"


async def test_a_fragment_bomb_is_refused_before_it_unfolds(door: Door) -> None:
    _, of_five, of_ten = [await _count_calls(door, _bomb(levels)) for levels in (4, 5, 10)]
    # Each level spreads the next one twice: unfolded, ten levels take 32 times the calls of five.
    assert of_ten < 3 * of_five
    expected = {"code": "LIMIT_EXCEEDED", "limit": "rootFields", "max": 20, "actual": MAX_INT32}
    assert _refusal(await door.knock(json={"query": _bomb(40)})) == expected


async def _count_calls(door: Door, query: str) -> int:
    with count_calls() as counted:
        await door.knock(json={"query": query})
    return counted.calls


@pytest.mark.parametrize(
    "circle",
    [
        "{ ...A } fragment A on Query { viewer { userId } ...A }",
        "{ ...A } fragment A on Query { a: viewer { userId } ...B } fragment B on Query { __typename ...A }",
    ],
)
async def test_fragments_that_lead_back_to_themselves_are_not_valid(door: Door, circle: str) -> None:
    answer = (await door.knock(json={"query": circle})).json()
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_validation_of_a_document_that_repeats_itself_too_often_stops(door: Door) -> None:
    def repeated(number: int) -> str:
        return "{ " + ("viewer { " + "userId " * number + "} ") * 20 + "}"

    _, of_twenty, of_forty = [await _count_calls(door, repeated(number)) for number in (1, 20, 40)]
    # Fields of one name are compared in pairs: to the end, twice the fields take four times the calls.
    assert of_forty < 2.5 * of_twenty
    response = await door.knock(json={"query": repeated(45)})
    assert message(response).startswith("The document was not validated to its end")


@pytest.mark.parametrize("levels", [200, 201, 1000])
async def test_a_document_that_is_nested_as_deep_as_it_goes_is_no_surprise(door: Door, levels: int) -> None:
    listed = "integrations(first: $first) { nodes { id } }"
    inner = "... @include(if: $yes) { " * 40 + listed + "}" * 40
    query = "query ($first: Int, $yes: Boolean = true) { " + "... { " * (levels - 43) + inner + "}" * (levels - 42)
    for _ in range(3):
        answer = (await door.knock(json={"query": query, "variables": {"first": 3}})).json()
        if levels <= 200:
            assert answer == {"data": {"integrations": {"nodes": []}}}
        else:
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_PARSE_FAILED"]


async def test_what_is_no_document_is_told_so_by_the_parser(door: Door) -> None:
    response = await door.knock(json={"query": "{ viewer { " + "Document contains more than 5 tokens. " + "}"})
    (error,) = answer_of(response)["errors"]
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
    "a bomb": lambda n: _bomb(n // 4),
    "circles": lambda n: (
        "{ ...F0 } " + " ".join(f"fragment F{i} on A {{ ...F{i // 2} ...F0 }}" for i in range(n // 4))
    ),
}


@pytest.mark.parametrize("make", WIDE.values(), ids=WIDE)
def test_the_work_of_measuring_grows_as_the_document_does(make: Make) -> None:
    def calls(size: int) -> int:
        document = parse(make(size), no_location=True)
        with count_calls() as counted:
            assert [*measure_operations(document)]
        return counted.calls

    assert calls(4000) < 3 * calls(2000)


def test_a_measure_is_by_name_what_settings_limit() -> None:
    text = "query ($a: Int @x) @y { a: b @z { ...F @u } } fragment F on A @v { c __schema { d { e } } }"
    (found,) = measure_operations(parse(text))
    assert found == OperationSize(depth=2, root_fields=1, fields=5, aliases=1, directives=5, variables=1)


@pytest.mark.parametrize(
    ("settings", "most"),
    [({}, 20), ({"error_limit": 3}, 3)],
)
async def test_an_answer_tells_of_so_many_errors_and_how_many_more_there_are(
    settings: dict[str, int], most: int, sqlite_template: Path, tmp_path: Path
) -> None:
    query = "{ viewer { " + " ".join(f"unknown{number}" for number in range(40)) + " } }"
    async with opened(sqlite_template, tmp_path, **settings) as door:
        errors = answer_of(await door.knock(json={"query": query}))["errors"]
    assert len(errors) == most
    assert [error["extensions"]["code"] for error in errors[:-1]] == ["GRAPHQL_VALIDATION_FAILED"] * (most - 1)
    assert errors[-1]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "errors", "max": most, "actual": 40}
    assert errors[-1]["message"].startswith(f"{41 - most} more errors are not shown; at most {most} entries are.")


async def test_the_message_of_an_error_is_cut_where_it_is_too_long(door: Door) -> None:
    response = await door.post(json.dumps({"query": f"{{ {'unknown' * 200} }}"}))
    assert len(message(response)) == 500
    assert message(response).endswith("…")
