"""OTHER is for reading: mutations refuse it, except to keep the word of a stored action."""

from typing import Any

from gateway.domain.lenient_reading import Json
from tests.graph.test_use_case_changes import update
from tests.support.factories import connected, store, use_case
from tests.support.gateway import Client, Gateway
from tests.support.integration_operations import CREATE
from tests.support.upserts import LAB, build_action, build_use_case, read_stored_rows, upsert, upsert_accepted

ACTION: dict[str, Json] = {"templateName": "Mail", "context": "reminder", "daysWindow": 7, "status": "active"}


def action(logical_id: str, word: Json, **keys: Json) -> dict[str, Json]:
    return {"logicalId": logical_id, "actionType": word, **ACTION, **keys}


def patch(type_: str, logical_id: str | None = None, **fields: object) -> dict[str, Any]:
    id = {} if logical_id is None else {"logicalId": logical_id}
    return {"actionType": type_, "templateName": "New", "context": "reminder", **id, **fields}


async def create_client(gateway: Gateway, *actions: Json) -> Client:
    await store(gateway.database, connected("i"))
    await store(gateway.database, use_case("u", "i", actions=[*actions]))
    return await gateway.client()


def list_refusals(payload: Any) -> list[tuple[str, str, str]]:
    return [(error["code"], ".".join(error["path"]), error["message"]) for error in payload["errors"]]


async def read_words(client: Client) -> list[str]:
    query = '{ integrationExport(integrationId: "i") { document } }'
    document = (await client.data(query))["integrationExport"]["document"]
    return [action["actionType"] for action in document["use_cases"][0]["config"]["actions"]]


async def test_a_use_case_with_actions_of_unknown_types_can_be_edited(gateway: Gateway) -> None:
    client = await create_client(
        gateway, action("a", "email"), action("b", "fax"), action("c", 5), action("d", "sms")
    )
    actions = [patch("OTHER", "a"), patch("OTHER", "b"), patch("OTHER", "c"), patch("SMS", "d"), patch("CALL")]
    payload = await update(client, "u", {"actions": actions})
    assert payload["errors"] == []
    stored = payload["useCase"]["config"]["actions"]
    assert [each["actionType"] for each in stored] == ["OTHER", "OTHER", "OTHER", "SMS", "CALL"]
    assert {each["templateName"] for each in stored} == {"New"}
    assert await read_words(client) == ["email", "fax", 5, "sms", "call"]


async def test_an_action_of_an_unknown_type_can_become_one_of_a_known_type(gateway: Gateway) -> None:
    client = await create_client(gateway, action("a", "email"))
    assert (await update(client, "u", {"actions": [patch("CALL", "a")]}))["errors"] == []
    assert await read_words(client) == ["call"]


async def test_other_is_refused_for_other_actions(gateway: Gateway) -> None:
    client = await create_client(gateway, action("a", "email"), action("d", "sms"), action("e", None))
    before = await read_stored_rows(gateway)
    actions = [patch("OTHER"), patch("OTHER", "d"), patch("OTHER", "e"), patch("OTHER", "a")]
    assert list_refusals(await update(client, "u", {"actions": actions})) == [
        ("INVALID", f"input.actions.{index}.actionType", "`actionType` cannot be OTHER. Choose one of SMS, CALL.")
        for index in (0, 1, 2)
    ]
    assert await read_stored_rows(gateway) == before


async def test_an_upsert_of_a_group_refuses_other(gateway: Gateway) -> None:
    client = await create_client(gateway)
    before = await read_stored_rows(gateway)
    input = {"name": "G", "useCases": [build_use_case(LAB, {**build_action(), "actionType": "OTHER"})]}
    action_type = ("INVALID", "input.useCases.0.actions.0.actionType")
    provider = ("INVALID", "provider", "`provider` cannot be OTHER. Choose one of MICROSOFT, GOOGLE.")
    message = "`actionType` cannot be OTHER. Choose one of SMS, CALL."
    assert list_refusals(await upsert(client, input)) == [(*action_type, message)]
    assert list_refusals(await upsert(client, input, provider="OTHER")) == [(*action_type, message), provider]
    assert await read_stored_rows(gateway) == before


async def test_an_integration_cannot_be_created_at_the_provider_other(gateway: Gateway) -> None:
    client = await gateway.client()
    input = {"connected": {"name": "I", "provider": "OTHER"}}
    payload = (await client.data(CREATE, input=input))["createIntegration"]
    assert list_refusals(payload) == [
        (
            "INVALID",
            "input.connected.provider",
            "`provider` cannot be OTHER. Choose one of MICROSOFT, GOOGLE.",
        )
    ]
    assert await client.data("{ integrations { totalCount } }") == {"integrations": {"totalCount": 0}}


async def test_an_integration_at_an_unknown_provider_keeps_its_word_when_it_changes(gateway: Gateway) -> None:
    await store(gateway.database, connected("i", config={"provider": "slack", "authType": "apiKey"}))
    client = await gateway.client()
    mutation = 'mutation { updateIntegration(id: "i", input: {connected: {name: "New"}}) { errors { code } } }'
    assert (await client.data(mutation))["updateIntegration"] == {"errors": []}
    query = (
        '{ integrationExport(integrationId: "i") { document } other: integrations(filter: {provider: [OTHER]}) '
    )
    found = await client.data(f"{query} {{ totalCount }} }}")
    integration = found["integrationExport"]["document"]["integration"]
    assert integration["config"] == {"provider": "slack", "authType": "apiKey"}
    assert found["other"]["totalCount"] == 1
    assert (await upsert_accepted(await create_second(gateway), {"name": "G"}))["group"]["integration"] == {
        "id": "m"
    }


async def create_second(gateway: Gateway) -> Client:
    """Add an integration at a known provider."""
    await store(gateway.database, connected("m"))
    return await gateway.client()
