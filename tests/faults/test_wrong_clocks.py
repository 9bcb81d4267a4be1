"""Servers whose clocks are wrong or jump, by Debian's libfaketime."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from gateway import services
from gateway.database.database import Database
from gateway.domain.enums import Permission
from tests.support.commands import ENVIRONMENT, start_server
from tests.support.gateway import TEAM, USER
from tests.support.machine import skip_unless_ci

pytestmark = pytest.mark.slow

CREATE = 'mutation { createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { integration { id } } }'
RENAME = """mutation ($id: ID!) {
  updateIntegration(id: $id, input: {connected: {name: "M"}}) { integration { createdAt updatedAt } }
}"""
PAGE = "query ($after: String) { integrations(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }"


@contextmanager
def serve_with_clock(folder: Path, database_url: str, clock: Path) -> Iterator[str]:
    """Run a server whose clock is shifted by what this file says, such as `+1h`; it may change at any time."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        skip_unless_ci("libfaketime is not on this machine: `apt-get install faketime`")
    variables = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    with (
        patch.dict(ENVIRONMENT, variables),
        start_server("serve", "--port", "0", folder=folder, database_url=database_url) as server,
    ):
        yield server.url


async def create_key(database: Database) -> str:
    async with database.write() as writer:
        return await services.keys.create_key(
            writer, team_id=TEAM, user_id=USER, name="any", permissions=[Permission.ADMIN]
        )


def send(url: str, key: str, query: str, **variables: object) -> Any:
    """Send a query, and return its data."""
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(url, json={"query": query, "variables": variables}, headers=headers).json()
    assert "errors" not in answer, answer
    return answer["data"]


def read_metrics(url: str) -> str:
    return httpx.get(url.replace("/graphql", "/metrics")).text


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_replicas_with_other_clocks_store_no_change_before_its_creation(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    key = await create_key(database)
    clocks = [tmp_path / "ahead", tmp_path / "behind"]
    for clock, shift in zip(clocks, ("+1h", "-1h"), strict=True):
        clock.write_text(shift)
    with (
        serve_with_clock(tmp_path, database_url, clocks[0]) as ahead,
        serve_with_clock(tmp_path, database_url, clocks[1]) as behind,
    ):
        created = send(ahead, key, CREATE)["createIntegration"]["integration"]
        changed = send(behind, key, RENAME, id=created["id"])["updateIntegration"]["integration"]
    times = [datetime.fromisoformat(changed[name]) for name in ("createdAt", "updatedAt")]
    assert times[0] <= times[1] < times[0] + timedelta(minutes=1)


async def test_a_clock_that_jumps_interrupts_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    key = await create_key(database)
    clock = tmp_path / "clock"
    clock.write_text("+0")
    with serve_with_clock(tmp_path, database_url, clock) as url:
        ids: set[str] = set()
        after = None
        for shift in ("+1h", "-1h", "+0"):
            send(url, key, CREATE)
            clock.write_text(shift)
            page = send(url, key, PAGE, after=after)["integrations"]
            ids.update(node["id"] for node in page["nodes"])
            after = page["pageInfo"]["endCursor"]
        metrics = read_metrics(url)
    assert ids
    durations = [line for line in metrics.splitlines() if line.startswith("graphql_request_seconds_sum")]
    assert durations
    assert all(0 <= float(line.rsplit(" ", 1)[1]) < 60 for line in durations)
