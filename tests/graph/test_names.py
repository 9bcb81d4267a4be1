"""Names, links and channels: what is invisible is blank, and what is ignored is trimmed."""

from typing import Any

import pytest

from tests.graph.test_use_case_changes import update as update_use_case
from tests.support.factories import connected, store, use_case, webhook
from tests.support.gateway import USER, Gateway
from tests.support.integration_operations import create, read_integrations, update
from tests.support.upserts import upsert as upsert_group

INVISIBLE = ["\u200b", "\u202e", "\u3164", "\u00ad", "\u2060", "\ufeff", " \u200b\t\ufeff"]
LINK = "https://clinic.example/a"
INCOMING = {"name": "n", "username": USER, "channel": ["#a"], "enabled": True, "scriptEnabled": False}
OUTGOING = {**INCOMING, "event": "SEND_MESSAGE", "urls": [LINK]}
CONNECTED = {"name": "n", "provider": "GOOGLE", "access": "TEAM", "timezone": "UTC"}
RECORDS = """mutation ($records: [ResourceRecordInput!]!) {
  upsertResourceRecords(integrationId: "i", records: $records) { errors { code path } } }"""


def list_paths(payload: Any) -> set[tuple[str, str]]:
    """Return the code of each error, and its path without `input`."""
    return {(error["code"], ".".join(error["path"][1:])) for error in payload["errors"]}


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
async def test_each_name_of_an_integration_must_be_visible(gateway: Gateway, text: str) -> None:
    await store(gateway.database, connected("i"), webhook({"_id": "in", "name": "in"}))
    await store(gateway.database, webhook({"_id": "out", "type": "webhook-outgoing", "name": "out"}))
    client, before = await gateway.client(), await read_integrations(gateway)
    names = {"name": text, "username": text, "channel": ["#" + text]}
    for member, id, values in (("incomingWebhook", "in", INCOMING), ("outgoingWebhook", "out", OUTGOING)):
        expected = {("REQUIRED", f"{member}.{key}") for key in ("name", "username")}
        expected |= {("INVALID", f"{member}.channel.0")}
        assert list_paths(await create(client, **{member: {**values, **names}})) == expected
        assert list_paths(await update(client, id, **{member: names})) == expected
    assert list_paths(await create(client, connected={**CONNECTED, "name": text})) == {
        ("REQUIRED", "connected.name")
    }
    assert list_paths(await update(client, "i", connected={"name": text})) == {("REQUIRED", "connected.name")}
    target = {**OUTGOING, "event": "USER_CREATED", "targetRoom": text}
    assert ("REQUIRED", "outgoingWebhook.targetRoom") in list_paths(await create(client, outgoingWebhook=target))
    urls = {**OUTGOING, "urls": [text]}
    assert list_paths(await create(client, outgoingWebhook=urls)) == {("REQUIRED", "outgoingWebhook.urls")}
    assert await read_integrations(gateway) == before


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
async def test_each_name_of_a_group_and_of_a_use_case_must_be_visible(gateway: Gateway, text: str) -> None:
    await store(gateway.database, connected("i", config={"provider": "microsoft"}))
    await store(gateway.database, use_case("u", "i"))
    client = await gateway.client()
    action = {"actionType": "SMS", "day": 1, "context": text, "templateName": text}
    group = {"name": text, "useCases": [{"useCase": "LAB_REMINDER", "actions": [action]}]}
    assert list_paths(await upsert_group(client, group)) == {
        ("REQUIRED", "name"),
        ("REQUIRED", "useCases.0.actions.0.context"),
        ("REQUIRED", "useCases.0.actions.0.templateName"),
    }
    assert list_paths(await update_use_case(client, "u", {"displayName": text})) == {("REQUIRED", "displayName")}


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
async def test_each_name_of_a_record_must_be_visible(gateway: Gateway, text: str) -> None:
    await store(gateway.database, connected("i"))
    expected: dict[str, dict[str, Any]] = {
        "practitioner": {
            "name": text,
            "languages": [text],
            "specialties": [{"name": text, "code": text}],
            "locations": [{"locationId": text, "locationName": text}],
        },
        "location": {"name": text},
        "patient": {"firstName": text, "lastName": text},
        "organization": {"name": text},
        "visitingReason": {"name": text, "code": text},
        "appointment": dict.fromkeys(
            ("patientName", "practitionerName", "locationName", "visitingReasonName"), text
        ),
        "other": {"type": text},
    }
    others: dict[str, dict[str, Any]] = {"appointment": {"bookingStatus": "SUCCESSFUL"}, "other": {"raw": {}}}
    records = [
        {"logicalId": text, "config": {member: {**others.get(member, {"status": "ACTIVE"}), **values}}}
        for member, values in expected.items()
    ]
    payload = (await (await gateway.client()).data(RECORDS, records=records))["upsertResourceRecords"]
    paths = {tuple(error["path"]) for error in payload["errors"]}
    for index, (member, values) in enumerate(expected.items()):
        start = ("records", str(index), "config", member)
        for key, value in values.items():
            if isinstance(value, str):
                assert (*start, key) in paths
            elif isinstance(value[0], str):
                assert (*start, key, "0") in paths
            else:
                assert {(*start, key, "0", inner) for inner in value[0]} <= paths
    assert ("records", "0", "logicalId") in paths


@pytest.mark.parametrize("text", [" ", "\u00a0", *INVISIBLE], ids=ascii)
async def test_links_are_trimmed_and_what_is_invisible_inside_is_named(gateway: Gateway, text: str) -> None:
    await store(gateway.database, connected("i", config={"provider": "microsoft"}))
    await store(gateway.database, use_case("u", "i"))
    client = await gateway.client()
    created = await create(client, outgoingWebhook={**OUTGOING, "urls": [f"{text}{LINK}{text}"]})
    assert (created["errors"], created["integration"]["urls"]) == ([], [LINK])
    group = await upsert_group(client, {"name": "g", "sheetLink": f"{text}{LINK}{text}"})
    assert (group["errors"], group["group"]["sheetLink"]) == ([], LINK)
    inside = f"{LINK}{text}b"
    if text.isspace() or text[0] == " ":
        fault = "must not contain a space; write `%20` instead."
    else:
        fault = f"must not contain the invisible character U+{ord(text):04X}; remove or percent-encode it."
    refused = await create(client, outgoingWebhook={**OUTGOING, "urls": [inside]})
    assert [error["message"] for error in refused["errors"]] == [f"A URL {fault}"]
    for payload in (
        await upsert_group(client, {"name": "g", "sheetLink": inside}),
        await update_use_case(client, "u", {"sheetLink": inside}),
    ):
        assert [error["message"] for error in payload["errors"]] == [f"`sheetLink` {fault}"]


@pytest.mark.parametrize("channel", ["#general,#random", "#general, @ada", ",", "general,"])
async def test_a_channel_with_a_comma_is_refused_with_a_hint(gateway: Gateway, channel: str) -> None:
    client = await gateway.client()
    for member, values in (("incomingWebhook", INCOMING), ("outgoingWebhook", OUTGOING)):
        refused = await create(client, **{member: {**values, "channel": ["#a", channel]}})
        (error,) = refused["errors"]
        assert error["path"] == ["input", member, "channel", "1"]
        assert error["message"] == "A channel must not contain a comma; give each channel as an entry of its own."
    assert await read_integrations(gateway) == []
