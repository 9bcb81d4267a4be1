"""Updating and deleting webhooks."""

import asyncio

import pytest

from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.examples import example
from tests.support.factories import connected, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway
from tests.support.integration_operations import delete, get_problems, read_integrations, update

OWN: dict[str, Json] = {"_createdBy": {"_id": USER, "username": USER}}


async def test_an_absent_field_keeps_its_value_and_null_clears_it(gateway: Gateway) -> None:
    legacy = example("integrations.list.response")["integrations"][0]
    await store(gateway.database, webhook({**legacy, "unknown": {"unchanged": True}}))
    client = await gateway.client()
    changed = await update(
        client, legacy["_id"], outgoingWebhook={"name": "Gifs", "alias": None, "avatar": None, "emoji": None}
    )
    assert changed["errors"] == []
    (row,) = await read_integrations(gateway)
    document = {**legacy, "unknown": {"unchanged": True}, "name": "Gifs"}
    del document["alias"], document["avatar"]
    assert row["version"] == 2
    assert row["name_key"] == "gifs"
    assert row["created_by"] == "R4jgcQaQhvvK6K3iY"
    assert row["document"] == {
        **document,
        "_updatedAt": row["document"]["_updatedAt"],
        "_updatedBy": {"_id": USER, "username": USER},
    }
    assert row["document"]["_updatedAt"] > legacy["_updatedAt"]


async def test_null_for_required_fields_is_reported_at_once(gateway: Gateway) -> None:
    stored = webhook({"_id": "w", "type": "webhook-outgoing", "event": "sendMessage", "channel": ["#a"]})
    await store(gateway.database, stored)
    before = await read_integrations(gateway)
    lasting = [
        "name",
        "username",
        "enabled",
        "scriptEnabled",
        "event",
        "triggerWordAnywhere",
        "impersonateUser",
        "runOnEdits",
        "retryFailedCalls",
    ]
    patch: dict[str, Json] = dict.fromkeys([*lasting, "urls"])
    refused = await update(await gateway.client(), "w", outgoingWebhook=patch)
    assert get_problems(refused) == [("REQUIRED", ["input", "outgoingWebhook", key]) for key in [*lasting, "urls"]]
    refused = await update(await gateway.client(), "w", outgoingWebhook={"channel": None})
    assert get_problems(refused) == [("REQUIRED", ["input", "outgoingWebhook", "channel"])]
    assert await read_integrations(gateway) == before


async def test_a_blank_token_keeps_the_stored_one_and_null_clears_it(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "type": "webhook-outgoing", "token": "stored"}))
    client = await gateway.client()
    for blank in ("", "  "):
        unchanged = await update(client, "w", outgoingWebhook={"token": blank})
        assert (unchanged["integration"]["token"], unchanged["integration"]["version"]) == ("stored", 1)
    cleared = await update(client, "w", outgoingWebhook={"token": None})
    assert (cleared["integration"]["token"], cleared["integration"]["version"]) == (None, 2)


async def test_a_change_that_changes_nothing_writes_nothing(gateway: Gateway) -> None:
    document: dict[str, Json] = {"_id": "w", "name": "n", "enabled": True, "channel": ["#a"], "alias": None, **OWN}
    await store(gateway.database, webhook(document))
    before = await read_integrations(gateway)
    patch: dict[str, Json] = {"name": "n", "enabled": True, "channel": ["#a"], "alias": None, "avatar": None}
    same = await update(await gateway.client(), "w", incomingWebhook=patch)
    assert (same["errors"], same["integration"]["version"]) == ([], 1)
    assert await read_integrations(gateway) == before


async def test_a_new_script_deletes_the_compiled_script(gateway: Gateway) -> None:
    await store(
        gateway.database,
        webhook({"_id": "w", "script": "a", "scriptCompiled": "A", "scriptError": {"name": "x"}}),
    )
    client = await gateway.client()
    unchanged = await update(client, "w", incomingWebhook={"script": "a", "name": "n"})
    assert unchanged["integration"]["scriptCompiled"] == "A"
    await update(client, "w", incomingWebhook={"script": "b"})
    (row,) = await read_integrations(gateway)
    assert row["document"].keys() & {"script", "scriptCompiled", "scriptError"} == {"script"}


async def test_a_new_event_requires_its_fields(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "type": "webhook-outgoing", "event": "roomCreated"}))
    client = await gateway.client()
    assert get_problems(await update(client, "w", outgoingWebhook={"event": "SEND_MESSAGE"})) == [
        ("REQUIRED", ["input", "outgoingWebhook", "channel"])
    ]
    assert get_problems(await update(client, "w", outgoingWebhook={"event": "USER_CREATED"})) == [
        ("REQUIRED", ["input", "outgoingWebhook", "targetRoom"])
    ]
    assert get_problems(await update(client, "w", outgoingWebhook={"enabled": True})) == []


async def test_the_kind_never_changes(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w"}), connected("c"))
    before = await read_integrations(gateway)
    client = await gateway.client()
    for id, patch, kind, right in [
        ("w", "outgoingWebhook", "INCOMING_WEBHOOK", "incomingWebhook"),
        ("w", "connected", "INCOMING_WEBHOOK", "incomingWebhook"),
        ("c", "incomingWebhook", "CONNECTED", "connected"),
    ]:
        message = f"The kind of this integration is {kind} and cannot change: give `{right}`."
        assert await update(client, id, **{patch: {"name": "n"}}) == {
            "integration": None,
            "errors": [{"code": "INVALID", "message": message, "path": ["input", patch]}],
        }
    assert await read_integrations(gateway) == before


async def test_an_unexpected_version_is_refused(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w"}))
    before = await read_integrations(gateway)
    client = await gateway.client()
    conflict = [
        {
            "code": "VERSION_CONFLICT",
            "message": "The current version is 1, not 2: read it again, then repeat the change.",
            "path": ["expectedVersion"],
        }
    ]
    assert await update(client, "w", 2, incomingWebhook={"name": "n"}) == {"integration": None, "errors": conflict}
    assert await delete(client, "w", 2) == {"deletedIds": [], "errors": conflict}
    assert await read_integrations(gateway) == before
    assert (await update(client, "w", 1, incomingWebhook={"name": "n"}))["integration"]["version"] == 2
    assert await delete(client, "w", 2) == {"deletedIds": ["w"], "errors": []}


async def test_of_two_changes_of_one_version_one_is_refused(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w"}))
    client = await gateway.client()
    names = [f"name {number}" for number in range(8)]
    answers = await asyncio.gather(*(update(client, "w", 1, incomingWebhook={"name": name}) for name in names))
    refused = [get_problems(answer) for answer in answers if answer["integration"] is None]
    assert refused == [[("VERSION_CONFLICT", ["expectedVersion"])]] * 7
    assert [row["version"] for row in await read_integrations(gateway)] == [2]


@pytest.mark.parametrize(
    ("permissions", "reached", "denied"),
    [
        ([Permission.MANAGE_INCOMING_INTEGRATIONS], {"in.own", "in.other"}, {"outgoingWebhook"}),
        ([Permission.MANAGE_OWN_INCOMING_INTEGRATIONS], {"in.own"}, {"outgoingWebhook"}),
        ([Permission.MANAGE_OUTGOING_INTEGRATIONS], {"out.own", "out.other"}, {"incomingWebhook"}),
        ([Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS], {"out.own"}, {"incomingWebhook"}),
        (
            [Permission.MANAGE_OWN_INCOMING_INTEGRATIONS, Permission.MANAGE_OUTGOING_INTEGRATIONS],
            {"in.own", "out.own", "out.other"},
            set(),
        ),
        (
            [Permission.READ_INTEGRATIONS, Permission.WRITE_INTEGRATIONS],
            set(),
            {"incomingWebhook", "outgoingWebhook"},
        ),
    ],
)
async def test_a_webhook_that_the_viewer_may_not_change_is_not_found(
    gateway: Gateway, permissions: list[Permission], reached: set[str], denied: set[str]
) -> None:
    other: dict[str, Json] = {"_createdBy": {"_id": "somebody.else"}}
    documents: dict[str, dict[str, Json]] = {
        "in.own": {"_id": "in.own", **OWN},
        "in.other": {"_id": "in.other", **other},
        "out.own": {"_id": "out.own", "type": "webhook-outgoing", **OWN},
        "out.other": {"_id": "out.other", "type": "webhook-outgoing", **other},
    }
    await store(
        gateway.database,
        *(webhook(document) for document in documents.values()),
        *(webhook({**document, "_id": f"far.{id}"}, team_id=OTHER_TEAM) for id, document in documents.items()),
    )
    before = {row["id"]: row for row in await read_integrations(gateway)}
    client = await gateway.client(permissions=permissions)
    for id in [*documents, *(f"far.{id}" for id in documents), "missing"]:
        patch = "incomingWebhook" if "in." in id else "outgoingWebhook"
        changed = await update(client, id, **{patch: {"enabled": True}})
        deleted = await delete(client, id)
        if id in reached:
            assert changed["integration"]["enabled"] is True
            assert deleted == {"deletedIds": [id], "errors": []}
            del before[id]
            continue
        assert get_problems(changed) == ([("FORBIDDEN", [])] if patch in denied else [("NOT_FOUND", ["id"])])
        assert (deleted["deletedIds"], get_problems(deleted)) == ([], [("NOT_FOUND", ["id"])])
    assert {row["id"]: row for row in await read_integrations(gateway)} == before
    assert all(row["team_id"] in (TEAM, OTHER_TEAM) for row in before.values())
