"""Updating and deleting a use case."""

from typing import Any

from sqlalchemy import select

from gateway.database.tables import UseCase
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document
from tests.support.examples import example
from tests.support.factories import connected, store, use_case
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway
from tests.support.upserts import LAB, documented, stored, upserted, use_case_of

UPDATE = """
mutation ($id: ID!, $input: UpdateUseCaseInput!, $expectedVersion: Int) {
  updateUseCase(id: $id, input: $input, expectedVersion: $expectedVersion) {
    errors { code message path }
    useCase {
      id version schedulerNames updatedBy { id }
      config {
        displayName assistantId status timezone type name sheetLink
        actions {
          logicalId actionType templateName context reportEmails daysWindow status
          schedule { field startDateTime endDateTime triggerAt }
        }
      }
    }
  }
}
"""
DELETE = """
mutation ($id: ID!, $expectedVersion: Int) {
  deleteUseCase(id: $id, expectedVersion: $expectedVersion) { deletedIds errors { code message path } }
}
"""
AT = "2030-01-01T09:00:00.000Z"


async def update(client: Client, id: str, input: dict[str, Any], **variables: object) -> Any:
    return (await client.data(UPDATE, id=id, input=input, **variables))["updateUseCase"]


async def update_ok(client: Client, id: str, input: dict[str, Any], **variables: object) -> Any:
    """Update a use case, require success, and return the use case."""
    payload = await update(client, id, input, **variables)
    assert payload["errors"] == []
    return payload["useCase"]


async def delete(client: Client, id: str, **variables: object) -> Any:
    return (await client.data(DELETE, id=id, **variables))["deleteUseCase"]


def list_refusals(payload: Any) -> list[tuple[str, str]]:
    assert payload.get("useCase") is None
    assert payload.get("deletedIds", []) == []
    return [(error["code"], ".".join(error["path"])) for error in payload["errors"]]


async def read_document(gateway: Gateway, id: str) -> Document:
    async with gateway.read() as session:
        return (await session.scalars(select(UseCase).where(UseCase.id == id))).one().document


async def create_use_case(gateway: Gateway, client: Client) -> Any:
    """Create the laboratory reminder of document 2 and return it."""
    await store(gateway.database, connected("i"))
    return use_case_of(await upserted(client, documented()), LAB)


async def test_an_absent_field_keeps_its_value_and_null_clears_it(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    before = await stored(gateway)
    same = await update_ok(client, created["id"], {"displayName": created["config"]["displayName"]})
    assert (same["version"], same["config"]) == (1, created["config"])
    assert await stored(gateway) == before
    fields = {
        "displayName": "Ours",
        "assistantId": "a1",
        "timezone": "Asia/Kathmandu",
        "sheetLink": "https://own.example/",
    }
    changed = await update_ok(client, created["id"], fields)
    assert (changed["version"], changed["config"]) == (2, {**created["config"], **fields})
    assert changed["updatedBy"] == {"id": USER}
    cleared = await update_ok(client, created["id"], {**dict.fromkeys(fields), "actions": None})
    assert cleared["config"] == {**created["config"], **dict.fromkeys(fields), "actions": []}
    assert cleared["schedulerNames"] == []


async def test_the_status_of_a_use_case_sets_its_scheduler_names(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    off = await update_ok(client, created["id"], {"status": "INACTIVE"})
    assert (off["config"]["status"], off["schedulerNames"]) == ("INACTIVE", [])
    on = await update_ok(client, created["id"], {"status": "ACTIVE"})
    assert on["schedulerNames"] == created["schedulerNames"] != []


async def test_actions_are_replaced_and_matching_ones_keep_absent_fields(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    (old,) = created["config"]["actions"]
    schedule = {"field": "ONE_TIME", "triggerAt": AT}
    new = {"actionType": "CALL", "templateName": "T", "context": "c", "reportEmails": ["a@b.example"]}
    changed = await update_ok(
        client,
        created["id"],
        {
            "actions": [
                {**new, "schedule": schedule},
                # Matched by its logical id, although its other fields change.
                {
                    "logicalId": old["logicalId"],
                    "actionType": "CALL",
                    "templateName": "Other",
                    "context": "other",
                    "daysWindow": 3,
                },
                # Another action may use its former type, day and context.
                {"actionType": "SMS", "templateName": "T", "context": old["context"], "daysWindow": 0},
            ]
        },
    )
    first, second, third = changed["config"]["actions"]
    assert first == {
        **new,
        "logicalId": first["logicalId"],
        "daysWindow": 7,
        "status": "ACTIVE",
        "schedule": {"field": "ONE_TIME", "startDateTime": None, "endDateTime": None, "triggerAt": AT},
    }
    assert second == {
        **old,
        "actionType": "CALL",
        "templateName": "Other",
        "context": "other",
        "daysWindow": 3,
    }
    assert len({first["logicalId"], second["logicalId"], third["logicalId"]}) == 3
    assert third["schedule"] is None
    assert changed["schedulerNames"] == [f"uc-{created['id']}-{a['logicalId']}" for a in (first, second)]
    # Without a logical id, an action is matched by type, day and context.
    again = await update_ok(client, created["id"], {"actions": [{**new, "templateName": "U", "schedule": None}]})
    (unchanged,) = again["config"]["actions"]
    assert unchanged == {**first, "templateName": "U", "schedule": None}
    off = {**new, "reportEmails": None, "status": "INACTIVE"}
    cleared = await update_ok(client, created["id"], {"actions": [off]})
    assert cleared["config"]["actions"] == [{**unchanged, **off, "reportEmails": []}]


async def test_an_update_with_the_stored_values_changes_nothing(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    before = await stored(gateway)
    config = {key: value for key, value in created["config"].items() if key not in ("type", "name")}
    assert (await update_ok(client, created["id"], config))["version"] == 1
    assert await stored(gateway) == before


async def test_unknown_keys_of_the_document_stay(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    (document,) = example("export.response")["use_cases"]
    row = use_case("u", "i")
    row.document = {**document, "_id": "u", "extra": {"a": [1]}}
    await store(gateway.database, row)
    changed = await update_ok(client, "u", {"displayName": "Ours"})
    stored = await read_document(gateway, "u")
    assert stored == {
        **document,
        "_id": "u",
        "extra": {"a": [1]},
        "config": {**document["config"], "displayName": "Ours"},
        "updatedBy": USER,
        "updatedAt": stored["updatedAt"],
    }
    # Imported scheduler names stay unless the schedules or the status change.
    assert changed["schedulerNames"] == ["<string>"]


async def test_all_problems_are_reported_at_once(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    (old,) = created["config"]["actions"]
    before = await stored(gateway)
    good = {"actionType": "SMS", "templateName": "T", "context": "c"}
    payload = await update(
        client,
        created["id"],
        {
            "displayName": " ",
            "assistantId": "no id",
            "status": None,
            "timezone": "america/chicago",
            "sheetLink": "mailto:a@b.example",
            "actions": [
                {**good, "templateName": "", "context": " ", "daysWindow": 400},
                {**good, "reportEmails": ["a@b.example", "nobody", "a b@c"]},
                good,
                {**good, "context": "d", "logicalId": "unknown"},
                {**good, "context": "e", "logicalId": old["logicalId"]},
                {**good, "context": "f", "logicalId": old["logicalId"]},
                {
                    **good,
                    "context": "g",
                    "schedule": {
                        "field": "RECURRING",
                        "startDateTime": "2030-01-01T10:00:00+01:00",
                        "endDateTime": "2030-01-01T08:59:59Z",
                        "triggerAt": AT,
                    },
                },
            ],
        },
    )
    assert list_refusals(payload) == [
        ("REQUIRED", "input.status"),
        ("REQUIRED", "input.displayName"),
        ("INVALID", "input.sheetLink"),
        ("INVALID", "input.assistantId"),
        ("INVALID", "input.timezone"),
        ("NOT_FOUND", "input.actions.3.logicalId"),
        ("INVALID", "input.actions.0.daysWindow"),
        ("REQUIRED", "input.actions.0.templateName"),
        ("REQUIRED", "input.actions.0.context"),
        ("INVALID", "input.actions.1.reportEmails.1"),
        ("INVALID", "input.actions.1.reportEmails.2"),
        ("DUPLICATE", "input.actions.2"),
        ("DUPLICATE", "input.actions.5"),
        ("INVALID", "input.actions.6.schedule.endDateTime"),
    ]
    assert await stored(gateway) == before


async def test_an_unexpected_version_is_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    await update_ok(client, created["id"], {"displayName": "Ours"}, expectedVersion=1)
    before = await stored(gateway)
    refused = await update(client, created["id"], {"displayName": "Theirs"}, expectedVersion=1)
    assert list_refusals(refused) == [("VERSION_CONFLICT", "expectedVersion")]
    assert list_refusals(await delete(client, created["id"], expectedVersion=1)) == [
        ("VERSION_CONFLICT", "expectedVersion")
    ]
    assert await stored(gateway) == before
    assert (await delete(client, created["id"], expectedVersion=2))["deletedIds"] == [created["id"]]


async def test_only_the_deleted_use_case_is_deleted(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create_use_case(gateway, client)
    assert await delete(client, created["id"]) == {"deletedIds": [created["id"]], "errors": []}
    assert len(await stored(gateway)) == 2
    assert list_refusals(await delete(client, created["id"])) == [("NOT_FOUND", "id")]
    # An upsert creates it again.
    again = await upserted(
        client, {"name": "G", "groupId": created["group"]["id"], "useCases": [{"useCase": LAB}]}
    )
    assert again["useCases"][0]["outcome"] == "CREATED"


async def test_a_use_case_that_the_viewer_may_not_change_is_not_found(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(
        gateway.database,
        connected("personal", access="personal", createdBy="somebody.else"),
        connected("theirs", team_id=OTHER_TEAM, access="system"),
        connected("own"),
    )
    await store(
        gateway.database,
        use_case("hidden", "personal"),
        use_case("foreign", "theirs", team_id=OTHER_TEAM),
        use_case("ours", "own"),
    )
    before = await stored(gateway)
    changes = {"displayName": "Ours", "timezone": "Mars/Olympus"}
    ids = ("unknown", "hidden", "foreign", "no id")
    for payloads in (
        [await update(client, id, changes) for id in ids],
        [await delete(client, id) for id in ids],
    ):
        unknown, hidden, foreign, malformed = payloads
        assert list_refusals(unknown) == [("NOT_FOUND", "id")]
        assert hidden == foreign == unknown
        assert list_refusals(malformed) == [("INVALID", "id")]
    reader = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    assert list_refusals(await update(reader, "ours", changes)) == [("FORBIDDEN", "")]
    assert list_refusals(await delete(reader, "ours")) == [("FORBIDDEN", "")]
    assert await stored(gateway) == before
