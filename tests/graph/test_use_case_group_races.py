"""Concurrent upserts: none is lost, duplicated or an internal error."""

import asyncio

import pytest

from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway
from tests.support.upserts import LAB, action, documented, listed, stored, upsert, upserted, use_case_of


async def create_client(gateway: Gateway) -> Client:
    await store(gateway.database, connected("i"))
    return await gateway.client()


@pytest.mark.parametrize("slug", ["lab-reminders", None])
async def test_forty_concurrent_creates_of_one_slug_create_no_duplicate(
    gateway: Gateway, slug: str | None
) -> None:
    client = await create_client(gateway)
    input = {**documented(), **({"slug": slug} if slug else {})}
    payloads = await asyncio.gather(*(upsert(client, input) for _ in range(40)))
    created = [payload for payload in payloads if payload["outcome"] == "CREATED"]
    codes = {error["code"] for payload in payloads for error in payload["errors"]}
    slugs = {payload["group"]["slug"] for payload in created}
    if slug:
        assert (len(created), slugs, codes) == (1, {slug}, {"CONFLICT"})
    else:
        numbered = {f"appointment-reminders-{number}" for number in range(2, 41)}
        assert (len(created), slugs, codes) == (40, {"appointment-reminders", *numbered}, set())
    assert len(await stored(gateway)) == 3 * len(created)


async def test_forty_concurrent_updates_of_one_group_are_all_applied(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upserted(client, documented())
    id = created["group"]["id"]
    inputs = [
        {"groupId": id, "name": f"Group {number}", "useCases": [listed(LAB, action(f"c{number}"))]}
        for number in range(40)
    ]
    payloads = await asyncio.gather(*(upsert(client, input) for input in inputs))
    assert [payload["errors"] for payload in payloads] == [[]] * 40
    assert [payload["outcome"] for payload in payloads] == ["UPDATED"] * 40
    in_turn = sorted(payloads, key=lambda payload: payload["group"]["version"])
    assert [payload["group"]["version"] for payload in in_turn] == [*range(2, 42)]
    assert [use_case_of(payload, LAB)["version"] for payload in in_turn] == [*range(2, 42)]
    times = [payload["group"]["updatedAt"] for payload in in_turn]
    assert times == sorted(times)
    assert len(await stored(gateway)) == 3


async def test_of_forty_concurrent_updates_that_expect_one_version_one_is_applied(gateway: Gateway) -> None:
    client = await create_client(gateway)
    created = await upserted(client, documented())
    id = created["group"]["id"]
    inputs = [{"groupId": id, "name": f"Group {n}", "expectedVersion": 1} for n in range(40)]
    payloads = await asyncio.gather(*(upsert(client, input) for input in inputs))
    errors = [error for payload in payloads for error in payload["errors"]]
    assert {(error["code"], *error["path"]) for error in errors} == {
        ("VERSION_CONFLICT", "input", "expectedVersion")
    }
    assert [payload["outcome"] for payload in payloads].count("UPDATED") == 40 - len(errors) == 1
