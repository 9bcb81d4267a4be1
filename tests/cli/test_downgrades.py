"""`gateway migrate --down-to`: what it says before it deletes data, and who has to agree."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from gateway.cli import migrate
from gateway.database import Database, migrations
from gateway.settings import Settings
from tests.support.commands import run_gateway
from tests.support.every_table import count_rows, fill_every_table

pytestmark = pytest.mark.usefixtures("restored_logging")


def fill(url: str) -> dict[str, int]:
    async def run() -> dict[str, int]:
        database = Database(Settings(database_url=url))
        try:
            await fill_every_table(database)
            return await count_rows(database)
        finally:
            await database.dispose()

    return asyncio.run(run())


def count(url: str) -> dict[str, int]:
    async def run() -> dict[str, int]:
        database = Database(Settings(database_url=url))
        try:
            return await count_rows(database)
        finally:
            await database.dispose()

    return asyncio.run(run())


def read_losses(stderr: str) -> dict[str, int]:
    lines = [line.split(": ") for line in stderr.splitlines() if line.startswith("  ")]
    return {name.strip(): int(number.split()[0].replace(",", "")) for name, number in lines}


def select_losses(stored: dict[str, int]) -> dict[str, int]:
    """Return the rows of all tables but those that migrations fill."""
    return {name: number for name, number in stored.items() if name not in {"cursor_key", "secret_key"}}


def test_without_a_terminal_data_is_deleted_with_yes_only(database_url: str) -> None:
    stored = fill(database_url)
    refused = run_gateway("migrate", "--down-to", "base", database_url=database_url)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("The downgrade to base deletes:\n")
    losses = select_losses(stored)
    assert read_losses(refused.stderr) == losses
    assert refused.stderr.endswith("error: Nothing was changed. To delete this data, repeat it with --yes.\n")
    assert count(database_url) == stored

    agreed = run_gateway("migrate", "--down-to", "base", "--yes", database_url=database_url)
    assert (agreed.exit_code, read_losses(agreed.stderr)) == (0, losses)
    assert agreed.stdout.startswith("The database is at revision base; it was at ")


@pytest.mark.parametrize("agrees", [False, True])
def test_at_a_terminal_it_asks(database_url: str, monkeypatch: pytest.MonkeyPatch, agrees: bool) -> None:
    stored = fill(database_url)
    monkeypatch.setattr(migrate, "is_interactive", lambda: True)

    def confirm(text: str, *, abort: bool, err: bool) -> None:
        assert (text, abort, err) == ("Delete this data?", True, True)
        if not agrees:
            raise typer.Abort

    monkeypatch.setattr(typer, "confirm", confirm)
    ended = run_gateway("migrate", "--down-to", "base", database_url=database_url)
    assert (ended.exit_code, read_losses(ended.stderr)) == (0 if agrees else 1, select_losses(stored))
    if not agrees:
        assert count(database_url) == stored


def test_an_empty_database_is_downgraded_without_a_question(empty: str) -> None:
    run_gateway("migrate", database_url=empty)
    ended = run_gateway("migrate", "--down-to", "base", database_url=empty)
    assert (ended.exit_code, ended.stderr) == (0, "")


MORE = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9998", "{head}", None, None
def upgrade():
    op.add_column("team", sa.Column("colour", sa.String(), nullable=True))
    op.execute("UPDATE team SET colour = 'red'")
def downgrade():
    op.drop_column("team", "colour")
"""


@pytest.fixture
def url_with_more_revisions(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database for which there is one more revision, which adds a column."""
    folder = tmp_path / "alembic"
    shutil.copytree(migrations.SCRIPT_FOLDER, folder)
    (folder / "versions" / "9998_colours.py").write_text(MORE.format(head=migrations.get_head()))
    monkeypatch.setattr(migrations, "SCRIPT_FOLDER", folder)
    migrations.list_known.cache_clear()
    yield database_url
    migrations.list_known.cache_clear()


def test_a_column_that_goes_is_named_with_its_values(url_with_more_revisions: str) -> None:
    database_url = url_with_more_revisions
    stored = fill(database_url)
    run_gateway("migrate", database_url=database_url)
    refused = run_gateway("migrate", "--down-to", migrations.list_known()[-2], database_url=database_url)
    assert (refused.exit_code, read_losses(refused.stderr)) == (1, {"team.colour": stored["team"]})
