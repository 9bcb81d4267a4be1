"""Upserting and deleting many resource records, all or none."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.database.tables import ResourceRecord
from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records import read_record_columns
from tests.support.examples import example
from tests.support.factories import AT, connected, record, set_document, store
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Answer, Client, Gateway, collect_statements

UPSERT = """
mutation ($records: [ResourceRecordInput!]!, $id: ID! = "clinic", $dry: Boolean! = false) {
  upsertResourceRecords(integrationId: $id, records: $records, dryRun: $dry) {
    records { outcome record { id logicalId type version createdAt } }
    errors { code message path }
  }
}"""
DELETE = """
mutation ($ids: [ID!]!, $id: ID! = "clinic") {
  deleteResourceRecords(integrationId: $id, ids: $ids) { deletedIds errors { code path } }
}"""


async def upsert(client: Client, *records: Document, **variables: object) -> Any:
    return (await client.data(UPSERT, records=records, **variables))["upsertResourceRecords"]


async def read_stored(gateway: Gateway) -> dict[str, ResourceRecord]:
    async with gateway.read() as session:
        return {row.logical_id: row for row in await session.scalars(select(ResourceRecord))}


async def store_clinic(gateway: Gateway, *rows: ResourceRecord) -> Client:
    await store(gateway.database, connected("clinic"))
    await store(gateway.database, *rows)
    return await gateway.client(permissions=[Permission.WRITE_RECORDS, Permission.READ_RECORDS])


def new_record(name: str, logical_id: str | None = None) -> Document:
    return {"logicalId": logical_id, "config": {"organization": {"name": name}}}


def list_outcomes(payload: Answer) -> list[str]:
    assert payload["errors"] == []
    return [upserted["outcome"] for upserted in payload["records"]]


async def test_records_are_stored_in_the_spelling_of_the_documents(gateway: Gateway) -> None:
    client = await store_clinic(gateway)
    practitioner: Document = {
        "name": "Dr. Who",
        "preferredVisitingReasons": ["a"],
        "workingHours": {"mon": [{"start": "08:00", "end": "12:00"}], "tue": []},
        "specialties": [{"name": "Heart"}],
    }
    appointment: Document = {"appointmentType": "F_U", "start": "2025-03-09T08:00:00-05:00", "source": " Web "}
    payload = await upsert(
        client,
        {"logicalId": "p", "config": {"practitioner": practitioner}},
        {"logicalId": "a", "createdAt": "2024-01-01T00:00:00Z", "config": {"appointment": appointment}},
        {"logicalId": "b", "config": {"patient": {"firstName": "A", "lastName": "B", "birthDate": "2000-02-29"}}},
        {"logicalId": "o", "config": {"other": {"type": "invoices", "raw": {"total": 1.5}}}},
    )
    assert list_outcomes(payload) == ["CREATED"] * 4
    types = [upserted["record"]["type"] for upserted in payload["records"]]
    assert types == ["PRACTITIONERS", "APPOINTMENTS", "PATIENTS", "OTHER"]
    rows = await read_stored(gateway)
    row = rows["a"]
    assert row.document == {
        "teamId": TEAM,
        "createdBy": USER,
        "updatedBy": USER,
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": row.document["updatedAt"],
        "_id": row.id,
        "logicalId": "a",
        "integrationId": "clinic",
        "config": {
            "type": "appointments",
            "appointmentType": "F/U",
            "bookingStatus": "pending",
            "start": "2025-03-09T13:00:00.000Z",
            "source": " Web ",
        },
    }
    assert (row.source, row.utm_source, row.appointment_type, row.version) == ("Web", "direct", "F/U", 1)
    assert rows["p"].document["config"] == {
        "type": "practitioners",
        "name": "Dr. Who",
        "status": "active",
        "specialties": [{"name": "Heart"}],
        "workingHours": {"mon": [{"start": "08:00", "end": "12:00"}], "tue": []},
        "preferred_visiting_reasons": ["a"],
    }
    assert rows["b"].document["config"] == {
        "type": "patients",
        "firstName": "A",
        "lastName": "B",
        "birthDate": "2000-02-29",
        "status": "active",
    }
    assert rows["o"].document["config"] == {"type": "invoices", "total": 1.5}


async def test_an_identical_record_is_not_written(gateway: Gateway) -> None:
    start = "2025-03-09T08:00:00-05:00"
    stored: Document = {"bookingStatus": "pending", "start": start, "patientName": None, "odd": [1]}
    client = await store_clinic(gateway, record("a", "clinic", stored))
    before = (await read_stored(gateway))["resource_record_a"]
    same: Document = {
        "logicalId": "resource_record_a",
        "createdAt": "2025-03-09T12:00:00Z",
        "config": {"appointment": {"start": "2025-03-09T13:00:00Z"}},
    }
    with collect_statements() as ran:
        assert list_outcomes(await upsert(client, same)) == ["UNCHANGED"]
    assert [statement for statement in ran if statement.startswith(("INSERT", "UPDATE"))] == []
    after = (await read_stored(gateway))["resource_record_a"]
    assert (after.document, after.version, after.updated_at) == (before.document, 1, AT)


async def test_an_update_replaces_known_fields_and_keeps_unknown_keys(gateway: Gateway) -> None:
    client = await store_clinic(gateway)
    row = record("5eb7cf5a86d9755df3a6c593", "clinic")
    imported = example("export.response")["resource_records"][0]
    config = {**imported["config"], "odd": {"kept": True}}
    config["specialties"] = [{"name": "Heart", "code": None, "system": "x"}, {"name": "Lung"}]
    config["workingHours"] = {**config["workingHours"], "holiday": []}
    document = {**imported, "config": config, "outer": 1}
    set_document(row, document, read_record_columns(document, "<string>", AT))
    await store(gateway.database, row)
    new: Document = {"name": "New", "specialties": [{"name": "Heart"}, {"name": "Skin"}], "workingHours": {}}
    payload = await upsert(client, {"logicalId": "<string>", "config": {"practitioner": new}})
    assert list_outcomes(payload) == ["UPDATED"]
    assert payload["records"][0]["record"]["version"] == 2
    after = (await read_stored(gateway))["<string>"]
    assert after.document == {
        **imported,
        "updatedBy": USER,
        "updatedAt": after.document["updatedAt"],
        "outer": 1,
        "config": {
            "type": "practitioners",
            "name": "New",
            "status": "active",
            "specialties": [{"name": "Heart", "code": None, "system": "x"}, {"name": "Skin"}],
            "workingHours": {"holiday": []},
            "odd": {"kept": True},
        },
    }
    assert after.created_at == instants.to_instant(row.created_at)


async def test_a_config_of_an_unknown_type_is_replaced_as_a_whole(gateway: Gateway) -> None:
    client = await store_clinic(gateway, record("a", "clinic", {"type": "invoices", "total": 1, "old": 1}))
    for total, outcome in ((True, "UPDATED"), (True, "UNCHANGED"), (1, "UPDATED")):
        raw: Document = {"type": "invoices", "total": total}
        new: Document = {"logicalId": "resource_record_a", "config": {"other": {"type": "invoices", "raw": raw}}}
        assert list_outcomes(await upsert(client, new)) == [outcome]
        config = (await read_stored(gateway))["resource_record_a"].document["config"]
        assert repr(config) == repr({"type": "invoices", "total": total})


async def test_all_problems_are_reported_at_once_and_nothing_is_stored(gateway: Gateway) -> None:
    client = await store_clinic(gateway, record("a", "clinic"))
    before = (await read_stored(gateway))["resource_record_a"].document
    slots: Json = [{"start": "8:00", "end": "24:00"}, {"start": "12:00", "end": "12:00"}]
    wrong: list[tuple[Document, list[list[str]]]] = [
        ({"logicalId": " ", "config": {"organization": {"name": "ok"}}}, [["logicalId"]]),
        ({"config": {"organization": {"name": " \t"}}}, [["config", "organization", "name"]]),
        (
            {"config": {"patient": {"firstName": "", "lastName": "B", "birthDate": "9999-01-01"}}},
            [["config", "patient", "firstName"], ["config", "patient", "birthDate"]],
        ),
        (
            {"config": {"appointment": {"start": "2025-01-02T00:00:00Z", "end": "2025-01-01T00:00:00Z"}}},
            [["config", "appointment", "end"]],
        ),
        ({"config": {"location": {"name": "L", "timezone": "utc"}}}, [["config", "location", "timezone"]]),
        (
            {"config": {"visitingReason": {"name": "V", "durationMinutes": 0}}},
            [["config", "visitingReason", "durationMinutes"]],
        ),
        (
            {"config": {"practitioner": {"name": "P", "supervisorId": "a b", "workingHours": {"sun": slots}}}},
            [
                ["config", "practitioner", "supervisorId"],
                ["config", "practitioner", "workingHours", "sun", "0", "start"],
                ["config", "practitioner", "workingHours", "sun", "0", "end"],
                ["config", "practitioner", "workingHours", "sun", "1", "end"],
            ],
        ),
        (
            {"config": {"practitioner": {"name": "P", "specialties": [{"name": ""}], "languages": [" "]}}},
            [
                ["config", "practitioner", "languages", "0"],
                ["config", "practitioner", "specialties", "0", "name"],
            ],
        ),
        ({"config": {"other": {"type": "patients", "raw": {}}}}, [["config", "other", "type"]]),
        ({"config": {"other": {"type": "x", "raw": []}}}, [["config", "other", "raw"]]),
        ({"config": {"other": {"type": "x", "raw": {"type": "y"}}}}, [["config", "other", "raw", "type"]]),
        # An appointment never becomes an organization.
        (new_record("ok", "resource_record_a"), [["config", "organization"]]),
        (new_record("ok", "new"), []),
    ]
    payload = await upsert(client, *(new for new, _ in wrong))
    paths = [["records", str(index), *path] for index, (_, found) in enumerate(wrong) for path in found]
    assert [error["path"] for error in payload["errors"]] == paths
    assert {error["code"] for error in payload["errors"]} == {"INVALID"}
    assert payload["records"] == []
    assert {id: row.document for id, row in (await read_stored(gateway)).items()} == {"resource_record_a": before}


async def test_a_repeated_logical_id_and_too_many_records_are_refused(gateway: Gateway) -> None:
    client = await store_clinic(gateway)
    payload = await upsert(client, new_record("a", "x"), new_record("b"), new_record("c", "x"))
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("DUPLICATE", ["records", "2", "logicalId"])
    ]
    for records, code in (([new_record("a")] * 1001, "TOO_MANY"), ([], "INVALID")):
        payload = await upsert(client, *records)
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, ["records"])]
        assert "1000" in payload["errors"][0]["message"]
    assert await read_stored(gateway) == {}


async def test_a_thousand_records_need_as_many_statements_as_two(gateway: Gateway) -> None:
    client = await store_clinic(gateway)
    ran_for = []
    for first, number in ((0, 2), (2, 1000)):
        indexes = range(first, first + number)
        for name in ("before", "after"):
            with collect_statements() as ran:
                await upsert(client, *(new_record(f"{name} {index}", str(index)) for index in indexes))
            ran_for.append(len(ran))
    with collect_statements() as ran:
        mixed = [new_record("after 0", "0"), new_record("new", "1"), new_record("new", "2"), new_record("new")]
        assert list_outcomes(await upsert(client, *mixed)) == ["UNCHANGED", "UPDATED", "UPDATED", "CREATED"]
    assert ran_for[:2] == ran_for[2:]
    assert len(ran) == max(ran_for) + 1
    rows = await read_stored(gateway)
    assert len(rows) == 1003
    assert {row.version for row in rows.values()} == {1, 2, 3}
    ids = [row.id for row in rows.values()][:1000]
    payload = (await client.data(DELETE, ids=ids))["deleteResourceRecords"]
    assert payload == {"deletedIds": ids, "errors": []}
    assert len(await read_stored(gateway)) == 3


async def test_a_dry_run_has_the_same_payload_and_stores_nothing(gateway: Gateway) -> None:
    client = await store_clinic(gateway)
    payload = await upsert(client, new_record("a", "x"), dry=True)
    assert list_outcomes(payload) == ["CREATED"]
    assert payload["records"][0]["record"]["logicalId"] == "x"
    assert await read_stored(gateway) == {}


async def test_records_are_deleted_all_or_none(gateway: Gateway) -> None:
    client = await store_clinic(gateway, record("a", "clinic"), record("b", "clinic"))
    await store(gateway.database, connected("other"))
    await store(gateway.database, record("o", "other"))
    payload = (await client.data(DELETE, ids=["a", "missing", "o", "a", "no id"]))["deleteResourceRecords"]
    assert payload == {
        "deletedIds": [],
        "errors": [
            {"code": "NOT_FOUND", "path": ["ids", "1"]},
            {"code": "NOT_FOUND", "path": ["ids", "2"]},
            {"code": "DUPLICATE", "path": ["ids", "3"]},
            {"code": "INVALID", "path": ["ids", "4"]},
        ],
    }
    for ids, code in ((["a"] * 1001, "TOO_MANY"), ([], "INVALID")):
        payload = (await client.data(DELETE, ids=ids))["deleteResourceRecords"]
        assert payload == {"deletedIds": [], "errors": [{"code": code, "path": ["ids"]}]}
    assert len(await read_stored(gateway)) == 3


@pytest.mark.parametrize("query", [UPSERT, DELETE])
async def test_a_viewer_without_write_permission_is_refused(gateway: Gateway, query: str) -> None:
    await store_clinic(gateway, record("a", "clinic"))
    await store(gateway.database, connected("private", access="personal"), connected("shared", access="system"))
    variables = {"records": [new_record("new")]} if query is UPSERT else {"ids": ["a"]}
    reader = await gateway.client(user_id="reader", permissions=[Permission.READ_RECORDS])
    colleague = await gateway.client(user_id="colleague", permissions=[Permission.WRITE_RECORDS])
    stranger = await gateway.client(team_id=OTHER_TEAM)
    refusals = []
    out_of_reach = ((colleague, "private"), (colleague, "missing"), (stranger, "clinic"), (stranger, "shared"))
    for client, id in ((reader, "clinic"), *out_of_reach):
        ((payload,),) = [(await client.data(query, id=id, **variables)).values()]
        refusals.append([(error["code"], error["path"]) for error in payload["errors"]])
    assert refusals == [[("FORBIDDEN", [])], *[[("NOT_FOUND", ["integrationId"])]] * 4]
    assert [*await read_stored(gateway)] == ["resource_record_a"]
