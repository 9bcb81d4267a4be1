"""The snapshot of an operation, also when a field fails."""

import asyncio
import gc
from collections.abc import Mapping, Sequence

import pytest

from gateway.database.reading import Reader
from gateway.domain.viewer import Viewer
from gateway.errors import invalid_input
from tests.statistics.test_statistics import CLINIC
from tests.support.contexts import context_of
from tests.support.dashboard import PARTS
from tests.support.factories import connected, record, store
from tests.support.gateway import Gateway

BOTH = (
    '{ failing: appointmentStatistics(integrationId: "clinic", fillGaps: true, start: "1900-01-01T00:00:00Z") {'
    + PARTS
    + '} whole: appointmentStatistics(integrationId: "clinic") {'
    + PARTS
    + '} alone: integration(id: "clinic") { id createdBy { username } } }'
)


async def test_a_failing_field_does_not_stop_the_other_fields(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected(CLINIC), record("a", CLINIC))
    whole = '{ whole: appointmentStatistics(integrationId: "clinic") {' + PARTS + "} }"
    expected = await client.data(whole)
    for _ in range(5):
        answer = await client(BOTH)
        assert answer["data"]["failing"] is None
        assert answer["data"]["whole"] == expected["whole"]
        assert answer["data"]["alone"]["id"] == CLINIC
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("call", ["load", "load_many"])
async def test_the_failure_of_an_abandoned_batch_is_not_reported(gateway: Gateway, call: str) -> None:
    client = await gateway.client()
    context = context_of(client.viewer, gateway.database)
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def batch(_session: Reader, _viewer: Viewer, _keys: Sequence[str]) -> Mapping[str, str]:
        begun.set()
        await goes_on.wait()
        raise invalid_input("No.")

    waiting = context.load(batch, "key") if call == "load" else context.load_many(batch, ["key"], (), None)
    field: asyncio.Task[object] = asyncio.create_task(waiting)
    await begun.wait()
    field.cancel()
    with pytest.raises(asyncio.CancelledError):
        await field
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, details: reported.append(details))
    try:
        goes_on.set()
        await context.finish()
        await asyncio.sleep(0)
        gc.collect()
    finally:
        loop.set_exception_handler(handler)
    assert reported == []


async def test_a_repeated_query_has_the_same_answer(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, *(connected(f"i{number}", name="same") for number in range(5)))
    query = "{ integrations(first: 3, orderBy: [{field: NAME}]) { nodes { id name } pageInfo { endCursor } } }"
    # The first request compiles the selection, and later ones use it.
    assert len({(await client.send(query, {})).content for _ in range(4)}) == 1
