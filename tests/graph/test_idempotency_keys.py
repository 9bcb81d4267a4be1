"""A mutation that is sent again with the same idempotency key is done once, and answered again."""

import re
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type
from httpx import Response
from sqlalchemy import select

from gateway.database.tables import Base
from gateway.domain.enums import UseCaseKey
from gateway.execution import get_graphql_schema
from gateway.schema import schema
from tests.support.examples import example
from tests.support.factories import connected, record, store, use_case, use_case_group
from tests.support.gateway import OTHER_TEAM, TEAM, Gateway
from tests.support.idempotency import CREATE, get_data, is_replay, list_entries, list_names, send
from tests.support.operations import select_everything

MUTATIONS = {
    "createIntegration": '(input: {connected: {name: "new", provider: GOOGLE, accessToken: "secret-token"}})',
    "updateIntegration": '(id: "i", input: {connected: {name: "renamed"}}, expectedVersion: 1)',
    "deleteIntegration": '(id: "i")',
    "upsertUseCaseGroup": '(provider: MICROSOFT, input: {name: "new", useCases: [{useCase: LAB_REMINDER}]})',
    "deleteUseCaseGroup": '(id: "g")',
    "updateUseCase": '(id: "u", input: {displayName: "renamed"}, expectedVersion: 1)',
    "deleteUseCase": '(id: "u")',
    "upsertResourceRecords": """(integrationId: "i", records: [
      {config: {appointment: {source: "new"}}},
      {logicalId: "resource_record_r", createdAt: "2025-03-09T08:00:00Z", config: {appointment: {source: "web"}}}
    ])""",
    "deleteResourceRecords": '(integrationId: "i", ids: ["r"])',
    "importIntegration": "(document: $document, mode: CREATE)",
}
"""The arguments of each mutation."""

PAYLOADS = get_graphql_schema(schema).mutation_type
assert PAYLOADS is not None


async def store_clinic(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"), use_case_group("g", "i"))
    await store(
        gateway.database,
        use_case("u", "i", group=("g", UseCaseKey.BILLING_REMINDER)),
        use_case("v", "i", group=("g", UseCaseKey.LAB_REMINDER)),
        record("r", "i"),
    )


def build_mutation(name: str, levels: int = 4) -> str:
    """Return a mutation that selects everything below it."""
    assert PAYLOADS is not None
    payload = get_named_type(PAYLOADS.fields[name].type)
    assert isinstance(payload, GraphQLObjectType)
    selection = select_everything(get_graphql_schema(schema), payload, levels)
    declared = "($document: JSON!)" if "$document" in MUTATIONS[name] else ""
    return f"mutation {declared} {{ {name}{MUTATIONS[name]} {selection} }}"


def get_variables(name: str) -> dict[str, object]:
    return {"document": example("export.response")} if "$document" in MUTATIONS[name] else {}


def get_without_instants(response: Response) -> str:
    """Return the body without the instants of reading."""
    return re.sub(r'"asOf":"[^"]+"', "", response.text)


async def read_everything(gateway: Gateway) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of all tables, except for the log of secrets that were read."""
    async with gateway.read() as session:
        return {
            table.name: sorted((tuple(row) for row in await session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name != "audit_entry"
        }


def test_each_mutation_of_the_schema_is_tested() -> None:
    assert PAYLOADS is not None
    assert PAYLOADS.fields.keys() == MUTATIONS.keys()


@pytest.mark.parametrize("name", MUTATIONS)
async def test_each_mutation_is_done_once_and_answered_again(gateway: Gateway, name: str) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    first = await send(client, build_mutation(name), **get_variables(name))
    assert first.json()["data"][name]["errors"] == []
    assert not is_replay(first)
    stored = await read_everything(gateway)
    again = await send(client, build_mutation(name), **get_variables(name))
    assert get_without_instants(again) == get_without_instants(first)
    assert is_replay(again)
    assert await read_everything(gateway) == stored
    assert len(stored["idempotency_entry"]) == 1


async def test_a_replay_answers_another_selection_under_another_name(gateway: Gateway) -> None:
    client = await gateway.client()
    created = (await get_data(client, CREATE))["createIntegration"]["integration"]
    query = 'mutation { renamed: createIntegration(input: {connected: {provider: GOOGLE, name: "n"}}) '
    query += "{ integration { id version kind nodeId } } }"
    response = await send(client, query)
    assert is_replay(response)
    found = response.json()["data"]["renamed"]["integration"]
    assert (found["id"], found["version"], found["kind"]) == (created["id"], 1, "CONNECTED")
    assert await list_names(gateway) == ["n"]


@pytest.mark.parametrize(
    "query",
    [
        'mutation { createIntegration(input: {connected: {name: "m", provider: GOOGLE}}) { errors { code } } }',
        CREATE.replace("provider: GOOGLE", 'provider: GOOGLE, accessToken: "t"'),
        'mutation { deleteIntegration(id: "n") { errors { code } } }',
        CREATE.replace(
            'mutation ($name: String! = "n") {',
            'mutation ($name: String! = "n") { deleteIntegration(id: "n") { errors { code } }',
        ),
        CREATE.removesuffix("}") + 'deleteIntegration(id: "n") { errors { code } } }',
    ],
    ids=["value", "argument", "mutation", "one more before", "one more after"],
)
async def test_the_same_key_with_another_request_is_refused(gateway: Gateway, query: str) -> None:
    client = await gateway.client()
    await get_data(client, CREATE)
    stored = await read_everything(gateway)
    for accept in ("application/json", "application/graphql-response+json"):
        response = await client.send(query, {}, {"Idempotency-Key": "key", "Accept": accept})
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert error["message"] == (
            "This `Idempotency-Key` was sent before with other mutations or arguments; nothing was changed. "
            "Send a new key with each new request."
        )
        assert "data" not in response.json()
        assert "Retry-After" not in response.headers
    assert await read_everything(gateway) == stored


async def test_literals_variables_and_defaults_with_one_value_are_the_same_request(gateway: Gateway) -> None:
    client = await gateway.client()
    await get_data(client, CREATE, name="n")
    literal = 'connected: {provider: GOOGLE, timezone: "UTC", access: TEAM, name: "n"}'
    for query, variables in (
        (CREATE, {}),
        (f"mutation {{ createIntegration(input: {{{literal}}}) {{ errors {{ code }} }} }}", {}),
        (
            "mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { errors { code } } }",
            {"input": {"connected": {"name": "n", "provider": "GOOGLE"}}},
        ),
    ):
        assert is_replay(await send(client, query, **variables))


async def test_instants_in_records_are_the_same_request_as_literals_and_as_variables(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    client = await gateway.client()
    payload = "{ records { outcome record { id createdAt } } errors { code } }"
    literal = '[{createdAt: "2025-03-09T10:00:00+02:00", config: {appointment: {start: "2025-03-10T08:00:00Z"}}}]'
    query = f'mutation {{ upsertResourceRecords(integrationId: "i", records: {literal}) {payload} }}'
    first = await get_data(client, query)
    query = "mutation ($records: [ResourceRecordInput!]!) { "
    query += f'upsertResourceRecords(integrationId: "i", records: $records) {payload} }}'
    config = {"appointment": {"start": "2025-03-10T08:00:00.000Z"}}
    records = [{"createdAt": "2025-03-09T08:00:00.000Z", "config": config}]
    response = await send(client, query, records=records)
    assert is_replay(response)
    assert response.json()["data"] == first


async def test_of_several_mutations_those_that_were_done_are_replayed(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    client = await gateway.client()
    query = """mutation {
      first: createIntegration(input: {connected: {name: "a", provider: GOOGLE}}) { integration { id } }
      second: deleteIntegration(id: "i", expectedVersion: 2) { deletedIds errors { code } }
      third: createIntegration(input: {connected: {name: "c", provider: GOOGLE}}) { integration { id } }
    }"""
    first = await get_data(client, query)
    assert first["second"] == {"deletedIds": [], "errors": [{"code": "VERSION_CONFLICT"}]}
    assert [entry.position for entry in await list_entries(gateway)] == [0, 2]
    await client.data(
        'mutation { updateIntegration(id: "i", input: {connected: {name: "i2"}}) { errors { code } } }'
    )
    again = await send(client, query)
    assert is_replay(again)
    assert again.json()["data"] == {**first, "second": {"deletedIds": ["i"], "errors": []}}
    assert (await get_data(client, query))["second"] == {"deletedIds": ["i"], "errors": []}
    assert await list_names(gateway) == ["a", "c"]
    assert [entry.position for entry in await list_entries(gateway)] == [0, 1, 2]


async def test_a_refused_mutation_leaves_its_key_free(gateway: Gateway) -> None:
    client = await gateway.client()
    refused = (await get_data(client, CREATE, name=" "))["createIntegration"]
    assert refused == {"integration": None, "errors": [{"code": "REQUIRED"}]}
    assert await list_entries(gateway) == []
    response = await send(client, CREATE, name="n")
    assert not is_replay(response)
    assert await list_names(gateway) == ["n"]


async def test_a_dry_run_leaves_its_key_free(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    client = await gateway.client()
    query = """mutation ($dry: Boolean!) {
      upsertUseCaseGroup(provider: MICROSOFT, input: {name: "n"}, dryRun: $dry) { outcome group { slug } }
    }"""
    for dry, replayed in ((True, False), (True, False), (False, False), (False, True)):
        response = await send(client, query, dry=dry)
        assert response.json()["data"]["upsertUseCaseGroup"] == {"outcome": "CREATED", "group": {"slug": "n"}}
        assert is_replay(response) is replayed


async def test_keys_of_other_api_keys_and_teams_are_other_keys(gateway: Gateway) -> None:
    clients = [await gateway.client(), await gateway.client(), await gateway.client(OTHER_TEAM)]
    for number, client in enumerate(clients):
        assert not is_replay(await send(client, CREATE, name=str(number)))
    for number, client in enumerate(clients):
        response = await send(client, CREATE, name=str(number))
        assert is_replay(response)
        assert response.json()["data"]["createIntegration"]["integration"]["name"] == str(number)
    assert await list_names(gateway) == ["0", "1", "2"]


async def test_a_mutation_without_a_key_stores_no_entry(gateway: Gateway) -> None:
    client = await gateway.client()
    assert await client.data(CREATE) != await client.data(CREATE)
    assert await list_entries(gateway) == []
    assert await list_names(gateway) == ["n", "n"]
    assert client.viewer.team_id == TEAM
