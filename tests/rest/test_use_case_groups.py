"""`POST /integrations/v1/integrations/{microsoft|google}/use-case-groups`, document 2."""

from typing import Any

import pytest
from httpx import Response
from sqlalchemy import func, select

from gateway.database.tables import UseCase, UseCaseGroup
from gateway.domain.enums import Permission
from tests.support.examples import example
from tests.support.factories import connected, store
from tests.support.gateway import OTHER_TEAM, Client, Gateway
from tests.support.rest import EXPORT, send

PATH = "/integrations/v1/integrations/{}/use-case-groups"
CLINIC = "64a000000000000000000001"
OTHER_CLINIC = "64a000000000000000000002"
WRITERS = (Permission.READ_INTEGRATIONS, Permission.READ_RECORDS, Permission.WRITE_INTEGRATIONS)
GROUP_KEYS = [
    *("_id", "name", "slug", "sheet_link", "assistant_id", "timezone", "start_time"),
    *("version", "created_at", "updated_at", "next_run_at"),
]


async def connect(gateway: Gateway) -> Client:
    """Connect Microsoft, and return a client that may write."""
    await store(gateway.database, connected(CLINIC))
    return await gateway.client(permissions=WRITERS)


async def upsert(client: Client, body: object, provider: str = "microsoft") -> Response:
    return await send(client, PATH.format(provider), "POST", json=body)


async def upsert_accepted(client: Client, body: object) -> Any:
    response = await upsert(client, body)
    assert response.status_code == 200, response.text
    return response.json()


async def count_rows(gateway: Gateway) -> tuple[int, int]:
    """Return the numbers of groups and of use cases."""
    async with gateway.read() as session:
        groups = await session.scalar(select(func.count()).select_from(UseCaseGroup))
        return groups or 0, await session.scalar(select(func.count()).select_from(UseCase)) or 0


async def test_the_documented_request_creates_the_group(gateway: Gateway) -> None:
    client = await connect(gateway)
    request = example("upsert-use-case-group.request")
    answer = await upsert_accepted(client, request)
    assert [*answer] == ["group", "outcome", "use_cases"]
    assert answer["outcome"] == "created"
    group = answer["group"]
    assert [*group] == GROUP_KEYS
    given = ("name", "sheet_link", "assistant_id", "timezone", "start_time")
    assert {name: group[name] for name in given} == {name: request[name] for name in given}
    assert (group["slug"], group["version"]) == ("appointment-reminders", 1)
    query = "query($id: ID!) { useCaseGroup(id: $id) { createdAt updatedAt nextRunAt } }"
    found = (await client.data(query, id=group["_id"]))["useCaseGroup"]
    assert [*found.values()] == [group["created_at"], group["updated_at"], group["next_run_at"]]


async def test_the_use_cases_are_those_of_the_export(gateway: Gateway) -> None:
    client = await connect(gateway)
    answer = await upsert_accepted(client, example("upsert-use-case-group.request"))
    exported = (await send(client, EXPORT.format(CLINIC))).json()["use_cases"]
    by_name = {entry["config"]["name"]: entry for entry in exported}
    names = ["New Patients Appointment Reminder", "Lab Reminder"]
    assert answer["use_cases"] == [by_name[name] for name in names]
    assert [[*entry] for entry in answer["use_cases"]] == [[*by_name[name]] for name in names]


async def test_the_same_request_with_the_id_of_the_group_changes_nothing(gateway: Gateway) -> None:
    client = await connect(gateway)
    request = example("upsert-use-case-group.request")
    created = await upsert_accepted(client, request)
    again = await upsert_accepted(client, {**request, "group_id": created["group"]["_id"]})
    assert again == {**created, "outcome": "unchanged"}


async def test_absent_fields_stay_and_null_clears(gateway: Gateway) -> None:
    client = await connect(gateway)
    request = example("upsert-use-case-group.request")
    created = await upsert_accepted(client, request)
    named = {"group_id": created["group"]["_id"], "name": "Renamed", "start_time": None}
    answer = await upsert_accepted(
        client, {**named, "use_cases": [{"use_case": "LAB_REMINDER", "enabled": False}]}
    )
    assert answer["outcome"] == "updated"
    cleared = {"name": "Renamed", "start_time": None, "next_run_at": None, "version": 2}
    assert answer["group"] == {**created["group"], **cleared, "updated_at": answer["group"]["updated_at"]}
    listed, other = answer["use_cases"]
    before = created["use_cases"][1]["config"]
    assert listed["config"] == {
        **before,
        "status": "inactive",
        "actions": [{**action, "schedule": None} for action in before["actions"]],
    }
    assert other["config"]["name"] == "New Patients Appointment Reminder"
    emptied = {"group_id": named["group_id"], "name": "Renamed"}
    answer = await upsert_accepted(client, {**emptied, "use_cases": [{"use_case": "LAB_REMINDER", "actions": []}]})
    assert answer["use_cases"][0]["config"]["actions"] == []


async def test_a_link_is_trimmed(gateway: Gateway) -> None:
    client = await connect(gateway)
    answer = await upsert_accepted(client, {"name": "A", "sheet_link": " https://sheets.example/1 "})
    assert answer["group"]["sheet_link"] == "https://sheets.example/1"


async def test_an_action_without_a_day_runs_a_week_before(gateway: Gateway) -> None:
    action = {"action_type": "CALL", "context": "c", "template_name": "t"}
    body = {"name": "A", "use_cases": [{"use_case": "LAB_REMINDER", "actions": [action]}]}
    (entry,) = (await upsert_accepted(await connect(gateway), body))["use_cases"]
    assert (entry["config"]["status"], entry["config"]["actions"][0]["daysWindow"]) == ("active", 7)


async def test_problems_of_the_form_come_at_once_without_the_input(gateway: Gateway) -> None:
    client = await connect(gateway)
    action = {"action_type": "sms", "day": "x", "template_name": 1, "context": "c\0"}
    use_cases = [{"use_case": "LAB", "actions": [action]}, 1]
    response = await upsert(client, {"slug": 1, "use_cases": use_cases}, "yahoo")
    actions = ["body", "use_cases", 0, "actions", 0]
    keys = ", ".join(
        f"'{key}'"
        for key in (
            "NEW_PATIENT_APPOINTMENT_REMINDER",
            "FOLLOW_UP_APPOINTMENT_REMINDER",
            "PROCEDURE_REMINDER",
            "LAB_REMINDER",
            "MEDICATION_REFILL_REMINDER",
            "BILLING_REMINDER",
        )
    )
    expected = [
        (["path", "provider"], "Input should be 'microsoft' or 'google'", "enum"),
        (["body", "name"], "Field required", "missing"),
        (["body", "slug"], "Input should be a valid string", "string_type"),
        (["body", "use_cases", 0, "use_case"], f"Input should be {keys} or 'NO_SHOW_FOLLOW_UP'", "enum"),
        ([*actions, "action_type"], "Input should be 'SMS' or 'CALL'", "enum"),
        ([*actions, "context"], "Value error, Text cannot contain U+0000; remove it", "value_error"),
        (
            [*actions, "day"],
            "Input should be a valid integer, unable to parse string as an integer",
            "int_parsing",
        ),
        ([*actions, "template_name"], "Input should be a valid string", "string_type"),
        (
            ["body", "use_cases", 1],
            "Input should be a valid dictionary or object to extract fields from",
            "model_attributes_type",
        ),
    ]
    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": loc, "msg": msg, "type": type} for loc, msg, type in expected]}
    assert await count_rows(gateway) == (0, 0)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", {"loc": ["body"], "msg": "Field required", "type": "missing"}),
        (b'{"name": ', {"loc": ["body", 9], "msg": "JSON decode error", "type": "json_invalid"}),
        (
            b'{"name":"a","name":"b"}',
            {
                "loc": ["body", 0],
                "msg": "The body has the key `name` twice in one object.",
                "type": "json_invalid",
            },
        ),
        (
            b"[]",
            {
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "type": "model_attributes_type",
            },
        ),
    ],
    ids=["empty", "cut", "repeated key", "list"],
)
async def test_a_body_that_is_no_object_is_unprocessable(
    gateway: Gateway, body: bytes, problem: dict[str, Any]
) -> None:
    client = await connect(gateway)
    headers = {"Content-Type": "application/json"}
    response = await send(client, PATH.format("microsoft"), "POST", headers, content=body)
    assert (response.status_code, response.json()) == (422, {"detail": [problem]})


async def test_a_body_of_another_type_is_unprocessable(gateway: Gateway) -> None:
    response = await send(await connect(gateway), PATH.format("microsoft"), "POST", data={"name": "A"})
    message = "`Content-Type` is `application/x-www-form-urlencoded`; send `application/json`, in UTF-8."
    problem = {"loc": ["body"], "msg": message, "type": "model_attributes_type"}
    assert (response.status_code, response.json()) == (422, {"detail": [problem]})


async def test_each_refusal_of_the_service_has_its_location(gateway: Gateway) -> None:
    client = await connect(gateway)
    action = {"action_type": "SMS", "context": " ", "day": 366, "template_name": ""}
    body = {
        "name": " ",
        "slug": "Not A Slug",
        "sheet_link": "ftp://sheets.example",
        "assistant_id": "a b",
        "timezone": "america/chicago",
        "start_time": "24:00:00",
        "use_cases": [
            {"use_case": "LAB_REMINDER", "actions": [action, action]},
            {"use_case": "LAB_REMINDER"},
        ],
    }
    response = await upsert(client, body)
    assert response.status_code == 422
    detail = response.json()["detail"]
    assert {problem["type"] for problem in detail} == {"value_error"}
    actions = "body.use_cases.0.actions"
    assert sorted(".".join(map(str, problem["loc"])) for problem in detail) == sorted(
        [
            *(f"body.{name}" for name in ("name", "slug", "sheet_link", "assistant_id", "timezone", "start_time")),
            *(f"{actions}.{place}.{name}" for place in (0, 1) for name in ("day", "template_name", "context")),
            f"{actions}.1",
            "body.use_cases.1",
        ]
    )
    messages = [problem["msg"] for problem in detail if problem["loc"] == ["body", "start_time"]]
    rule = "`start_time` must be a time as HH:MM:SS, from 00:00:00 to 23:59:59, without offset or fraction."
    assert messages == [rule]
    assert await count_rows(gateway) == (0, 0)


async def test_a_provider_that_is_not_connected_is_not_found(gateway: Gateway) -> None:
    client = await connect(gateway)
    response = await upsert(client, {"name": "A"}, "google")
    detail = "The team has no integration at GOOGLE. Connect the provider first."
    assert (response.status_code, response.json()) == (404, {"detail": detail})


async def test_a_group_of_another_team_is_missing_in_the_same_bytes(gateway: Gateway) -> None:
    client = await connect(gateway)
    created = await upsert_accepted(client, {"name": "A"})
    await store(gateway.database, connected(OTHER_CLINIC, team_id=OTHER_TEAM))
    other = await gateway.client(team_id=OTHER_TEAM, permissions=WRITERS)
    foreign = await upsert(other, {"name": "B", "group_id": created["group"]["_id"]})
    missing = await upsert(other, {"name": "B", "group_id": "0" * 24})
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    detail = "There is no use-case group with this id. Omit `group_id` to create a group."
    assert (missing.status_code, missing.json()) == (404, {"detail": detail})
    assert await count_rows(gateway) == (1, 0)


async def test_a_slug_in_use_is_a_conflict(gateway: Gateway) -> None:
    client = await connect(gateway)
    id = (await upsert_accepted(client, {"name": "A", "slug": "a"}))["group"]["_id"]
    response = await upsert(client, {"name": "B", "slug": "a"})
    remedy = "Use it as `group_id` to update the group, or choose another slug."
    assert (response.status_code, response.json()) == (409, {"detail": f"The group {id} has this slug. {remedy}"})
    assert await count_rows(gateway) == (1, 0)


async def test_a_team_with_several_integrations_names_one(gateway: Gateway) -> None:
    client = await connect(gateway)
    await store(gateway.database, connected(OTHER_CLINIC))
    response = await upsert(client, {"name": "A"})
    detail = "The team has 2 integrations at MICROSOFT. Choose one with `integration_id`."
    assert (response.status_code, response.json()) == (409, {"detail": detail})
    path = f"{PATH.format('microsoft')}?integration_id={OTHER_CLINIC}"
    assert (await send(client, path, "POST", json={"name": "A"})).json()["outcome"] == "created"


async def test_an_upsert_needs_the_permission_to_write(gateway: Gateway) -> None:
    await connect(gateway)
    client = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    response = await upsert(client, {"name": "A"})
    detail = "This needs the permission WRITE_INTEGRATIONS."
    assert (response.status_code, response.json()) == (403, {"detail": detail})
    assert await count_rows(gateway) == (0, 0)
