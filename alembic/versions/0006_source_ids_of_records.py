"""Store the ids that records have in their source systems, by which other records refer to them.

Earlier releases would write records without them, and so cannot serve this schema.

Revision ID: 0006
Revises: 0005
"""

from contextlib import nullcontext

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "ix_resource_record_source", "resource_record"
_COLUMNS = ["team_id", "integration_id", "type", "source_id", "id"]
_BATCH_SIZE = 5_000
_ID = {
    "sqlite": (
        "json_extract(document, '$.config.id')",
        "json_type(document, '$.config.id') = 'text'",
    ),
    "postgresql": (
        "document #>> '{config,id}'",
        "json_typeof(document #> '{config,id}') = 'string'",
    ),
}
"""By dialect: the value of `config.id`, and the condition that it is a text."""


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column(_TABLE, sa.Column("source_id", CollatedText, nullable=True), if_not_exists=not is_sqlite or None)
    # On PostgreSQL no transaction holds locks meanwhile, and an interrupted migration is repeated.
    with nullcontext() if is_sqlite else op.get_context().autocommit_block():
        _fill()
        op.drop_index(_INDEX, _TABLE, if_exists=True, postgresql_concurrently=True)
        has_id = sa.text("source_id IS NOT NULL")
        op.create_index(
            *(_INDEX, _TABLE, _COLUMNS),
            sqlite_where=has_id,
            postgresql_where=has_id,
            postgresql_concurrently=True,
        )


def _fill() -> None:
    connection = op.get_bind()
    value, is_text = _ID[connection.dialect.name]
    select_last = sa.text(
        """SELECT team_id, id FROM (
            SELECT team_id, id FROM resource_record WHERE (team_id, id) > (:team_id, :id)
            ORDER BY team_id, id LIMIT :size
        ) AS batch ORDER BY team_id DESC, id DESC LIMIT 1"""
    )
    update = sa.text(
        f"""UPDATE resource_record SET source_id = {value}
        WHERE (team_id, id) > (:team_id, :id) AND (team_id, id) <= (:last_team_id, :last_id)
        AND type IN ('locations', 'patients', 'practitioners', 'visiting_reasons')
        AND {is_text} AND length({value}) BETWEEN 1 AND 256"""  # noqa: S608 (constants)
    )
    after = {"team_id": "", "id": ""}
    while last := connection.execute(select_last, {**after, "size": _BATCH_SIZE}).one_or_none():
        connection.execute(update, {**after, "last_team_id": last.team_id, "last_id": last.id})
        after = {"team_id": last.team_id, "id": last.id}


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.drop_column(_TABLE, "source_id")
