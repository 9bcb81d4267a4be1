"""Requests with an idempotency key."""

import asyncio
from types import ModuleType
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from gateway import services
from gateway.database.tables import IdempotencyEntry, Integration
from tests.support.gateway import Client, Gateway

CREATE = """mutation ($name: String! = "n") {
  createIntegration(input: {connected: {name: $name, provider: GOOGLE}}) {
    integration { id name } errors { code }
  }
}"""


async def send(client: Client, query: str, key: str = "key", /, **variables: object) -> Response:
    return await client.send(query, variables, {"Idempotency-Key": key})


async def get_data(client: Client, query: str, key: str = "key", /, **variables: object) -> Any:
    """Send a mutation, which must be accepted, and return its data."""
    response = await send(client, query, key, **variables)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


def is_replay(response: Response) -> bool:
    header = response.headers.get("Idempotent-Replayed")
    assert header in (None, "true")
    return header is not None


async def list_names(gateway: Gateway) -> list[str | None]:
    """Return the names of all integrations, sorted."""
    async with gateway.read() as session:
        return [*await session.scalars(select(Integration.name).order_by(Integration.name))]


async def list_entries(gateway: Gateway) -> list[IdempotencyEntry]:
    async with gateway.read() as session:
        return [*await session.scalars(select(IdempotencyEntry).order_by(IdempotencyEntry.position))]


class Pause:
    """Has calls of a service wait in their transactions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()
        call = getattr(module, name)

        async def wait_and_call(*arguments: Any) -> Any:
            self.began.set()
            await self.goes_on.wait()
            return await call(*arguments)

        monkeypatch.setattr(module, name, wait_and_call)


async def wait_until_running(count: int) -> None:
    """Wait until this process runs so many mutations with a key."""
    async with asyncio.timeout(60):
        while True:
            if services.idempotency._running.total() >= count:
                return
            await asyncio.sleep(0.005)
