"""What a repeated mutation answers: ids and outcomes of the first time, with the rows as they are now."""

from typing import Any

from sqlalchemy import String, func, select, update

from gateway.database.rows import get_columns
from gateway.database.tables import ApiKey, IdempotencyEntry, Integration
from gateway.domain.enums import IntegrationAccess, Permission
from tests.graph.test_idempotency_keys import build_mutation, store_clinic
from tests.support.factories import connected, store
from tests.support.gateway import Gateway
from tests.support.idempotency import CREATE, get_data, list_entries
from tests.support.sessions import open_session


async def test_a_replay_shows_rows_as_they_are_now(gateway: Gateway) -> None:
    client = await gateway.client()
    created = (await get_data(client, CREATE))["createIntegration"]["integration"]
    rename = "mutation ($id: ID!, $name: String!) { updateIntegration(id: $id, input: {connected: {name: $name}}) "
    await client.data(rename + "{ errors { code } } }", id=created["id"], name="later")
    assert (await get_data(client, CREATE))["createIntegration"]["integration"] == {**created, "name": "later"}


async def test_a_replay_shows_nothing_that_was_deleted_since(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    group = """mutation { upsertUseCaseGroup(
      provider: MICROSOFT, input: {groupId: "g", name: "n", useCases: [{useCase: LAB_REMINDER, enabled: false}]}
    ) { outcome group { id } useCases { outcome changedPaths useCase { id } } errors { code } } }"""
    records = """mutation { upsertResourceRecords(integrationId: "i", records: [
      {logicalId: "a", config: {appointment: {}}}, {logicalId: "b", config: {appointment: {}}}
    ]) { records { outcome record { id logicalId } } errors { code } } }"""
    upserted = (await get_data(client, group, "group"))["upsertUseCaseGroup"]
    first, second = (await get_data(client, records, "records"))["upsertResourceRecords"]["records"]
    await client.data('mutation { deleteUseCase(id: "v") { deletedIds } }')
    delete = 'mutation ($ids: [ID!]!) { deleteResourceRecords(integrationId: "i", ids: $ids) { deletedIds } }'
    await client.data(delete, ids=[first["record"]["id"]])
    found = (await get_data(client, group, "group"))["upsertUseCaseGroup"]
    assert found["useCases"] == [each for each in upserted["useCases"] if each["useCase"]["id"] != "v"]
    assert len(found["useCases"]) == len(upserted["useCases"]) - 1
    assert {**found, "useCases": []} == {**upserted, "useCases": []}
    found = (await get_data(client, records, "records"))["upsertResourceRecords"]
    assert found == {"records": [second], "errors": []}
    await client.data('mutation { deleteIntegration(id: "i") { deletedIds } }')
    found = (await get_data(client, group, "group"))["upsertUseCaseGroup"]
    assert found == {"outcome": "UPDATED", "group": None, "useCases": [], "errors": []}


async def test_a_replay_shows_what_the_viewer_may_see_now(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client(permissions=[Permission.WRITE_INTEGRATIONS, Permission.WRITE_RECORDS])
    queries = {
        "integration": 'mutation { updateIntegration(id: "i", input: {connected: {name: "n"}}) '
        "{ integration { id } } }",
        "useCase": 'mutation { updateUseCase(id: "u", input: {displayName: "n"}) { useCase { id } } }',
        "records": 'mutation { upsertResourceRecords(integrationId: "i", records: [{config: {appointment: {}}}]) '
        "{ records { outcome } } }",
    }

    async def send_all() -> list[Any]:
        answers = [await get_data(client, query, key) for key, query in queries.items()]
        return [payload for answer in answers for payload in answer.values()]

    before = await send_all()
    assert before == [
        {"integration": {"id": "i"}},
        {"useCase": {"id": "u"}},
        {"records": [{"outcome": "CREATED"}]},
    ]
    assert await send_all() == before
    async with open_session(gateway.database) as session:
        await session.execute(update(ApiKey).values(permissions=[Permission.READ_SECRETS.value]))
    assert await send_all() == [{"integration": None}, {"useCase": None}, {"records": []}]
    async with open_session(gateway.database) as session:
        await session.execute(update(ApiKey).values(permissions=[Permission.WRITE_INTEGRATIONS.value]))
    assert await send_all() == [*before[:2], {"records": []}]
    async with open_session(gateway.database) as session:
        await session.execute(update(Integration).values(access=IntegrationAccess.PERSONAL, created_by="another"))
    assert await send_all() == [{"integration": None}, {"useCase": None}, {"records": []}]


async def test_neither_the_key_nor_an_argument_can_be_read_in_the_table(gateway: Gateway) -> None:
    client = await gateway.client()
    query = build_mutation("createIntegration", 1)
    await get_data(client, query, "a-key-of-the-client")
    (entry,) = await list_entries(gateway)
    columns = {column.name: str(getattr(entry, column.name)) for column in get_columns(IdempotencyEntry)}
    assert not [value for value in columns.values() if "client" in value or "secret" in value or "new" in value]
    # Another key gives another digest of the same request: it cannot be computed from the request alone.
    await get_data(client, query, "another")
    first, second = await list_entries(gateway)
    assert first.request_digest != second.request_digest
    assert len(first.request_digest) == len(first.key_digest) == 64


async def test_the_result_of_many_records_is_small(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    client = await gateway.client()
    query = """mutation ($records: [ResourceRecordInput!]!) {
      upsertResourceRecords(integrationId: "i", records: $records) { records { outcome record { id } } }
    }"""
    records = [{"config": {"appointment": {"source": "web"}}} for _ in range(1000)]
    first = await get_data(client, query, records=records)
    assert await get_data(client, query, records=records) == first
    async with gateway.read() as session:
        length = func.length(IdempotencyEntry.__table__.c.result.cast(String))
        assert (await session.scalar(select(length)) or 0) < 45_000
