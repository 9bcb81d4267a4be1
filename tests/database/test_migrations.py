"""Migrations: what they make is what the gateway works with, up and down again, alone and at once."""

import asyncio
import os
import re
import runpy
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from io import StringIO
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from alembic import command
from gateway.database import migrations
from gateway.database.database import Database
from gateway.errors import Refused, SchemaNotAtHead
from tests.support.every_table import count_rows, fill_every_table
from tests.support.sessions import open_session


async def _tables(database: Database) -> list[str]:
    return await database.run_sync(lambda connection: inspect(connection).get_table_names())


async def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    assert await migrations.find_differences(database) is None


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_postgresql_looks_at_records_whenever_so_many_are_new(database: Database) -> None:
    """However many there are: planners know nothing of an integration until then."""
    async with open_session(database) as session:
        options = await session.scalar(text("SELECT reloptions FROM pg_class WHERE relname = 'resource_record'"))
    assert options == ["autovacuum_analyze_scale_factor=0", "autovacuum_analyze_threshold=5000"]


async def test_a_table_that_was_changed_by_hand_is_noticed(database: Database) -> None:
    await database.run_sync(lambda connection: connection.execute(text("DROP INDEX ix_integration_name")))
    assert "ix_integration_name" in (await migrations.find_differences(database) or "")


async def test_up_down_up_with_rows_in_every_table(database: Database) -> None:
    for _ in range(2):
        await fill_every_table(database)
        assert min((await count_rows(database)).values()) > 0
        await migrations.downgrade(database, migrations.EMPTY)
        assert await _tables(database) == ["alembic_version"]
        assert await migrations.get_current(database) == migrations.EMPTY
        await migrations.upgrade(database)
        assert await migrations.get_current(database) == migrations.get_head()
        assert set((await count_rows(database)).values()) == {0}


async def test_each_migration_goes_down_one_step_and_up_again(database: Database) -> None:
    for revision in (*migrations.list_known()[-2::-1], migrations.EMPTY):
        await migrations.downgrade(database, revision)
        assert await migrations.get_current(database) == revision
    await migrations.upgrade(database)
    assert await migrations.find_differences(database) is None


async def test_of_several_migrations_at_once_one_does_it_and_all_succeed(
    database: Database, database_url: str
) -> None:
    await migrations.downgrade(database, migrations.EMPTY)
    environment = {**os.environ, "GATEWAY_DATABASE_URL": database_url}
    command = (sys.executable, "-m", "gateway", "migrate")
    processes = [await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE) for _ in range(3)]
    said = [(await process.communicate())[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert await migrations.get_current(database) == migrations.get_head()
    assert await migrations.find_differences(database) is None


async def test_a_failed_migration_leaves_nothing(database: Database) -> None:
    await migrations.downgrade(database, migrations.EMPTY)
    before = await _tables(database)
    # In the way of the last table that is made.
    last = "use_case"
    await database.run_sync(lambda connection: connection.execute(text(f"CREATE TABLE {last} (id TEXT)")))
    with pytest.raises(Exception, match="already exists"):
        await migrations.upgrade(database)
    assert sorted(await _tables(database)) == sorted([*before, last])
    assert await migrations.get_current(database) == migrations.EMPTY


def test_alembic_knows_the_same_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.SCRIPT_FOLDER))
    walked = ScriptDirectory.from_config(config).walk_revisions()
    assert migrations.list_known() == tuple(script.revision for script in walked)[::-1]


async def test_an_empty_database_and_one_of_a_newer_release_are_refused(database: Database) -> None:
    await migrations.require_compatible(database)

    await migrations.downgrade(database, migrations.EMPTY)
    with pytest.raises(SchemaNotAtHead, match="no tables yet: run `gateway migrate`"):
        await migrations.require_compatible(database)

    newer = text("INSERT INTO alembic_version VALUES ('9999')")
    await database.run_sync(lambda connection: connection.execute(newer))
    refusals = (
        migrations.require_compatible,
        migrations.upgrade,
        lambda found: migrations.downgrade(found, "base"),
    )
    for refused in refusals:
        with pytest.raises(SchemaNotAtHead, match="revision 9999, which is newer than this release"):
            await refused(database)
    assert await migrations.get_current(database) == "9999"


async def test_going_down_to_what_is_above_is_refused(database: Database) -> None:
    await migrations.downgrade(database, migrations.EMPTY)
    with pytest.raises(Refused, match="is below"):
        await migrations.downgrade(database, migrations.get_head())


@pytest.mark.parametrize("is_empty", [False, True], ids=["up-to-date", "empty"])
async def test_a_generated_migration_can_be_imported(database: Database, tmp_path: Path, is_empty: bool) -> None:
    scripts = tmp_path / "alembic"
    shutil.copytree(migrations.SCRIPT_FOLDER, scripts, ignore=shutil.ignore_patterns("0*") if is_empty else None)
    (scripts / "versions").mkdir(exist_ok=True)
    if is_empty:
        await migrations.downgrade(database, migrations.EMPTY)

    def generate(connection: Connection) -> None:
        config = Config(stdout=StringIO())
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        config.attributes["connection"] = connection
        command.revision(config, "more", autogenerate=True, rev_id="9998")

    await database.run_sync(generate)
    generated = runpy.run_path(str(scripts / "versions" / "9998_more.py"))
    assert generated["down_revision"] == (None if is_empty else migrations.get_head())
    source = (scripts / "versions" / "9998_more.py").read_text()
    assert ("create_table" in source) == is_empty
    assert ("Instant()" in source) == is_empty
    # Types of the code that may change or go.
    assert not re.findall("Enum|JsonText", source)


def test_commands_do_not_import_alembic() -> None:
    code = "import sys, gateway.cli.app; print('alembic.config' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"
