"""A newer schema is served by older releases if its migration allows that, and by none if it does not."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.database import Database, migrations
from gateway.errors import SchemaNotAtHead
from tests.graph.test_record_changes import UPSERT
from tests.support.commands import run_gateway
from tests.support.factories import connected, store
from tests.support.gateway import Gateway, serve_gateway

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9998", "{head}", None, None
{declaration}


def upgrade():
    op.add_column("resource_record", sa.Column("colour", sa.String(), nullable=True))
    op.add_column("integration", sa.Column("colour", sa.String(), nullable=False, server_default="red"))


def downgrade():
    op.drop_column("integration", "colour")
    op.drop_column("resource_record", "colour")
"""
READ = '{ integration(id: "i") { name } }'

NewerRelease = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def newer_release(database_url: str, tmp_path: Path) -> Iterator[NewerRelease]:
    """Has the code of a block know one more revision, which has a declaration."""
    assert database_url

    @contextmanager
    def know_more(declaration: str) -> Iterator[None]:
        folder = tmp_path / "alembic"
        shutil.copytree(migrations.SCRIPT_FOLDER, folder)
        source = MIGRATION.format(head=migrations.get_head(), declaration=declaration)
        (folder / "versions" / "9998_colours.py").write_text(source)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrations, "SCRIPT_FOLDER", folder)
            migrations.list_known.cache_clear()
            yield
        migrations.list_known.cache_clear()

    yield know_more
    migrations.list_known.cache_clear()


def allow(revision: str) -> str:
    return f'oldest_compatible = "{revision}"'


async def find_failing_parts(gateway: Gateway) -> dict[str, str]:
    gateway.app.state.health._checked_at = 0.0
    response = await gateway.http.get("/readyz")
    failing: dict[str, str] = response.json().get("failing", {})
    assert response.status_code == (503 if failing else 200)
    return failing


async def test_an_older_release_goes_on_with_a_newer_schema_that_allows_it(
    database: Database, database_url: str, newer_release: NewerRelease
) -> None:
    await store(database, connected("i", name="n"))
    async with serve_gateway(database_url) as gateway:
        client = await gateway.client()
        assert await client.data(READ)
        assert await find_failing_parts(gateway) == {}
        with newer_release(allow(migrations.get_head())):
            await migrations.upgrade(database)
        assert await migrations.get_current(database) == "9998"
        assert await find_failing_parts(gateway) == {}
        for source in ("web", "phone"):
            assert await client.data(READ) == {"integration": {"name": "n"}}
            records = [{"logicalId": "a", "config": {"appointment": {"source": source}}}]
            assert (await client.data(UPSERT, id="i", records=records))["upsertResourceRecords"]["errors"] == []
    async with serve_gateway(database_url) as started_later:
        assert await find_failing_parts(started_later) == {}
    with pytest.raises(SchemaNotAtHead, match="newer than this release"):
        await migrations.upgrade(database)


@pytest.mark.parametrize("declaration", ["", allow("9998")])
async def test_no_older_release_serves_a_schema_that_does_not_allow_it(
    database: Database, database_url: str, newer_release: NewerRelease, declaration: str
) -> None:
    async with serve_gateway(database_url) as gateway:
        with newer_release(declaration):
            await migrations.upgrade(database)
            await migrations.require_compatible(database)
        failing = await find_failing_parts(gateway)
    assert failing["schema"].startswith("The database is at revision 9998, which is newer than this release")


@pytest.mark.usefixtures("restored_logging")
async def test_doctor_knows_a_newer_schema(
    database: Database, database_url: str, newer_release: NewerRelease
) -> None:
    with newer_release(allow(migrations.get_head())):
        await migrations.upgrade(database)
    ended = await asyncio.to_thread(run_gateway, "doctor", database_url=database_url)
    assert "at revision 9998 of a newer release, which this release can serve" in ended.stdout
    assert "tables" not in ended.stdout


async def test_a_downgrade_restores_the_declaration_of_its_revision(
    database: Database, newer_release: NewerRelease
) -> None:
    head, read = migrations.get_head(), "SELECT * FROM schema_compatibility"
    before = [*map(tuple, await database.probe(read))]
    with newer_release(""):
        await migrations.upgrade(database)
        assert [*map(tuple, await database.probe(read))] == [("9998",)]
        await migrations.downgrade(database, head)
    assert [*map(tuple, await database.probe(read))] == before != [("9998",)]


def test_a_revision_allows_no_release_that_an_earlier_one_excludes() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.SCRIPT_FOLDER))
    scripts = [*ScriptDirectory.from_config(config).walk_revisions()][::-1]
    declared = [getattr(script.module, "oldest_compatible", script.revision) for script in scripts]
    assert declared == sorted(declared)
    assert all(oldest <= script.revision for oldest, script in zip(declared, scripts, strict=True))
