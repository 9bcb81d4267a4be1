"""Two replicas that are killed around their commits, while clients repeat each creation until it is answered.

Run `python -m tests.faults.killed_replicas 2000 DATABASE_URL` on a migrated database. A killed replica starts
again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx

from tests.support.commands import start_server

PROGRAM = """
import os
from random import randint

from gateway.cli.app import app
from gateway.database.writing import Writer

commit, last, count = Writer._commit, randint(1, {commits}), 0


async def commit_or_exit(self):
    global count
    count += 1
    if count == last and last % 2:
        os._exit(9)
    await commit(self)
    if count >= last:
        os._exit(9)


Writer._commit = commit_or_exit
app()
"""
"""The gateway, which exits before or after one of its first commits."""

CREATE = """mutation ($name: String!) {
  createIntegration(input: {connected: {name: $name, provider: GOOGLE}}) { integration { id } errors { code } }
}"""
CLIENTS = 6
_RETRIED = (409, 503)


@dataclass
class Replica:
    """A server that is started again whenever it ends."""

    folder: Path
    settings: dict[str, str]
    url: str = ""
    kills: int = 0

    @asynccontextmanager
    async def run(self, commits: int) -> AsyncIterator[None]:
        """Start the replica, which exits at one of so many commits."""
        began = asyncio.Event()
        running = asyncio.create_task(self._run(("-c", PROGRAM.format(commits=commits)), began))
        await asyncio.wait([running, asyncio.create_task(began.wait())], return_when=asyncio.FIRST_COMPLETED)
        try:
            yield
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def _run(self, program: Sequence[str], began: asyncio.Event) -> None:
        while True:
            async with AsyncExitStack() as stack:
                starting = start_server(
                    "serve", "--port", "0", folder=self.folder, program=program, **self.settings
                )
                served = await asyncio.to_thread(stack.enter_context, starting)
                self.url = served.url
                began.set()
                await asyncio.to_thread(served.process.wait)
                assert served.process.returncode == 9, served.process.returncode
                self.kills += 1


@dataclass
class Outcome:
    """What the clients were answered."""

    ids: dict[str, str] = field(default_factory=dict)
    """The id of each created integration, by name."""
    differing: list[str] = field(default_factory=list)
    """Names of integrations for which two answers had different ids."""
    attempts: Counter[str] = field(default_factory=Counter)
    """How many attempts were answered with each status, `replayed`, or broke off."""
    kills: int = 0


async def run(database_url: str, key: str, folder: Path, count: int, commits: int) -> Outcome:
    """Create `count` integrations, and return what the clients were answered.

    Each replica is killed at one of its first `commits` commits, time and again.
    """
    outcome, names = Outcome(), iter(range(count))
    replicas = []
    async with AsyncExitStack() as stack:
        for number in range(2):
            replica = Replica(folder / str(number), {"database_url": database_url, "rate_limit": "2000000000"})
            replica.folder.mkdir()
            await stack.enter_async_context(replica.run(commits))
            replicas.append(replica)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))

        async def create_some(random: Random) -> None:
            for number in names:
                name, headers = f"n{number}", {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid4())}
                first = await _create(http, replicas, random, name, headers, outcome.attempts)
                again = await _create(http, replicas, random, name, headers, outcome.attempts)
                outcome.ids[name] = first
                if first != again:
                    outcome.differing.append(name)

        await asyncio.gather(*(create_some(Random(number)) for number in range(CLIENTS)))
    outcome.kills = sum(replica.kills for replica in replicas)
    return outcome


async def _create(
    http: httpx.AsyncClient,
    replicas: Sequence[Replica],
    random: Random,
    name: str,
    headers: dict[str, str],
    attempts: Counter[str],
) -> str:
    """Send the request to any replica until it is answered, and return the id of the integration."""
    while True:
        try:
            body = {"query": CREATE, "variables": {"name": name}}
            response = await http.post(random.choice(replicas).url, json=body, headers=headers)
        except httpx.TransportError:
            attempts["broken off"] += 1
            await asyncio.sleep(0.05)
            continue
        attempts[str(response.status_code)] += 1
        attempts["replayed"] += "Idempotent-Replayed" in response.headers
        if response.status_code in _RETRIED:
            await asyncio.sleep(0.2)
            continue
        payload = response.json()["data"]["createIntegration"]
        assert payload["errors"] == [], payload
        return str(payload["integration"]["id"])


if __name__ == "__main__":
    import sys
    from tempfile import TemporaryDirectory

    import typer

    from tests.support.commands import run_gateway
    from tests.support.gateway import TEAM, USER

    count, url = int(sys.argv[1]), sys.argv[2]
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    created = run_gateway("keys", "create", *arguments, database_url=url)
    with TemporaryDirectory() as directory:
        found = asyncio.run(run(url, created.stdout.strip(), Path(directory), count, 100))
    typer.echo(f"{len(found.ids)} created, {len(found.differing)} differ, {found.kills} kills, {found.attempts}")
