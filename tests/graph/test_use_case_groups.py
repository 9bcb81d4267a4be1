"""Groups of use cases: the request of document 2, and reading groups."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from gateway.database.tables import UseCase
from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.domain.schedules import find_next_run
from tests.support.examples import example
from tests.support.factories import AT, connected, store, use_case_group
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, collect_statements
from tests.support.upserts import build_documented_input, build_use_case, get_outcomes, upsert_accepted

GROUP = """
query ($id: ID!) {
  useCaseGroup(id: $id) {
    id name slug sheetLink assistantId timezone startTime nextRunAt version createdAt updatedAt
    integration { id } useCases { id }
  }
}
"""
CHICAGO = ZoneInfo("America/Chicago")
EIGHT = time(8)


async def test_the_request_of_document_2_creates_its_group(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    before = instants.now()
    payload = await upsert_accepted(client, build_documented_input())
    after = instants.now()
    runs = {instants.format_instant(find_next_run(EIGHT, CHICAGO, at)) for at in (before, after)}
    group = payload["group"]
    assert before <= datetime.fromisoformat(group["createdAt"]) <= after
    assert group["nextRunAt"] in runs
    assert payload["outcome"] == "CREATED"
    assert get_outcomes(payload) == {"NEW_PATIENT_APPOINTMENT_REMINDER": "CREATED", "LAB_REMINDER": "CREATED"}
    assert [entry["changedPaths"] for entry in payload["useCases"]] == [[], []]
    assert {**group, "nextRunAt": None} == {
        "id": group["id"],
        "name": "Appointment Reminders",
        "slug": "appointment-reminders",
        "sheetLink": "https://1drv.ms/x/...",
        "assistantId": "68a8652f82513625d1c21a85",
        "timezone": "America/Chicago",
        "startTime": "08:00:00",
        "nextRunAt": None,
        "version": 1,
        "createdAt": group["createdAt"],
        "updatedAt": group["createdAt"],
        "integration": {"id": "i"},
        "useCases": [{"id": entry["useCase"]["id"]} for entry in payload["useCases"]],
    }
    new_patients, lab = (entry["useCase"] for entry in payload["useCases"])
    (run,) = {a["schedule"]["triggerAt"] for u in (new_patients, lab) for a in u["config"]["actions"]}
    assert run in runs
    schedule = {"field": "RECURRING", "startDateTime": run, "endDateTime": None, "triggerAt": run}
    ids = [action["logicalId"] for action in new_patients["config"]["actions"]]
    assert len({*ids, *(action["logicalId"] for action in lab["config"]["actions"])}) == 3
    assert all(id.startswith("action_") for id in ids)
    assert new_patients == {
        "id": new_patients["id"],
        "key": "NEW_PATIENT_APPOINTMENT_REMINDER",
        "version": 1,
        "schedulerNames": [f"uc-{new_patients['id']}-{id}" for id in ids],
        "createdAt": group["createdAt"],
        "updatedAt": group["createdAt"],
        "group": {"id": group["id"]},
        "config": {
            "displayName": "Appointment Reminders – New Patients Appointment Reminder",  # noqa: RUF001
            "assistantId": "68a8652f82513625d1c21a85",
            "status": "ACTIVE",
            "timezone": "America/Chicago",
            "type": "APPOINTMENT_REMINDER_WITH_SHEET",
            "name": "New Patients Appointment Reminder",
            "sheetLink": "https://1drv.ms/x/...",
            "actions": [
                {
                    "logicalId": id,
                    "actionType": type_,
                    "templateName": template,
                    "context": context,
                    "reportEmails": [],
                    "daysWindow": days,
                    "status": "ACTIVE",
                    "schedule": schedule,
                }
                for id, type_, template, context, days in zip(
                    ids,
                    ("SMS", "CALL"),
                    ("First SMS", "Day 1 Call"),
                    ("reminder_7d", "reminder_1d"),
                    (7, 1),
                    strict=True,
                )
            ],
        },
    }
    assert [action["daysWindow"] for action in lab["config"]["actions"]] == [0]


async def test_a_use_case_of_a_group_has_the_documented_shape(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    payload = await upsert_accepted(client, build_documented_input())
    async with gateway.read() as session:
        rows = (await session.scalars(select(UseCase).order_by(UseCase.id))).all()
    (shape,) = example("export.response")["use_cases"]
    for row, entry in zip(rows, payload["useCases"], strict=True):
        document, config = row.document, row.read_config()
        assert list(document) == list(shape)
        assert list(config.values) == list(shape["config"])
        for action in config.read_objects("actions"):
            assert [*action.values] == ["logicalId", "actionType", *[*shape["config"]["actions"][0]][1:]]
            assert action.values["actionType"] in ("sms", "call")
            assert {*action.read_object("schedule").values} == {*shape["config"]["actions"][0]["schedule"]}
        at = entry["useCase"]["createdAt"]
        assert {key: document[key] for key in ("teamId", "createdBy", "updatedBy", "createdAt", "updatedAt")} == {
            "teamId": TEAM,
            "createdBy": USER,
            "updatedBy": USER,
            "createdAt": at,
            "updatedAt": at,
        }
        assert (document["_id"], document["integrationId"]) == (row.id, "i")
        assert row.logical_id == document["logicalId"]
        assert row.logical_id.startswith("use_case_")


async def test_an_upsert_needs_few_statements(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    with collect_statements() as creating:
        created = await upsert_accepted(client, build_documented_input())
    changed = {**build_documented_input(), "groupId": created["group"]["id"], "startTime": "09:00:00"}
    with collect_statements() as updating:
        updated = await upsert_accepted(client, changed)
    with collect_statements() as repeating:
        repeated = await upsert_accepted(client, changed)
    assert [payload["outcome"] for payload in (created, updated, repeated)] == ["CREATED", "UPDATED", "UNCHANGED"]
    # Each payload takes three of them: the integration, the groups and their use cases.
    assert (len(creating), len(updating), len(repeating)) == (8 + 3, 8 + 3, 5 + 3)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", None])
async def test_the_next_run_of_a_group_is_at_its_time_in_its_zone(gateway: Gateway, zone: str | None) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    await store(gateway.database, use_case_group("g", "i", start_time=time(23, 30), timezone=zone))
    before = instants.now()
    group = (await client.data(GROUP, id="g"))["useCaseGroup"]
    run = datetime.fromisoformat(group["nextRunAt"])
    assert group["startTime"] == "23:30:00"
    assert before < run <= instants.now() + timedelta(days=1)
    assert run.astimezone(ZoneInfo(zone or "UTC")).time() == time(23, 30)


async def test_a_group_without_a_start_time_has_no_next_run(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    await store(gateway.database, use_case_group("g", "i", timezone="America/Havana"))
    group = (await client.data(GROUP, id="g"))["useCaseGroup"]
    assert (group["startTime"], group["nextRunAt"], group["timezone"]) == (None, None, "America/Havana")


async def test_malformed_unknown_and_invisible_ids_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(
        gateway.database,
        connected("personal", access="personal", createdBy="somebody.else"),
        connected("theirs", team_id=OTHER_TEAM, access="system"),
    )
    await store(
        gateway.database,
        use_case_group("hidden", "personal"),
        use_case_group("foreign", "theirs", team_id=OTHER_TEAM),
    )
    answers = [await client(GROUP, id=id) for id in ("no id", "unknown", "hidden", "foreign")]
    assert [answer["data"] for answer in answers] == [{"useCaseGroup": None}] * 4
    assert [answer["errors"][0]["extensions"] for answer in answers] == [
        {"code": "BAD_USER_INPUT", "argument": ["id"]},
        *[{"code": "NOT_FOUND", "argument": ["id"]}] * 3,
    ]
    assert answers[1] == answers[2] == answers[3]
    outsider = await gateway.client(permissions=[Permission.READ_RECORDS])
    assert (await outsider(GROUP, id="hidden"))["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_the_use_cases_of_a_group_are_in_order_of_creation(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    keys = ["PROCEDURE_REMINDER", "BILLING_REMINDER", "LAB_REMINDER", "NO_SHOW_FOLLOW_UP"]
    created = await upsert_accepted(client, {"name": "All", "useCases": [build_use_case(key) for key in keys]})
    query = "query ($id: ID!) { useCaseGroup(id: $id) { useCases { key } } }"
    data = await client.data(query, id=created["group"]["id"])
    assert [use_case["key"] for use_case in data["useCaseGroup"]["useCases"]] == keys


async def test_groups_are_listed_in_order_of_creation(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    await store(
        gateway.database,
        use_case_group("late", "i", at=AT + timedelta(days=1)),
        use_case_group("early", "i", at=datetime(2020, 1, 1, tzinfo=UTC)),
    )
    query = """{ integration(id: "i") { ... on ConnectedIntegration { useCaseGroups { nodes { slug } } } } }"""
    data = await client.data(query)
    assert data["integration"]["useCaseGroups"]["nodes"] == [{"slug": "early"}, {"slug": "late"}]
