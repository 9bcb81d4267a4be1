"""Upserts adopt use cases without a group, which an import brought."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.database.tables import UseCase
from gateway.domain.enums import UseCaseKey
from gateway.domain.lenient_reading import Document
from tests.support.factories import connected, store, use_case, use_case_group
from tests.support.gateway import OTHER_TEAM, Client, Gateway
from tests.support.upserts import (
    BILLING,
    LAB,
    build_action,
    build_use_case,
    get_outcomes,
    get_use_case,
    read_stored_rows,
    upsert_accepted,
)

ACTION: Document = {
    "logicalId": "action_1",
    "actionType": "sms",
    "templateName": "Old",
    "context": "reminder",
    "reportEmails": ["a@b.example"],
    "daysWindow": 7,
    "status": "active",
    "createdAt": "2024-01-01T00:00:00Z",
    "schedule": {"field": "recurring", "endDateTime": None, "triggerAt": "2020-01-01T08:00:00.000Z"},
}


async def create_client(gateway: Gateway, *ids: str) -> Client:
    """Store the integration and laboratory reminders without a group."""
    await store(gateway.database, connected("i"))
    await store(gateway.database, *(use_case(id, "i", displayName="Mine", actions=[ACTION]) for id in ids))
    return await gateway.client()


async def count_use_cases(gateway: Gateway) -> int:
    async with gateway.read() as session:
        return len((await session.scalars(select(UseCase))).all())


def build_input(**fields: object) -> dict[str, object]:
    return {"name": "Lab", "useCases": [build_use_case(LAB, build_action())], **fields}


@pytest.mark.parametrize("has_group", [False, True])
async def test_a_use_case_without_a_group_is_adopted(gateway: Gateway, has_group: bool) -> None:
    client = await create_client(gateway, "u")
    await store(gateway.database, use_case_group("g", "i"))
    target: dict[str, Any] = {"groupId": "g"} if has_group else {}
    input = build_input(**target, startTime="08:00:00", sheetLink="https://sheets.example/1")
    payload = await upsert_accepted(client, input)
    assert payload["outcome"] == ("UPDATED" if has_group else "CREATED")
    assert get_outcomes(payload) == {LAB: "UPDATED"}
    found = get_use_case(payload, LAB)
    assert (found["id"], found["version"], found["group"]) == ("u", 2, {"id": payload["group"]["id"]})
    assert found["createdAt"] == "2025-03-09T12:00:00.000Z"
    assert (found["config"]["displayName"], found["config"]["sheetLink"]) == ("Mine", "https://sheets.example/1")
    (action,) = found["config"]["actions"]
    assert (action["logicalId"], action["templateName"], action["reportEmails"]) == (
        "action_1",
        "First SMS",
        ["a@b.example"],
    )
    assert action["schedule"]["triggerAt"] == payload["group"]["nextRunAt"]
    assert found["schedulerNames"] == ["uc-u-action_1"]
    assert await count_use_cases(gateway) == 1
    before = await read_stored_rows(gateway)
    again = await upsert_accepted(client, {**input, "groupId": payload["group"]["id"]})
    assert (again["outcome"], await read_stored_rows(gateway)) == ("UNCHANGED", before)


async def test_absent_actions_of_an_adopted_use_case_stay(gateway: Gateway) -> None:
    client = await create_client(gateway, "u")
    listed = {"useCase": LAB, "enabled": False}
    found = get_use_case(await upsert_accepted(client, build_input(useCases=[listed])), LAB)
    assert (found["id"], found["config"]["status"]) == ("u", "INACTIVE")
    assert [action["logicalId"] for action in found["config"]["actions"]] == ["action_1"]


async def test_of_two_use_cases_none_is_adopted(gateway: Gateway) -> None:
    client = await create_client(gateway, "u", "v")
    payload = await upsert_accepted(client, build_input())
    assert get_outcomes(payload) == {LAB: "CREATED"}
    assert get_use_case(payload, LAB)["id"] not in ("u", "v")
    assert await count_use_cases(gateway) == 3


async def test_other_use_cases_are_not_adopted(gateway: Gateway) -> None:
    client = await create_client(gateway)
    await store(gateway.database, connected("other"), connected("i", team_id=OTHER_TEAM))
    await store(gateway.database, use_case_group("g", "i"))
    await store(
        gateway.database,
        use_case("grouped", "i", group=("g", UseCaseKey.LAB_REMINDER)),
        use_case("elsewhere", "other"),
        use_case("foreign", "i", team_id=OTHER_TEAM),
        use_case("unknown", "i", name="Another"),
    )
    payload = await upsert_accepted(client, build_input(), integrationId="i")
    assert get_outcomes(payload) == {LAB: "CREATED"}
    # A key that the input does not list stays without a group.
    await store(gateway.database, use_case("free", "i"))
    listed = [build_use_case(BILLING)]
    payload = await upsert_accepted(client, build_input(useCases=listed), integrationId="i")
    assert get_outcomes(payload) == {BILLING: "CREATED"}
    async with gateway.read() as session:
        groups = await session.scalars(select(UseCase.group_id).where(UseCase.id == "free"))
    assert groups.one() is None


async def test_a_dry_run_adopts_nothing(gateway: Gateway) -> None:
    client = await create_client(gateway, "u")
    before = await read_stored_rows(gateway)
    assert get_outcomes(await upsert_accepted(client, build_input(), dryRun=True)) == {LAB: "UPDATED"}
    assert await read_stored_rows(gateway) == before
