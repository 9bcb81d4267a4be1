"""The database's revision: what it is, what this release needs, and getting there."""

from collections.abc import Callable
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from alembic import command
from gateway.database import Database

_INSTALLED = Path(__file__).parent / "_alembic"
_CHECKED_OUT = Path(__file__).parent.parent / "alembic"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_INSTALLED if _INSTALLED.exists() else _CHECKED_OUT))
    return config


def head() -> str:
    """The revision that this release was written for."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None  # noqa: S101 (there is always a first migration)
    return found


async def current(database: Database) -> str | None:
    """The database's revision, or None for an empty database."""
    return await database.run_sync(
        lambda connection: MigrationContext.configure(connection).get_current_revision()
    )


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database up to a revision, in one transaction; two at once take turns."""
    await database.run_sync(_runner(command.upgrade, revision))


async def downgrade(database: Database, revision: str) -> None:
    """Take the database back down to a revision (`base` is empty), in one transaction."""
    await database.run_sync(_runner(command.downgrade, revision))


def _runner(run: Callable[[Config, str], None], revision: str) -> Callable[[Connection], None]:
    def on(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        run(config, revision)

    return on
