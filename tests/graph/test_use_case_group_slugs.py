"""Groups found by slug: upserts that scripts repeat without an id, and the query."""

import asyncio

import pytest

from gateway.domain.enums import Permission
from tests.support.factories import connected, store, use_case_group
from tests.support.gateway import OTHER_TEAM, TEAM, Client, Gateway
from tests.support.upserts import (
    LAB,
    NEW,
    build_documented_input,
    build_use_case,
    get_outcomes,
    read_stored_rows,
    upsert,
    upsert_accepted,
    upsert_refused,
)

SCRIPT = {**build_documented_input(), "slug": "reminders"}
CONFLICT = """mutation ($input: UseCaseGroupInput!, $onConflict: OnConflict! = REFUSE, $dryRun: Boolean! = false) {
  upsertUseCaseGroup(provider: MICROSOFT, input: $input, onConflict: $onConflict, dryRun: $dryRun) {
    group { id } errors { code message path } conflictingGroup { id name slug integration { id } useCases { key } }
  }
}"""
BY_SLUG = """query ($id: ID!, $slug: String!) {
  useCaseGroupBySlug(integrationId: $id, slug: $slug) { id slug useCases { key } }
}"""


async def create_client(gateway: Gateway) -> Client:
    await store(gateway.database, connected("i"))
    return await gateway.client()


async def test_a_repeated_call_by_slug_is_unchanged(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, SCRIPT, onConflict="UPDATE")
    before = await read_stored_rows(gateway)
    repeated = await upsert_accepted(client, SCRIPT, onConflict="UPDATE")
    assert (created["outcome"], repeated["outcome"]) == ("CREATED", "UNCHANGED")
    assert get_outcomes(repeated) == {NEW: "UNCHANGED", LAB: "UNCHANGED"}
    assert repeated["group"] == created["group"]
    assert await read_stored_rows(gateway) == before


async def test_an_upsert_by_slug_keeps_absent_fields_and_clears_those_that_are_null(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, SCRIPT)
    input = {
        "slug": "reminders",
        "name": "Renamed",
        "sheetLink": None,
        "useCases": [build_use_case("BILLING_REMINDER")],
    }
    updated = await upsert_accepted(client, input, onConflict="UPDATE")
    assert (updated["outcome"], updated["group"]["id"]) == ("UPDATED", created["group"]["id"])
    assert (updated["group"]["name"], updated["group"]["sheetLink"]) == ("Renamed", None)
    assert updated["group"]["startTime"] == created["group"]["startTime"]
    assert len(updated["group"]["useCases"]) == 3


@pytest.mark.parametrize("expected", [1, 3])
async def test_the_expected_version_is_checked_against_the_group_of_the_slug(
    gateway: Gateway, expected: int
) -> None:
    client = await create_client(gateway)
    await upsert_accepted(client, SCRIPT)
    await upsert_accepted(client, {**SCRIPT, "name": "Second"}, onConflict="UPDATE")
    input = {**SCRIPT, "name": "Third", "expectedVersion": expected}
    before = await read_stored_rows(gateway)
    refused = await upsert_refused(client, input, onConflict="UPDATE")
    assert refused == [("VERSION_CONFLICT", "input.expectedVersion")]
    assert await read_stored_rows(gateway) == before
    accepted = await upsert_accepted(client, {**input, "expectedVersion": 2}, onConflict="UPDATE")
    assert accepted["group"]["version"] == 3


async def test_an_expected_version_of_a_slug_that_no_group_has_is_refused(gateway: Gateway) -> None:
    client = await create_client(gateway)
    payload = await upsert(client, {**SCRIPT, "expectedVersion": 1}, onConflict="UPDATE")
    assert payload["errors"] == [
        {
            "code": "VERSION_CONFLICT",
            "message": "The integration has no group with this `slug`. Omit `expectedVersion` to create it.",
            "path": ["input", "expectedVersion"],
        }
    ]
    assert await read_stored_rows(gateway) == []
    for input, on_conflict in ((SCRIPT, "REFUSE"), ({"name": "G"}, "UPDATE")):
        refused = await upsert_refused(client, {**input, "expectedVersion": 1}, onConflict=on_conflict)
        assert refused == [("INVALID", "input.expectedVersion")]


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_taken_slug_is_refused_with_the_group_that_has_it(gateway: Gateway, dry_run: bool) -> None:
    client = await create_client(gateway)
    id = (await upsert_accepted(client, SCRIPT))["group"]["id"]
    before = await read_stored_rows(gateway)
    payload = (await client.data(CONFLICT, input={**SCRIPT, "name": " "}, dryRun=dry_run))["upsertUseCaseGroup"]
    assert payload["group"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("REQUIRED", ["input", "name"]),
        ("CONFLICT", ["input", "slug"]),
    ]
    assert payload["errors"][1]["message"] == (
        f"The group {id} has this slug. Use `onConflict: UPDATE` or its `groupId` to update it, "
        "or choose another slug."
    )
    assert payload["conflictingGroup"] == {
        "id": id,
        "name": "Appointment Reminders",
        "slug": "reminders",
        "integration": {"id": "i"},
        "useCases": [{"key": NEW}, {"key": LAB}],
    }
    assert await read_stored_rows(gateway) == before


async def test_a_group_id_with_the_slug_of_another_group_is_a_conflict_in_each_mode(gateway: Gateway) -> None:
    client = await create_client(gateway)
    taken = (await upsert_accepted(client, SCRIPT))["group"]["id"]
    other = (await upsert_accepted(client, {"name": "Other"}))["group"]["id"]
    for mode in ("REFUSE", "UPDATE"):
        input = {"groupId": other, "name": "Other", "slug": "reminders"}
        payload = (await client.data(CONFLICT, input=input, onConflict=mode))["upsertUseCaseGroup"]
        assert [error["message"] for error in payload["errors"]] == [
            f"The group {taken} has this slug. Choose another slug."
        ]
        assert payload["conflictingGroup"]["id"] == taken


async def test_no_other_problem_shows_a_conflicting_group(gateway: Gateway) -> None:
    client = await create_client(gateway)
    payload = (await client.data(CONFLICT, input={"name": ""}))["upsertUseCaseGroup"]
    assert (payload["errors"][0]["code"], payload["conflictingGroup"]) == ("REQUIRED", None)
    payload = (await client.data(CONFLICT, input=SCRIPT, onConflict="UPDATE"))["upsertUseCaseGroup"]
    assert (payload["errors"], payload["conflictingGroup"]) == ([], None)


async def test_a_slug_of_another_integration_or_team_is_not_matched(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected("i"),
        connected("j"),
        connected("i", team_id=OTHER_TEAM),
        use_case_group("g1", "j", slug="reminders"),
        use_case_group("g2", "i", slug="reminders", team_id=OTHER_TEAM),
    )
    client = await gateway.client()
    created = await upsert_accepted(client, SCRIPT, onConflict="UPDATE", integrationId="i")
    assert created["outcome"] == "CREATED"
    found = await client.data(BY_SLUG, id="j", slug="reminders")
    assert found["useCaseGroupBySlug"]["id"] == "g1"


async def test_forty_concurrent_upserts_by_slug_create_one_group(gateway: Gateway) -> None:
    client = await create_client(gateway)
    payloads = await asyncio.gather(*(upsert(client, SCRIPT, onConflict="UPDATE") for _ in range(40)))
    assert sorted(payload["outcome"] for payload in payloads) == ["CREATED", *["UNCHANGED"] * 39]
    assert len(await read_stored_rows(gateway)) == 3


async def test_a_group_is_found_by_its_slug(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upsert_accepted(client, SCRIPT)
    found = await client.data(BY_SLUG, id="i", slug="reminders")
    assert found["useCaseGroupBySlug"] == {
        "id": created["group"]["id"],
        "slug": "reminders",
        "useCases": [{"key": NEW}, {"key": LAB}],
    }


async def test_a_slug_that_is_malformed_unknown_or_invisible_is_refused(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected("i"),
        connected("p", access="personal", createdBy="someone"),
        connected("i", team_id=OTHER_TEAM),
        use_case_group("g", "p", slug="hidden"),
        use_case_group("g2", "i", slug="theirs", team_id=OTHER_TEAM),
    )
    client = await gateway.client()
    asked = [
        ("i", "Not a slug"),
        ("no id", "slug"),
        ("i", "unknown"),
        ("p", "hidden"),
        ("i", "theirs"),
        ("x", "slug"),
    ]
    answers = [await client(BY_SLUG, id=id, slug=slug) for id, slug in asked]
    assert all(answer["data"] == {"useCaseGroupBySlug": None} for answer in answers)
    errors = [answer["errors"][0]["extensions"] for answer in answers]
    assert [(error["code"], error["argument"]) for error in errors[:2]] == [
        ("BAD_USER_INPUT", ["slug"]),
        ("BAD_USER_INPUT", ["integrationId"]),
    ]
    assert [error["code"] for error in errors[2:]] == ["NOT_FOUND"] * 4
    writer = await gateway.client(TEAM, permissions=[Permission.WRITE_INTEGRATIONS])
    (error,) = (await writer(BY_SLUG, id="i", slug="slug"))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
