"""A database of every earlier revision works after an upgrade, with the rows that it had."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select

from gateway import services
from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.keyring import SecretUnreadable
from gateway.database.tables import Base, Integration, ResourceRecord, TypeCount, UseCase
from gateway.domain.calendar.instants import format_instant
from gateway.domain.integration_secrets import put_secrets
from gateway.domain.integrations import read_connected_columns
from gateway.domain.records import read_record_columns
from gateway.domain.use_cases import read_use_case_columns
from tests.graph.test_record_changes import UPSERT
from tests.support.every_table import APPOINTMENTS, count_rows, fill_every_table
from tests.support.factories import KEYRING
from tests.support.gateway import Gateway, serve_gateway
from tests.support.importing import export_integration, import_accepted
from tests.support.sessions import open_session
from tests.support.source_code import PROJECT
from tests.support.verifying import find_differences, verify

REPAIR = "gateway statistics verify --repair"
"""A migration with these words in its description leaves the counts of days to this command."""

COUNTS = ("day_count", "day_series")
COLUMN_TYPES = {"CollatedText", "Instant", "JsonText"}


def _read_descriptions(revision: str) -> str:
    """Return the descriptions of the migrations that come after a revision."""
    files = sorted((migrations.SCRIPT_FOLDER / "versions").glob("[0-9]*.py"))
    later = files[migrations.list_known().index(revision) + 1 :]
    return "\n".join(ast.get_docstring(ast.parse(file.read_text())) or "" for file in later)


Columns = dict[str, set[str]]
"""The names of the columns of each table."""


def _read_columns(connection: Connection) -> Columns:
    tables = inspect(connection)
    return {name: {column["name"] for column in tables.get_columns(name)} for name in tables.get_table_names()}


async def _read_rows(database: Database, columns: Columns) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of these tables, in these columns. The counts of days are verified instead."""
    async with open_session(database) as session:
        return {
            table.name: [
                _show_tokens(dict(row._mapping))
                for row in await session.execute(
                    select(*(column for column in table.c if column.name in columns[table.name])).order_by(
                        *table.primary_key
                    )
                )
            ]
            for table in Base.metadata.sorted_tables
            if table.name in columns and table.name not in COUNTS
        }


def _show_tokens(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the tokens in its document. A migration encrypts them and leaves null in their places."""
    secrets = row.pop("secrets", {})
    for name, value in secrets.items():
        with suppress(SecretUnreadable):
            secrets[name] = KEYRING.decrypt(value, row["team_id"], row["id"], name)
    return {**row, "document": put_secrets(row["document"], row["kind"], secrets)} if secrets else row


async def _require_derived_columns(database: Database) -> None:
    """Require that the columns of each row with a document have the values that a write would give them."""
    async with open_session(database) as session:
        for row in await session.scalars(select(ResourceRecord)):
            _require_columns(row, read_record_columns(row.document, row.logical_id, row.created_at))
        for use_case in await session.scalars(select(UseCase)):
            columns = read_use_case_columns(use_case.document, use_case.logical_id, use_case.created_at)
            _require_columns(use_case, columns)
        for found in await session.scalars(select(Integration)):
            assert found.logical_id is not None
            document = services.secrets.decrypt_document(database.keyring, found)
            _require_columns(found, read_connected_columns(document, found.logical_id, found.created_at))


def _require_columns(row: Base, columns: Mapping[str, object]) -> None:
    values = {name: _to_text(getattr(row, name)) for name in columns}
    assert values == {name: _to_text(value) for name, value in columns.items()}


def _to_text(value: object) -> object:
    """Return an instant as text: records are derived with texts, other rows with instants."""
    return format_instant(value) if isinstance(value, datetime) else value


async def _require_upgrade(database: Database, url: str, revision: str) -> None:
    """Upgrade a database from a revision, with rows in every table, and require that it works."""
    id = await fill_every_table(database)
    assert min((await count_rows(database)).values()) > 0
    await migrations.downgrade(database, revision)
    columns = await database.run_sync(_read_columns)
    before = await _read_rows(database, columns)
    await migrations.upgrade(database)
    assert await migrations.find_differences(database) is None
    assert await _read_rows(database, columns) == before
    await _require_derived_columns(database)
    if REPAIR in _read_descriptions(revision):
        await verify(database, "--repair")
    assert await find_differences(database) == []
    async with serve_gateway(url) as gateway:
        await _require_upserts(gateway, id)
        await _require_round_trip(gateway, id)
    assert (await verify(database)).exit_code == 0


async def _require_upserts(gateway: Gateway, id: str) -> None:
    """Require that each old appointment can be changed."""
    client = await gateway.client()
    records = [
        {
            "logicalId": f"appointment-{number}",
            "config": {"appointment": {"bookingStatus": "PENDING", "source": "x"}},
        }
        for number in range(len(APPOINTMENTS))
    ]
    payload = (await client.data(UPSERT, id=id, records=records))["upsertResourceRecords"]
    assert payload["errors"] == []
    assert [each["outcome"] for each in payload["records"]] == ["UPDATED"] * len(records)
    assert await find_differences(gateway.database) == []


async def _require_round_trip(gateway: Gateway, id: str) -> None:
    """Require that an export can be imported again, and changes nothing."""
    client = await gateway.client()
    export = await export_integration(client, id)
    assert (await import_accepted(client, export["document"], mode="REPLACE"))["outcome"] == "UNCHANGED"
    assert await export_integration(client, id) == export


@pytest.mark.parametrize("revision", migrations.list_known())
async def test_an_upgraded_database_works(database: Database, database_url: str, revision: str) -> None:
    await _require_upgrade(database, database_url, revision)


async def test_a_migration_counts_stored_records_by_type(database: Database) -> None:
    await fill_every_table(database)
    async with open_session(database) as session:
        counts = select(TypeCount).order_by(*TypeCount.__table__.primary_key)
        before = [_to_values(row) for row in await session.scalars(counts)]
    known = migrations.list_known()
    await migrations.downgrade(database, known[known.index("0007") - 1])
    await migrations.upgrade(database)
    async with open_session(database) as session:
        assert [_to_values(row) for row in await session.scalars(counts)] == before
    assert len(before) > 1


async def test_a_migration_that_deletes_counts_says_which_command_counts_again(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrations.downgrade(database, "0007")
    await migrations.upgrade(database)
    assert capsys.readouterr().out == ""
    await migrations.downgrade(database, "0007")
    insert = "INSERT INTO day_count VALUES ('t', 1, 1, 1, '', 1, 0, 0)"
    await database.run_sync(lambda connection: connection.exec_driver_sql(insert))
    await migrations.upgrade(database)
    assert "Run `gateway statistics verify --repair`" in capsys.readouterr().out


def _to_values(row: TypeCount) -> tuple[str, str, str, int]:
    return row.team_id, row.integration_id, row.type, row.record_count


def _read_example() -> str:
    """Return the example migration of the documentation."""
    text = (PROJECT / "gateway" / "docs" / "extending.md").read_text()
    (found,) = re.findall(
        r'^```python\n("""Count appointments by campaign.*?)^```', text, re.MULTILINE | re.DOTALL
    )
    return str(found)


@pytest.fixture
def scripts(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of all migrations, in which the first one does not create the column `utm_campaign`."""
    # The template of all databases was migrated with the real ones.
    assert database_url
    folder = tmp_path / "alembic"
    shutil.copytree(migrations.SCRIPT_FOLDER, folder)
    (first,) = (folder / "versions").glob("0001_*.py")
    source = first.read_text()
    without = source.replace('        sa.Column("utm_campaign", CollatedText, nullable=True),\n', "")
    without = without.replace(', "utm_campaign")', ")")
    assert "utm_campaign" not in without
    first.write_text(without)
    monkeypatch.setattr(migrations, "SCRIPT_FOLDER", folder)
    yield folder / "versions"
    migrations.list_known.cache_clear()


async def _upgrade_with(scripts: Path, source: str, database: Database, url: str) -> None:
    newest = migrations.list_known()[-1]
    (scripts / "0042_campaigns.py").write_text(source.replace('"0041"', f'"{newest}"'))
    migrations.list_known.cache_clear()
    await migrations.downgrade(database, migrations.EMPTY)
    await migrations.upgrade(database)
    await _require_upgrade(database, url, newest)


async def test_the_documented_data_migration_works(scripts: Path, database: Database, database_url: str) -> None:
    await _upgrade_with(scripts, _read_example(), database, database_url)


@pytest.mark.parametrize(
    ("original", "replacement"),
    [
        ("        fill_utm_campaign()\n", ""),
        ("gateway statistics verify --repair", ""),
        (".strip()", ""),
        ("BATCH_SIZE = 1_000", "BATCH_SIZE = 1"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_migration_that_does_not_fill_a_column_is_detected(
    scripts: Path, database: Database, database_url: str, original: str, replacement: str
) -> None:
    # With a batch of one row, the missing loop is detected.
    source = _read_example()
    assert original in source
    changed = source.replace(original, replacement, 1)
    if replacement:
        changed = changed.replace("    while rows", "    if rows")
    with pytest.raises(AssertionError):
        await _upgrade_with(scripts, changed, database, database_url)


def _find_forbidden_imports(source: str) -> list[str]:
    """Return what a migration imports beside libraries, the standard library and the column types."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    allowed = {"sqlalchemy", "alembic", "cryptography", *sys.stdlib_module_names}
    types = {
        f"{module}.{name}"
        for module in ("gateway.database", "gateway.database.column_types")
        for name in COLUMN_TYPES
    }
    return [name for name in found if name.partition(".")[0] not in allowed and name not in types]


@pytest.mark.parametrize(
    "file", sorted((PROJECT / "alembic" / "versions").glob("*.py")), ids=lambda file: file.name
)
def test_migrations_import_nothing_that_changes(file: Path) -> None:
    assert _find_forbidden_imports(file.read_text()) == []


def test_the_documented_data_migration_imports_nothing_that_changes() -> None:
    assert _find_forbidden_imports(_read_example()) == []
    planted = "from gateway.database.tables import Base\nfrom gateway.domain import ids\nimport gateway"
    assert len(_find_forbidden_imports(planted)) == 3
