"""`GET /api/v1/integrations.get` and `.list`, documents 4 and 5: answers, rights and parameters."""

import json
from typing import Any

import pytest

from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document, Json
from tests.support.examples import example
from tests.support.factories import connected, store, webhook
from tests.support.gateway import OTHER_TEAM, USER, Gateway
from tests.support.webhook_requests import (
    GET,
    LIST,
    MISSING,
    ask,
    get_credentials,
    import_webhooks,
    list_ids,
)

EXAMPLE = "659ea5e42dd9f928ada3e451"
MANAGE_WEBHOOKS = [
    Permission.MANAGE_INCOMING_INTEGRATIONS,
    Permission.MANAGE_OWN_INCOMING_INTEGRATIONS,
    Permission.MANAGE_OUTGOING_INTEGRATIONS,
    Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS,
]
INVALID_PARAMS = "invalid-params"
OWN: Document = {"_createdBy": {"_id": USER}}
THEIRS: Document = {"_createdBy": {"_id": "somebody"}}
FORBIDDEN = {
    "success": False,
    "error": "User does not have the permissions required for this action [error-unauthorized]",
}


async def store_webhooks(gateway: Gateway) -> None:
    """Store webhooks of both types and creators, and what Rocket.Chat's URLs do not show."""
    await store(
        gateway.database,
        webhook({"_id": "in-own", "name": "Lab", **OWN}),
        webhook({"_id": "in-theirs", "name": "lab 2", **THEIRS}),
        webhook(
            {"_id": "out-own", "type": "webhook-outgoing", "name": "Ward", "token": "t", "script": "s", **OWN}
        ),
        webhook({"_id": "out-theirs", "type": "webhook-outgoing", "name": "Y", **THEIRS}),
        webhook({"_id": "foreign", **OWN}, team_id=OTHER_TEAM),
        connected("account"),
        connected("shared", team_id=OTHER_TEAM, access="system"),
    )


async def test_the_imported_webhook_comes_back_key_for_key(gateway: Gateway) -> None:
    await import_webhooks(gateway, [example("integrations.get.response")["integration"]])
    response = await ask(await gateway.client(), GET, integrationId=EXAMPLE)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert json.dumps(response.json()) == json.dumps(example("integrations.get.response"))


async def test_the_imported_list_comes_back_key_for_key(gateway: Gateway) -> None:
    await import_webhooks(gateway, example("integrations.list.response")["integrations"])
    response = await ask(await gateway.client(), LIST, sort={"_updatedAt": 1})
    assert json.dumps(response.json()) == json.dumps(example("integrations.list.response"))


@pytest.mark.parametrize("parameters", [{}, {"integrationId": ""}, {"createdBy": USER}])
async def test_get_without_an_id_is_refused_as_the_document_says(
    gateway: Gateway, parameters: dict[str, Any]
) -> None:
    response = await ask(await gateway.client(), GET, **parameters)
    assert response.status_code == 400
    assert response.text == (
        """{"success":false,"error":"must have required property 'integrationId' [invalid-params]","""
        """"errorType":"invalid-params"}"""
    )


@pytest.mark.parametrize("path", [GET, LIST, "/api/v1/integrations.get?integrationId="])
async def test_a_request_without_a_key_gets_the_words_of_old_and_new_servers(gateway: Gateway, path: str) -> None:
    client = await gateway.client()
    credentials = get_credentials(client)
    for headers in (
        {},
        {"X-Auth-Token": client.key},
        {**credentials, "X-User-Id": "somebody"},
        {**credentials, "X-Auth-Token": "gw_unknown_key"},
        {"Authorization": f"Bearer {client.key}"},
        {"Cookie": "gateway_session=abc"},
    ):
        response = await client.http.get(path, headers=headers)
        assert response.status_code == 401
        assert response.text == (
            '{"success":false,"error":"You must be logged in to do this.","status":"error",'
            '"message":"You must be logged in to do this."}'
        )


async def test_what_is_not_there_has_the_same_bytes(gateway: Gateway) -> None:
    await store_webhooks(gateway)
    client = await gateway.client(permissions=[Permission.MANAGE_OWN_INCOMING_INTEGRATIONS])
    answers = [
        await ask(client, GET, integrationId=id)
        for id in ("nobody", "foreign", "account", "shared", "in-theirs", "out-own", "é", " ", "\x00", "x" * 65)
    ]
    answers += [await ask(client, GET, integrationId="in-own", createdBy=by) for by in ("somebody", "\x00", "é")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, answers[0].content)}
    assert answers[0].json() == MISSING
    everything = await gateway.client()
    answers += [await ask(everything, GET, integrationId=id) for id in ("account", "shared", "foreign")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, answers[0].content)}


async def test_get_needs_no_right_and_ignores_an_empty_creator_and_other_parameters(gateway: Gateway) -> None:
    await store_webhooks(gateway)
    without_rights = await gateway.client(permissions=[Permission.READ_RECORDS])
    response = await ask(without_rights, GET, integrationId="in-own")
    assert (response.status_code, response.json()) == (400, MISSING)
    client = await gateway.client(permissions=[Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS])
    further: list[dict[str, Any]] = [{}, {"createdBy": ""}, {"createdBy": USER}, {"further": "1"}]
    for parameters in further:
        answer = (await ask(client, GET, integrationId="out-own", **parameters)).json()
        assert (answer["integration"]["_id"], answer["integration"]["token"]) == ("out-own", "t")
        assert [*answer] == ["integration", "success"]


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ([Permission.ADMIN], {"in-own", "in-theirs", "out-own", "out-theirs"}),
        ([MANAGE_WEBHOOKS[0]], {"in-own", "in-theirs"}),
        ([MANAGE_WEBHOOKS[1]], {"in-own"}),
        ([MANAGE_WEBHOOKS[2], Permission.READ_INTEGRATIONS], {"out-own", "out-theirs"}),
        ([MANAGE_WEBHOOKS[3]], {"out-own"}),
        ([MANAGE_WEBHOOKS[1], MANAGE_WEBHOOKS[2]], {"in-own", "out-own", "out-theirs"}),
    ],
)
async def test_a_list_has_what_its_permissions_show(
    gateway: Gateway, permissions: list[Permission], expected: set[str]
) -> None:
    await store_webhooks(gateway)
    client = await gateway.client(permissions=permissions)
    assert {*await list_ids(client)} == expected
    everything: list[dict[str, Json]] = [{}, {"type": {"$exists": True}}, {"$or": [{"_id": {"$exists": True}}]}]
    for query in everything:
        assert {*await list_ids(client, query=query)} == expected
    assert await list_ids(client, query={"_id": {"$in": ["account", "shared", "foreign"]}}) == []
    for id in ("in-own", "in-theirs", "out-own", "out-theirs"):
        response = await ask(client, GET, integrationId=id)
        assert response.status_code == (200 if id in expected else 400)


async def test_a_list_needs_one_of_the_four_permissions_before_its_parameters_are_read(gateway: Gateway) -> None:
    client = await gateway.client(permissions=set(Permission) - {*MANAGE_WEBHOOKS, Permission.ADMIN})
    response = await ask(client, LIST, offset="x", further="1")
    assert (response.status_code, response.json()) == (403, FORBIDDEN)


@pytest.mark.parametrize("path", [GET, LIST])
async def test_a_widget_key_is_refused(gateway: Gateway, path: str) -> None:
    client = await gateway.client(permissions=[Permission.READ_STATISTICS])
    response = await ask(client, path, integrationId="a")
    assert (response.status_code, response.json()["error"]) == (401, "You must be logged in to do this.")


async def test_a_list_is_counted_and_paged(gateway: Gateway) -> None:
    await store(gateway.database, *(webhook({"_id": f"w{number:03}"}) for number in range(105)))
    client = await gateway.client()
    ids = [f"w{number:03}" for number in range(105)]
    pages: list[tuple[dict[str, Any], int, list[str]]] = [
        ({}, 0, ids[:50]),
        ({"count": 2}, 0, ids[:2]),
        ({"offset": 1, "count": 3}, 1, ids[1:4]),
        ({"offset": "", "count": "", "sort": "", "query": "", "fields": "", "name": "", "type": ""}, 0, ids[:50]),
        ({"offset": 104, "count": 100}, 104, ids[104:]),
        ({"offset": 10_000}, 10_000, []),
    ]
    for parameters, offset, shown in pages:
        response = await ask(client, LIST, **parameters)
        answer = response.json()
        assert [*answer] == ["integrations", "offset", "items", "total", "success"]
        assert [document["_id"] for document in answer.pop("integrations")] == shown
        assert answer == {"offset": offset, "items": len(shown), "total": 105, "success": True}
        assert "X-Clamped" not in response.headers
    for count in ("0", "101", "1" + "0" * 400):
        response = await ask(client, LIST, count=count)
        assert (response.json()["items"], response.headers["X-Clamped"]) == (100, "count=100")


async def test_the_last_changed_come_first_and_ties_are_broken_by_id(gateway: Gateway) -> None:
    await import_webhooks(
        gateway,
        [
            {"_id": id, "type": "webhook-incoming", "_updatedAt": f"2024-01-0{day}T00:00:00Z"}
            for id, day in (("b", 1), ("d", 2), ("a", 1), ("c", 2))
        ],
    )
    client = await gateway.client()
    assert await list_ids(client) == ["c", "d", "a", "b"]
    assert await list_ids(client, sort={}) == ["c", "d", "a", "b"]
    assert await list_ids(client, sort={"_updatedAt": 1}) == ["a", "b", "c", "d"]
    assert await list_ids(client, sort={"_updatedAt": -1, "_id": -1}) == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("parameters", "error", "type"),
    [
        ({"further": "1"}, "must NOT have additional properties", INVALID_PARAMS),
        ({"further": ""}, "must NOT have additional properties", INVALID_PARAMS),
        ({"further": "1", "query": "{"}, "must NOT have additional properties", INVALID_PARAMS),
        ({"offset": "-1"}, "`offset`: Input should be greater than or equal to 0", INVALID_PARAMS),
        ({"offset": "10001"}, "`offset`: Input should be less than or equal to 10000", INVALID_PARAMS),
        ({"count": "-1"}, "`count`: Input should be greater than or equal to 0", INVALID_PARAMS),
        (
            {"count": "ten"},
            "`count`: Input should be a valid integer, unable to parse string as an integer",
            INVALID_PARAMS,
        ),
        ({"type": "x"}, "`type`: Input should be 'webhook-incoming' or 'webhook-outgoing'", INVALID_PARAMS),
        ({"name": "\x00"}, "`name`: Text cannot hold U+0000 or half of a surrogate pair.", INVALID_PARAMS),
        ({"name": "n" * 1001}, "`name`: String should have at most 1000 characters", INVALID_PARAMS),
    ],
)
async def test_a_wrong_parameter_is_refused(
    gateway: Gateway, parameters: dict[str, Any], error: str, type: str
) -> None:
    response = await ask(await gateway.client(), LIST, **parameters)
    assert response.status_code == 400
    assert response.json() == {"success": False, "error": f"{error} [{type}]", "errorType": type}


@pytest.mark.parametrize(("path", "name"), [(GET, "integrationId"), (LIST, "offset")])
async def test_a_repeated_parameter_is_refused(gateway: Gateway, path: str, name: str) -> None:
    client = await gateway.client()
    response = await client.http.get(f"{path}?{name}=1&{name}=2", headers=get_credentials(client))
    error = f"`{name}`: Give it once [invalid-params]"
    assert (response.status_code, response.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"name": "LAB"}, ["in-own", "in-theirs"]),
        ({"name": "LAB", "query": {"name": {"$regex": "2$"}}}, ["in-theirs"]),
        ({"type": "webhook-outgoing"}, ["out-own", "out-theirs"]),
        ({"type": "webhook-outgoing", "query": {"type": "webhook-incoming"}}, []),
        ({"type": "webhook-outgoing", "name": "w", "query": {"_id": {"$exists": True}}}, ["out-own"]),
    ],
)
async def test_a_list_is_narrowed_by_name_and_type(
    gateway: Gateway, parameters: dict[str, Any], expected: list[str]
) -> None:
    await store_webhooks(gateway)
    assert await list_ids(await gateway.client(), sort={"_id": 1}, **parameters) == expected
