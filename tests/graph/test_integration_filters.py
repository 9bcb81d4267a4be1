"""Filters of integrations: the same result as an evaluation of each row in Python."""

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.database.tables import Integration
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Json
from tests.support.factories import store, webhook
from tests.support.filter_evaluation import (
    ACCESSES,
    EVENTS,
    INSTANT_TESTS,
    KINDS,
    PROVIDERS,
    TEXT_TESTS,
    TOKEN_STATES,
    Test,
    meets,
)
from tests.support.filtered_integrations import (
    CHANNELS,
    CREATORS,
    DAYS,
    NAMES,
    URLS,
    USER_IDS,
    USERNAMES,
    build_integrations,
)
from tests.support.gateway import Client, Gateway

LIST = (
    "query ($filter: IntegrationFilter) { integrations(filter: $filter, first: 100) { nodes { id } totalCount } }"
)

AT_ONCE = 20
PIECES = ["", "A", "alpha", "ss", "ß", "%", "_", "\\", "é", "E", "i", "ω", "100", ".C"]


def objects(**strategies: SearchStrategy[Any]) -> SearchStrategy[Test]:
    """Generate objects with some of these keys, mostly one or two."""
    return st.lists(st.sampled_from(sorted(strategies)), max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: strategies[name] for name in names})
    )


def text_filters(known: list[Any]) -> SearchStrategy[Test]:
    exact = st.sampled_from([text for text in known if text is not None] + PIECES)
    piece = st.sampled_from(PIECES)
    return objects(
        **{"eq": st.none() | exact, "ne": exact, "in": st.lists(exact, max_size=3), "isNull": st.booleans()},
        **dict.fromkeys(("gt", "gte", "lt", "lte"), exact),
        **dict.fromkeys(("contains", "startsWith", "endsWith"), piece),
    ).flatmap(
        lambda test: st.sampled_from([None, True, False]).map(lambda match_case: {**test, "matchCase": match_case})
    )


_instant = st.sampled_from(
    [instants.format_instant(day + timedelta(milliseconds=ms)) for day in DAYS for ms in (0, 1)]
)
_instants = objects(**{"in": st.lists(_instant, max_size=3)}, **dict.fromkeys(INSTANT_TESTS, _instant))
_leaves = objects(
    id=st.lists(st.sampled_from(["c0", "c3", "w1", "w2", "nobody"]), max_size=3),
    access=st.none() | st.lists(st.sampled_from(sorted(ACCESSES)), max_size=2),
    tokenState=st.none() | st.lists(st.sampled_from(TOKEN_STATES), max_size=2),
    hasError=st.none() | st.booleans(),
    channel=st.none() | st.sampled_from([*CHANNELS, "#gen", "general"]),
    channels=st.none() | st.sampled_from([[], CHANNELS, *([channel] for channel in CHANNELS)]),
    url=st.none() | st.sampled_from([*URLS, "y"]),
    urls=st.none() | st.sampled_from([[], URLS, URLS[::-1], *([url] for url in URLS)]),
    event=st.none() | st.lists(st.sampled_from(sorted(EVENTS)), max_size=2),
    userId=st.none() | st.sampled_from([*USER_IDS, "rocket"]),
    kind=st.lists(st.sampled_from(sorted(KINDS)), max_size=2),
    name=text_filters(NAMES),
    username=st.none() | text_filters(USERNAMES),
    enabled=st.none() | st.booleans(),
    provider=st.lists(st.sampled_from(sorted(PROVIDERS)), max_size=2),
    createdBy=st.none() | st.sampled_from(["", *CREATORS[1:]]),
    createdAt=_instants,
    updatedAt=_instants,
)


def nested(inner: SearchStrategy[Test]) -> SearchStrategy[Test]:
    filters = objects(**{"and": st.lists(inner, max_size=2), "or": st.lists(inner, max_size=3), "not": inner})
    return st.tuples(_leaves, filters).map(lambda parts: parts[0] | parts[1])


def trees(depth: int) -> SearchStrategy[Test]:
    return _leaves if depth == 0 else st.one_of(_leaves, nested(trees(depth - 1)))


async def list_ids(client: Client, filter: Json) -> list[str]:
    listed = (await client.data(LIST, filter=filter))["integrations"]
    ids = sorted(node["id"] for node in listed["nodes"])
    assert listed["totalCount"] == len(ids)
    return ids


class Shared:
    """Client and rows that all examples of one test share."""

    client: Client | None = None
    rows: list[Integration]


@pytest.fixture
def shared() -> Shared:
    return Shared()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=st.lists(trees(4), min_size=3, max_size=3))
async def test_a_filter_matches_the_rows_that_python_matches(
    gateway: Gateway, shared: Shared, filters: list[Test]
) -> None:
    if shared.client is None:
        shared.rows = build_integrations()
        await store(gateway.database, *shared.rows)
        shared.client = await gateway.client()
    for filter in filters:
        expected = sorted(row.id for row in shared.rows if meets(row, filter))
        assert await list_ids(shared.client, filter) == expected
        everything_else = sorted({row.id for row in shared.rows} - set(expected))
        assert await list_ids(shared.client, {"not": filter}) == everything_else


async def test_each_condition_alone_matches_the_rows_that_python_matches(gateway: Gateway) -> None:
    rows = build_integrations()
    await store(gateway.database, *rows)
    client = await gateway.client()
    filters: list[Test] = [
        {field: {operator: [text] if operator == "in" else text, "matchCase": match_case}}
        for field, texts in (("name", NAMES), ("username", USERNAMES[1:]))
        for operator, text in itertools.product(TEXT_TESTS.keys() - {"isNull"}, [*PIECES, *texts])
        for match_case in (None, True, False)
    ]
    filters += [{field: {"isNull": is_null}} for field in ("name", "username") for is_null in (True, False)]
    filters += [
        {field: {operator: instants.format_instant(day)}}
        for field, operator, day in itertools.product(("createdAt", "updatedAt"), INSTANT_TESTS, DAYS)
    ]
    lists: dict[str, Iterable[str]] = {
        "kind": KINDS,
        "provider": PROVIDERS,
        "access": ACCESSES,
        "tokenState": TOKEN_STATES,
        "event": EVENTS,
    }
    filters += [{field: [value]} for field, values in lists.items() for value in values]
    filters += [{"hasError": has_error} for has_error in (True, False)]
    filters += [{"channel": channel} for channel in (*CHANNELS, "#gen", "\n", "#general\n")]
    filters += [{"url": url} for url in (*URLS, "y", "")]
    filters += [{"channels": texts} for texts in ([], CHANNELS, CHANNELS[:1])]
    filters += [{"urls": texts} for texts in ([], URLS, URLS[::-1], URLS[:1])]
    filters += [{"createdAt": {"in": [instants.format_instant(day)]}} for day in DAYS]
    filters += [{"userId": user_id} for user_id in USER_IDS] + [{"id": [row.id]} for row in rows[:3]]
    for start in range(0, len(filters), AT_ONCE):
        variables = {f"f{number}": filter for number, filter in enumerate(filters[start : start + AT_ONCE])}
        declared = ", ".join(f"${name}: IntegrationFilter" for name in variables)
        fields = " ".join(
            f"{name}: integrations(filter: ${name}, first: 100) {{ nodes {{ id }} }}" for name in variables
        )
        answer = await client.data(f"query ({declared}) {{ {fields} }}", **variables)
        for name, filter in variables.items():
            found = {node["id"] for node in answer[name]["nodes"]}
            assert found == {row.id for row in rows if meets(row, filter)}, filter


NOTHINGS: list[tuple[Json, bool]] = [
    ({}, True),
    (None, True),
    ({"not": {}}, False),
    ({"and": []}, True),
    ({"or": []}, False),
    ({"or": [{}]}, True),
    ({"not": {"or": []}}, True),
    ({"kind": []}, False),
    ({"provider": []}, False),
    ({"name": {"in": []}}, False),
    ({"name": {}}, True),
    ({"name": None, "and": None, "not": None, "createdBy": None, "createdAt": {}}, True),
    ({"createdBy": ""}, True),
    ({"username": {"isNull": True}}, True),
    ({"username": {"eq": "x"}}, False),
    ({"username": {"ne": "x"}}, True),
    ({"username": {"in": ["x"]}}, False),
    ({"not": {"username": {"eq": "x"}}}, True),
    ({"not": {"username": {"contains": ""}}}, True),
    ({"not": {"provider": ["GOOGLE"]}}, True),
    ({"not": {"createdBy": "somebody"}}, True),
    ({"id": []}, False),
    ({"id": ["w", "v"]}, True),
    ({"access": []}, False),
    ({"access": ["PERSONAL", "TEAM", "SYSTEM"]}, False),
    ({"not": {"access": ["TEAM"]}}, True),
    ({"tokenState": []}, False),
    ({"tokenState": [*TOKEN_STATES]}, False),
    ({"not": {"tokenState": ["MISSING"]}}, True),
    ({"hasError": True}, False),
    ({"hasError": False}, True),
    ({"not": {"hasError": True}}, True),
    ({"event": []}, False),
    ({"event": [*EVENTS]}, False),
    ({"not": {"event": ["OTHER"]}}, True),
    ({"channel": ""}, False),
    ({"not": {"channel": "#a"}}, True),
    ({"channels": []}, True),
    ({"channels": ["#a"]}, False),
    ({"url": ""}, False),
    ({"urls": []}, True),
    ({"createdAt": {"in": []}}, False),
    ({"name": {"matchCase": True}}, True),
    ({"name": {"eq": "ONLY", "matchCase": False}}, True),
    ({"name": {"startsWith": "ONLY", "matchCase": True}}, False),
    ({"username": {"eq": "", "matchCase": False}}, False),
    ({"userId": ""}, False),
    ({"not": {"userId": "u"}}, True),
    (
        dict.fromkeys(
            ["id", "access", "tokenState", "hasError", "channel", "event", "userId", "kind", "provider"]
        ),
        True,
    ),
    ({"name": {"contains": ""}}, True),
    ({"name": {"contains": "%"}}, False),
    ({"name": {"startsWith": "ONLY"}}, True),
    ({"name": {"eq": "ONLY"}}, False),
]


async def test_empty_filters_and_empty_lists_have_a_meaning(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "name": "only"}))
    client = await gateway.client()
    for filter, finds in NOTHINGS:
        assert await list_ids(client, filter) == (["w"] if finds else [])


def build_deep_filter(depth: int, word: str) -> dict[str, Json]:
    filter: dict[str, Json] = {"enabled": True}
    for _ in range(depth):
        filter = {word: filter} if word == "not" else {word: [filter]}
    return filter


@pytest.mark.parametrize("word", ["and", "or", "not"])
async def test_a_filter_nests_at_most_five_levels(gateway: Gateway, word: str) -> None:
    client = await gateway.client()
    assert await list_ids(client, build_deep_filter(5, word)) == []
    for depth in (6, 30):
        answer = await client(LIST, filter=build_deep_filter(depth, word))
        assert answer["data"] == {"integrations": None}
        assert [(error["message"], error["extensions"]) for error in answer["errors"]] == [
            (
                f"`and`, `or` and `not` nest at most 5 levels, not {depth}.",
                {"code": "BAD_USER_INPUT", "argument": ["filter"]},
            )
        ]


@pytest.mark.parametrize(
    ("good", "bad", "limit"),
    [
        ({"or": [{"enabled": True}] * 499}, {"or": [{"enabled": True}] * 500}, "500"),
        ({"name": {"in": ["n"] * 499}}, {"name": {"in": ["n"] * 500}}, "500"),
        (
            {"createdAt": {"in": ["2024-01-01T00:00:00Z"] * 499}},
            {"updatedAt": {"in": ["2024-01-01T00:00:00Z"] * 500}},
            "500",
        ),
        ({"id": ["n"] * 499}, {"id": ["n"] * 400, "event": ["OTHER"] * 100}, "500"),
        ({"name": {"contains": "ΐ" * 1000}}, {"name": {"endsWith": "%" * 1001}}, "1000"),
    ],
)
async def test_a_filter_above_a_limit_is_refused_with_the_limit(
    gateway: Gateway, good: Json, bad: Json, limit: str
) -> None:
    client = await gateway.client()
    assert await list_ids(client, good) == []
    (error,) = (await client(LIST, filter=bad))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": ["filter"]}
    assert f"at most {limit} " in error["message"]
