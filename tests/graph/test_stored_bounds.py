"""Bounds of stored lists, texts and documents in mutations, and the number of problems that are listed."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.domain.bounds import MAX_DOCUMENT_BYTES, is_blank
from gateway.domain.lenient_reading import Json
from gateway.schema.payloads import MAX_ERRORS
from tests.graph.test_use_case_changes import update as update_use_case
from tests.support.examples import export
from tests.support.factories import connected, store, use_case, user, webhook
from tests.support.gateway import USER, Client, Gateway
from tests.support.importing import count_document_rows, get_problems, import_document
from tests.support.integration_operations import create, read_integrations, update
from tests.support.upserts import upsert as upsert_group

LINK = "https://clinic.example/"
WEBHOOK: dict[str, Json] = {
    "name": "n",
    "username": USER,
    "channel": ["#a"],
    "enabled": True,
    "scriptEnabled": False,
    "event": "SEND_MESSAGE",
    "urls": [LINK],
}
RECORDS = """mutation ($records: [ResourceRecordInput!]!) {
  upsertResourceRecords(integrationId: "i", records: $records) { errors { code message path } } }"""


def make_long_link(length: int) -> str:
    return LINK.ljust(length, "a")


def list_problems(payload: Mapping[str, Any], depth: int) -> list[tuple[str, str]]:
    """Return the code of each error, and its path without the first keys."""
    return [(error["code"], ".".join(error["path"][depth:])) for error in payload["errors"]]


LARGEST: dict[str, Json] = {
    "name": "n" * 256,
    "username": "u" * 256,
    "alias": "a" * 256,
    "channel": [*["#a"] * 199, "#" + "c" * 255],
    "urls": [make_long_link(2048), *[LINK] * 199],
    "triggerWords": [*["w" * 256] * 200],
    "script": "s" * 65_536,
    "avatar": make_long_link(2048),
    "token": "t" * 256,
}


async def test_a_webhook_may_be_as_large_as_its_bounds(gateway: Gateway) -> None:
    await store(gateway.database, user("u", "u" * 256))
    created = await create(await gateway.client(), outgoingWebhook={**WEBHOOK, **LARGEST})
    assert created["errors"] == []
    assert created["integration"]["channel"] == LARGEST["channel"]


async def test_all_that_is_too_large_in_a_webhook_is_reported_at_once(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "type": "webhook-outgoing", "name": "w"}))
    client, before = await gateway.client(), await read_integrations(gateway)
    larger: dict[str, Json] = {key: f"{value}a" for key, value in LARGEST.items()}
    larger |= {"channel": ["#a"] * 201, "triggerWords": ["w"] * 201, "urls": [make_long_link(2049), LINK]}
    expected = {
        *(("INVALID", key) for key in ("name", "username", "alias", "script", "avatar", "token")),
        *(("TOO_MANY", key) for key in ("channel", "triggerWords")),
        ("INVALID", "urls.0"),
    }
    refusals = (
        await create(client, outgoingWebhook={**WEBHOOK, **larger}),
        await update(client, "w", outgoingWebhook=larger),
    )
    for refused in refusals:
        assert set(list_problems(refused, 2)) == expected
        assert len(refused["errors"]) == len(expected)
    messages = {error["message"] for error in refusals[0]["errors"]}
    assert "`channel` may have at most 200 entries, not 201." in messages
    assert "`script` must have at most 65536 characters, not 65537." in messages
    assert await read_integrations(gateway) == before


async def test_a_document_larger_than_one_row_may_be_is_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    urls = [make_long_link(2000 + number) for number in range(48)] * 3
    refused = await create(client, outgoingWebhook={**WEBHOOK, "urls": urls})
    assert list_problems(refused, 0) == [("INVALID", "input.outgoingWebhook")]
    assert f"at most {MAX_DOCUMENT_BYTES} bytes" in refused["errors"][0]["message"]
    assert await read_integrations(gateway) == []


async def test_a_stored_document_that_is_too_large_may_change_but_not_grow(gateway: Gateway) -> None:
    large = webhook({"_id": "w", "name": "w", "legacy": "x" * MAX_DOCUMENT_BYTES, "alias": "long"})
    await store(gateway.database, large)
    client = await gateway.client()
    assert (await update(client, "w", incomingWebhook={"alias": "a"}))["errors"] == []
    refused = await update(client, "w", incomingWebhook={"alias": "longer"})
    assert list_problems(refused, 0) == [("INVALID", "input.incomingWebhook")]


async def test_links_are_trimmed_and_a_space_in_one_is_refused_by_name(gateway: Gateway) -> None:
    await store(gateway.database, connected("i", config={"provider": "microsoft"}))
    client = await gateway.client()
    created = await create(client, outgoingWebhook={**WEBHOOK, "urls": [f"  {LINK}\n", " "]})
    assert created["integration"]["urls"] == [LINK]
    refused = await create(client, outgoingWebhook={**WEBHOOK, "urls": [LINK, f"{LINK}a b"]})
    assert [error["message"] for error in refused["errors"]] == [
        "A URL must not contain a space; write `%20` instead."
    ]
    group = await upsert_group(client, {"name": "g", "sheetLink": f" {LINK} "})
    assert (group["errors"], group["group"]["sheetLink"]) == ([], LINK)
    refused = await upsert_group(client, {"name": "g", "sheetLink": f"{LINK}a b"})
    assert [(error["message"], error["path"]) for error in refused["errors"]] == [
        ("`sheetLink` must not contain a space; write `%20` instead.", ["input", "sheetLink"])
    ]


BLANK = ["", " ", "\u200b", "\u2060\ufeff", "\u00ad", "\u3164", "\u2800\t", "\ufe0f", "\U000e0020", "\x01"]


@pytest.mark.parametrize("text", BLANK)
async def test_a_name_of_invisible_characters_is_blank(gateway: Gateway, text: str) -> None:
    refused = await create(await gateway.client(), incomingWebhook={**WEBHOOK_OF_CHANNEL, "name": text})
    assert list_problems(refused, 2) == [("REQUIRED", "name")]


WEBHOOK_OF_CHANNEL = {key: WEBHOOK[key] for key in ("name", "username", "channel", "enabled", "scriptEnabled")}


def test_a_name_with_a_visible_character_is_not_blank() -> None:
    assert not any(map(is_blank, ("a", "\u200ba", "é", "\u0301", "病院", "☺\ufe0f", "-")))


async def test_a_connected_integration_has_bounded_texts(gateway: Gateway) -> None:
    texts = {"name": 256, "scope": 4096, "tokenType": 256, "authUserName": 256, "accessToken": 16_384}
    given = {"provider": "MICROSOFT", **{key: "x" * (length + 1) for key, length in texts.items()}}
    client = await gateway.client()
    refused = await create(client, connected=given)
    assert sorted(list_problems(refused, 2)) == sorted(("INVALID", key) for key in texts)
    assert await read_integrations(gateway) == []
    assert (await create(client, connected={**given, **{k: "x" * n for k, n in texts.items()}}))["errors"] == []


ACTION: dict[str, Json] = {"actionType": "SMS", "templateName": "t", "context": "c"}


async def test_a_group_has_bounded_texts_and_lists(gateway: Gateway) -> None:
    await store(gateway.database, connected("i", config={"provider": "microsoft"}))
    actions: list[Json] = [{**ACTION, "day": number} for number in range(201)]
    wrong = {**ACTION, "templateName": "t" * 257, "context": "\u200b"}
    given = {
        "name": "n" * 257,
        "sheetLink": make_long_link(2049),
        "useCases": [
            {"useCase": "LAB_REMINDER", "actions": actions},
            {"useCase": "BILLING_REMINDER", "actions": [wrong]},
        ],
    }
    refused = await upsert_group(await gateway.client(), given)
    assert sorted(list_problems(refused, 1)) == [
        ("INVALID", "name"),
        ("INVALID", "sheetLink"),
        ("INVALID", "useCases.1.actions.0.templateName"),
        ("REQUIRED", "useCases.1.actions.0.context"),
        ("TOO_MANY", "useCases.0.actions"),
    ]


async def test_a_use_case_has_bounded_texts_and_lists(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    await store(gateway.database, use_case("u", "i"))
    client = await gateway.client()
    addresses: list[Json] = ["a@clinic.example"] * 201
    given = {
        "displayName": "n" * 257,
        "actions": [{**ACTION, "reportEmails": addresses}, {**ACTION, "context": "c" * 257, "daysWindow": 1}],
    }
    assert sorted(list_problems(await update_use_case(client, "u", given), 1)) == [
        ("INVALID", "actions.1.context"),
        ("INVALID", "displayName"),
        ("TOO_MANY", "actions.0.reportEmails"),
    ]
    long: list[Json] = ["a" * 240 + "@clinic.example"] * 200
    large = {"actions": [{**ACTION, "daysWindow": number, "reportEmails": long} for number in range(8)]}
    refused = await update_use_case(client, "u", large)
    assert list_problems(refused, 0) == [("INVALID", "input")]


async def upsert_records(client: Client, *configs: dict[str, Any]) -> Any:
    records = [{"config": config} for config in configs]
    return (await client.data(RECORDS, records=records))["upsertResourceRecords"]


async def test_records_have_bounded_texts_lists_and_documents(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    before = await count_document_rows(gateway)
    refused = await upsert_records(
        await gateway.client(),
        {"practitioner": {"name": "n" * 257, "languages": ["en"] * 201, "summary": "s" * 4097}},
        {"practitioner": {"name": "n", "workingHours": {"mon": [{"start": "08:00", "end": "09:00"}] * 201}}},
        {"patient": {"firstName": "\u2060", "lastName": "l" * 257}},
        {"other": {"type": "t", "raw": {"text": "x" * MAX_DOCUMENT_BYTES}}},
    )
    assert sorted(list_problems(refused, 1)) == [
        ("INVALID", "0.config.practitioner.name"),
        ("INVALID", "0.config.practitioner.summary"),
        ("INVALID", "2.config.patient.firstName"),
        ("INVALID", "2.config.patient.lastName"),
        ("INVALID", "3.config.other"),
        ("TOO_MANY", "0.config.practitioner.languages"),
        ("TOO_MANY", "1.config.practitioner.workingHours.mon"),
    ]
    assert await count_document_rows(gateway) == before


async def test_an_import_by_mutation_refuses_larger_rows(gateway: Gateway) -> None:
    document = export(1, 1)
    config = {"sheetLink": make_long_link(2049), "actions": [{"reportEmails": ["a@clinic.example"] * 201}]}
    document["use_cases"][0]["config"] = config
    document["resource_records"][0]["note"] = "x" * MAX_DOCUMENT_BYTES
    refused = await import_document(await gateway.client(), document)
    assert sorted(get_problems(refused)) == [
        ("INVALID", ["document", "resource_records", "0"]),
        ("INVALID", ["document", "use_cases", "0", "config", "sheetLink"]),
        ("TOO_MANY", ["document", "use_cases", "0", "config", "actions", "0", "reportEmails"]),
    ]
    assert await count_document_rows(gateway) == 0


async def test_a_payload_lists_a_limited_number_of_problems_and_counts_the_rest(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    refused = await upsert_records(await gateway.client(), *[{"organization": {"name": " "}}] * 300)
    assert len(refused["errors"]) == MAX_ERRORS
    assert refused["errors"][98]["path"] == ["records", "98", "config", "organization", "name"]
    assert refused["errors"][-1] == {
        "code": "TOO_MANY",
        "message": "201 more problems are left out; at most 100 entries are listed. Correct these first.",
        "path": [],
    }
    exact = await upsert_records(await gateway.client(), *[{"organization": {"name": " "}}] * MAX_ERRORS)
    assert {error["code"] for error in exact["errors"]} == {"INVALID"}
    assert len(exact["errors"]) == MAX_ERRORS
