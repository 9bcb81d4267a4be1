"""Repeated upserts of groups with an idempotency key."""

import asyncio
from typing import Any

import pytest
from httpx import Response

from gateway import services
from gateway.domain.lenient_reading import Document
from tests.rest.test_use_case_groups import PATH, connect, count_rows
from tests.support.examples import example
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.idempotency import Pause, is_replay
from tests.support.rest import send


async def upsert(client: Client, body: object, key: str = "key", provider: str = "microsoft") -> Response:
    return await send(client, PATH.format(provider), "POST", json=body, headers={"Idempotency-Key": key})


async def test_a_repeated_upsert_is_done_once_and_answered_again(gateway: Gateway) -> None:
    client = await connect(gateway)
    request = example("upsert-use-case-group.request")
    first = await upsert(client, request)
    assert (first.status_code, is_replay(first)) == (200, False)
    counts = await count_rows(gateway)
    again = await upsert(client, request)
    assert (again.json(), is_replay(again)) == (first.json(), True)
    assert await count_rows(gateway) == counts == (1, 2)
    other = await upsert(client, request, "another")
    assert (is_replay(other), other.json()["group"]["slug"]) == (False, "appointment-reminders-2")


async def test_a_replay_shows_the_group_as_it_is_now(gateway: Gateway) -> None:
    client = await connect(gateway)
    created = (await upsert(client, {"name": "A"})).json()
    await upsert(client, {"name": "B", "group_id": created["group"]["_id"]}, "update")
    again = (await upsert(client, {"name": "A"})).json()
    assert (again["outcome"], again["group"]["name"], again["group"]["version"]) == ("created", "B", 2)


@pytest.mark.parametrize(
    ("body", "provider"),
    [
        ({"name": "B"}, "microsoft"),
        ({"name": "A", "timezone": None}, "microsoft"),
        ({"name": "A", "use_cases": [{"use_case": "LAB_REMINDER"}]}, "microsoft"),
        ({"name": "A"}, "google"),
    ],
)
async def test_the_same_key_with_another_request_is_refused(
    gateway: Gateway, body: Document, provider: str
) -> None:
    client = await connect(gateway)
    await upsert(client, {"name": "A"})
    response = await upsert(client, body, provider=provider)
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "loc": ["header", "Idempotency-Key"],
                "msg": "This `Idempotency-Key` was sent before with other mutations or arguments; nothing was "
                "changed. Send a new key with each new request.",
                "type": "value_error",
            }
        ]
    }
    assert await count_rows(gateway) == (1, 0)


async def test_absent_and_null_actions_are_other_requests(gateway: Gateway) -> None:
    client = await connect(gateway)
    use_case: dict[str, Any] = {"use_case": "LAB_REMINDER"}
    await upsert(client, {"name": "A", "use_cases": [use_case]})
    assert is_replay(await upsert(client, {"name": "A", "use_cases": [use_case]}))
    response = await upsert(client, {"name": "A", "use_cases": [{**use_case, "actions": None}]})
    assert response.status_code == 422


async def test_a_refused_upsert_leaves_its_key_free(gateway: Gateway) -> None:
    client = await connect(gateway)
    assert (await upsert(client, {"name": " "})).status_code == 422
    assert (await upsert(client, {"name": "A"})).status_code == 200


async def test_a_replay_of_a_group_that_was_deleted_since_finds_nothing(gateway: Gateway) -> None:
    client = await connect(gateway)
    created = (await upsert(client, {"name": "A"})).json()
    delete = "mutation ($id: ID!) { deleteUseCaseGroup(id: $id) { errors { code } } }"
    await client.data(delete, id=created["group"]["_id"])
    response = await upsert(client, {"name": "A"})
    assert (response.status_code, is_replay(response)) == (404, True)
    assert response.json() == {"detail": "This request was done before. What it changed was deleted since."}
    assert await count_rows(gateway) == (0, 0)


async def test_a_key_of_another_form_is_refused(gateway: Gateway) -> None:
    client = await connect(gateway)
    response = await upsert(client, {"name": "A"}, "two words")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("`Idempotency-Key` is not valid; send 1 to 255 visible ASCII")
    assert await count_rows(gateway) == (0, 0)


async def test_graphql_and_rest_share_the_keys(gateway: Gateway) -> None:
    client = await connect(gateway)
    await upsert(client, {"name": "A"})
    query = 'mutation { upsertUseCaseGroup(provider: MICROSOFT, input: {name: "A"}) { outcome } }'
    response = await client.send(query, {}, {"Idempotency-Key": "key"})
    assert response.status_code == 422
    assert await count_rows(gateway) == (1, 0)


async def test_a_request_that_waited_for_too_long_is_told_that_another_one_runs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve_gateway(database_url, database_lock_timeout=0.2, request_timeout=60) as gateway:
        client = await connect(gateway)
        pause = Pause(monkeypatch, services.use_case_groups.upsert, "upsert_group")
        first = asyncio.create_task(upsert(client, {"name": "A"}))
        await pause.began.wait()
        response = await upsert(client, {"name": "A"})
        assert (response.status_code, response.headers["Retry-After"]) == (409, "1")
        assert response.json()["detail"].startswith("Another request with this `Idempotency-Key` still runs; ")
        pause.goes_on.set()
        assert (await first).json() == (await upsert(client, {"name": "A"})).json()
        assert await count_rows(gateway) == (1, 0)
