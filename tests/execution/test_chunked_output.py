"""Answers of very many rows are made slice by slice."""

import asyncio

import pytest

from gateway.domain.lenient_reading import Document
from gateway.execution import encode_json
from gateway.execution.compiler import chunked_output
from tests.support.factories import connected, record, store
from tests.support.gateway import served

QUERY = """{ integrationExport(integrationId: "i") { resourceRecords {
    id config { ... on PractitionerConfig { name languages supervisor { id } } }
} } }"""


async def test_between_slices_of_many_rows_others_have_their_turn(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    seen: set[int] = set()

    def noted(content: list[object]) -> bytes:
        written.append(len(content))
        return encode_json(content)

    async def others() -> None:
        while True:
            seen.add(len(written))
            await asyncio.sleep(0)

    monkeypatch.setattr(chunked_output, "encode_json", noted)
    config: Document = {"type": "practitioners", "supervisorId": "r0", "languages": ["Polish"]}
    rows = [record(f"r{n}", "i", {**config, "name": f"{n}"}) for n in range(600)]
    async with served(database_url) as gateway:
        client = await gateway.client()
        await store(gateway.database, connected("i"))
        await store(gateway.database, *rows)
        # The first time it is executed, the second time it is known.
        for _ in range(2):
            written.clear()
            seen.clear()
            ticking = asyncio.create_task(others())
            found = (await client.data(QUERY))["integrationExport"]["resourceRecords"]
            ticking.cancel()
            assert sorted(found, key=lambda each: int(each["id"][1:])) == [
                {
                    "id": f"r{n}",
                    "config": {"name": f"{n}", "languages": ["Polish"], "supervisor": {"id": "r0"}},
                }
                for n in range(600)
            ]
            assert written == [512, 88]
            assert {0, 1, 2} <= seen
