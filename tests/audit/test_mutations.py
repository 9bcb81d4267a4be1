"""Each mutation and REST operation that writes leaves one entry in the audit log."""

from types import NoneType
from typing import Any

import pytest

from gateway.database import Integration, Writer
from gateway.domain.audit import MAX_PATHS, AuditAction
from gateway.domain.enums import Permission
from gateway.rest import OPERATIONS
from gateway.rest.operations import WriteOperation
from gateway.schema import schema
from gateway.schema.context import Context
from tests.audit.deeds import MUTATIONS, OF_REQUESTS, OTHER_COMMANDS, WRITING_COMMANDS, Deed, store_clinic
from tests.graph.test_record_changes import UPSERT as UPSERT_RECORDS
from tests.support.audit_log import read_audit_log, read_entries
from tests.support.contexts import create_context
from tests.support.gateway import TEAM, USER, Client, Gateway
from tests.support.rest import send
from tests.support.upserts import UPSERT


def build_query(deed: Deed) -> str:
    variables = "($document: JSON!)" if deed.variables else ""
    return f"mutation{variables} {{ done: {deed.field} }}"


async def run(client: Client, deed: Deed) -> Any:
    return (await client.data(build_query(deed), **deed.variables))["done"]


def test_each_mutation_is_in_the_table() -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None
    assert MUTATIONS.keys() == mutation.fields.keys()


def test_each_action_is_in_a_table() -> None:
    commands = set[AuditAction]().union(*WRITING_COMMANDS.values())
    mutations = {deed.action for deed in MUTATIONS.values()}
    assert mutations | commands | OF_REQUESTS == set(AuditAction)
    assert OTHER_COMMANDS.keys().isdisjoint(WRITING_COMMANDS)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_leaves_one_entry_and_its_repetition_none(gateway: Gateway, name: str) -> None:
    await store_clinic(gateway)
    client, deed = await gateway.client(), MUTATIONS[name]
    payload = await run(client, deed)
    assert payload["errors"] == []
    subject = deed.subject.format(payload.get("id", {}).get("id"))
    assert await read_audit_log(gateway) == [(USER, deed.action.value, subject, deed.changed_paths)]
    if deed.is_repeatable:
        await run(client, deed)
        assert len(await read_audit_log(gateway)) == 1


@pytest.mark.parametrize("name", MUTATIONS)
async def test_an_entry_names_team_user_key_request_and_time(gateway: Gateway, name: str) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    await run(client, MUTATIONS[name])
    (entry,) = [each for each in await read_entries(gateway.database) if each.request_id]
    viewer = client.viewer
    assert (entry.team_id, entry.user_id, entry.key_id) == (TEAM, USER, viewer.key_id)
    assert entry.request_id == "test"
    async with gateway.database.read() as reader:
        assert 0 <= (reader.as_of - entry.at).total_seconds() < 60


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_refused_mutation_leaves_no_entry(gateway: Gateway, name: str) -> None:
    await store_clinic(gateway)
    client = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    assert (await run(client, MUTATIONS[name]))["errors"] != []
    assert await read_audit_log(gateway) == []


async def test_dry_runs_leave_no_entry(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    created = await client.data(UPSERT, input={"name": "n"}, dryRun=True)
    assert created["upsertUseCaseGroup"]["outcome"] == "CREATED"
    await client.data(UPSERT_RECORDS, records=[{"config": {"appointment": {"source": "web"}}}], dry=True)
    assert await read_audit_log(gateway) == []


async def test_an_entry_of_an_upsert_names_the_changed_keys_of_group_and_use_cases(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    action = {"actionType": "SMS", "context": "c", "templateName": "t"}
    input = {"groupId": "group", "name": "n", "useCases": [{"useCase": "LAB_REMINDER", "actions": [action]}]}
    (adopted,) = (await client.data(UPSERT, input=input))["upsertUseCaseGroup"]["useCases"]
    assert adopted["changedPaths"] != []
    paths = ["name", *(f"use_cases.labs.{path}" for path in adopted["changedPaths"])]
    expected = (USER, "use_case_group.update", "use_case_group group", paths)
    assert await read_audit_log(gateway) == [expected]
    assert (await client.data(UPSERT, input=input))["upsertUseCaseGroup"]["outcome"] == "UNCHANGED"
    assert await read_audit_log(gateway) == [expected]
    input["useCases"] = [{"useCase": "BILLING_REMINDER"}]
    (created,) = (await client.data(UPSERT, input=input))["upsertUseCaseGroup"]["useCases"]
    new = f"use_cases.{created['useCase']['id']}"
    assert (await read_audit_log(gateway))[1][3] == [new]
    # The first use case is listed, and stays as it is.
    input["useCases"] = [
        {"useCase": "LAB_REMINDER", "actions": [action]},
        {"useCase": "BILLING_REMINDER", "enabled": False},
    ]
    await client.data(UPSERT, input=input)
    assert (await read_audit_log(gateway))[2][3] == [f"{new}.config.status"]


async def test_many_records_are_one_entry_with_at_most_100_paths(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    records = [{"logicalId": f"r{number}", "config": {"appointment": {"source": "web"}}} for number in range(250)]
    upserted = (await client.data(UPSERT_RECORDS, records=records))["upsertResourceRecords"]["records"]
    ((_, action, subject, paths),) = await read_audit_log(gateway)
    assert (action, subject, len(paths)) == ("resource_record.upsert", "integration clinic", MAX_PATHS)
    assert paths[:-1] == [f"resource_records.{each['record']['id']}" for each in upserted[:99]]
    assert paths[-1] == "and 151 more"


async def test_no_value_is_in_the_audit_log(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client()
    await client.data(UPSERT_RECORDS, records=[{"config": {"appointment": {"patientName": "Zebra"}}}])
    update = 'updateIntegration(id: "clinic", input: {connected: {name: "Zebra", refreshToken: "Zebra"}})'
    await client.data(f"mutation {{ {update} {{ errors {{ message }} }} }}")
    entries = await read_entries(gateway.database)
    assert len(entries) == 3
    assert "Zebra" not in repr([vars(entry) for entry in entries])


async def test_a_write_without_an_entry_is_rolled_back(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client()

    async def forget(writer: Writer) -> None:
        await writer.update_rows(Integration, [{"team_id": TEAM, "id": "hook", "name": "forgotten"}])

    async with create_context(client.viewer, gateway.database) as context:
        with pytest.raises(AssertionError, match="a write of integration is not in the audit log"):
            await Context.write(context, forget, NoneType, "forget")
    found = await client.data('{ integration(id: "hook") { name } }')
    assert found == {"integration": {"name": "hook"}}


REST_WRITES = {
    "upsertUseCaseGroup": ("/integrations/v1/integrations/microsoft/use-case-groups", {"name": "n"}),
}


def test_each_rest_operation_that_writes_is_in_the_table() -> None:
    assert REST_WRITES.keys() == {each.name for each in OPERATIONS if isinstance(each, WriteOperation)}


async def test_a_group_that_rest_creates_leaves_one_entry(gateway: Gateway) -> None:
    await store_clinic(gateway)
    path, body = REST_WRITES["upsertUseCaseGroup"]
    response = await send(await gateway.client(), path, "POST", json=body)
    assert response.status_code == 200, response.text
    subject = f"use_case_group {response.json()['group']['_id']}"
    assert await read_audit_log(gateway) == [(USER, "use_case_group.create", subject, [])]
