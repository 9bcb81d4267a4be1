"""Imports of export documents by users: trusted fields, matched rows, and results."""

import asyncio

import pytest
from sqlalchemy import select

from gateway import services
from gateway.database.tables import UseCase, UseCaseGroup
from gateway.domain.enums import UseCaseKey
from tests.support.examples import INTEGRATION, example, export, record, use_case
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, collect_statements
from tests.support.importing import (
    NO_CHANGES,
    WRITERS,
    count_document_rows,
    export_integration,
    get_problems,
    import_accepted,
    import_document,
)
from tests.support.sessions import open_session


async def test_a_document_is_created_and_unchanged_when_imported_again(gateway: Gateway) -> None:
    client = await gateway.client(permissions=WRITERS)
    created = await import_accepted(client, export(2, 3))
    assert created == {
        "integration": {"id": INTEGRATION, "version": 1},
        "outcome": "CREATED",
        **NO_CHANGES,
        "created": 6,
    }
    admin = await gateway.client()
    before = await export_integration(admin)
    again = await import_accepted(client, export(2, 3))
    assert again == {
        "integration": {"id": INTEGRATION, "version": 1},
        "outcome": "UNCHANGED",
        **NO_CHANGES,
        "unchanged": 6,
    }
    assert await export_integration(admin) == before


async def test_teams_users_times_and_tokens_of_a_document_are_ignored(gateway: Gateway) -> None:
    client = await gateway.client()
    document = example("export.response")
    await import_accepted(client, document)
    exported = await export_integration(client, "5eb7cf5a86d9755df3a6c593")
    assert exported["redactedFields"] == []
    assert exported["checksum"]
    parts = exported["document"]
    assert not {"accessToken", "refreshToken"} & set(parts["integration"]["config"])
    for one in (parts["integration"], *parts["use_cases"], *parts["resource_records"]):
        assert (one["teamId"], one["createdBy"], one["updatedBy"]) == (TEAM, USER, USER)
        assert one["createdAt"] == one["updatedAt"] > "2024"
        assert one["_id"] == "5eb7cf5a86d9755df3a6c593"


async def test_an_existing_integration_keeps_its_tokens_and_creator(gateway: Gateway) -> None:
    document = export(1, 1, teamId=TEAM, createdBy="creator", createdAt="2020-01-01T00:00:00Z")
    document["integration"]["config"] |= {"accessToken": "old", "refreshToken": None}
    async with gateway.database.write() as session:
        await services.imports.import_as_operator(session, document)
    client = await gateway.client()
    changed = export(1, 1, name="New", createdBy="somebody", createdAt="1999-01-01T00:00:00Z", updatedAt="x")
    changed["integration"]["config"] |= {"accessToken": "stolen"}
    assert (await import_accepted(client, changed))["outcome"] == "UPDATED"
    found = (await export_integration(client))["document"]["integration"]
    assert found["config"] == {
        "provider": "google",
        "authType": "oauth",
        "accessToken": "old",
        "refreshToken": None,
    }
    assert (found["name"], found["createdBy"], found["createdAt"]) == ("New", "creator", "2020-01-01T00:00:00Z")
    assert found["updatedBy"] == USER


async def test_merge_changes_what_differs_and_keeps_the_rest(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(3, 3))
    document = export(0, 0)
    document["use_cases"] = [use_case(0), use_case(1, config={"type": "unknown"}), use_case(9)]
    document["resource_records"] = [record(2, extra={"kept": True})]
    assert await import_accepted(client, document) == {
        "integration": {"id": INTEGRATION, "version": 1},
        "outcome": "UPDATED",
        "created": 1,
        "updated": 2,
        "unchanged": 2,
        "deleted": 0,
    }
    found = (await export_integration(client))["document"]
    assert {one["logicalId"] for one in found["use_cases"]} == {f"use_case_{n}" for n in (0, 1, 2, 9)}
    assert {one["logicalId"]: one.get("extra") for one in found["resource_records"]} == {
        "record_0": None,
        "record_1": None,
        "record_2": {"kept": True},
    }
    async with gateway.read() as session:
        versions = {row.logical_id: row.version for row in await session.scalars(select(UseCase))}
    assert versions == {"use_case_0": 1, "use_case_1": 2, "use_case_2": 1, "use_case_9": 1}


async def test_replace_deletes_rows_that_the_document_lacks(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(3, 3))
    document = {**export(1, 0), "resource_records": [record(2)]}
    answer = await import_accepted(client, document, mode="REPLACE")
    assert answer["outcome"] == "UPDATED"
    assert {key: answer[key] for key in NO_CHANGES} == {"created": 0, "updated": 0, "unchanged": 3, "deleted": 4}
    found = (await export_integration(client))["document"]
    assert [one["logicalId"] for one in found["use_cases"]] == ["use_case_0"]
    assert [one["logicalId"] for one in found["resource_records"]] == ["record_2"]
    assert (await import_accepted(client, document, mode="REPLACE"))["outcome"] == "UNCHANGED"


async def test_without_a_logical_id_entries_are_matched_by_their_id(gateway: Gateway) -> None:
    client = await gateway.client()
    document = export(2, 2)
    for one in (document["integration"], *document["use_cases"], *document["resource_records"]):
        del one["logicalId"]
    await import_accepted(client, document)
    assert (await import_accepted(client, document))["unchanged"] == 5
    document["use_cases"][0]["config"] = {}
    assert (await import_accepted(client, document))["updated"] == 1
    assert get_problems(await import_document(client, document, mode="CREATE")) == [
        ("CONFLICT", ["document", "integration", "_id"])
    ]


async def test_ids_in_use_are_replaced_by_new_ones(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(1, 1))
    copy = export(1, 1, logicalId="copy")
    copy["use_cases"][0]["schedulerNames"] = [f"uc-{copy['use_cases'][0]['_id']}-a", "uc-other-a", 1]
    answer = await import_accepted(client, copy)
    id = answer["integration"]["id"]
    assert (answer["outcome"], answer["created"]) == ("CREATED", 3)
    assert id != INTEGRATION
    found = (await export_integration(client, id))["document"]
    (case,) = found["use_cases"]
    assert case["_id"] != copy["use_cases"][0]["_id"]
    assert case["integrationId"] == id
    assert case["schedulerNames"] == [f"uc-{case['_id']}-a", "uc-other-a", 1]
    assert (await import_accepted(client, copy))["outcome"] == "UNCHANGED"
    other = await gateway.client(OTHER_TEAM)
    assert (await import_accepted(other, export(1, 1)))["integration"]["id"] == INTEGRATION


async def test_missing_keys_are_allowed(gateway: Gateway) -> None:
    client = await gateway.client()
    document = {"integration": {"_id": "i"}, "use_cases": [{"_id": "u"}], "resource_records": None}
    assert (await import_accepted(client, document))["created"] == 2
    found = (await export_integration(client, "i"))["document"]
    assert found["resource_records"] == []
    required = {"teamId", "createdBy", "updatedBy", "createdAt", "updatedAt", "_id"}
    assert set(found["integration"]) == required
    assert set(found["use_cases"][0]) == required | {"integrationId"}


async def test_a_dry_run_has_the_same_result_and_stores_nothing(gateway: Gateway) -> None:
    client = await gateway.client()
    dry = await import_accepted(client, export(2, 2), dryRun=True)
    assert await count_document_rows(gateway) == 0
    assert await import_accepted(client, export(2, 2)) == dry


async def test_a_use_case_with_a_new_name_leaves_its_group(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(1, 0))
    async with open_session(gateway.database) as session:
        case = (await session.scalars(select(UseCase))).one()
        session.add(
            UseCaseGroup(
                team_id=TEAM,
                id="group",
                integration_id=INTEGRATION,
                name="Group",
                slug="group",
                version=1,
                created_at=case.created_at,
                updated_at=case.updated_at,
            )
        )
        await session.flush()
        case.group_id, case.key = "group", UseCaseKey.LAB_REMINDER
    renamed = export(0, 0)
    config = {**use_case(0)["config"], "displayName": "Labs"}
    renamed["use_cases"] = [use_case(0, config=config)]
    await import_accepted(client, renamed)
    async with gateway.read() as session:
        assert [(row.group_id, row.version) for row in await session.scalars(select(UseCase))] == [("group", 2)]
    renamed["use_cases"] = [use_case(0, config={**config, "name": "Other"})]
    await import_accepted(client, renamed)
    async with gateway.read() as session:
        assert [(row.group_id, row.key) for row in await session.scalars(select(UseCase))] == [(None, None)]


async def test_true_and_1_are_different_values(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(0, 0, extra=1))
    assert (await import_accepted(client, export(0, 0, extra=1)))["outcome"] == "UNCHANGED"
    for extra in (True, 1.5, 1):
        assert (await import_accepted(client, export(0, 0, extra=extra)))["outcome"] == "UPDATED"
    assert (await import_accepted(client, {**export(0, 0, extra=1), "envelope": []}))["outcome"] == "UPDATED"
    assert (await export_integration(client))["document"]["envelope"] == []


async def test_the_number_of_statements_does_not_grow_with_entries(gateway: Gateway) -> None:
    client = await gateway.client()
    counts = []
    for size in (1, 10, 100):
        document = export(size, size, logicalId=f"integration_{size}")
        changed = {**document, "resource_records": [record(n, extra=1) for n in range(size)]}
        for one in (document, changed):
            with collect_statements() as statements:
                await import_accepted(client, one)
            counts.append(len(statements))
    assert counts[0] == counts[2] == counts[4]
    assert counts[1] == counts[3] == counts[5]


@pytest.mark.parametrize("mode", ["MERGE", "REPLACE"])
async def test_concurrent_imports_run_in_sequence(gateway: Gateway, mode: str) -> None:
    client = await gateway.client()
    answers = await asyncio.gather(*(import_accepted(client, export(2, 2), mode=mode) for _ in range(8)))
    assert sorted(answer["outcome"] for answer in answers) == ["CREATED"] + ["UNCHANGED"] * 7
    assert await count_document_rows(gateway) == 5
