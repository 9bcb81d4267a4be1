"""Creating webhooks."""

from datetime import datetime

import pytest

from gateway.domain.lenient_reading import Json
from tests.support.gateway import USER, Gateway
from tests.support.integration_operations import create, read_integrations, update

INCOMING: dict[str, Json] = {
    "name": "Reports",
    "username": USER,
    "channel": ["#general", "@somebody"],
    "enabled": True,
    "scriptEnabled": False,
}
OUTGOING: dict[str, Json] = {**INCOMING, "event": "SEND_MESSAGE", "urls": ["https://example.org/hook"]}


async def test_an_incoming_webhook_gets_a_token_from_the_server(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create(client, incomingWebhook=INCOMING)
    id, token = created["integration"].pop("id"), created["integration"].pop("token")
    assert created == {
        "errors": [],
        "integration": {
            "__typename": "IncomingWebhook",
            "kind": "INCOMING_WEBHOOK",
            "name": "Reports",
            "enabled": True,
            "version": 1,
            "createdBy": {"id": USER, "username": USER},
            "updatedBy": None,
            "username": USER,
            "userId": USER,
            "channel": ["#general", "@somebody"],
            "alias": None,
            "script": None,
            "scriptEnabled": False,
            "scriptCompiled": None,
            "overrideDestinationChannelEnabled": False,
        },
    }
    assert len(id) == 24
    assert len(token) == 48
    (row,) = await read_integrations(gateway)
    document = row["document"]
    at = document.pop("_createdAt")
    assert datetime.fromisoformat(at).tzinfo is not None
    assert document == {
        "_id": id,
        "type": "webhook-incoming",
        **INCOMING,
        "overrideDestinationChannelEnabled": False,
        "token": token,
        "userId": USER,
        "_createdBy": {"_id": USER, "username": USER},
        "_updatedAt": at,
    }


async def test_an_outgoing_webhook_gets_the_callers_token_and_the_defaults(gateway: Gateway) -> None:
    client = await gateway.client()
    settings: dict[str, Json] = {
        **OUTGOING,
        "channel": ["all_public_channels"],
        "urls": ["", "https://example.org/hook", "  "],
        "triggerWords": ["!gif", " ", ""],
        "token": "mine",
        "script": "class Script {}",
        "retryCount": None,
    }
    created = await create(client, outgoingWebhook=settings)
    del created["integration"]["id"]
    assert created == {
        "errors": [],
        "integration": {
            "__typename": "OutgoingWebhook",
            "kind": "OUTGOING_WEBHOOK",
            "name": "Reports",
            "enabled": True,
            "version": 1,
            "createdBy": {"id": USER, "username": USER},
            "updatedBy": None,
            "username": USER,
            "userId": USER,
            "channel": ["all_public_channels"],
            "alias": None,
            "script": "class Script {}",
            "scriptEnabled": False,
            "scriptCompiled": None,
            "token": "mine",
            "event": "SEND_MESSAGE",
            "urls": ["https://example.org/hook"],
            "triggerWords": ["!gif"],
            "triggerWordAnywhere": False,
            "targetRoom": None,
            "impersonateUser": False,
            "runOnEdits": True,
            "retryFailedCalls": True,
            "retryCount": 4,
            "retryDelay": "POWERS_OF_TEN",
        },
    }


async def test_trigger_words_are_stored_only_for_message_events(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create(client, outgoingWebhook={**OUTGOING, "triggerWords": ["gif"]})
    id = created["integration"]["id"]
    changed = await update(client, id, outgoingWebhook={"event": "FILE_UPLOADED"})
    assert changed["integration"]["triggerWords"] == []
    changed = await update(client, id, outgoingWebhook={"triggerWords": ["gif"]})
    assert (changed["integration"]["version"], changed["integration"]["triggerWords"]) == (2, [])
    changed = await update(client, id, outgoingWebhook={"event": "SEND_MESSAGE", "triggerWords": ["gif", ""]})
    assert (changed["integration"]["version"], changed["integration"]["triggerWords"]) == (3, ["gif"])


async def test_all_problems_are_reported_at_once(gateway: Gateway) -> None:
    client = await gateway.client()
    refused = await create(
        client,
        outgoingWebhook={
            **OUTGOING,
            "name": " ",
            "username": "u" * 257,
            "channel": ["#general", "general", "#", "all_direct_messages", ""],
            "event": "OTHER",
            "urls": [
                "ftp://example.org",
                "https://example.org",
                "http://",
                "https://exa mple.org",
                "javascript:x",
            ],
            "retryCount": -1,
        },
    )
    assert refused["integration"] is None
    assert [(error["code"], error["path"][2:]) for error in refused["errors"]] == [
        ("REQUIRED", ["name"]),
        ("INVALID", ["username"]),
        ("INVALID", ["channel", "1"]),
        ("INVALID", ["channel", "2"]),
        ("INVALID", ["channel", "4"]),
        ("INVALID", ["event"]),
        ("INVALID", ["urls", "0"]),
        ("INVALID", ["urls", "2"]),
        ("INVALID", ["urls", "3"]),
        ("INVALID", ["urls", "4"]),
        ("INVALID", ["retryCount"]),
    ]
    assert {tuple(error["path"][:2]) for error in refused["errors"]} == {("input", "outgoingWebhook")}
    assert await read_integrations(gateway) == []


@pytest.mark.parametrize(
    ("kind", "settings", "path"),
    [
        ("incomingWebhook", {**INCOMING, "channel": []}, "channel"),
        ("outgoingWebhook", {**OUTGOING, "channel": []}, "channel"),
        ("outgoingWebhook", {**OUTGOING, "event": "ROOM_JOINED", "channel": []}, "channel"),
        ("outgoingWebhook", {**OUTGOING, "urls": ["", " "]}, "urls"),
        ("outgoingWebhook", {**OUTGOING, "event": "USER_CREATED"}, "targetRoom"),
        ("outgoingWebhook", {**OUTGOING, "event": "USER_CREATED", "targetRoom": " "}, "targetRoom"),
    ],
)
async def test_the_fields_of_an_event_are_required(
    gateway: Gateway, kind: str, settings: dict[str, Json], path: str
) -> None:
    refused = await create(await gateway.client(), **{kind: settings})
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("REQUIRED", ["input", kind, path])]
    assert await read_integrations(gateway) == []


async def test_fields_that_an_event_does_not_use_are_optional(gateway: Gateway) -> None:
    client = await gateway.client()
    for event in ("ROOM_ARCHIVED", "ROOM_CREATED"):
        created = await create(client, outgoingWebhook={**OUTGOING, "event": event, "channel": []})
        assert created["errors"] == []
    created = await create(
        client, outgoingWebhook={**OUTGOING, "event": "USER_CREATED", "channel": [], "targetRoom": "#welcome"}
    )
    assert created["integration"]["targetRoom"] == "#welcome"


async def test_all_channels_are_for_outgoing_webhooks(gateway: Gateway) -> None:
    client = await gateway.client()
    refused = await create(client, incomingWebhook={**INCOMING, "channel": ["all_public_channels"]})
    assert [error["path"] for error in refused["errors"]] == [["input", "incomingWebhook", "channel", "0"]]
    assert await read_integrations(gateway) == []
