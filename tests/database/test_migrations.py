"""Migrations: what they make is what the gateway works with, up and down again, alone and at once."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from gateway.database import migrations, revisions
from gateway.database.database import Database
from gateway.errors import Refused, SchemaNotAtHead
from tests.support.every_table import count_rows, fill_every_table


async def _tables(database: Database) -> list[str]:
    return await database.run_sync(lambda connection: inspect(connection).get_table_names())


async def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    assert await migrations.find_differences(database) is None


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_postgresql_looks_at_records_whenever_so_many_are_new(database: Database) -> None:
    """However many there are: planners know nothing of an integration until then."""
    async with database.read() as session:
        options = await session.scalar(text("SELECT reloptions FROM pg_class WHERE relname = 'resource_record'"))
    assert options == ["autovacuum_analyze_scale_factor=0", "autovacuum_analyze_threshold=5000"]


async def test_a_table_that_was_changed_by_hand_is_noticed(database: Database) -> None:
    await database.run_sync(lambda connection: connection.execute(text("DROP INDEX ix_integration_name")))
    assert "ix_integration_name" in (await migrations.find_differences(database) or "")


async def test_up_down_up_with_rows_in_every_table(database: Database) -> None:
    for _ in range(2):
        await fill_every_table(database)
        assert min((await count_rows(database)).values()) > 0
        await migrations.downgrade(database, revisions.EMPTY)
        assert await _tables(database) == ["alembic_version"]
        assert await revisions.get_current(database) == revisions.EMPTY
        await migrations.upgrade(database)
        assert await revisions.get_current(database) == revisions.get_head()
        assert set((await count_rows(database)).values()) == {0}


async def test_each_migration_goes_down_one_step_and_up_again(database: Database) -> None:
    for revision in (*revisions.list_known()[-2::-1], revisions.EMPTY):
        await migrations.downgrade(database, revision)
        assert await revisions.get_current(database) == revision
    await migrations.upgrade(database)
    assert await migrations.find_differences(database) is None


async def test_of_several_migrations_at_once_one_does_it_and_all_succeed(
    database: Database, database_url: str
) -> None:
    await migrations.downgrade(database, revisions.EMPTY)
    environment = {**os.environ, "GATEWAY_DATABASE_URL": database_url}
    command = (sys.executable, "-m", "gateway", "migrate")
    processes = [await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE) for _ in range(3)]
    said = [(await process.communicate())[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert await revisions.get_current(database) == revisions.get_head()
    assert await migrations.find_differences(database) is None


async def test_a_failed_migration_leaves_nothing(database: Database) -> None:
    await migrations.downgrade(database, revisions.EMPTY)
    before = await _tables(database)
    # In the way of the last table that is made.
    last = "use_case"
    await database.run_sync(lambda connection: connection.execute(text(f"CREATE TABLE {last} (id TEXT)")))
    with pytest.raises(Exception, match="already exists"):
        await migrations.upgrade(database)
    assert sorted(await _tables(database)) == sorted([*before, last])
    assert await revisions.get_current(database) == revisions.EMPTY


def test_alembic_knows_the_same_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(revisions.SCRIPT_FOLDER))
    walked = ScriptDirectory.from_config(config).walk_revisions()
    assert revisions.list_known() == tuple(script.revision for script in walked)[::-1]


async def test_an_empty_database_and_one_of_a_newer_release_are_refused(database: Database) -> None:
    await revisions.require_head(database)

    await migrations.downgrade(database, revisions.EMPTY)
    with pytest.raises(SchemaNotAtHead, match="no tables yet: run `gateway migrate`"):
        await revisions.require_head(database)

    newer = text("INSERT INTO alembic_version VALUES ('9999')")
    await database.run_sync(lambda connection: connection.execute(newer))
    refusals = (revisions.require_head, migrations.upgrade, lambda found: migrations.downgrade(found, "base"))
    for refused in refusals:
        with pytest.raises(SchemaNotAtHead, match="revision 9999, which is newer than this release"):
            await refused(database)
    assert await revisions.get_current(database) == "9999"


async def test_going_down_to_what_is_above_is_refused(database: Database) -> None:
    await migrations.downgrade(database, revisions.EMPTY)
    with pytest.raises(Refused, match="is below"):
        await migrations.downgrade(database, revisions.get_head())
