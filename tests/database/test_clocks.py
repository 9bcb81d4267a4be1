"""Instants that are stored come from PostgreSQL's clock: those of replicas may differ."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Any

import pytest
from sqlalchemy import select

from gateway.database import Integration, ResourceRecord, Team
from gateway.domain.calendar import instants
from tests.graph.test_record_changes import UPSERT
from tests.support.examples import export, record
from tests.support.gateway import TEAM, Client, serve_gateway
from tests.support.import_command import Run, read_rows, write, write_lines

DAY = 86_400 * 10**9
"""Nanoseconds."""

CREATE = """mutation {
  createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { integration { id } errors { code } }
}"""
RENAME = """mutation ($id: ID!) {
  updateIntegration(id: $id, input: {connected: {name: "M"}}) { integration { id } errors { code } }
}"""
RECORDS = [{"logicalId": "a", "config": {"appointment": {"source": "web"}}}]


def set_clock(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Set the clock of this process forward."""
    monkeypatch.setattr(instants, "time_ns", lambda: time_ns() + days * DAY)


@pytest.fixture(params=["postgresql"])
def database_kind(request: Any) -> str:
    return str(request.param)


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[Client]:
    async with serve_gateway(database_url) as gateway:
        yield await gateway.client()


def require_now(*rows: Any) -> None:
    """Require that rows were created and changed just now, in this order."""
    margin = timedelta(hours=1)
    for row in rows:
        assert datetime.now(UTC) - margin < row.created_at < datetime.now(UTC) + margin
        assert row.created_at <= getattr(row, "updated_at", row.created_at)


async def test_replicas_with_other_clocks_store_the_instants_of_the_database(
    client: Client, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, 2)
    created = (await client.data(CREATE))["createIntegration"]
    id = created["integration"]["id"]
    await client.data(UPSERT, id=id, records=RECORDS)
    set_clock(monkeypatch, -2)
    renamed = (await client.data(RENAME, id=id))["updateIntegration"]
    assert renamed["errors"] == []
    changed = [{**RECORDS[0], "config": {"appointment": {"source": "phone"}}}]
    upserted = (await client.data(UPSERT, id=id, records=changed))["upsertResourceRecords"]
    assert upserted["records"][0]["outcome"] == "UPDATED"
    async with serve_gateway(database_url) as gateway, gateway.read() as session:
        rows = [row for entity in (Integration, ResourceRecord) for row in await session.scalars(select(entity))]
    assert len(rows) == 2
    require_now(*rows)


@pytest.mark.usefixtures("restored_logging")
def test_an_imported_record_without_an_instant_gets_that_of_the_database(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    set_clock(monkeypatch, 2)
    line = {key: value for key, value in record(0, teamId=TEAM).items() if key != "createdAt"}
    assert run("import", write_lines("records.jsonl", line)).exit_code == 0
    require_now(*read_rows(database_url, Team, ResourceRecord))
