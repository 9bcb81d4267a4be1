"""Arguments of dashboards: sizes of pages, and refusals."""

from tests.support.dashboard import DASHBOARD
from tests.support.factories import connected, record, store
from tests.support.gateway import Gateway

CLINIC = "clinic"


async def test_a_page_of_buckets_has_the_requested_size(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected(CLINIC))
    sources = [f"s{place:03}" for place in range(120)]
    await store(gateway.database, *(record(source, CLINIC, {"source": source}) for source in sources))
    largest = 2**31 - 1
    for size, shown in ((1, 1), (119, 119), (120, 120), (largest, 120)):
        answer = await client.data(DASHBOARD, id=CLINIC, size=size)
        assert [bucket["value"] for bucket in answer["appointmentStatistics"]["source"]] == sources[:shown]
    for size in (0, -1, -largest):
        refused = await client(DASHBOARD, id=CLINIC, size=size)
        assert refused["data"] == {"appointmentStatistics": None}
        assert [error["extensions"] for error in refused["errors"]] == [
            {"code": "BAD_USER_INPUT", "argument": ["size"]}
        ]


async def test_all_invalid_arguments_are_reported_at_once(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected(CLINIC))
    wrong = {"size": 0, "page": -1, "zone": "america/chicago", "search": "x" * 501}
    answer = await client(
        DASHBOARD, id="not an id", start="2025-03-02T00:00:00Z", end="2025-03-01T00:00:00Z", **wrong
    )
    assert answer["data"] == {"appointmentStatistics": None}
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "BAD_USER_INPUT", "argument": [name]}
        for name in ("integrationId", "size", "page", "search", "start", "timezone")
    ]
