"""The revision of a database: which one it is at, which one this release needs, and how it gets there.

Functions import Alembic when they run it: the import takes 0.2 s, and every command checks the revision first.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, column, func, inspect, select, table

from gateway.database import search_index
from gateway.database.database import Database
from gateway.database.erasure import erase_free_pages
from gateway.database.keyring import load_keys, load_or_create_keys
from gateway.domain.enums import ErrorCode
from gateway.errors import SchemaNotAtHead, refusal

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")

EMPTY = "base"
"""The revision of a database without tables."""

_INSTALLED_FOLDER = Path(__file__).parent.parent / "_alembic"
_CHECKED_OUT_FOLDER = Path(__file__).parent.parent.parent / "alembic"
SCRIPT_FOLDER = _INSTALLED_FOLDER if _INSTALLED_FOLDER.exists() else _CHECKED_OUT_FOLDER
"""The folder of Alembic's environment and of the migrations."""

ENCRYPTION = "0011"
"""The revision from which on tokens are encrypted."""

_LOCK = 7_470_726_411_209
"""The key of PostgreSQL's advisory lock, with which migrations run one after the other."""

_NUMBER = re.compile(r"\d{4}", re.ASCII)
"""A revision of the gateway, of any release."""

_VERSION_TABLE = "alembic_version"
COMPATIBILITY_TABLE = "schema_compatibility"
"""A table with one row: the oldest revision whose release can serve the database. Alembic's environment writes it.

A release does not know the revisions of later releases. So these say in the database who may go on.
"""
_TABLES_OF_MIGRATIONS = {_VERSION_TABLE, COMPATIBILITY_TABLE, "cursor_key", "secret_key"}
"""Tables that only migrations fill. A migration back fills them again, so a downgrade loses nothing of them."""

_SELECT_TABLE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = '{}'",
    "postgresql": "SELECT 1 WHERE to_regclass('{}') IS NOT NULL",
}


@dataclass(frozen=True, slots=True)
class DataLoss:
    """What a downgrade deletes: the rows of a table, or the values of a column such as `integration.timezone`."""

    name: str
    count: int


class _RollBack(Exception):
    """A downgrade was only tried."""


@cache
def list_known() -> tuple[str, ...]:
    """Return the revisions of this release, the first one first: the numbers that the files begin with."""
    return tuple(sorted(file.name.partition("_")[0] for file in (SCRIPT_FOLDER / "versions").glob("[0-9]*.py")))


def get_head() -> str:
    """Return the revision that this release needs."""
    return list_known()[-1]


async def get_current(database: Database) -> str:
    """Return the database's revision; `EMPTY` for a database without tables, or a file that does not exist."""
    if database.is_sqlite and not Path(str(database.url.database)).exists():  # noqa: ASYNC240 (one stat)
        return EMPTY
    return await _probe_revision(database, _VERSION_TABLE, "version_num") or EMPTY


async def _probe_revision(database: Database, table: str, column: str) -> str | None:
    """Return the value of a table with one row; None without the table or the row.

    With the connection for probes: a readiness probe does not wait for one of the pools.
    """
    if not await database.probe(_SELECT_TABLE[database.dialect.name].format(table)):
        return None
    rows = await database.probe(f"SELECT {column} FROM {table}")  # noqa: S608 (both are ours)
    return str(rows[0][0]) if rows else None


async def require_compatible(database: Database) -> None:
    """Raise SchemaNotAtHead, with the command to run, unless this release can serve the database.

    It can serve its own revision, and later ones that say so.
    """
    current = await get_current(database)
    if current == EMPTY:
        raise SchemaNotAtHead("The database has no tables yet.", "Run `gateway migrate`.")
    if current == get_head() or (_is_newer(current) and await _allows_this_release(database)):
        return
    require_known(current)
    raise SchemaNotAtHead(
        f"The database is at revision {current}, and this release needs {get_head()}.", "Run `gateway migrate`."
    )


async def _allows_this_release(database: Database) -> bool:
    return await _probe_revision(database, COMPATIBILITY_TABLE, "oldest_revision") in list_known()


def require_known(revision: str) -> None:
    """Raise SchemaNotAtHead unless this release has a migration to the revision."""
    if revision in (EMPTY, *list_known()):
        return
    if _is_newer(revision):
        difference = f"newer than this release ({get_head()})"
        remedy = f"Use the newer release, or downgrade with its `gateway migrate --down-to {get_head()}`."
    elif _NUMBER.fullmatch(revision):
        difference = f"earlier than the first revision of this release ({list_known()[0]})"
        remedy = (
            "This release cannot migrate it: export its data with the release that wrote it, and import them into "
            "a new database."
        )
    else:
        difference = "not one of the gateway"
        remedy = "Another application may use this database: correct GATEWAY_DATABASE_URL, or use a new database."
    raise SchemaNotAtHead(f"The database is at revision {revision}, which is {difference}.", remedy)


def _is_newer(revision: str) -> bool:
    """Return whether a revision is above those of this release. All are numbers of equally many digits."""
    return _NUMBER.fullmatch(revision) is not None and revision > get_head()


async def upgrade(database: Database) -> str | None:
    """Upgrade the database to this release's revision; a second upgrade waits for the first.

    On PostgreSQL each migration has its own transactions, on SQLite all have one. Then create or drop the index of
    searches, as the settings say; return why it could not be created. Raises SchemaNotAtHead for a revision that
    this release does not know, and SettingsInvalid if PostgreSQL has no key of secrets.
    """
    from alembic import command  # noqa: PLC0415 (see the module's docstring)

    async with database.hold_lock(_LOCK):
        require_known(await get_current(database))
        if not database.is_sqlite:
            load_keys(database.settings)
        await run(database, _with_config(database, lambda config: command.upgrade(config, "head")))
        if database.is_sqlite:
            await asyncio.to_thread(erase_free_pages, str(database.url.database))
        return await search_index.apply_setting(database)


async def run(database: Database, work: Callable[[Connection], T]) -> T:
    """Run a function of Alembic on a connection, which is in a transaction on SQLite only."""
    return await (database.run_sync if database.is_sqlite else database.run_outside_transaction)(work)


async def downgrade(database: Database, revision: str) -> None:
    """Downgrade the database to a known revision, in one transaction; `EMPTY` drops all tables.

    Raises Refused (CONFLICT) for a revision above the database's, SchemaNotAtHead for a database at a
    revision that this release does not know.
    """
    async with database.hold_lock(_LOCK):
        await _require_at_least(database, revision)
        await database.run_sync(_build_downgrade(database, revision))


async def preview_downgrade(database: Database, revision: str) -> Sequence[DataLoss]:
    """Return which data `downgrade` would delete. Raises as it does.

    The downgrade runs in a transaction that is rolled back, so that the answer is what the migrations really do.
    """
    await _require_at_least(database, revision)
    losses: list[DataLoss] = []

    def try_downgrade(connection: Connection) -> None:
        columns = _count_values(connection)
        _build_downgrade(database, revision)(connection)
        losses.extend(_find_losses(columns, _read_columns(connection)))
        raise _RollBack

    try:
        await database.run_sync(try_downgrade)
    except _RollBack:
        return losses
    raise AssertionError  # pragma: no cover


def _build_downgrade(database: Database, revision: str) -> Callable[[Connection], None]:
    from alembic import command  # noqa: PLC0415

    return _with_config(database, lambda config: command.downgrade(config, revision))


async def _require_at_least(database: Database, revision: str) -> None:
    current = await get_current(database)
    require_known(current)
    order = (EMPTY, *list_known())
    if order.index(revision) > order.index(current):
        raise refusal(ErrorCode.CONFLICT, f"The database is at {current}, which is below {revision} already.")


def _read_columns(connection: Connection) -> Mapping[str, Sequence[str]]:
    """Return the names of the columns of each table, without the tables that only migrations fill."""
    found = inspect(connection)
    names = sorted({*found.get_table_names()} - _TABLES_OF_MIGRATIONS)
    return {
        name: [
            column["name"]
            for column in found.get_columns(name)
            if not search_index.is_part(column["name"], "column", name)
        ]
        for name in names
        if not search_index.is_part(name, "table", None)
    }


def _count_values(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """Return the number of rows of each table (under the name `*`), and of values that are not null by column."""
    counts = {}
    for name, columns in _read_columns(connection).items():
        numbers = [func.count(), *(func.count(column(each)) for each in columns)]
        row = connection.execute(select(*numbers).select_from(table(name))).one()
        counts[name] = dict(zip(("*", *columns), row, strict=True))
    return counts


def _find_losses(
    before: Mapping[str, Mapping[str, int]], after: Mapping[str, Sequence[str]]
) -> Iterator[DataLoss]:
    """Yield the tables and columns that are gone and that had values."""
    for name, counts in before.items():
        if name not in after:
            lost = {name: counts["*"]}
        else:
            lost = {f"{name}.{column}": counts[column] for column in counts.keys() - {"*", *after[name]}}
        yield from (DataLoss(each, count) for each, count in sorted(lost.items()) if count)


async def find_differences(database: Database) -> str | None:
    """Return how the database's tables differ from this release's; None when they do not."""
    from alembic.util import AutogenerateDiffsDetected  # noqa: PLC0415

    from alembic import command  # noqa: PLC0415

    try:
        await database.run_sync(_with_config(database, command.check))
    except AutogenerateDiffsDetected as differing:
        return str(differing)
    return None


def build_attributes(database: Database) -> Mapping[str, object]:
    """Return what migrations need beside their connection: `load_keys` returns the keys of secrets."""
    return {"load_keys": partial(load_or_create_keys, database.settings)}


def _with_config(database: Database, run: "Callable[[Config], T]") -> Callable[[Connection], T]:
    from alembic.config import Config  # noqa: PLC0415

    def run_on_connection(connection: Connection) -> T:
        config = Config(stdout=StringIO())  # Alembic's output is not for our users.
        # The options are a ConfigParser's, in which a percent sign is special.
        config.set_main_option("script_location", str(SCRIPT_FOLDER).replace("%", "%%"))
        config.attributes.update(build_attributes(database), connection=connection)
        return run(config)

    return run_on_connection
