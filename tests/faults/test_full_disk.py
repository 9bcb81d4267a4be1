"""The disk of a running server is full, as the limit of file sizes makes it, and has space again."""

import asyncio
import resource
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.commands import run_gateway, start_server
from tests.support.gateway import TEAM, USER

pytestmark = pytest.mark.slow

CREATE = 'mutation { createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { errors { code } } }'
READ = "{ integrations { totalCount } }"


class FullDisk:
    """A server whose files can no longer grow during `fill`."""

    def __init__(self, http: httpx.AsyncClient, process: int, log: Path) -> None:
        self._http, self._process, self._log = http, process, log

    def fill(self) -> None:
        _, hard = resource.prlimit(self._process, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process, resource.RLIMIT_FSIZE, (self._log.stat().st_size, hard))

    def empty(self) -> None:
        _, hard = resource.prlimit(self._process, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process, resource.RLIMIT_FSIZE, (hard, hard))

    async def send(self, query: str) -> tuple[int, Any]:
        """Return the status, and the data or the code of a query."""
        response = await self._http.post("/graphql", json={"query": query})
        body = response.json()
        return response.status_code, body.get("data") or body["errors"][0]["extensions"]["code"]

    async def find_failing_parts(self) -> Any:
        # A check is cached for a second.
        await asyncio.sleep(1.1)
        return (await self._http.get("/readyz")).json().get("failing", {})


@pytest.fixture
async def disk(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[FullDisk]:
    file = tmp_path / "gateway.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    made = await asyncio.to_thread(run_gateway, "keys", "create", *arguments, database_url=url)
    with start_server("serve", "--port", "0", folder=tmp_path, database_url=url) as served:
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        address = served.url.removesuffix("/graphql")
        async with httpx.AsyncClient(headers=headers, base_url=address, timeout=20) as http:
            yield FullDisk(http, served.process.pid, file.with_name("gateway.db-wal"))


async def test_a_full_disk_stops_writes_alone_and_only_until_it_has_space(disk: FullDisk) -> None:
    assert (await disk.send(CREATE))[0] == 200
    assert await disk.find_failing_parts() == {}
    disk.fill()
    for _ in range(2):
        assert await disk.send(CREATE) == (503, "UNAVAILABLE")
    assert await disk.send(READ) == (200, {"integrations": {"totalCount": 1}})
    full = {"storage": "The storage of the database is full or fails"}
    assert await disk.find_failing_parts() == full
    assert await disk.find_failing_parts() == full
    disk.empty()
    # Without a request that writes.
    assert await disk.find_failing_parts() == {}
    assert (await disk.send(CREATE))[0] == 200
    assert await disk.send(READ) == (200, {"integrations": {"totalCount": 2}})
