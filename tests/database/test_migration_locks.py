"""Migrations on PostgreSQL hold no lock for long, and an interrupted one goes on where it ended."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from gateway.database import Database, migrations
from tests.support.factories import connected, record, store, webhook
from tests.support.sessions import open_session

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

CREATION = re.compile(
    r"\s*CREATE (?:TABLE (\w+)|(?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?\w+ ON (\w+))"
)


class Interrupted(Exception):
    pass


@contextmanager
def watch_statements(database: Database, watch: Callable[[Connection, str], None]) -> Iterator[None]:
    """Call a function after each statement of migrations."""

    def pass_on(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
        watch(connection, statement.lstrip())

    engine = database._engine.sync_engine
    event.listen(engine, "after_cursor_execute", pass_on)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", pass_on)


async def test_indexes_on_existing_tables_are_created_concurrently(database: Database) -> None:
    await migrations.downgrade(database, migrations.EMPTY)
    new_tables, concurrent, blocking = set[str](), list[str](), list[str]()

    def watch(_connection: Connection, statement: str) -> None:
        if "alembic_version SET" in statement:
            # The migration ends, and with it its transaction.
            new_tables.clear()
        if found := CREATION.match(statement):
            table, is_concurrent, indexed = found.groups()
            if table:
                new_tables.add(table)
            elif is_concurrent:
                concurrent.append(indexed)
            elif indexed not in new_tables:
                blocking.append(statement)

    with watch_statements(database, watch):
        await migrations.upgrade(database)
    assert blocking == []
    # Those of `source_id`, of the audit log, and of searches.
    assert concurrent == ["resource_record", *["audit_entry"] * 5, "resource_record"]


@pytest.mark.parametrize(
    ("revision", "filling", "table"),
    [
        ("0004", "UPDATE integration", "integration"),
        ("0005", "UPDATE resource_record", "resource_record"),
        ("0009", "UPDATE integration", "integration"),
    ],
)
async def test_columns_are_filled_without_a_lock_on_their_table(
    database: Database, revision: str, filling: str, table: str
) -> None:
    patient = record("p", "clinic", {"type": "patients", "id": "P"})
    await store(database, connected("clinic"), webhook({"_id": "hook"}), patient)
    await migrations.downgrade(database, revision)
    held: list[str] = []
    count = 0

    def watch(connection: Connection, statement: str) -> None:
        nonlocal count
        if statement.startswith(filling):
            count += 1
            locks = f"SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = '{table}'::regclass"
            held.extend(connection.exec_driver_sql(locks).scalars())

    with watch_statements(database, watch):
        await migrations.upgrade(database)
    assert count > 0
    assert held == []


async def test_an_interrupted_migration_keeps_its_batches_and_goes_on(database: Database) -> None:
    patients = (record(f"p{number:04}", "clinic", {"type": "patients", "id": "P"}) for number in range(5_100))
    await store(database, connected("clinic"), *patients)
    await migrations.downgrade(database, "0005")
    batches = 0

    def interrupt(_connection: Connection, statement: str) -> None:
        nonlocal batches
        batches += statement.startswith("UPDATE resource_record")
        if batches:
            raise Interrupted

    async def count_filled() -> int:
        async with open_session(database) as session:
            query = text("SELECT count(*) FROM resource_record WHERE source_id = 'P'")
            return int((await session.execute(query)).scalar_one())

    with watch_statements(database, interrupt), pytest.raises(Interrupted):
        await migrations.upgrade(database)
    assert await migrations.get_current(database) == "0005"
    assert await count_filled() == 5_000

    await migrations.upgrade(database)
    assert await migrations.get_current(database) == migrations.get_head()
    assert await migrations.find_differences(database) is None
    assert await count_filled() == 5_100
