"""Next runs of daily schedules, which are derived when they are read."""

from copy import deepcopy
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from gateway import services
from gateway.database.tables import UseCase
from gateway.domain import schedules
from gateway.domain.documents.exports import compute_checksum
from gateway.domain.enums import SecretsMode, UseCaseKey
from gateway.domain.lenient_reading import Document, Json
from tests.support.factories import connected, store, use_case, use_case_group
from tests.support.gateway import Gateway
from tests.support.importing import export_integration, import_accepted

CHICAGO = ZoneInfo("America/Chicago")
EIGHT = time(8)
LAB, BILLING = UseCaseKey.LAB_REMINDER, UseCaseKey.BILLING_REMINDER
PAST: Document = {
    "field": "recurring",
    "startDateTime": "2020-07-01T13:00:00.000Z",
    "endDateTime": None,
    "triggerAt": "2020-12-01T14:00:00.000Z",
}
TRIGGERS = "config { actions { schedule { triggerAt } } }"
QUERY = f"""
{{
  useCaseGroup(id: "g") {{ nextRunAt useCases {{ {TRIGGERS} }} }}
  useCase(id: "u1") {{ {TRIGGERS} }}
  integration(id: "i") {{ ... on ConnectedIntegration {{ useCases {{ nodes {{ {TRIGGERS} }} }} }} }}
  integrationExport(integrationId: "i") {{ useCases {{ {TRIGGERS} }} document }}
}}
"""


def action(schedule: Json) -> Document:
    return {"logicalId": "a", "actionType": "sms", "context": "c", "templateName": "t", "schedule": schedule}


async def store_group(gateway: Gateway, first: Json, second: Json = PAST, **columns: Any) -> None:
    """Store a group that runs at eight in Chicago, and two use cases with one action each."""
    await store(gateway.database, connected("i"))
    group = use_case_group("g", "i", **{"start_time": EIGHT, "timezone": "America/Chicago", **columns})
    await store(gateway.database, group)
    await store(
        gateway.database,
        use_case("u1", "i", group=("g", LAB), actions=[action(first)]),
        # The wrong type of the name makes the answer come from the careful function.
        use_case("u2", "i", group=("g", BILLING), actions=[action(second)], displayName=5),
    )


def collect_triggers(value: Any) -> list[Any]:
    """Return each `triggerAt` below a value."""
    if isinstance(value, list):
        return [found for item in value for found in collect_triggers(item)]
    if not isinstance(value, dict):
        return []
    own = [value["triggerAt"]] if "triggerAt" in value else []
    return own + [found for item in value.values() for found in collect_triggers(item)]


async def read_stored(gateway: Gateway) -> list[Any]:
    async with gateway.read() as session:
        rows = (await session.scalars(select(UseCase).order_by(UseCase.id))).all()
    return [trigger for row in rows for trigger in collect_triggers(row.document)]


async def test_a_daily_schedule_shows_its_next_run_wherever_it_is_read(gateway: Gateway) -> None:
    await store_group(gateway, PAST)
    client = await gateway.client()
    before = datetime.now(UTC)
    found = await client.data(QUERY)
    run = schedules.find_next_run(EIGHT, CHICAGO, before).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert found["useCaseGroup"]["nextRunAt"] == run
    assert collect_triggers(found) == [run] * 9
    async with gateway.database.read() as reader:
        integration = await services.exports.find_integration(reader, "i")
        document, _ = await services.exports.export_integration(reader, integration, SecretsMode.OMIT)
    assert collect_triggers(document) == [run, run]
    assert await read_stored(gateway) == [PAST["triggerAt"]] * 2


async def test_a_new_and_a_repeated_operation_show_the_same_next_run(gateway: Gateway) -> None:
    await store_group(gateway, PAST)
    client = await gateway.client()
    query = f'{{ useCaseGroup(id: "g") {{ nextRunAt useCases {{ {TRIGGERS} }} }} }}'
    # The second operation takes the plan of the first one from the cache.
    first, second = [await client.data(query) for _ in range(2)]
    assert first == second
    assert collect_triggers(first) == [first["useCaseGroup"]["nextRunAt"]] * 2


@pytest.mark.parametrize(
    "schedule",
    [
        {**PAST, "field": "oneTime"},
        {**PAST, "endDateTime": "2020-12-31T00:00:00.000Z"},
        {**PAST, "triggerAt": "2020-12-01T15:00:00.000Z"},
    ],
)
async def test_any_other_schedule_is_shown_as_stored(gateway: Gateway, schedule: Document) -> None:
    await store_group(gateway, schedule, schedule)
    found = await (await gateway.client()).data(QUERY)
    assert collect_triggers(found) == [schedule["triggerAt"]] * 9


async def test_without_a_start_time_a_schedule_is_shown_as_stored(gateway: Gateway) -> None:
    await store_group(gateway, PAST, start_time=None)
    found = await (await gateway.client()).data(QUERY)
    assert collect_triggers(found) == [PAST["triggerAt"]] * 9


async def test_without_a_group_a_schedule_is_shown_as_stored(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    await store(gateway.database, use_case("u1", "i", actions=[action(PAST)]))
    found = await (await gateway.client()).data(f'{{ useCase(id: "u1") {{ {TRIGGERS} }} }}')
    assert collect_triggers(found) == [PAST["triggerAt"]]


async def test_a_next_run_is_neither_in_the_checksum_nor_a_change(gateway: Gateway) -> None:
    await store_group(gateway, PAST)
    client = await gateway.client()
    export = await export_integration(client, "i")
    past = deepcopy(export["document"])
    for entry in past["use_cases"]:
        entry["config"]["actions"][0]["schedule"]["triggerAt"] = "1999-12-01T14:00:00.000Z"
    assert past != export["document"]
    assert compute_checksum(past) == export["checksum"]
    assert (await import_accepted(client, past))["outcome"] == "UNCHANGED"
    past["use_cases"][0]["config"]["actions"][0]["schedule"]["startDateTime"] = None
    assert compute_checksum(past) != export["checksum"]
    assert (await import_accepted(client, past))["updated"] == 1


def test_a_run_that_is_not_recurring_is_in_the_checksum() -> None:
    def build(trigger: str) -> Document:
        once = action({**PAST, "field": "oneTime", "triggerAt": trigger})
        return {"integration": {}, "use_cases": [{"config": {"actions": [once]}}], "resource_records": []}

    assert compute_checksum(build("2020-01-01T00:00:00Z")) != compute_checksum(build("2021-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    "text",
    [
        '{"config":5,"x":"recurring"}',
        '{"config":{"actions":{"field":"recurring"}}}',
        '{"config":{"actions":[null,5,{},{"schedule":"recurring"},{"schedule":null}]},"x":"recurring"}',
        '["recurring"]',
    ],
)
def test_a_document_of_another_shape_is_read_as_stored(text: str) -> None:
    assert schedules.renew_document(text, EIGHT, CHICAGO, datetime.now(UTC)) == text


def test_all_but_the_next_run_keeps_its_text() -> None:
    now = datetime(2025, 1, 1, 14, 0, 0, 1000, UTC)
    schedule = '{"field":"recurring","endDateTime":null,"triggerAt":%s,"n":1.50}'
    text = '{"big":123456789012345678901234567890,"config":{"n":1E2,"actions":[1,{"schedule":' + schedule + "}]}}"
    renewed = schedules.renew_document(text % '"2020-12-01T14:00:00Z"', EIGHT, CHICAGO, now)
    assert renewed == text % '"2025-01-02T14:00:00.000Z"'
