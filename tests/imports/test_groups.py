"""Groups of use cases in exports and imports."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.database.tables import UseCase, UseCaseGroup
from gateway.domain.documents.exports import compute_checksum
from tests.support.examples import INTEGRATION, export, use_case
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway, collect_statements
from tests.support.import_command import Run, read_rows, write
from tests.support.importing import NO_CHANGES, count_document_rows, get_problems, import_accepted, import_document
from tests.support.upserts import (
    BILLING,
    LAB,
    build_action,
    build_use_case,
    read_stored_rows,
    upsert_accepted,
)

EXPORT = """query($id: ID!, $groups: GroupsMode! = INCLUDE) {
  integrationExport(integrationId: $id, groups: $groups) { document checksum }
}"""
GROUPS = """query($id: ID!) { integration(id: $id) { ... on ConnectedIntegration { useCaseGroups { nodes {
  name slug sheetLink assistantId timezone startTime version createdAt updatedAt useCases { key logicalId }
} } } } }"""
GROUP: dict[str, Any] = {
    "_id": "64d000000000000000000001",
    "name": "Laboratory",
    "slug": "lab",
    "sheetLink": "https://sheets.example/1",
    "assistantId": "a1",
    "timezone": "Asia/Kathmandu",
    "startTime": "08:30:00",
    "createdAt": "2024-01-01T00:00:00.000Z",
    "createdBy": "someone",
    "updatedAt": "2024-02-01T00:00:00.000Z",
    "updatedBy": "someone-else",
    "useCases": ["use_case_0"],
}


def with_groups(*groups: dict[str, Any], use_cases: int = 1) -> dict[str, Any]:
    return {**export(use_cases, 0), "use_case_groups": [*groups]}


async def read_document(client: Client, **variables: object) -> Any:
    return (await client.data(EXPORT, id=INTEGRATION, **variables))["integrationExport"]


async def read_groups(client: Client) -> Any:
    return (await client.data(GROUPS, id=INTEGRATION))["integration"]["useCaseGroups"]["nodes"]


async def test_groups_are_in_an_export_only_on_request(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(1, 0))
    made = await upsert_accepted(
        client, {"name": "Lab", "startTime": "08:00:00", "useCases": [build_use_case(BILLING)]}, provider="GOOGLE"
    )
    with_them, without = await read_document(client), await read_document(client, groups="OMIT")
    (created,) = [entry["useCase"] for entry in made["useCases"]]
    (logical_id,) = [
        entry["logicalId"] for entry in with_them["document"]["use_cases"] if entry["_id"] == created["id"]
    ]
    assert with_them["document"].pop("use_case_groups") == [
        {
            "_id": made["group"]["id"],
            "name": "Lab",
            "slug": "lab",
            "sheetLink": None,
            "assistantId": None,
            "timezone": None,
            "startTime": "08:00:00",
            "createdAt": made["group"]["createdAt"],
            "createdBy": USER,
            "updatedAt": made["group"]["updatedAt"],
            "updatedBy": USER,
            "useCases": [logical_id],
        }
    ]
    assert with_them == without


async def test_groups_come_back_with_their_slugs_and_keys(gateway: Gateway) -> None:
    client, other = await gateway.client(), await gateway.client(OTHER_TEAM)
    assert (await import_accepted(client, with_groups(GROUP)))["created"] == 3
    first = await read_document(client)
    (entry,) = first["document"]["use_case_groups"]
    own = ("createdAt", "createdBy", "updatedAt", "updatedBy")
    assert {key: value for key, value in entry.items() if key not in own} == {
        key: value for key, value in GROUP.items() if key not in own
    }
    assert (entry["createdBy"], entry["updatedBy"], entry["createdAt"] > "2025") == (USER, USER, True)
    (group,) = await read_groups(client)
    assert group["useCases"] == [{"key": LAB, "logicalId": "use_case_0"}]
    assert (await import_accepted(other, first["document"]))["created"] == 3
    (same,) = await read_groups(other)
    times = ("createdAt", "updatedAt")
    assert {**same, **dict.fromkeys(times)} == {**group, **dict.fromkeys(times)}
    assert (await read_document(other))["checksum"] == first["checksum"]
    for mode in ("MERGE", "REPLACE"):
        again = await import_accepted(other, first["document"], mode=mode)
        assert (again["outcome"], again["unchanged"]) == ("UNCHANGED", 3)


def test_the_checksum_does_not_cover_groups() -> None:
    assert compute_checksum(with_groups(GROUP)) == compute_checksum(export(1, 0))


async def test_groups_are_matched_by_slug_and_use_cases_change_groups(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, with_groups(GROUP, use_cases=2))
    (before,) = await read_groups(client)
    renamed = {**GROUP, "_id": "another", "name": "Renamed", "startTime": None, "useCases": []}
    other = {**GROUP, "_id": "new", "slug": "second", "useCases": ["use_case_0"]}
    answer = await import_accepted(client, with_groups(renamed, other, use_cases=2))
    assert {key: answer[key] for key in NO_CHANGES} == {"created": 1, "updated": 2, "unchanged": 2, "deleted": 0}
    first, second = sorted(await read_groups(client), key=lambda group: str(group["slug"]))
    assert (first["name"], first["startTime"], first["version"], first["useCases"]) == ("Renamed", None, 2, [])
    assert first["createdAt"] == before["createdAt"]
    assert second["useCases"] == [{"key": LAB, "logicalId": "use_case_0"}]


async def test_use_cases_of_one_key_exchange_their_groups(gateway: Gateway) -> None:
    client = await gateway.client()
    second = {**GROUP, "_id": "second", "slug": "second", "useCases": ["use_case_1"]}
    await import_accepted(client, with_groups(GROUP, second, use_cases=2))
    first, second = {**GROUP, "useCases": ["use_case_1"]}, {**second, "useCases": ["use_case_0"]}
    assert (await import_accepted(client, with_groups(first, second, use_cases=2)))["updated"] == 2
    groups = {group["slug"]: group["useCases"][0]["logicalId"] for group in await read_groups(client)}
    assert groups == {"lab": "use_case_1", "second": "use_case_0"}


async def test_replace_deletes_groups_only_if_the_document_has_the_key(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, with_groups(GROUP))
    for document in (with_groups(), export(1, 0)):
        assert (await import_accepted(client, document))["deleted"] == 0
        assert len(await read_groups(client)) == 1
    assert (await import_accepted(client, export(1, 0), mode="REPLACE"))["deleted"] == 0
    assert len(await read_groups(client)) == 1
    assert (await import_accepted(client, with_groups(), mode="REPLACE"))["deleted"] == 1
    assert await read_groups(client) == []


async def test_without_the_key_use_cases_stay_in_their_groups(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, with_groups(GROUP))
    changed = {**export(0, 0), "use_cases": [use_case(0, unknown=1)]}
    assert (await import_accepted(client, changed, mode="REPLACE"))["updated"] == 1
    (group,) = await read_groups(client)
    assert group["useCases"] == [{"key": LAB, "logicalId": "use_case_0"}]


async def test_a_second_use_case_of_one_key_is_a_conflict(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, with_groups(GROUP))
    before = await read_stored_rows(gateway)
    document = {**export(0, 0), "use_cases": [use_case(1)]}
    document["use_case_groups"] = [{**GROUP, "useCases": ["use_case_1"]}]
    answer = await import_document(client, document)
    assert get_problems(answer) == [("CONFLICT", ["document", "use_cases", "0"])]
    assert await read_stored_rows(gateway) == before
    assert (await import_accepted(client, document, mode="REPLACE"))["deleted"] == 1


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"name": " "}, "INVALID", ["0", "name"]),
        ({"slug": "Lab"}, "INVALID", ["0", "slug"]),
        ({"slug": None}, "INVALID", ["0", "slug"]),
        ({"sheetLink": 5}, "INVALID", ["0", "sheetLink"]),
        ({"assistantId": []}, "INVALID", ["0", "assistantId"]),
        ({"timezone": "america/chicago"}, "INVALID", ["0", "timezone"]),
        ({"startTime": "24:00:00"}, "INVALID", ["0", "startTime"]),
        ({"useCases": None}, "INVALID", ["0", "useCases"]),
        ({"useCases": [5]}, "INVALID", ["0", "useCases"]),
        ({"useCases": ["use_case_9"]}, "NOT_FOUND", ["0", "useCases", "0"]),
        ({"useCases": ["use_case_0", "use_case_1"]}, "DUPLICATE", ["0", "useCases", "1"]),
        ({"useCases": ["use_case_0", "use_case_0"]}, "DUPLICATE", ["0", "useCases", "1"]),
        ({"useCases": ["use_case_2"]}, "INVALID", ["0", "useCases", "0"]),
        ({"_id": ""}, "INVALID", ["0", "_id"]),
    ],
)
async def test_a_faulty_group_is_refused_with_its_path(
    gateway: Gateway, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    client = await gateway.client()
    document = with_groups({**GROUP, **changes}, use_cases=2)
    document["use_cases"].append(use_case(2, config={"type": "unheard of"}))
    answer = await import_document(client, document)
    assert get_problems(answer) == [(code, ["document", "use_case_groups", *path])]
    assert await count_document_rows(gateway) == 0


async def test_two_groups_with_one_slug_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    answer = await import_document(client, with_groups(GROUP, {**GROUP, "_id": "b", "useCases": []}))
    assert get_problems(answer) == [("DUPLICATE", ["document", "use_case_groups", "1", "slug"])]
    answer = await import_document(client, {**export(1, 0), "use_case_groups": {}})
    assert get_problems(answer) == [("INVALID", ["document", "use_case_groups"])]
    assert await count_document_rows(gateway) == 0


@pytest.mark.parametrize("size", [1, 20])
async def test_the_number_of_statements_does_not_grow_with_groups(gateway: Gateway, size: int) -> None:
    client = await gateway.client()
    groups = [
        {**GROUP, "_id": f"g{number}", "slug": f"g{number}", "useCases": [f"use_case_{number}"]}
        for number in range(size)
    ]
    await import_accepted(client, with_groups(*groups, use_cases=size))
    with collect_statements() as statements:
        found = await read_document(client)
    assert len(found["document"]["use_case_groups"]) == size
    assert len([text for text in statements if text.startswith("SELECT")]) <= 5


def test_the_commands_keep_groups_exactly(run: Run, database_url: str) -> None:
    document = with_groups(GROUP)
    document["integration"]["teamId"] = OTHER_TEAM
    assert run("import", write("a.json", document)).exit_code == 0
    assert run("export", INTEGRATION, "--output", "b.json").exit_code == 0
    assert json.loads(Path("b.json").read_text()) == document
    (group,) = read_rows(database_url, UseCaseGroup)
    assert (group.created_by, group.updated_by, group.version) == ("someone", "someone-else", 1)
    assert [cell.strip() for cell in run("import", "b.json").output.splitlines()[3].split("│")[2:6]] == [*"0030"]
    assert [row.version for row in read_rows(database_url, UseCaseGroup, UseCase)] == [1, 1]
    assert run("export", INTEGRATION, "--no-groups", "--output", "c.json").exit_code == 0
    without = deepcopy(document)
    del without["use_case_groups"]
    assert json.loads(Path("c.json").read_text()) == without


def test_an_id_of_a_group_of_another_integration_is_refused_by_the_command(run: Run, database_url: str) -> None:
    document = with_groups(GROUP)
    document["integration"]["teamId"] = OTHER_TEAM
    second = deepcopy(document)
    second["integration"].update(_id="other", logicalId="integration_2")
    second["use_cases"] = []
    second["use_case_groups"][0]["useCases"] = []
    assert run("import", write("a.json", document)).exit_code == 0
    result = run("import", write("b.json", second))
    assert result.exit_code == 1
    assert "use_case_groups.0._id: Another group of the team already has this `_id`. (CONFLICT)" in result.stderr
    assert len(read_rows(database_url, UseCaseGroup)) == 1


async def test_a_group_of_an_import_is_updated_by_an_upsert_of_the_same_values(gateway: Gateway) -> None:
    client = await gateway.client()
    made = build_use_case(LAB, build_action("lab"))
    await import_accepted(client, export(0, 0))
    created = await upsert_accepted(client, {"name": "Lab", "useCases": [made]}, provider="GOOGLE")
    other = await gateway.client(OTHER_TEAM)
    await import_accepted(other, (await read_document(client))["document"])
    async with gateway.read() as session:
        ids = await session.scalars(select(UseCaseGroup.id).where(UseCaseGroup.team_id == OTHER_TEAM))
    again = {"name": "Lab", "useCases": [made], "groupId": ids.one()}
    assert again["groupId"] == created["group"]["id"]
    assert (await upsert_accepted(other, again, provider="GOOGLE"))["outcome"] == "UNCHANGED"
