"""`query` of `integrations.list`: the same webhooks as an evaluation of each document in Python."""

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, store, webhook
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway
from tests.support.mongo_evaluation import EVENTS, Query, meets
from tests.support.webhook_requests import LIST, ask

TYPES = ["webhook-incoming", "webhook-outgoing"]
TEXTS = ["Lab", "lab", "LAB 100%", "a_b", "é", "É", "x.y", "(a|b)", "^$", "\\", "🙂"]
CHANNELS = ["#general", "#General", "@cat", '"', "a\\b", "#two, three", "é"]
URLS = ["https://a.example/x", "HTTPS://A.EXAMPLE/x", "http://b.example/?q=%25"]
DAYS = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 5)]
TEXT_KEYS, LIST_KEYS, INSTANT_KEYS = (
    ("name", "username", "userId"),
    ("channel", "urls"),
    ("_createdAt", "_updatedAt"),
)


def format_day(index: int) -> str:
    return instants.format_instant(DAYS[index])


def build_documents() -> list[Query]:
    """Return three dozen documents of webhooks, always the same."""
    chance = Random(13)
    documents: list[Query] = []
    for number in range(36):
        document: Query = {"_id": f"W{number}" if number % 2 else f"w.{number}", "type": chance.choice(TYPES)}
        values: Query = {
            "name": chance.choice([None, "", *TEXTS]),
            "username": chance.choice([None, "", *TEXTS]),
            "enabled": chance.choice([None, True, False]),
            "event": chance.choice([None, "slashCommand", *EVENTS]),
            "channel": chance.choice([None, [], CHANNELS, *([channel] for channel in CHANNELS)]),
            "urls": chance.choice([None, [], URLS, URLS[::-1], *([url] for url in URLS), [5, URLS[0]], "x"]),
            "userId": chance.choice([None, "", "rocket.cat", "Rocket.Cat"]),
            "token": "secret",
        }
        document |= {key: value for key, value in values.items() if value is not None or chance.random() < 0.5}
        document["_createdAt"] = instants.format_instant(chance.choice(DAYS))
        document["_updatedAt"] = instants.format_instant(chance.choice(DAYS) + timedelta(milliseconds=number % 3))
        document["_createdBy"] = {"_id": chance.choice([USER, "somebody"])}
        documents.append(document)
    return documents


def conditions(values: SearchStrategy[Any], *, patterns: bool) -> SearchStrategy[Any]:
    """Generate conditions on a key: a value, or an object of operators."""
    lists = st.lists(values, max_size=3)
    known: dict[str, SearchStrategy[Any]] = {"$eq": values, "$ne": values, "$in": lists, "$nin": lists}
    known |= {"$exists": st.sampled_from([True, False, 0, 1])}
    known |= dict.fromkeys(
        COMPARISONS, values.filter(lambda value: value is not None and not isinstance(value, list))
    )
    found = st.dictionaries(st.sampled_from(sorted(known)), st.none(), min_size=1, max_size=2).flatmap(
        lambda names: st.fixed_dictionaries({name: known[name] for name in names})
    )
    if patterns:
        found |= st.builds(build_pattern, st.sampled_from(PIECES), st.booleans(), st.booleans(), st.booleans())
    return values | found | st.fixed_dictionaries({"$not": found})


def build_pattern(text: str, starts: bool, ends: bool, ignores_case: bool) -> Query:
    pattern = ("^" if starts else "") + re.escape(text) + ("$" if ends else "")
    return {"$regex": pattern} | ({"$options": "i"} if ignores_case else {})


PIECES = [
    "",
    "a",
    "A",
    "lab",
    "é",
    ".",
    "x.y",
    "#gen",
    "W1",
    "w.",
    "room",
    "https",
    "example/x",
    "cat",
    "\\",
    "%",
    "_",
]
COMPARISONS = ("$gt", "$gte", "$lt", "$lte")


def texts(*known: Any) -> SearchStrategy[Any]:
    return st.sampled_from([None, *known, *PIECES])


INSTANTS: SearchStrategy[Any] = st.sampled_from(
    [
        None,
        *(instants.format_instant(day + timedelta(milliseconds=ms)) for day in DAYS for ms in (0, 1)),
        {"$date": "2024-01-02T01:00:00+01:00"},
        {"$date": 1_704_153_600_000},
    ]
)
KEYS: dict[str, SearchStrategy[Any]] = {
    "_id": conditions(texts("W1", "w.2", "account"), patterns=True),
    **{key: conditions(texts(*TEXTS, "rocket.cat"), patterns=True) for key in TEXT_KEYS},
    "type": conditions(st.sampled_from([None, *TYPES]), patterns=True),
    "event": conditions(st.sampled_from([None, *EVENTS]), patterns=True),
    "enabled": conditions(st.sampled_from([None, True, False]), patterns=False),
    "channel": conditions(texts(*CHANNELS, [], CHANNELS, ["é"]), patterns=True),
    "urls": conditions(texts(*URLS, [], URLS, URLS[::-1]), patterns=True),
    **{key: conditions(INSTANTS, patterns=False) for key in INSTANT_KEYS},
}


def queries(depth: int) -> SearchStrategy[Query]:
    known = (
        KEYS
        if depth == 0
        else KEYS | dict.fromkeys(("$and", "$or"), st.lists(queries(depth - 1), min_size=1, max_size=3))
    )
    return st.lists(st.sampled_from(sorted(known)), max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: known[name] for name in names})
    )


class Shared:
    """Clients that all examples of one test share, each with the documents that it may see."""

    clients: list[tuple[Client, list[Query]]]

    async def fill(self, gateway: Gateway) -> None:
        if hasattr(self, "clients"):
            return
        documents = build_documents()
        await store(
            gateway.database,
            *(webhook(document) for document in documents),
            webhook({**documents[0], "_id": "foreign"}, team_id=OTHER_TEAM),
            connected("account"),
            connected("shared", team_id=OTHER_TEAM, access="system"),
        )
        own_incoming = [
            each for each in documents if each["type"] == TYPES[0] and each["_createdBy"]["_id"] == USER
        ]
        self.clients = [
            (await gateway.client(), documents),
            (await gateway.client(permissions=[Permission.MANAGE_OWN_INCOMING_INTEGRATIONS]), own_incoming),
        ]


@pytest.fixture
def shared() -> Shared:
    return Shared()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries(2))
@example({"$and": [{"type": TYPES[0]}], "name": {"$gte": "L", "$lt": "a"}})
@example({"$or": [{"enabled": True}], "_createdAt": {"$gt": format_day(0), "$lt": format_day(2)}})
@example({"channel": {"$gt": "#", "$lt": "#b", "$ne": "#general"}, "urls": {"$in": [URLS, []]}})
async def test_a_query_finds_the_documents_that_python_finds(
    gateway: Gateway, shared: Shared, query: Query
) -> None:
    await shared.fill(gateway)
    for client, documents in shared.clients:
        response = await ask(client, LIST, query=query, count=100, sort={"_id": 1})
        assert response.status_code == 200, response.text
        expected = sorted(each["_id"] for each in documents if meets(each, query))
        assert [each["_id"] for each in response.json()["integrations"]] == expected
        assert response.json()["total"] == len(expected)


WORDS = st.sampled_from(
    [
        *(
            *KEYS,
            "$and",
            "$or",
            "$not",
            "$in",
            "$nin",
            "$eq",
            "$ne",
            "$gt",
            "$regex",
            "$options",
            "$exists",
            "$date",
        ),
        *("token", "script", "_createdBy.username", "a..b", "teamId"),
    ]
)
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["^a", "webhook-incoming"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(), inner, max_size=3),
)
FUZZED = st.dictionaries(WORDS | st.text(), ANY_JSON | st.sampled_from([0, 1, -1]), max_size=3) | ANY_JSON


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parameters=st.dictionaries(st.sampled_from(["query", "sort", "fields"]), FUZZED, max_size=3))
async def test_no_parameter_fails_or_shows_more(
    gateway: Gateway, shared: Shared, parameters: dict[str, Json]
) -> None:
    await shared.fill(gateway)
    encoded: dict[str, Any] = {name: json.dumps(value) for name, value in parameters.items()}
    for client, documents in shared.clients:
        response = await ask(client, LIST, count=100, **encoded)
        assert response.status_code in (200, 400), response.text
        answer = response.json()
        if response.status_code == 400:
            assert answer["errorType"] in {f"error-invalid-{name}" for name in parameters}
            assert answer["error"].startswith(
                f"Invalid {answer['errorType'].removeprefix('error-invalid-')} parameter"
            )
            continue
        assert answer["items"] == len(answer["integrations"]) <= len(documents)
        for shown in answer["integrations"]:
            assert any(is_part(shown, document) for document in documents)


def is_part(shown: Any, document: Any) -> bool:
    """Return whether something shown is a part of a document."""
    if isinstance(shown, dict):
        return isinstance(document, dict) and all(
            key in document and is_part(value, document[key]) for key, value in shown.items()
        )
    return isinstance(shown, list) or bool(shown == document)
