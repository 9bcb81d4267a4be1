"""Give records of SQLite a number of their own, which the index of searches refers to.

The key that SQLite itself gives to rows changes when the file is vacuumed, unless a column declares it.
`gateway migrate` then creates the index, on PostgreSQL too: see `gateway.database.search_index`.

Revision ID: 0009
Revises: 0008
"""

from sqlalchemy import text

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE, INDEX, TRIGGERS = "resource_record", "record_search", ("inserted", "deleted", "updated")
KEY, NUMBER = "CONSTRAINT pk_resource_record PRIMARY KEY (team_id, id)", "number INTEGER PRIMARY KEY, "
UNIQUE = "CONSTRAINT uq_resource_record_team_id_id UNIQUE (team_id, id)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        table = read_definition()
        copy_into(table.replace("(", f"({NUMBER}", 1).replace(KEY, UNIQUE), "number", "rowid")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_resource_record_search")
        return
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER IF EXISTS {INDEX}_{name}")
    op.execute(f"DROP TABLE IF EXISTS {INDEX}")
    copy_into(read_definition().replace(NUMBER, "", 1).replace(UNIQUE, KEY), "rowid", "number")


def read_definition() -> str:
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return str(op.get_bind().execute(query, {"name": TABLE}).scalar_one())


def copy_into(definition: str, new_key: str, old_key: str) -> None:
    """Replace the table by one with this definition, and copy its rows, indexes and triggers."""
    query = text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type <> 'table' AND sql IS NOT NULL")
    others = op.get_bind().execute(query, {"name": TABLE}).scalars().all()
    names = op.get_bind().execute(text("SELECT name FROM pragma_table_info(:name)"), {"name": TABLE}).scalars()
    columns = ", ".join(f'"{name}"' for name in names if name != "number")
    statements = (
        definition.replace(TABLE, f"new_{TABLE}", 1),
        f"INSERT INTO new_{TABLE} ({new_key}, {columns}) SELECT {old_key}, {columns} FROM {TABLE}",  # noqa: S608 (names)
        f"DROP TABLE {TABLE}",
        f"ALTER TABLE new_{TABLE} RENAME TO {TABLE}",
        *others,
    )
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
