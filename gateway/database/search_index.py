"""The index of trigrams for searches of records. `gateway migrate` creates it, or drops it if a setting says so.

PostgreSQL: a GIN index over team, integration and search text, with the extensions `pg_trgm` and `btree_gin`. It
is created without a lock on the table, outside the transaction of the migrations. A server may lack the
extensions: then there is no index, and searches read all records of an integration.

SQLite: the table `record_search` of FTS5. It has no texts, only which records have a trigram, by the number of the
record. Triggers keep it, also for records that are deleted with their integration. Each record also has a trigram
for its integration (`build_scope`), so that a search does not read the records of other integrations.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gateway.database.database import Database

NAME = "record_search"
"""The table on SQLite."""

POSTGRESQL_NAME = "ix_resource_record_search"
NUMBER_COLUMN, NUMBER_KEY = "number", "uq_resource_record_team_id_id"
"""The column on SQLite alone that numbers the records, and the constraint that is the primary key elsewhere."""

EXTENSIONS = ("pg_trgm", "btree_gin")
"""PostgreSQL's extensions that the index needs."""

_PENDING_KILOBYTES = 1024
"""New entries that PostgreSQL collects before it sorts them into the index. Each search reads all of them."""

_BATCH_SIZE = 5_000
"""Records that are verified at once."""


def is_part(name: str | None, kind: str, table: str | None) -> bool:
    """Return whether a table, column, index or constraint of the database belongs to the index, or is its key."""
    if kind == "table":
        return name is not None and (name == NAME or name.startswith(f"{NAME}_"))
    return table == "resource_record" and name in (POSTGRESQL_NAME, NUMBER_COLUMN, NUMBER_KEY)


async def exists(database: Database) -> bool:
    """Return whether the index exists and can be used."""
    if database.is_sqlite:
        query = f"SELECT 1 FROM sqlite_master WHERE name = '{NAME}'"  # noqa: S608 (a constant)
    else:
        query = f"SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('{POSTGRESQL_NAME}') AND indisvalid"  # noqa: S608 (a constant)
    return bool(await database.probe(query))


async def apply_setting(database: Database) -> str | None:
    """Create the index, or drop it, as the settings say. Return why it could not be created.

    The caller holds the lock of migrations.
    """
    wanted = database.settings.search_index
    if database.is_sqlite:
        await database.run_sync(_create_on_sqlite if wanted else _drop_on_sqlite)
        return None
    return await database.run_outside_transaction(_create_on_postgresql if wanted else _drop_on_postgresql)


def _create_on_postgresql(connection: Connection) -> str | None:
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        for extension in EXTENSIONS:
            connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        # An interrupted creation leaves an index that cannot be used.
        query = f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{POSTGRESQL_NAME}')"  # noqa: S608 (a constant)
        if connection.exec_driver_sql(query).scalar() is False:
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {POSTGRESQL_NAME}")
        connection.exec_driver_sql(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {POSTGRESQL_NAME} ON resource_record "
            "USING gin (team_id, integration_id, search_text gin_trgm_ops) "
            f"WITH (gin_pending_list_limit = {_PENDING_KILOBYTES})"
        )
    except DBAPIError as error:
        return str(error.orig).partition("\n")[0]
    return None


def _drop_on_postgresql(connection: Connection) -> None:
    connection.execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {POSTGRESQL_NAME}")


def _create_on_sqlite(connection: Connection) -> None:
    if connection.exec_driver_sql(f"SELECT 1 FROM sqlite_master WHERE name = '{NAME}'").scalar():  # noqa: S608 (a constant)
        return
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE {NAME} USING fts5(scope, text, "
        "tokenize='trigram case_sensitive 1', content='', columnsize=0, detail=none)"
    )
    insert = f"INSERT INTO {NAME} (rowid, scope, text)"
    for name, event, deletes, inserts in (
        ("inserted", "INSERT", False, True),
        ("deleted", "DELETE", True, False),
        ("updated", "UPDATE OF number, integration_id, search_text", True, True),
    ):
        deletion = f"INSERT INTO {NAME} ({NAME}, rowid, scope, text) VALUES ('delete', {_build_row('old')}); "  # noqa: S608 (constants)
        insertion = f"{insert} VALUES ({_build_row('new')}); "
        connection.exec_driver_sql(
            f"CREATE TRIGGER {NAME}_{name} AFTER {event} ON resource_record "
            f"BEGIN {deletion * deletes}{insertion * inserts}END"
        )
    fill(connection)


def fill(connection: Connection) -> None:
    """Fill SQLite's index again."""
    connection.exec_driver_sql(f"INSERT INTO {NAME} ({NAME}) VALUES ('delete-all')")  # noqa: S608 (a constant)
    row = _build_row("resource_record")
    connection.exec_driver_sql(
        f"INSERT INTO {NAME} (rowid, scope, text) SELECT {row} FROM resource_record ORDER BY number"  # noqa: S608 (constants)
    )


def _drop_on_sqlite(connection: Connection) -> None:
    for name in ("inserted", "deleted", "updated"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {NAME}_{name}")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {NAME}")


class IndexDifferences(NamedTuple):
    """A verified batch of records: team and id of each whose entry in the index is wrong, and where to go on."""

    records: Sequence[tuple[str, str]]
    last_number: int | None
    """None after the last record."""


async def verify_batch(database: Database, after: int) -> IndexDifferences:
    """Compare SQLite's index with the texts of a batch of records, in one snapshot; without an index none differ.

    It looks up the trigrams of the texts: what the index has beyond them changes no answer. PostgreSQL keeps its
    index itself.
    """
    if not database.is_sqlite or not await exists(database):
        return IndexDifferences((), None)
    return await database.run_sync(partial(_verify_batch, after=after), read_only=True)


async def repair(database: Database) -> None:
    """Fill SQLite's index again. Other writers wait."""
    await database.run_sync(fill)


def _verify_batch(connection: Connection, after: int) -> IndexDifferences:
    rows = connection.exec_driver_sql(
        f"SELECT {_build_row('resource_record')}, team_id, id FROM resource_record "  # noqa: S608 (constants)
        f"WHERE number > {after} ORDER BY number LIMIT {_BATCH_SIZE}"
    ).all()
    if not rows:
        return IndexDifferences((), None)
    expected = {row[0]: {row[1], *(row[2][start : start + 3] for start in range(len(row[2]) - 2))} for row in rows}
    trigrams = sorted(set().union(*expected.values()))
    entries = connection.exec_driver_sql(
        f"SELECT {NAME}.rowid, trigram.value FROM json_each(?) AS trigram CROSS JOIN {NAME} "  # noqa: S608 (constants)
        f"""WHERE {NAME} MATCH '"' || replace(trigram.value, '"', '""') || '"' """
        f"AND {NAME}.rowid BETWEEN {rows[0][0]} AND {rows[-1][0]}",
        (orjson.dumps(trigrams).decode(),),
    )
    found = defaultdict[int, set[str]](set)
    for number, trigram in entries:
        found[number].add(trigram)
    differing = [(row[3], row[4]) for row in rows if found[row[0]] != expected[row[0]]]
    return IndexDifferences(differing, rows[-1][0])


def _build_row(record: str) -> str:
    return f"{record}.number, {build_scope(f'{record}.integration_id')}, {record}.search_text"


def build_scope(integration_id: str) -> str:
    """Return SQLite's expression of the trigram of an integration, for that of its id.

    Each of its characters stands for two of the last six characters of the id, and is no letter of any language.
    Integrations whose ids end alike share it: the index finds candidates only.
    """
    padded = f"('??????' || {integration_id})"
    pairs = (
        f"0xF0000 + unicode(substr({padded}, {-place}, 1)) % 128 * 128 "
        f"+ unicode(substr({padded}, {-place - 1}, 1)) % 128"
        for place in (1, 3, 5)
    )
    return f"char({', '.join(pairs)})"
