"""Responses with very many rows are encoded in chunks."""

import asyncio

import pytest

from gateway.domain.lenient_reading import Document
from gateway.execution import encode_json
from gateway.execution.compiler import chunked_output
from tests.support.factories import connected, record, store
from tests.support.gateway import serve_gateway

QUERY = """{ integrationExport(integrationId: "i") { resourceRecords {
    id config { ... on PractitionerConfig { name languages supervisor { id } } }
} } }"""


async def test_other_tasks_run_between_the_chunks_of_a_response(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk_sizes: list[int] = []
    seen: set[int] = set()

    def record_chunk(content: list[object]) -> bytes:
        chunk_sizes.append(len(content))
        return encode_json(content)

    async def run_meanwhile() -> None:
        while True:
            seen.add(len(chunk_sizes))
            await asyncio.sleep(0)

    monkeypatch.setattr(chunked_output, "encode_json", record_chunk)
    config: Document = {"type": "practitioners", "supervisorId": "r0", "languages": ["Polish"]}
    rows = [record(f"r{n}", "i", {**config, "name": f"{n}"}) for n in range(600)]
    async with serve_gateway(database_url) as gateway:
        client = await gateway.client()
        await store(gateway.database, connected("i"))
        await store(gateway.database, *rows)
        # At first on the normal executor, then from the document cache.
        for _ in range(2):
            chunk_sizes.clear()
            seen.clear()
            task = asyncio.create_task(run_meanwhile())
            found = (await client.data(QUERY))["integrationExport"]["resourceRecords"]
            task.cancel()
            assert sorted(found, key=lambda each: int(each["id"][1:])) == [
                {
                    "id": f"r{n}",
                    "config": {"name": f"{n}", "languages": ["Polish"], "supervisor": {"id": "r0"}},
                }
                for n in range(600)
            ]
            assert chunk_sizes == [512, 88]
            assert {0, 1, 2} <= seen
