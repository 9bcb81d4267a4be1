"""PostgreSQL is killed and comes back, or is cut off for long, while two replicas serve six clients."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest

from tests.support.commands import run_gateway, start_server
from tests.support.gateway import TEAM, USER
from tests.support.postgresql_server import OwnServer, run_own_server
from tests.support.proxy import proxy_database

pytestmark = pytest.mark.slow

READ = "{ integrations(first: 1) { nodes { name } } }"
CREATE = """mutation Create($name: String!) {
  createIntegration(input: {connected: {name: $name, provider: GOOGLE}}) { errors { code } }
}"""
EXPECTED = {"data", "UNAVAILABLE", "OVERLOADED", "TIMEOUT", "UNKNOWN_OUTCOME"}
CLIENTS = 6


class Clients:
    """Clients that write and read in turns, and what they were answered."""

    def __init__(self, http: httpx.AsyncClient, urls: list[str]) -> None:
        self._http, self._urls = http, urls
        self.answers: list[tuple[float, float, str]] = []
        """When each answer came, after how many seconds, and its code; `data` for one without errors."""
        self.acknowledged: set[str] = set()
        self.possible: set[str] = set()
        """Names whose mutation was not answered, or had an unknown outcome."""

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._run_client(number)) for number in range(CLIENTS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in done), done

    async def _run_client(self, number: int) -> None:
        url = self._urls[number % len(self._urls)]
        for round_number in range(100_000):
            name = f"{number}-{round_number}"
            self.possible.add(name)
            code = await self._send(url, CREATE, {"name": name})
            if code != "UNKNOWN_OUTCOME":
                self.possible.discard(name)
            if code == "data":
                self.acknowledged.add(name)
            await self._send(url, READ, {})
            await asyncio.sleep(0.01)

    async def _send(self, url: str, query: str, variables: dict[str, str]) -> str:
        started = monotonic()
        response = await self._http.post(url, json={"query": query, "variables": variables})
        body = response.json()
        code = body["errors"][0]["extensions"]["code"] if "errors" in body else "data"
        assert (response.status_code == 503) == (code != "data"), body
        assert (code == "data") or int(response.headers["Retry-After"]) >= 1
        self.answers.append((monotonic(), monotonic() - started, code))
        return str(code)

    def count(self) -> Counter[str]:
        return Counter(code for _, _, code in self.answers)

    def list_failures_since(self, instant: float) -> list[tuple[float, str]]:
        return [(when - instant, code) for when, _, code in self.answers if when > instant and code != "data"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnServer]:
    with run_own_server(tmp_path / "runtime") as found:
        yield found


@asynccontextmanager
async def serve_replicas(folder: Path, direct: str, through: str, **settings: str) -> AsyncIterator[Clients]:
    """Migrate the database, and run two replicas."""
    migrated = await asyncio.to_thread(run_gateway, "migrate", database_url=direct)
    assert migrated.exit_code == 0, migrated.output
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    made = await asyncio.to_thread(run_gateway, "keys", "create", *arguments, database_url=direct)
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    async with AsyncExitStack() as stack:
        urls = []
        for number in range(2):
            replica = folder / str(number)
            replica.mkdir()
            limits = {"rate_limit": "2000000000", "rate_refill": "2000000000", **settings}
            starting = start_server("serve", "--port", "0", folder=replica, database_url=through, **limits)
            served = await asyncio.to_thread(stack.enter_context, starting)
            assert served.process.stderr is not None
            urls.append(served.url)
        http = await stack.enter_async_context(httpx.AsyncClient(headers=headers, timeout=60))
        yield Clients(http, urls)


async def list_stored(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {row[0] for row in await connection.fetch("SELECT name FROM integration")}
    finally:
        await connection.close()


async def test_a_killed_database_loses_no_acknowledged_write_and_is_used_again_at_once(
    server: OwnServer, tmp_path: Path
) -> None:
    async with serve_replicas(tmp_path, server.url, server.url) as clients:
        async with clients.run():
            for _ in range(2):
                await asyncio.sleep(2)
                await asyncio.to_thread(server.kill)
                await asyncio.sleep(2)
                starting = asyncio.create_task(asyncio.to_thread(server.start))
                back = await server.wait_until_accepting()
                await starting
                await asyncio.sleep(max(0.0, back + 5 - monotonic()))
                assert clients.list_failures_since(back + 3) == []
        assert {*clients.count()} <= EXPECTED, clients.count()
        assert clients.count()["data"] > 100
        assert clients.count()["UNAVAILABLE"] > 10
        stored = await list_stored(server.url)
    assert clients.acknowledged <= stored
    assert stored <= clients.acknowledged | clients.possible


async def test_a_database_that_is_cut_off_is_waited_for_once(server: OwnServer, tmp_path: Path) -> None:
    url = server.url.replace("postgresql://", "postgresql+asyncpg://")
    async with proxy_database(url) as (proxy, through):
        async with serve_replicas(tmp_path, server.url, through, request_timeout="5") as clients:
            async with clients.run():
                await asyncio.sleep(2)
                cut = monotonic()
                proxy.is_muted = True
                await asyncio.sleep(20)
                proxy.is_muted = False
                back = monotonic()
                await asyncio.sleep(5)
            assert clients.list_failures_since(back + 3) == []
        assert {*clients.count()} <= EXPECTED, clients.count()
        # The first statement that is cut off takes 0.6 of the request's timeout, and so do those that run by then.
        refused = sorted(took for when, took, _ in clients.answers if cut + 3.5 < when < back)
        assert len(refused) > 100
        # Half of them, not each one: the machine may be busy with other tests.
        assert refused[len(refused) // 2] < 0.1
        assert max(took for _, took, _ in clients.answers) < 7
        stored = await list_stored(server.url)
    assert clients.acknowledged <= stored <= clients.acknowledged | clients.possible
