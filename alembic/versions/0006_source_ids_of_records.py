"""Store the ids that records have in their source systems, by which other records refer to them.

Earlier releases would write records without them, and so cannot serve this schema.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "ix_resource_record_source", "resource_record"
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
    op.add_column(_TABLE, sa.Column("source_id", CollatedText, nullable=True))
    value, is_text = _ID[op.get_bind().dialect.name]
    op.execute(
        f"""UPDATE resource_record SET source_id = {value}
        WHERE type IN ('locations', 'patients', 'practitioners', 'visiting_reasons')
        AND {is_text} AND length({value}) BETWEEN 1 AND 256"""  # noqa: S608 (constants)
    )
    op.create_index(
        _INDEX,
        _TABLE,
        ["team_id", "integration_id", "type", "source_id", "id"],
        sqlite_where=sa.text("source_id IS NOT NULL"),
        postgresql_where=sa.text("source_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.drop_column(_TABLE, "source_id")
