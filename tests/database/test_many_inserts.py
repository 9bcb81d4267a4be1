"""SQLite inserts many rows with one statement, because the index of searches writes to the file after each."""

import pytest
from sqlalchemy import select

from gateway.database import Base, Database, ResourceRecord
from tests.support.factories import connected, record, store
from tests.support.gateway import TEAM, collect_statements
from tests.support.sessions import open_session

COLUMNS = [column.name for column in ResourceRecord.__table__.columns]


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (1_000, 1), (1_001, 2)])
async def test_a_statement_inserts_1000_rows(database: Database, count: int, expected: int) -> None:
    await store(database, connected("clinic"))
    records = [record(f"r{number}", "clinic", {"type": f"word {number}"}) for number in range(count)]
    rows = [{name: getattr(each, name) for name in COLUMNS} for each in records]
    with collect_statements() as statements:
        async with database.write(team=TEAM) as writer:
            await writer.insert_rows(ResourceRecord, rows)
    assert [each.startswith("INSERT INTO resource_record") for each in statements].count(True) == expected
    async with open_session(database) as session:
        found = await session.execute(select(ResourceRecord.id, ResourceRecord.type))
    assert {row.id: row.type for row in found} == {each.id: each.type for each in records}


def test_the_parameters_of_a_statement_suffice_for_each_table() -> None:
    assert max(len(table.columns) for table in Base.metadata.tables.values()) <= 32
