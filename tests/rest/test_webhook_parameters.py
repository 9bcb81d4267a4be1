"""`query`, `sort` and `fields` of `integrations.list`: refusals, orders and projections."""

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gateway.domain.text import fold
from gateway.domain.webhooks import hide_secrets
from gateway.rest.webhook_fields import Projection
from gateway.rest.webhooks import ListParameters
from tests.rest.test_webhook_queries import KEYS, build_documents
from tests.support.factories import store, webhook
from tests.support.gateway import Client, Gateway
from tests.support.mongo_evaluation import READERS, Query
from tests.support.webhook_requests import LIST, ask, get_credentials, list_ids

NAMES = "`_id`, `name`, `username`, `type`, `enabled`, `channel`, `event`, `urls`, `userId`, `_createdAt`"
NO_KEY = f"is no key of queries; use {NAMES}, `_updatedAt`, `$and` or `$or`"
NO_OPERATOR = (
    "is no operator; use `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$regex` or `$not`"
)
PLAIN_TEXT = (
    "takes a text, with an optional `^` before it and `$` after it; write a backslash before each "
    ". | ? * + ( ) [ ] { } ^ $ and \\ of the text itself"
)
INSTANT = "takes an instant such as `2025-03-09T12:00:00.000Z`, or null"
NESTING = "`$and`, `$or` and `$not` nest at most 5 levels"


def nest(depth: int) -> Query:
    query: Query = {"name": "a"}
    for number in range(depth):
        query = {("$and", "$or")[number % 2]: [query]}
    return query


REFUSED: list[tuple[Any, str]] = [
    ([], "`query` takes JSON objects"),
    ('"a"', "`query` takes JSON objects"),
    ({"token": "t"}, f"`token` {NO_KEY}"),
    ({"script": {"$regex": "a"}}, f"`script` {NO_KEY}"),
    ({"_createdBy._id": "a"}, f"`_createdBy._id` {NO_KEY}"),
    ({"$nor": [{}]}, f"`$nor` {NO_KEY}"),
    ({"$where": "sleep(1)"}, f"`$where` {NO_KEY}"),
    ({"$not": {"name": "a"}}, f"`$not` {NO_KEY}"),
    ({"x" * 300: 1}, f"`{'x' * 100}` {NO_KEY}"),
    ({"$and": []}, "`$and` takes a list of one or more queries"),
    ({"$or": {"name": "a"}}, "`$or` takes a list of one or more queries"),
    ({"$or": ["a"]}, "`$or` takes JSON objects"),
    ({"name": {"$size": 1}}, f"`name.$size` {NO_OPERATOR}"),
    ({"name": {"eq": "a"}}, f"`name.eq` {NO_OPERATOR}"),
    ({"name": {"$not": "a"}}, "`name.$not` takes an object of operators, such as `$regex`"),
    ({"name": 5}, "`name` takes a text"),
    ({"name": {}}, "`name` takes a text"),
    ({"name": {"$gt": None}}, "`name.$gt` takes a text"),
    ({"name": {"$in": "a"}}, "`name.$in` takes a list"),
    ({"name": {"$in": [{"$regex": "a"}]}}, "`name.$in` takes a text"),
    ({"name": {"$exists": "yes"}}, "`name.$exists` takes `true` or `false`"),
    ({"name": {"$options": "i"}}, "`name.$options` needs `$regex` beside it"),
    ({"name": {"$regex": "a", "$options": "x"}}, "`$options` beside `name.$regex` takes `i`"),
    *(
        ({"name": {"$regex": pattern}}, f"`name.$regex` {PLAIN_TEXT}")
        for pattern in ("a.b", "a*", "(a|b)", "[ab]", "a{2}", "a$b", "a^b", "\\d", "\\", "(a+)+$", 5, None)
    ),
    ({"name": "\x00"}, "Text cannot hold U+0000 or half of a surrogate pair."),
    ({"type": "x"}, '`type` takes `"webhook-incoming"` or `"webhook-outgoing"`'),
    ({"enabled": "yes"}, "`enabled` takes `false` or `true`"),
    ({"enabled": 1}, "`enabled` takes `false` or `true`"),
    ({"enabled": {"$gt": "a"}}, "`enabled.$gt` takes `true` or `false`"),
    ({"enabled": {"$regex": "t"}}, "`enabled.$regex` is for texts; use `$eq` or `$ne`"),
    ({"_createdAt": "yesterday"}, f"`_createdAt` {INSTANT}"),
    ({"_createdAt": 5}, f"`_createdAt` {INSTANT}"),
    ({"_createdAt": {"$gt": {"$date": 10**18}}}, f"`_createdAt.$gt` {INSTANT}"),
    ({"channel": {"$in": [["#a", 5]]}}, "`channel.$in` takes a text"),
    (nest(6), NESTING),
    (nest(20), NESTING),
    ({"name": {"$in": ["n"] * 500}}, "A filter has at most 500 filters and listed values in all, not 503"),
]


async def test_a_wrong_query_is_refused_with_the_reason(gateway: Gateway) -> None:
    await expect_refusals(await gateway.client(), "query", REFUSED)


async def expect_refusals(client: Client, name: str, refused: Sequence[tuple[Any, str]]) -> None:
    for value, reason in refused:
        response = await ask(client, LIST, "GET", None, **{name: value})
        assert (response.status_code, response.json()) == (
            400,
            {
                "success": False,
                "error": f'Invalid {name} parameter provided: "{reason}" [error-invalid-{name}]',
                "errorType": f"error-invalid-{name}",
            },
        )


async def test_an_unknown_event_is_refused_with_the_known_ones(gateway: Gateway) -> None:
    known = '`"sendMessage"`, `"fileUploaded"`, `"roomArchived"`, `"roomCreated"`, `"roomJoined"`, `"roomLeft"`'
    reason = f'`event` takes {known}, `"userCreated"` or `"other"`'
    await expect_refusals(await gateway.client(), "query", [({"event": "slashCommand"}, reason)])


@pytest.mark.parametrize("name", ["query", "sort", "fields"])
async def test_a_text_that_is_no_json_is_refused(gateway: Gateway, name: str) -> None:
    client = await gateway.client()
    for text, reason in (
        ("{", "the text is not JSON in UTF-8: "),
        ('{"name": NaN}', "the text is not JSON in UTF-8: "),
        ('{"name": 1, "name": 1}', "the text has the key `name` twice in one object"),
        ('{"a":' * 100 + "1" + "}" * 100, "the text is nested deeper than 64 levels"),
    ):
        response = await client.http.get(LIST, params={name: text}, headers=get_credentials(client))
        assert (response.status_code, response.json()["errorType"]) == (400, f"error-invalid-{name}")
        assert response.json()["error"].startswith(f'Invalid {name} parameter provided: "{reason}')


@pytest.mark.parametrize(
    "query", [nest(5), {"name": {"$in": ["n"] * 497}}, {"name": {"$not": {"$not": {"$eq": "a"}}}}]
)
async def test_a_query_may_reach_each_limit(gateway: Gateway, query: Query) -> None:
    assert await list_ids(await gateway.client(), query=query) == []


def encode_lines(key: str) -> Callable[[Query], Any]:
    return lambda document: "".join(f"{json.dumps(text)}\n" for text in READERS[key](document))


SORTED_AS: dict[str, Callable[[Query], Any]] = {
    **READERS,
    "name": lambda document: fold(READERS["name"](document)),
    "username": lambda document: fold(READERS["username"](document) or ""),
    "event": lambda document: READERS["event"](document) or "",
    "userId": lambda document: READERS["userId"](document) or "",
    **{key: encode_lines(key) for key in ("channel", "urls")},
}


async def test_a_list_is_sorted_by_each_key(gateway: Gateway) -> None:
    documents = sorted(build_documents(), key=lambda document: document["_id"])
    await store(gateway.database, *map(webhook, documents))
    client = await gateway.client()
    for key, direction in itertools.product(KEYS, (1, -1)):
        expected = sorted(documents, key=SORTED_AS[key], reverse=direction < 0)
        found = await list_ids(client, sort={key: direction}, count=100)
        assert found == [document["_id"] for document in expected]


async def test_the_first_key_of_an_order_is_the_most_significant(gateway: Gateway) -> None:
    documents = build_documents()
    await store(gateway.database, *map(webhook, documents))
    expected = sorted(documents, key=lambda document: document["_id"], reverse=True)
    expected.sort(key=SORTED_AS["enabled"])
    expected.sort(key=SORTED_AS["type"], reverse=True)
    found = await list_ids(await gateway.client(), sort={"type": -1, "enabled": 1, "_id": -1}, count=100)
    assert found == [document["_id"] for document in expected]


async def test_a_wrong_order_is_refused(gateway: Gateway) -> None:
    refused: list[tuple[Any, str]] = [
        ([], "`sort` takes a JSON object"),
        ({"token": 1}, f"`token` is no key to sort by; use {NAMES} or `_updatedAt`"),
        *(({"name": direction}, "`name` takes 1 or -1") for direction in (0, True, "asc", 1.0)),
    ]
    await expect_refusals(await gateway.client(), "sort", refused)


DOCUMENT: Query = {
    "name": "n",
    "_id": "w",
    "urls": ["u"],
    "_createdBy": {"username": "ada", "_id": "a"},
    "steps": [{"a": 1, "b": [{"c": 1, "d": 2}]}, 5, {"b": None}],
}


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, DOCUMENT),
        ({"name": 1}, {"name": "n", "_id": "w"}),
        ({"urls": 1, "name": 1, "_id": 0}, {"name": "n", "urls": ["u"]}),
        ({"_id": 1}, {"_id": "w"}),
        ({"_id": 0}, {key: value for key, value in DOCUMENT.items() if key != "_id"}),
        ({"_createdBy.username": 1}, {"_id": "w", "_createdBy": {"username": "ada"}}),
        ({"_createdBy._id": 1, "_createdBy.username": 1}, {"_id": "w", "_createdBy": DOCUMENT["_createdBy"]}),
        ({"name.inner": 1, "missing": 1}, {"_id": "w"}),
        ({"steps.b.c": 1, "_id": 0}, {"steps": [{"b": [{"c": 1}]}, {}]}),
        (
            {"steps": 0, "_createdBy.username": 0, "name.inner": 0},
            {**DOCUMENT, "_createdBy": {"_id": "a"}, "steps": 0},
        ),
        ({"steps.b.c": 0, "_id": 1}, {**DOCUMENT, "steps": [{"a": 1, "b": [{"d": 2}]}, 5, {"b": None}]}),
    ],
)
def test_a_projection_shows_the_parts_of_its_paths(fields: Any, shown: Query) -> None:
    if fields.get("steps") == 0:
        shown = {key: value for key, value in shown.items() if key != "steps"}
    assert json.dumps(Projection(fields).apply(DOCUMENT)) == json.dumps(shown)


async def test_fields_narrow_each_document_of_a_list(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "name": "n", "token": "t", "_createdBy": {"_id": "a"}}))
    client = await gateway.client()
    for fields, shown in (
        ({"token": 1, "_createdBy._id": 1}, {"_id": "w", "token": "t", "_createdBy": {"_id": "a"}}),
        ({"token": 0, "type": 0}, {"_id": "w", "name": "n", "_createdBy": {"_id": "a"}}),
    ):
        assert (await ask(client, LIST, fields=fields)).json()["integrations"] == [shown]


PATH, COLLISION = "is no path; write keys with a dot between them", "is a part of another path, or contains it"


async def test_wrong_fields_are_refused(gateway: Gateway) -> None:
    refused: list[tuple[Any, str]] = [
        ([], "`fields` takes a JSON object"),
        ({"name": 2}, "`name` takes 1 or 0"),
        ({"name": True}, "`name` takes 1 or 0"),
        ({"name": 1, "urls": 0}, "`fields` takes 1 for each path, or 0 for each; only `_id` may differ"),
        ({"a..b": 1}, f"`a..b` {PATH}"),
        ({"": 1}, f"`` {PATH}"),
        ({"a.$": 1}, f"`a.$` {PATH}"),
        ({"a": 1, "a.b": 1}, f"`a.b` {COLLISION}; use one of them"),
        ({"a.b": 0, "a": 0}, f"`a` {COLLISION}; use one of them"),
    ]
    await expect_refusals(await gateway.client(), "fields", refused)


def test_a_document_without_its_secrets_keeps_all_other_keys() -> None:
    secrets = {"token": "t", "script": "s", "scriptCompiled": "c", "scriptError": None}
    assert hide_secrets({"_id": "w", **secrets, "scriptEnabled": True}) == {"_id": "w", "scriptEnabled": True}


def test_the_parameters_are_described_without_internal_defaults() -> None:
    described = ListParameters.model_json_schema()["properties"]
    assert {name: each.get("default") for name, each in described.items()} == {
        **dict.fromkeys(["sort", "query", "fields", "name", "type"]),
        "offset": 0,
        "count": 50,
    }
    assert all(each["description"] for each in described.values())
