"""Imports of export documents that are refused. Nothing of them is stored."""

import pytest
from sqlalchemy import select

from gateway.database.tables import Integration, Team
from gateway.domain.documents.entries import MAX_DOCUMENT_DEPTH
from gateway.domain.enums import Permission
from tests.support.examples import example, export, record
from tests.support.gateway import OTHER_TEAM, TEAM, Gateway
from tests.support.importing import WRITERS, count_document_rows, get_problems, import_accepted, import_document


@pytest.mark.parametrize("missing", WRITERS)
async def test_an_import_needs_both_permissions_to_write(gateway: Gateway, missing: Permission) -> None:
    client = await gateway.client(permissions=set(WRITERS) - {missing})
    assert get_problems(await import_document(client, export())) == [("FORBIDDEN", [])]
    assert await count_document_rows(gateway) == 0


async def test_create_refuses_what_exists(gateway: Gateway) -> None:
    client = await gateway.client()
    assert (await import_accepted(client, export(), mode="CREATE"))["outcome"] == "CREATED"
    answer = await import_document(client, export(2, 2), mode="CREATE")
    assert get_problems(answer) == [("CONFLICT", ["document", "integration", "logicalId"])]
    assert await count_document_rows(gateway) == 3


async def test_all_problems_are_reported_at_once_and_nothing_is_stored(gateway: Gateway) -> None:
    client = await gateway.client(permissions=WRITERS)
    document = export(4, 0, access="system")
    document["use_cases"] += [{"name": "no id"}, {"_id": "has space "}, {"_id": 5}, [], None]
    document["use_cases"][1]["logicalId"] = "use_case_0"
    document["use_cases"][2]["_id"] = document["use_cases"][3]["_id"]
    document["resource_records"] = {"not": "a list"}
    answer = await import_document(client, document)
    assert sorted(get_problems(answer), key=str) == sorted(
        [
            ("FORBIDDEN", ["document", "integration", "access"]),
            ("REQUIRED", ["document", "use_cases", "4", "_id"]),
            ("INVALID", ["document", "use_cases", "5", "_id"]),
            ("INVALID", ["document", "use_cases", "6", "_id"]),
            ("INVALID", ["document", "use_cases", "7"]),
            ("INVALID", ["document", "use_cases", "8"]),
            ("DUPLICATE", ["document", "use_cases", "1", "logicalId"]),
            ("DUPLICATE", ["document", "use_cases", "3", "_id"]),
            ("INVALID", ["document", "resource_records"]),
        ],
        key=str,
    )
    assert await count_document_rows(gateway) == 0


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (1, ("INVALID", ["document"])),
        ([], ("INVALID", ["document"])),
        ({}, ("REQUIRED", ["document", "integration"])),
        ({"integration": None}, ("REQUIRED", ["document", "integration"])),
        ({"integration": []}, ("INVALID", ["document", "integration"])),
        ({"integration": {}}, ("REQUIRED", ["document", "integration", "_id"])),
        (export(_id="\n"), ("INVALID", ["document", "integration", "_id"])),
        (export(logicalId="x" * 256), ("INVALID", ["document", "integration", "logicalId"])),
        (example("integrations.get.response"), ("INVALID", ["document", "integration", "type"])),
    ],
)
async def test_an_invalid_document_is_refused_with_the_path(
    gateway: Gateway, document: object, expected: tuple[str, list[str]]
) -> None:
    client = await gateway.client()
    assert get_problems(await import_document(client, document)) == [expected]
    assert await count_document_rows(gateway) == 0


async def test_a_document_that_is_nested_too_deep_is_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    deep: object = "end"
    for _ in range(MAX_DOCUMENT_DEPTH + 1):
        deep = [deep]
    ((code, path),) = get_problems(await import_document(client, export(deep=deep)))
    assert (code, path[:3]) == ("INVALID", ["document", "integration", "deep"])


async def test_only_an_admin_shares_with_every_team(gateway: Gateway) -> None:
    writer = await gateway.client(permissions=WRITERS)
    answer = await import_document(writer, export(access="system"))
    assert get_problems(answer) == [("FORBIDDEN", ["document", "integration", "access"])]
    assert (await import_accepted(writer, export(0, 0, access="personal")))["outcome"] == "CREATED"
    admin = await gateway.client()
    assert (await import_accepted(admin, export(access="system")))["outcome"] == "UPDATED"


async def test_a_personal_integration_of_another_user_is_a_conflict(gateway: Gateway) -> None:
    await import_accepted(await gateway.client(user_id="another"), export(1, 1, access="personal"))
    client = await gateway.client()
    for mode in ("MERGE", "REPLACE", "CREATE"):
        answer = await import_document(client, export(1, 1, name="Mine"), mode=mode)
        assert get_problems(answer) == [("CONFLICT", ["document", "integration", "logicalId"])]
    async with gateway.read() as session:
        assert (await session.scalars(select(Integration.name))).all() == ["Clinic"]
    document = export(0, 0)
    del document["integration"]["logicalId"]
    assert get_problems(await import_document(client, document)) == [
        ("CONFLICT", ["document", "integration", "_id"])
    ]


async def test_two_entries_for_one_row_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(0, 1))
    document = export(0, 1)
    by_id = {"_id": document["resource_records"][0]["_id"]}
    document["resource_records"] = [{**record(0), "_id": "elsewhere"}, by_id]
    answer = await import_document(client, document)
    assert get_problems(answer) == [("DUPLICATE", ["document", "resource_records", "1", "_id"])]
    assert await count_document_rows(gateway) == 2


async def test_an_import_creates_no_team(gateway: Gateway) -> None:
    client = await gateway.client()
    await import_accepted(client, export(1, 1, teamId=OTHER_TEAM))
    async with gateway.read() as session:
        assert (await session.scalars(select(Team.id))).all() == [TEAM]
