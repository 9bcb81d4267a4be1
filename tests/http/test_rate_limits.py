"""Rate limits: each key has a token bucket, and each response has the remaining tokens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import Response

from gateway.domain.viewer import Viewer
from gateway.errors import RateLimited, SettingsInvalid
from gateway.services import rate_limits
from gateway.services.rate_limits import TokenBuckets
from gateway.settings import load_settings
from tests.support.endpoints import VIEWER, Endpoint, get_codes, get_message, open_endpoint
from tests.support.gateway import TEAM, USER, collect_statements


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _viewer(key_id: str) -> Viewer:
    return Viewer(TEAM, USER, "name", key_id, frozenset())


def test_a_bucket_is_spent_and_refilled() -> None:
    clock = Clock()
    buckets = TokenBuckets(100, 10, clock)
    bucket = buckets.get_bucket(_viewer("a"))
    assert (bucket.remaining, bucket.seconds_to_full) == (100, 0)
    bucket.spend(70)
    assert (bucket.remaining, bucket.seconds_to_full) == (30, 7)
    with pytest.raises(RateLimited) as refusal:
        bucket.spend(55)
    assert (refusal.value.retry_after, bucket.remaining) == (3, 30)
    clock.now += 2.5
    buckets.get_bucket(_viewer("a")).spend(55)
    assert bucket.remaining == 0
    clock.now += 1000
    assert buckets.get_bucket(_viewer("a")).remaining == 100


def test_a_charge_beyond_the_limit_delays_the_next_request() -> None:
    clock = Clock()
    buckets = TokenBuckets(100, 10, clock)
    bucket = buckets.get_bucket(_viewer("a"))
    bucket.check()
    bucket.charge(149)
    assert bucket.remaining == 0
    with pytest.raises(RateLimited) as refusal:
        bucket.check()
    assert refusal.value.retry_after == 5
    clock.now += 5
    buckets.get_bucket(_viewer("a")).check()
    assert bucket.remaining == 1


def test_each_key_has_a_bucket_and_the_least_recently_used_is_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_MAX_BUCKETS", 2)
    buckets = TokenBuckets(100, 1, Clock())
    first, second = buckets.get_bucket(_viewer("a")), buckets.get_bucket(_viewer("b"))
    first.spend(10)
    assert (buckets.get_bucket(_viewer("a")), second.remaining) == (first, 100)
    third = buckets.get_bucket(_viewer("c"))
    assert (buckets.get_bucket(_viewer("c")), buckets.get_bucket(_viewer("a"))) == (third, first)
    assert buckets.get_bucket(_viewer("b")) is not second
    assert len(buckets._buckets) == 2


def test_the_cost_limit_cannot_exceed_the_rate_limit() -> None:
    with pytest.raises(SettingsInvalid, match=r"GATEWAY_COST_LIMIT is 5000 and exceeds GATEWAY_RATE_LIMIT, 4000"):
        load_settings(cost_limit=5000, rate_limit=4000)


LIMIT = 4000
COST = 400 + 3
READ = 10 * len(VIEWER)


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    """An endpoint with a low rate limit, which refills one unit a second."""
    async with open_endpoint(
        sqlite_template, tmp_path, rate_limit=LIMIT, rate_refill=1, cost_limit=LIMIT
    ) as found:
        yield found


def _get_remaining(response: Response) -> int:
    """Return the remaining units of the response's headers."""
    assert response.headers["RateLimit-Policy"] == f'"cost";q={LIMIT};w={LIMIT}'
    policy, left, seconds = response.headers["RateLimit"].split(";")
    assert (policy, left[:2], seconds[:2]) == ('"cost"', "r=", "t=")
    assert int(left[2:]) + int(seconds[2:]) == LIMIT
    return int(left[2:])


async def test_each_response_has_the_remaining_rate_limit(endpoint: Endpoint) -> None:
    spent = [
        (await endpoint.send(json={"query": VIEWER}), READ + COST),
        (await endpoint.send(json={"query": VIEWER}), COST),
        (await endpoint.send("GET", params={"query": VIEWER}, headers={"If-None-Match": "*"}), COST),
        (await endpoint.send(json={"query": "{"}), 10),
        (await endpoint.send(json={"query": "{ a }"}), 10 * len("{ a }")),
        (await endpoint.send(json=[]), 0),
        (await endpoint.send(json={"query": VIEWER}, headers={"Accept": "text/html"}), 0),
    ]
    assert [response.status_code for response, _ in spent] == [200, 200, 304, 200, 200, 400, 406]
    left = LIMIT
    for response, cost in spent:
        left -= cost
        assert left <= _get_remaining(response) <= left + 5
    assert (
        "RateLimit" not in (await endpoint.send(json={"query": VIEWER}, headers={"Authorization": None})).headers
    )


async def test_a_key_over_its_rate_limit_is_refused_with_retry_after(endpoint: Endpoint) -> None:
    while _get_remaining(response := await endpoint.send(json={"query": VIEWER})) >= COST:
        assert response.status_code == 200
    with collect_statements() as statements:
        for method in ("POST", "GET"):
            where = {"json" if method == "POST" else "params": {"query": VIEWER}}
            response = await endpoint.send(method, **where)
            assert (response.status_code, get_codes(response)) == (429, ["RATE_LIMITED"])
            assert COST - 5 <= _get_remaining(response) + int(response.headers["Retry-After"]) <= COST + 1
            assert get_message(response).endswith(f"retry in {response.headers['Retry-After']} s.")
            assert response.headers["Cache-Control"] == "no-store"
    # The key is cached.
    assert statements == []


async def test_the_body_of_a_key_over_its_rate_limit_is_not_read(endpoint: Endpoint) -> None:
    first = await endpoint.send(json={"query": VIEWER + "#" * LIMIT})
    second = await endpoint.post(b"this is not read")
    assert [response.status_code for response in (first, second)] == [429, 429]
    assert get_codes(first) == get_codes(second) == ["RATE_LIMITED"]
    assert (_get_remaining(first), _get_remaining(second)) == (0, 0)
    assert int(first.headers["Retry-After"]) > int(second.headers["Retry-After"]) - 2 > COST


async def test_a_query_can_select_its_cost_and_the_remaining_rate_limit(endpoint: Endpoint) -> None:
    query = "{ rateLimit { limit remaining cost resetAt } }"
    for spent in (10 * len(query) + 405, 10 * len(query) + 2 * 405):
        response = await endpoint.send(json={"query": query})
        found = response.json()["data"]["rateLimit"]
        assert (found["limit"], found["cost"]) == (LIMIT, 405)
        assert LIMIT - spent <= found["remaining"] <= LIMIT - spent + 5
        assert found["remaining"] <= _get_remaining(response) <= found["remaining"] + 1
        assert found["resetAt"].endswith("Z")
