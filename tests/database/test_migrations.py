"""Migrations: they create the tables of the models, can be downgraded, and can run concurrently."""

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
from sqlalchemy import Connection, delete, inspect, select, text
from sqlalchemy.exc import IntegrityError

from alembic import command
from gateway import services
from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.tables import CursorKey
from gateway.errors import Refused, SchemaNotAtHead
from tests.support.every_table import count_rows, fill_every_table
from tests.support.sessions import open_session


async def _list_tables(database: Database) -> list[str]:
    return await database.run_sync(lambda connection: inspect(connection).get_table_names())


async def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    assert await migrations.find_differences(database) is None


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_postgresql_analyzes_records_after_5000_new_rows(database: Database) -> None:
    """The number of existing rows does not matter: planners need statistics for each new integration."""
    async with open_session(database) as session:
        options = await session.scalar(text("SELECT reloptions FROM pg_class WHERE relname = 'resource_record'"))
    assert options == ["autovacuum_analyze_scale_factor=0", "autovacuum_analyze_threshold=5000"]


async def test_a_manual_change_of_a_table_is_detected(database: Database) -> None:
    await database.run_sync(lambda connection: connection.execute(text("DROP INDEX ix_integration_name")))
    assert "ix_integration_name" in (await migrations.find_differences(database) or "")


async def test_upgrade_downgrade_and_upgrade_with_rows_in_every_table(database: Database) -> None:
    for _ in range(2):
        await fill_every_table(database)
        assert min((await count_rows(database)).values()) > 0
        await migrations.downgrade(database, migrations.EMPTY)
        assert await _list_tables(database) == ["alembic_version"]
        assert await migrations.get_current(database) == migrations.EMPTY
        await migrations.upgrade(database)
        assert await migrations.get_current(database) == migrations.get_head()
        counts = await count_rows(database)
        assert counts == {**dict.fromkeys(counts, 0), "cursor_key": 1, "secret_key": 1}


async def test_each_migration_can_be_downgraded_and_upgraded_again(database: Database) -> None:
    for revision in (*migrations.list_known()[-2::-1], migrations.EMPTY):
        await migrations.downgrade(database, revision)
        assert await migrations.get_current(database) == revision
    await migrations.upgrade(database)
    assert await migrations.find_differences(database) is None


async def test_each_database_has_one_random_key_of_cursors(database: Database) -> None:
    async def read_keys() -> list[str]:
        async with open_session(database) as session:
            return [*await session.scalars(select(CursorKey.key))]

    (key,) = await read_keys()
    assert len(bytes.fromhex(key)) == 32
    await migrations.downgrade(database, "0001")
    await migrations.upgrade(database)
    (other,) = await read_keys()
    assert other != key
    with pytest.raises(IntegrityError, match=r"(?i)check"):
        async with open_session(database) as session:
            session.add(CursorKey(id=2, key=key))


async def test_a_database_without_the_key_of_cursors_says_how_to_get_one(database: Database) -> None:
    async with open_session(database) as session:
        await session.execute(delete(CursorKey))
    with pytest.raises(SchemaNotAtHead, match="The table cursor_key is empty"):
        async with database.read(once=True) as reader:
            await services.cursors.read_key(reader)


async def test_concurrent_migrations_all_succeed(database: Database, database_url: str) -> None:
    await migrations.downgrade(database, migrations.EMPTY)
    environment = {**os.environ, "GATEWAY_DATABASE_URL": database_url}
    command = (sys.executable, "-m", "gateway", "migrate")
    processes = [await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE) for _ in range(3)]
    output = [(await process.communicate())[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], output
    assert await migrations.get_current(database) == migrations.get_head()
    assert await migrations.find_differences(database) is None


async def test_a_failed_migration_is_rolled_back(database: Database) -> None:
    await migrations.downgrade(database, migrations.EMPTY)
    before = await _list_tables(database)
    # This table conflicts with the last one that is created.
    last = "use_case"
    await database.run_sync(lambda connection: connection.execute(text(f"CREATE TABLE {last} (id TEXT)")))
    with pytest.raises(Exception, match="already exists"):
        await migrations.upgrade(database)
    assert sorted(await _list_tables(database)) == sorted([*before, last])
    assert await migrations.get_current(database) == migrations.EMPTY


def test_alembic_knows_the_same_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.SCRIPT_FOLDER))
    walked = ScriptDirectory.from_config(config).walk_revisions()
    assert migrations.list_known() == tuple(script.revision for script in walked)[::-1]


async def test_an_empty_database_and_one_of_a_newer_release_are_refused(database: Database) -> None:
    await migrations.require_compatible(database)

    await migrations.downgrade(database, migrations.EMPTY)
    with pytest.raises(SchemaNotAtHead, match=r"no tables yet\. Run `gateway migrate`"):
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


async def test_a_downgrade_to_a_newer_revision_is_refused(database: Database) -> None:
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
    # Types that later releases may change or remove.
    assert not re.findall("Enum|JsonText", source)


def test_commands_do_not_import_alembic() -> None:
    code = "import sys, gateway.cli.app; print('alembic.config' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_no_migration_drops_a_table_of_sqlite_to_change_it() -> None:
    files = [*(migrations.SCRIPT_FOLDER / "versions").glob("[0-9]*.py")]
    assert files
    assert [file.name for file in files if "batch_alter_table" in file.read_text()] == []
