"""Source ids of records: the migration that stores them, and the plan of the statement that finds by them."""

from typing import Any

import pytest
from sqlalchemy import text

from gateway import sql
from gateway.database import migrations
from gateway.database.database import Database
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from tests.support.factories import connected, record, store
from tests.support.sessions import open_session

CONFIGS: dict[str, Json] = {
    "practitioner": {"type": "practitioners", "id": "P"},
    "location": {"type": "locations", "id": 'quoted " \\ é'},
    "patient": {"type": "patients", "id": "é" * 256},
    "reason": {"type": "visiting_reasons", "id": "V"},
    "too-long": {"type": "patients", "id": "é" * 257},
    "empty": {"type": "patients", "id": ""},
    "number": {"type": "patients", "id": 7},
    "object": {"type": "patients", "id": {"id": "x"}},
    "null": {"type": "patients", "id": None},
    "missing": {"type": "patients"},
    "appointment": {"type": "appointments", "id": "A"},
    "organization": {"type": "organizations", "id": "O"},
    "unknown": {"type": "invoices", "id": "I"},
}


async def read_source_ids(database: Database) -> dict[str, str | None]:
    async with open_session(database) as session:
        rows = await session.execute(text("SELECT id, source_id FROM resource_record"))
    return {row.id: row.source_id for row in rows}


async def test_the_migration_stores_what_a_write_would_store(database: Database) -> None:
    configs: dict[str, Any] = CONFIGS
    odd = record("odd", "clinic", {"type": "patients"})
    document: Document = {**odd.document, "config": "text"}
    odd.document = document
    await store(
        database, connected("clinic"), odd, *(record(id, "clinic", config) for id, config in configs.items())
    )
    before = await read_source_ids(database)
    assert {id: source_id for id, source_id in before.items() if source_id is not None} == {
        "practitioner": "P",
        "location": 'quoted " \\ é',
        "patient": "é" * 256,
        "reason": "V",
    }
    await migrations.downgrade(database, "0005")
    await migrations.upgrade(database)
    assert await read_source_ids(database) == before


@pytest.mark.parametrize("columns", [frozenset({"id"}), None])
async def test_references_are_found_by_the_primary_key_and_the_index_of_source_ids(
    database: Database, columns: frozenset[str] | None
) -> None:
    if not database.is_sqlite:
        pytest.skip("plans of PostgreSQL depend on statistics; test_query_plans.py has a test of both databases")
    viewer = Viewer("team", "user", "user", "key", frozenset())
    built = sql.resource_records.select_referenced(viewer, '[["clinic", "patients", "P"]]')
    compiled, values = built.compile(database.dialect, columns, ("integration_id", "type", "source_id"))
    async with open_session(database) as session:
        connection = await session.connection()
        explain = f"EXPLAIN QUERY PLAN {compiled.text}"
        plan = (await connection.exec_driver_sql(explain, tuple(compiled.bind(values)))).all()
    key = "USING INDEX sqlite_autoindex_resource_record_1 (team_id=? AND id=?)"
    source = "ix_resource_record_source (team_id=? AND integration_id=? AND type=? AND source_id=?)"
    assert [row.detail for row in plan if "_record " in row.detail and "SEARCH" in row.detail] == [
        f"SEARCH found_record {key}",
        f"SEARCH found_record USING COVERING INDEX {source}",
        f"SEARCH resource_record {key}",
    ]
