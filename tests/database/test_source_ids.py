"""The migration that stores the source ids of records."""

from typing import Any

from sqlalchemy import text

from gateway.database import migrations
from gateway.database.database import Database
from gateway.domain.lenient_reading import Document, Json
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
    await migrations.downgrade(database, "0003")
    await migrations.upgrade(database)
    assert await read_source_ids(database) == before
