"""The database's revision: what it is, and what this release needs. `gateway.database.migrations` gets it there.

Alembic is not asked: every command asks this first, and to import that takes a fifth of a second.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from gateway.database.database import Database
from gateway.errors import SchemaNotAtHead

EMPTY = "base"
"""The revision of a database without tables."""

_INSTALLED = Path(__file__).parent.parent / "_alembic"
_CHECKED_OUT = Path(__file__).parent.parent.parent / "alembic"
SCRIPT_FOLDER = _INSTALLED if _INSTALLED.exists() else _CHECKED_OUT
"""Where Alembic finds them."""

_VERSION_TABLE = "alembic_version"


@cache
def list_known() -> tuple[str, ...]:
    """The revisions that this release knows, the first one first: numbers, which their files begin with."""
    return tuple(sorted(file.name.partition("_")[0] for file in (SCRIPT_FOLDER / "versions").glob("[0-9]*.py")))


def get_head() -> str:
    """The revision that this release was written for."""
    return list_known()[-1]


async def get_current(database: Database) -> str:
    """The database's revision; `base` for one that is empty or not yet there."""
    if database.is_sqlite and not Path(str(database.url.database)).exists():  # noqa: ASYNC240 (one look)
        return EMPTY
    # Read, not begun to write: on SQLite that would wait for whoever writes.
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(_select_current) or EMPTY


def _select_current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 (ours)
    return found


async def require_head(database: Database) -> None:
    """Raises SchemaNotAtHead, which says what to do, unless the database is at this release's revision."""
    found = await get_current(database)
    if found == get_head():
        return
    if found == EMPTY:
        raise SchemaNotAtHead("The database has no tables yet: run `gateway migrate`.")
    require_known(found)
    raise SchemaNotAtHead(
        f"The database is at revision {found}, this release needs {get_head()}: run `gateway migrate`."
    )


def require_known(revision: str) -> None:
    """Raises SchemaNotAtHead for the revision of a newer release."""
    if revision not in (EMPTY, *list_known()):
        raise SchemaNotAtHead(
            f"The database is at revision {revision}, which is newer than this release ({get_head()}): use the release "
            f"that made it, or go down with that release's `gateway migrate --down-to {get_head()}`."
        )
