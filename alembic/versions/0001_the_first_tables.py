"""The first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("name", CollatedText, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("user_id", CollatedText, nullable=False),
        sa.Column("key_id", CollatedText, nullable=False),
        sa.Column("action", CollatedText, nullable=False),
        sa.Column("subject", CollatedText, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_audit_entry_team", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_team_id_at", "audit_entry", ["team_id", "at"], unique=False)
    op.create_table(
        "integration",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("logical_id", CollatedText, nullable=True),
        sa.Column("name", CollatedText, nullable=False),
        sa.Column("name_key", CollatedText, nullable=False),
        sa.Column("username", CollatedText, nullable=True),
        sa.Column("username_key", CollatedText, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("access", sa.String(), nullable=True),
        sa.Column("timezone", CollatedText, nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", CollatedText, nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", CollatedText, nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_integration_team", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_integration"),
        sa.UniqueConstraint("team_id", "logical_id", name="uq_integration_team_id_logical_id"),
    )
    op.create_index("ix_integration_created", "integration", ["team_id", "created_at", "id"], unique=False)
    op.create_index("ix_integration_creator", "integration", ["team_id", "created_by", "id"], unique=False)
    op.create_index("ix_integration_name", "integration", ["team_id", "name_key", "id"], unique=False)
    op.create_index("ix_integration_provider", "integration", ["team_id", "provider"], unique=False)
    op.create_index(
        "ix_integration_system",
        "integration",
        ["id", "team_id"],
        unique=False,
        sqlite_where=sa.text("access = 'system'"),
        postgresql_where=sa.text("access = 'system'"),
    )
    op.create_index("ix_integration_updated", "integration", ["team_id", "updated_at", "id"], unique=False)
    op.create_index("ix_integration_username", "integration", ["team_id", "username_key", "id"], unique=False)
    op.create_table(
        "user",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("username", CollatedText, nullable=True),
        sa.Column("name", CollatedText, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_user_team", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_user"),
    )
    op.create_table(
        "api_key",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("user_id", CollatedText, nullable=False),
        sa.Column("name", CollatedText, nullable=False),
        sa.Column("prefix", CollatedText, nullable=False),
        sa.Column("digest", CollatedText, nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"], ["user.team_id", "user.id"], name="fk_api_key_user", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_api_key"),
    )
    op.create_index("ix_api_key_prefix", "api_key", ["prefix"], unique=True)
    op.create_index("ix_api_key_team_id_user_id", "api_key", ["team_id", "user_id"], unique=False)
    op.create_table(
        "browser_session",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("key_id", CollatedText, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "key_id"],
            ["api_key.team_id", "api_key.id"],
            name="fk_browser_session_api_key",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_browser_session"),
    )
    op.create_index("ix_browser_session_id", "browser_session", ["id"], unique=True)
    op.create_index("ix_browser_session_team_id_key_id", "browser_session", ["team_id", "key_id"], unique=False)
    op.create_table(
        "resource_record",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("integration_id", CollatedText, nullable=False),
        sa.Column("logical_id", CollatedText, nullable=False),
        sa.Column("type", CollatedText, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("search_text", CollatedText, nullable=False),
        sa.Column("start", Instant(), nullable=True),
        sa.Column("booking_status", sa.String(), nullable=True),
        sa.Column("appointment_type", CollatedText, nullable=True),
        sa.Column("source", CollatedText, nullable=True),
        sa.Column("utm_source", CollatedText, nullable=True),
        sa.Column("utm_medium", CollatedText, nullable=True),
        sa.Column("utm_campaign", CollatedText, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", CollatedText, nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", CollatedText, nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "integration_id"],
            ["integration.team_id", "integration.id"],
            name="fk_resource_record_integration",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_resource_record"),
        sa.UniqueConstraint(
            "team_id", "integration_id", "logical_id", name="uq_resource_record_team_id_integration_id_logical_id"
        ),
    )
    op.create_index(
        "ix_resource_record_listed",
        "resource_record",
        ["team_id", "integration_id", "created_at", "id"],
        unique=False,
    )
    counted = ("appointment_type", "booking_status", "source", "utm_source", "utm_medium", "utm_campaign")
    op.create_index(
        "ix_resource_record_typed",
        "resource_record",
        ["team_id", "integration_id", "type", "created_at", "id", *counted],
        unique=False,
    )
    op.create_index(
        "ix_resource_record_visit",
        "resource_record",
        ["team_id", "integration_id", "type", "start", *counted],
        unique=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # A planner that has not seen an integration takes it for an empty one and walks through all of it.
        # Left to itself PostgreSQL looks when a tenth of all records is new, and not when those of one are.
        op.execute(
            "ALTER TABLE resource_record "
            "SET (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000)"
        )
    op.create_table(
        "day_series",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("integration_id", CollatedText, nullable=False),
        sa.Column("type", CollatedText, nullable=False),
        sa.Column("appointment_type", CollatedText, nullable=False),
        sa.Column("breakdown", CollatedText, nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "integration_id"],
            ["integration.team_id", "integration.id"],
            name="fk_day_series_integration",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_day_series"),
        sa.UniqueConstraint(
            "team_id", "integration_id", "type", "appointment_type", "breakdown", name="uq_day_series_counted"
        ),
    )
    op.create_table(
        "day_count",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("series_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("value", CollatedText, nullable=False),
        sa.Column("successful", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "series_id", "size", "day", "value", name="pk_day_count"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "use_case_group",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("integration_id", CollatedText, nullable=False),
        sa.Column("name", CollatedText, nullable=False),
        sa.Column("slug", CollatedText, nullable=False),
        sa.Column("sheet_link", CollatedText, nullable=True),
        sa.Column("assistant_id", CollatedText, nullable=True),
        sa.Column("timezone", CollatedText, nullable=True),
        sa.Column("start_time", sa.Time(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", CollatedText, nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", CollatedText, nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "integration_id"],
            ["integration.team_id", "integration.id"],
            name="fk_use_case_group_integration",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_use_case_group"),
        sa.UniqueConstraint(
            "team_id", "integration_id", "slug", name="uq_use_case_group_team_id_integration_id_slug"
        ),
    )
    op.create_index(
        "ix_use_case_group_team_id_integration_id_created_at_id",
        "use_case_group",
        ["team_id", "integration_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "use_case",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", CollatedText, nullable=False),
        sa.Column("integration_id", CollatedText, nullable=False),
        sa.Column("group_id", CollatedText, nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("logical_id", CollatedText, nullable=False),
        sa.Column("type", CollatedText, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", CollatedText, nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", CollatedText, nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "group_id"],
            ["use_case_group.team_id", "use_case_group.id"],
            name="fk_use_case_use_case_group",
        ),
        sa.ForeignKeyConstraint(
            ["team_id", "integration_id"],
            ["integration.team_id", "integration.id"],
            name="fk_use_case_integration",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_use_case"),
        sa.UniqueConstraint("team_id", "group_id", "key", name="uq_use_case_team_id_group_id_key"),
        sa.UniqueConstraint(
            "team_id", "integration_id", "logical_id", name="uq_use_case_team_id_integration_id_logical_id"
        ),
    )
    op.create_index(
        "ix_use_case_team_id_integration_id_created_at_id",
        "use_case",
        ["team_id", "integration_id", "created_at", "id"],
        unique=False,
    )


def downgrade() -> None:
    for table in (
        "use_case",
        "use_case_group",
        "day_count",
        "day_series",
        "resource_record",
        "browser_session",
        "api_key",
        "user",
        "integration",
        "audit_entry",
        "team",
    ):
        op.drop_table(table)
