"""Upserts of stored groups: fields that stay, change or reach the use cases."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from gateway.database.tables import UseCase
from gateway.domain.lenient_reading import Document
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway
from tests.support.sessions import open_session
from tests.support.upserts import (
    BILLING,
    LAB,
    NEW,
    build_action,
    build_documented_input,
    build_use_case,
    get_contexts,
    get_outcomes,
    get_use_case,
    read_stored_rows,
    upsert,
    upsert_accepted,
)


async def create_client(gateway: Gateway) -> Client:
    await store(gateway.database, connected("i"))
    return await gateway.client()


async def rewrite(gateway: Gateway, id: str, **config: Any) -> None:
    """Change keys of the `config` of a stored use case directly in the database."""
    async with open_session(gateway.database) as session:
        row = (await session.scalars(select(UseCase).where(UseCase.id == id))).one()
        values = row.document["config"]
        assert isinstance(values, dict)
        row.document = {**row.document, "config": {**values, **config}}


async def read_actions(gateway: Gateway, id: str) -> list[Document]:
    async with gateway.read() as session:
        row = (await session.scalars(select(UseCase).where(UseCase.id == id))).one()
    return [dict(found.values) for found in row.read_config().read_objects("actions")]


async def test_an_identical_call_writes_nothing(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    before = await read_stored_rows(gateway)
    repeated = await upsert_accepted(client, {**build_documented_input(), "groupId": created["group"]["id"]})
    assert repeated["outcome"] == "UNCHANGED"
    assert get_outcomes(repeated) == {NEW: "UNCHANGED", LAB: "UNCHANGED"}
    assert repeated["group"] == created["group"]
    assert [entry["useCase"] for entry in repeated["useCases"]] == [e["useCase"] for e in created["useCases"]]
    assert await read_stored_rows(gateway) == before


async def test_the_passing_of_time_is_not_a_change(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    lab = get_use_case(created, LAB)
    past = {"field": "recurring", "startDateTime": "2020-07-01T13:00:00.000Z", "endDateTime": None}
    schedule = {**past, "triggerAt": "2020-12-01T14:00:00.000Z"}
    (action,) = await read_actions(gateway, lab["id"])
    await rewrite(gateway, lab["id"], actions=[{**action, "schedule": schedule}])
    before = await read_stored_rows(gateway)
    again = {**build_documented_input(), "groupId": created["group"]["id"]}
    repeated = await upsert_accepted(client, again)
    assert (repeated["outcome"], await read_stored_rows(gateway)) == ("UNCHANGED", before)
    # When another change writes it, its next run is in the future and its first run stays.
    again["useCases"][1]["enabled"] = False
    changed = await upsert_accepted(client, again)
    assert get_outcomes(changed) == {NEW: "UNCHANGED", LAB: "UPDATED"}
    (found,) = get_use_case(changed, LAB)["config"]["actions"]
    assert found["schedule"]["startDateTime"] == past["startDateTime"]
    assert found["schedule"]["triggerAt"] == changed["group"]["nextRunAt"]


async def test_an_absent_field_keeps_its_value_and_null_clears_it(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    id = created["group"]["id"]
    unchanged = await upsert_accepted(client, {"groupId": id, "name": "Appointment Reminders"})
    assert (unchanged["outcome"], unchanged["group"], unchanged["useCases"]) == ("UNCHANGED", created["group"], [])
    cleared = await upsert_accepted(
        client,
        {
            "groupId": id,
            "name": "Renamed",
            "sheetLink": None,
            "assistantId": None,
            "timezone": None,
            "startTime": None,
            "useCases": None,
        },
    )
    assert cleared["group"] == {
        **created["group"],
        "name": "Renamed",
        "sheetLink": None,
        "assistantId": None,
        "timezone": None,
        "startTime": None,
        "nextRunAt": None,
        "version": 2,
        "updatedAt": cleared["group"]["updatedAt"],
    }
    # An absent slug stays; null derives it from the name.
    renamed = await upsert_accepted(client, {"groupId": id, "name": "Renamed", "slug": None})
    assert (renamed["outcome"], renamed["group"]["slug"]) == ("UPDATED", "renamed")


async def test_shared_fields_of_a_group_reach_all_its_use_cases(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    id = created["group"]["id"]
    shared = {"sheetLink": "http://sheets.example/1", "assistantId": "a1", "timezone": "Asia/Kathmandu"}
    changed = await upsert_accepted(
        client,
        {"groupId": id, "name": "Renamed", **shared, "startTime": "09:30:00", "useCases": [{"useCase": LAB}]},
    )
    assert (changed["outcome"], changed["group"]["version"]) == ("UPDATED", 2)
    # The listed use case first, then the other changed one.
    assert [(e["useCase"]["key"], e["outcome"]) for e in changed["useCases"]] == [
        (LAB, "UPDATED"),
        (NEW, "UPDATED"),
    ]
    for entry in changed["useCases"]:
        use_case = entry["useCase"]
        before = get_use_case(created, use_case["key"])
        assert {key: use_case["config"][key] for key in shared} == shared
        assert use_case["version"] == 2
        # Neither the display name nor the actions change.
        assert use_case["config"]["displayName"] == before["config"]["displayName"]
        for now, then in zip(use_case["config"]["actions"], before["config"]["actions"], strict=True):
            assert {**now, "schedule": None} == {**then, "schedule": None}
            run = datetime.fromisoformat(now["schedule"]["triggerAt"])
            assert run.astimezone(ZoneInfo("Asia/Kathmandu")).time() == time(9, 30)
            assert now["schedule"]["startDateTime"] == now["schedule"]["triggerAt"]
        assert sorted(entry["changedPaths"])[:1] == ["config.actions.0.schedule.startDateTime"]
        assert {"config.sheetLink", "config.assistantId", "config.timezone"} <= {*entry["changedPaths"]}
    off = await upsert_accepted(client, {"groupId": id, "name": "Renamed", "startTime": None})
    assert get_outcomes(off) == {NEW: "UPDATED", LAB: "UPDATED"}
    for entry in off["useCases"]:
        assert {str(found["schedule"]) for found in entry["useCase"]["config"]["actions"]} == {"None"}
        assert entry["useCase"]["schedulerNames"] == []


async def test_unlisted_use_cases_get_only_the_changed_fields_of_their_group(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    lab = get_use_case(created, LAB)
    await rewrite(gateway, lab["id"], sheetLink="https://own.example/")
    changed = await upsert_accepted(
        client, {"groupId": created["group"]["id"], "name": "Appointment Reminders", "assistantId": "a2"}
    )
    assert {entry["changedPaths"][0] for entry in changed["useCases"]} == {"config.assistantId"}
    assert get_use_case(changed, LAB)["config"]["sheetLink"] == "https://own.example/"
    # A listed use case gets all shared fields of its group.
    listing = {"groupId": created["group"]["id"], "name": "Appointment Reminders", "useCases": [{"useCase": LAB}]}
    assert (
        get_use_case(await upsert_accepted(client, listing), LAB)["config"]["sheetLink"] == "https://1drv.ms/x/..."
    )


async def test_use_cases_are_matched_by_key_and_unlisted_ones_stay(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    changed = await upsert_accepted(
        client,
        {
            "groupId": created["group"]["id"],
            "name": "Appointment Reminders",
            "useCases": [build_use_case(BILLING, build_action()), {"useCase": LAB, "enabled": False}],
        },
    )
    assert [(e["useCase"]["key"], e["outcome"]) for e in changed["useCases"]] == [
        (BILLING, "CREATED"),
        (LAB, "UPDATED"),
    ]
    assert changed["outcome"] == "UPDATED"
    assert len(changed["group"]["useCases"]) == 3
    lab, before = get_use_case(changed, LAB), get_use_case(created, LAB)
    assert changed["useCases"][1]["changedPaths"] == ["schedulerNames", "config.status"]
    assert (lab["schedulerNames"], lab["config"]["status"]) == ([], "INACTIVE")
    assert lab["config"]["actions"] == before["config"]["actions"]
    billing = get_use_case(changed, BILLING)
    assert billing["config"]["displayName"] == "Appointment Reminders – Billing Reminder"  # noqa: RUF001
    (new,) = billing["config"]["actions"]
    assert new["daysWindow"] == 7
    assert new["schedule"]["triggerAt"] == changed["group"]["nextRunAt"]


async def test_matched_actions_keep_the_fields_that_the_input_lacks(gateway: Gateway) -> None:
    client = await create_client(gateway)
    first = [build_action("a"), build_action("b", day=0), build_action("b", day=0, actionType="CALL")]
    created = await upsert_accepted(client, {"name": "G", "useCases": [build_use_case(LAB, *first)]})
    lab = get_use_case(created, LAB)
    a, b_sms, b_call = await read_actions(gateway, lab["id"])
    extra = {
        "createdAt": "2020-01-01T00:00:00Z",
        "reportEmails": ["a@b.example"],
        "status": "inactive",
        "x": 1,
    }
    await rewrite(gateway, lab["id"], actions=[a, {**b_sms, **extra}, b_call])
    again = [build_action("b", day=0, templateName="Other"), build_action("a", day=6), build_action("a")]
    changed = await upsert_accepted(
        client, {"groupId": created["group"]["id"], "name": "G", "useCases": [build_use_case(LAB, *again)]}
    )
    assert changed["useCases"][0]["outcome"] == "UPDATED"
    now = await read_actions(gateway, lab["id"])
    assert now[0] == {**b_sms, **extra, "templateName": "Other"}
    assert now[1]["logicalId"] not in {a["logicalId"], b_sms["logicalId"], b_call["logicalId"]}
    assert now[2] == a
    emptied = await upsert_accepted(
        client, {"groupId": created["group"]["id"], "name": "G", "useCases": [{"useCase": LAB, "actions": []}]}
    )
    assert get_contexts(get_use_case(emptied, LAB)) == []
    assert emptied["useCases"][0]["changedPaths"] == ["config.actions"]


async def test_an_action_without_a_type_is_a_text_message(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, {"name": "G", "useCases": [{"useCase": LAB}]})
    lab = get_use_case(created, LAB)
    await rewrite(gateway, lab["id"], actions=[{"logicalId": "old", "context": "a", "templateName": "T"}, 5])
    input = {"groupId": created["group"]["id"], "name": "G", "useCases": [build_use_case(LAB, build_action("a"))]}
    await upsert_accepted(client, input)
    (found,) = await read_actions(gateway, lab["id"])
    assert (found["logicalId"], found["actionType"], found["daysWindow"]) == ("old", "sms", 7)
    assert (await upsert_accepted(client, input))["outcome"] == "UNCHANGED"


async def test_a_display_name_changed_by_a_user_stays(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    await rewrite(gateway, get_use_case(created, LAB)["id"], displayName="Ours")
    changed = await upsert_accepted(
        client, {**build_documented_input(), "groupId": created["group"]["id"], "name": "Renamed"}
    )
    assert get_use_case(changed, LAB)["config"]["displayName"] == "Ours"
    assert (changed["outcome"], get_outcomes(changed)) == ("UPDATED", {NEW: "UNCHANGED", LAB: "UNCHANGED"})


async def test_a_dry_run_has_the_same_payload_and_stores_nothing(gateway: Gateway) -> None:
    client = await create_client(gateway)
    tried = await upsert_accepted(client, build_documented_input(), dryRun=True)
    assert await read_stored_rows(gateway) == []
    assert (tried["outcome"], tried["group"]["integration"]) == ("CREATED", {"id": "i"})
    assert tried["group"]["useCases"] == [{"id": entry["useCase"]["id"]} for entry in tried["useCases"]]
    created = await upsert_accepted(client, build_documented_input())
    before = await read_stored_rows(gateway)
    change = {"groupId": created["group"]["id"], "name": "Renamed", "startTime": "10:00:00"}
    tried = await upsert_accepted(client, change, dryRun=True)
    assert await read_stored_rows(gateway) == before
    done = await upsert_accepted(client, change)
    for payload in (tried, done):
        payload["group"].pop("updatedAt")
        for entry in payload["useCases"]:
            entry["useCase"].pop("updatedAt")
    assert tried == done
    assert (await upsert(client, {"name": " "}, dryRun=True))["errors"] != []


async def test_slugs_are_derived_from_names_and_numbered(gateway: Gateway) -> None:
    client = await create_client(gateway)
    await store(gateway.database, connected("g", config={"provider": "google", "authType": "oauth"}))
    long = "Reminders of appointments with a laboratory, a practitioner and others"
    names = ["Erinnerung für Ärzte!", "erinnerung FUR arzte", "Erinnerung--fur--Arzte", "???", "!!!", long, long]
    slugs = [(await upsert_accepted(client, {"name": name}))["group"]["slug"] for name in names]
    assert slugs == [
        "erinnerung-fur-arzte",
        "erinnerung-fur-arzte-2",
        "erinnerung-fur-arzte-3",
        "group",
        "group-2",
        "reminders-of-appointments-with-a-laboratory-a-practitioner-and-o",
        "reminders-of-appointments-with-a-laboratory-a-practitioner-and-2",
    ]
    assert {len(slug) for slug in slugs[-2:]} == {64}
    # Slugs are unique within one integration.
    other = await upsert_accepted(client, {"name": "Group"}, provider="GOOGLE")
    assert (other["group"]["slug"], other["group"]["integration"]) == ("group", {"id": "g"})
