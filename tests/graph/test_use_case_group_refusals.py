"""Refusals of upserts: all problems at once with their paths, and nothing is changed."""

from typing import Any

from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, store, use_case_group
from tests.support.gateway import OTHER_TEAM, Client, Gateway
from tests.support.upserts import (
    LAB,
    REFUSED,
    build_action,
    build_documented_input,
    build_use_case,
    get_use_case,
    read_stored_rows,
    upsert,
    upsert_accepted,
    upsert_refused,
)

WRITTEN = """mutation {{
    upsertUseCaseGroup(provider: MICROSOFT, input: {{name: "G"}}) {{ outcome group {{ slug {} }} }}
}}"""
GOOGLE: dict[str, Json] = {"provider": "google", "authType": "oauth"}


async def create_client(gateway: Gateway, *ids: str) -> Client:
    await store(gateway.database, *(connected(id) for id in ids or ("i",)))
    return await gateway.client()


async def test_all_problems_are_reported_at_once(gateway: Gateway) -> None:
    client = await create_client(gateway)
    await upsert_accepted(client, {"name": "G", "slug": "taken"})
    before = await read_stored_rows(gateway)
    wrong: dict[str, Any] = {
        "name": " \t",
        "slug": "taken",
        "sheetLink": "ftp://sheets.example/1",
        "assistantId": "no id",
        "timezone": "america/chicago",
        "startTime": "24:00:00",
        "useCases": [
            build_use_case(LAB, build_action(" ", day=-1, templateName=""), build_action("a"), build_action("a")),
            build_use_case("BILLING_REMINDER", build_action("a", day=366)),
            {"useCase": LAB},
        ],
        "expectedVersion": 1,
    }
    payload = await upsert(client, wrong)
    assert {**payload, "errors": []} == {**REFUSED, "errors": []}
    assert [(error["code"], ".".join(error["path"]), error["message"]) for error in payload["errors"]] == [
        ("REQUIRED", "input.name", "`name` must not be blank."),
        (
            "INVALID",
            "input.startTime",
            "`startTime` must be a time as HH:MM:SS, from 00:00:00 to 23:59:59, without offset or fraction.",
        ),
        (
            "INVALID",
            "input.expectedVersion",
            "`expectedVersion` requires the `groupId` of an existing group, or `slug` and `onConflict: UPDATE`.",
        ),
        ("INVALID", "input.sheetLink", "`sheetLink` must begin with http:// or https:// and have a host."),
        (
            "INVALID",
            "input.assistantId",
            "`assistantId` must be the id of an assistant: 1 to 64 visible ASCII characters.",
        ),
        (
            "INVALID",
            "input.timezone",
            "`timezone` must be the exact IANA name of a time zone, such as `America/Chicago`.",
        ),
        ("INVALID", "input.useCases.0.actions.0.day", "`day` must be from 0 to 365, not -1."),
        ("REQUIRED", "input.useCases.0.actions.0.templateName", "`templateName` must not be blank."),
        ("REQUIRED", "input.useCases.0.actions.0.context", "`context` must not be blank."),
        (
            "DUPLICATE",
            "input.useCases.0.actions.2",
            "An earlier action has the same type, day and context, or the same id.",
        ),
        ("INVALID", "input.useCases.1.actions.0.day", "`day` must be from 0 to 365, not 366."),
        ("DUPLICATE", "input.useCases.2", "LAB_REMINDER is listed twice; list it once."),
        ("CONFLICT", "input.slug", payload["errors"][-1]["message"]),
    ]
    assert await read_stored_rows(gateway) == before


NOT_ALLOWED = {
    "slug": ["", "Lab", "-lab", "lab--reminders", "lab-", "lab\n", "l" * 65],
    "timezone": ["Mars/Olympus", ""],
    "startTime": ["08:00", "08:00:00Z", "08:00:00+01:00", "08:00:00.250"],
    "sheetLink": ["", "sheets.example", "https://", "javascript:alert(1)", "https://sheets.example/a b"],
    "assistantId": [""],
}
ALLOWED: list[dict[str, object]] = [
    {"slug": "l" * 64},
    {"slug": "2-lab-reminders"},
    {"sheetLink": "http://sheets.example"},
    {"startTime": "00:00:00", "timezone": "UTC"},
    {
        "useCases": [
            build_use_case(
                LAB, build_action("a", day=0), build_action("a", day=365), build_action("a", actionType="CALL")
            )
        ]
    },
]


async def test_a_value_that_is_not_allowed_is_refused_at_its_path(gateway: Gateway) -> None:
    client = await create_client(gateway)
    for field, values in NOT_ALLOWED.items():
        for value in values:
            assert await upsert_refused(client, {"name": "G", field: value}) == [("INVALID", f"input.{field}")], (
                value
            )
    assert await read_stored_rows(gateway) == []


async def test_a_value_at_the_limit_is_accepted(gateway: Gateway) -> None:
    client = await create_client(gateway)
    for input in ALLOWED:
        assert (await upsert_accepted(client, {"name": "G", **input}))["outcome"] == "CREATED"


async def test_one_bad_action_rolls_back_the_group(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    before = await read_stored_rows(gateway)
    bad = {
        **build_documented_input(),
        "groupId": created["group"]["id"],
        "name": "Renamed",
        "startTime": "10:00:00",
    }
    bad["useCases"][1]["actions"][0]["day"] = 1000
    assert await upsert_refused(client, bad) == [("INVALID", "input.useCases.1.actions.0.day")]
    assert await read_stored_rows(gateway) == before


async def test_a_provider_that_is_not_connected_is_not_found(gateway: Gateway) -> None:
    client = await create_client(gateway)
    payload = await upsert(client, build_documented_input(), provider="GOOGLE")
    assert payload == {
        **REFUSED,
        "errors": [
            {
                "code": "NOT_FOUND",
                "message": "The team has no integration at GOOGLE. Connect the provider first.",
                "path": ["provider"],
            }
        ],
    }
    # Another user's personal integration and another team's integration are not found.
    await store(
        gateway.database,
        connected("personal", config=GOOGLE, access="personal", createdBy="somebody.else"),
        connected("system", config=GOOGLE, access="system", team_id=OTHER_TEAM),
    )
    assert await upsert(client, build_documented_input(), provider="GOOGLE") == payload
    assert await read_stored_rows(gateway) == []


async def test_of_several_integrations_the_named_or_the_only_active_one_is_used(gateway: Gateway) -> None:
    client = await create_client(gateway, "a", "b")
    assert await upsert_refused(client, {"name": "G"}) == [("CONFLICT", "integrationId")]
    named = await upsert_accepted(client, {"name": "G"}, integrationId="b")
    assert named["group"]["integration"] == {"id": "b"}
    await store(gateway.database, connected("c", status="inactive"))
    assert await upsert_refused(client, {"name": "G"}) == [("CONFLICT", "integrationId")]
    # `groupId` selects the integration that contains the group.
    update = {"name": "Renamed", "groupId": named["group"]["id"]}
    assert (await upsert_accepted(client, update))["group"]["integration"] == {"id": "b"}
    assert await upsert_refused(client, update, integrationId="a") == [("NOT_FOUND", "input.groupId")]
    for id, code in (("unknown", "NOT_FOUND"), ("no id", "INVALID")):
        assert await upsert_refused(client, {"name": "G"}, integrationId=id) == [(code, "integrationId")]


async def test_the_only_active_integration_is_used_by_default(gateway: Gateway) -> None:
    client = await create_client(gateway, "active")
    await store(gateway.database, connected("off", status="inactive"), connected("google", config=GOOGLE))
    assert (await upsert_accepted(client, {"name": "G"}))["group"]["integration"] == {"id": "active"}
    off = await upsert_accepted(client, {"name": "G"}, integrationId="off")
    assert off["group"]["integration"] == {"id": "off"}
    assert await upsert_refused(client, {"name": "G"}, integrationId="google") == [("NOT_FOUND", "integrationId")]


async def test_a_group_of_another_team_or_provider_is_not_found(gateway: Gateway) -> None:
    client = await create_client(gateway)
    await store(
        gateway.database,
        connected("google", config=GOOGLE),
        connected("theirs", team_id=OTHER_TEAM),
        connected("personal", access="personal", createdBy="somebody.else"),
    )
    await store(
        gateway.database,
        use_case_group("of-google", "google"),
        use_case_group("of-theirs", "theirs", team_id=OTHER_TEAM),
        use_case_group("hidden", "personal"),
    )
    before = await read_stored_rows(gateway)
    payloads = [
        await upsert(client, {"name": "Renamed", "groupId": id, "startTime": "25:00:00"})
        for id in ("unknown", "of-google", "of-theirs", "hidden")
    ]
    assert [(error["code"], error["path"]) for error in payloads[0]["errors"]] == [
        ("INVALID", ["input", "startTime"]),
        ("NOT_FOUND", ["input", "groupId"]),
    ]
    assert payloads[1:] == payloads[:1] * 3
    assert await upsert_refused(client, {"name": "G", "groupId": "no id"}) == [("INVALID", "input.groupId")]
    assert await read_stored_rows(gateway) == before


async def test_a_slug_in_use_is_a_conflict_that_names_the_group(gateway: Gateway) -> None:
    client = await create_client(gateway)
    first = (await upsert_accepted(client, {"name": "G", "slug": "taken"}))["group"]
    second = (await upsert_accepted(client, {"name": "Taken"}))["group"]
    assert second["slug"] == "taken-2"
    before = await read_stored_rows(gateway)
    taken = {"name": "H", "slug": "taken"}
    update = "Use `onConflict: UPDATE` or its `groupId` to update it, or choose"
    for input, remedy in ((taken, update), ({**taken, "groupId": second["id"]}, "Choose")):
        payload = await upsert(client, input)
        assert payload["errors"] == [
            {
                "code": "CONFLICT",
                "message": f"The group {first['id']} has this slug. {remedy} another slug.",
                "path": ["input", "slug"],
            }
        ]
    assert await read_stored_rows(gateway) == before
    same = await upsert_accepted(client, {"name": "G", "slug": "taken", "groupId": first["id"]})
    assert same["outcome"] == "UNCHANGED"


async def test_an_unexpected_version_is_refused(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, build_documented_input())
    update = {"name": "Renamed", "groupId": created["group"]["id"], "expectedVersion": 1}
    assert (await upsert_accepted(client, update))["group"]["version"] == 2
    before = await read_stored_rows(gateway)
    payload = await upsert(client, update)
    assert payload["errors"] == [
        {
            "code": "VERSION_CONFLICT",
            "message": "The current version is 2, not 1: read it again, then repeat the change.",
            "path": ["input", "expectedVersion"],
        }
    ]
    assert await read_stored_rows(gateway) == before
    # A change of a use case increments the version of its group.
    listing = {**update, "expectedVersion": 2, "useCases": [{"useCase": LAB, "enabled": False}]}
    changed = await upsert_accepted(client, listing)
    assert (changed["outcome"], changed["group"]["version"]) == ("UPDATED", 3)
    assert get_use_case(changed, LAB)["version"] == 2


async def test_an_upsert_needs_write_integrations(gateway: Gateway) -> None:
    await create_client(gateway)
    reader = await gateway.client(permissions=[Permission.READ_INTEGRATIONS, Permission.WRITE_RECORDS])
    # The permission is checked before the input and the stored rows.
    for input in (build_documented_input(), {"name": " "}):
        assert await upsert(reader, input) == {
            **REFUSED,
            "errors": [
                {"code": "FORBIDDEN", "message": "This needs the permission WRITE_INTEGRATIONS.", "path": []}
            ],
        }
    assert await read_stored_rows(gateway) == []


async def test_a_viewer_who_may_only_write_sees_only_the_written_rows(gateway: Gateway) -> None:
    await create_client(gateway)
    writer = await gateway.client(permissions=[Permission.WRITE_INTEGRATIONS])
    answer = await writer(WRITTEN.format(""))
    assert answer == {"data": {"upsertUseCaseGroup": {"outcome": "CREATED", "group": {"slug": "g"}}}}
    for around in ("integration { id }", "useCases { id }"):
        answer = await writer(WRITTEN.format(around))
        assert answer["data"] == {"upsertUseCaseGroup": {"outcome": "CREATED", "group": None}}
        assert [error["extensions"] for error in answer["errors"]] == [{"code": "FORBIDDEN"}]
