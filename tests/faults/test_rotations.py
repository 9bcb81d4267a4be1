"""A key is rotated while clients read and write."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import services
from gateway.database import Database
from gateway.domain.enums import IntegrationKind
from gateway.domain.secret_keys import generate_key
from tests import SECRET_KEY
from tests.support.commands import ENVIRONMENT, run_gateway, start_server
from tests.support.factories import connected, store, webhook
from tests.support.gateway import TEAM, USER

pytestmark = pytest.mark.slow

COUNT = 10_000
READERS = 8
READ = """query($account: ID!, $hook: ID!) {
  integration(id: $account) { ... on ConnectedIntegration { config { accessToken refreshToken } } }
  hook: integration(id: $hook) { ... on WebhookIntegration { token } }
}"""
WRITE = """mutation($id: ID!, $token: String!) {
  updateIntegration(id: $id, input: {outgoingWebhook: {token: $token}}) { errors { code } }
}"""


async def create_client(url: str, database_url: str) -> httpx.AsyncClient:
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    created = await asyncio.to_thread(run_gateway, "keys", "create", *arguments, database_url=database_url)
    headers = {"Authorization": f"Bearer {created.stdout.strip()}"}
    return httpx.AsyncClient(headers=headers, base_url=url.removesuffix("/graphql"), timeout=30)


async def send(http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def read_until(ended: asyncio.Event, http: httpx.AsyncClient, reader: int) -> int:
    """Read tokens until the rotation has ended, and return how often. Each must be right."""
    count = 0
    while not ended.is_set():
        number = (reader + count * READERS * 7) % (COUNT // 2)
        assert await send(http, READ, account=f"c{number}", hook=f"h{number}") == {
            "integration": {"config": {"accessToken": f"a{number}", "refreshToken": "r"}},
            "hook": {"token": f"t{number}"},
        }
        count += 1
    return count


async def write_until(ended: asyncio.Event, http: httpx.AsyncClient) -> int:
    count = 0
    while not ended.is_set():
        # These are written anew before, while and after the rotation passes.
        for id in ("changing-a", "h-changing"):
            assert await send(http, WRITE, id=id, token=f"w{count}") == {"updateIntegration": {"errors": []}}
        count += 1
    return count


async def test_a_rotation_disturbs_no_reader(database: Database, database_url: str, tmp_path: Path) -> None:
    half = range(COUNT // 2)
    await store(
        database,
        *(connected(f"c{n}", config={"accessToken": f"a{n}", "refreshToken": "r"}) for n in half),
        *(webhook({"_id": f"h{n}", "token": f"t{n}"}) for n in half),
        *(
            webhook({"_id": id, "type": IntegrationKind.OUTGOING_WEBHOOK.value})
            for id in ("changing-a", "h-changing")
        ),
    )
    keys = f"{generate_key()} {SECRET_KEY}"
    limits = {"rate_limit": "2000000000", "rate_refill": "2000000000"}
    ended, command = asyncio.Event(), [sys.executable, "-m", "gateway", "secrets", "rotate"]
    environment = {**ENVIRONMENT, "GATEWAY_DATABASE_URL": database_url, "GATEWAY_SECRET_KEYS": keys}
    with start_server(
        "serve",
        "--port",
        "0",
        folder=tmp_path,
        database_url=database_url,
        secret_keys=keys,
        **limits,
    ) as served:
        http = await create_client(served.url, database_url)
        async with http, asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(read_until(ended, http, number)) for number in range(READERS)]
            writer = tasks.create_task(write_until(ended, http))
            await asyncio.sleep(0)
            run = await asyncio.to_thread(
                subprocess.run, command, env=environment, capture_output=True, text=True, check=False
            )
            ended.set()
        assert min([*(reader.result() for reader in readers), writer.result()]) > 0
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("integrations with the newest key; 0 left under older keys.\n")
    assert int(run.stdout.split()[4]) >= COUNT
    rotated = Database(database.settings.model_copy(update={"secret_keys": keys}))
    try:
        async with rotated.read() as reader:
            assert await services.secrets.count_left(reader) == 0
            assert len(await services.secrets.list_used_keys(reader)) == 1
    finally:
        await rotated.dispose()
