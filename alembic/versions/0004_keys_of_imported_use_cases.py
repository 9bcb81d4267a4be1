"""Fill the key of use cases without a group from the type and name in their documents.

An upsert of a group finds such a use case by its key and adopts it.

Revision ID: 0004
Revises: 0003
"""

import sys
from typing import Any

import sqlalchemy as sa

from alembic import op

revision = "0004"
oldest_compatible = "0003"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEYS = {
    ("appointment_reminder_with_sheet", "New Patients Appointment Reminder"): "NEW_PATIENT_APPOINTMENT_REMINDER",
    ("appointment_reminder_with_sheet", "Follow Up Appointment Reminder"): "FOLLOW_UP_APPOINTMENT_REMINDER",
    ("appointment_reminder_with_sheet", "Procedure Reminder"): "PROCEDURE_REMINDER",
    ("lab_reminder_with_sheet", "Lab Reminder"): "LAB_REMINDER",
    ("medication_refill_with_sheet", "Medication Refill Reminder"): "MEDICATION_REFILL_REMINDER",
    ("billing_reminder_with_sheet", "Billing Reminder"): "BILLING_REMINDER",
    ("no_show_follow_up_with_sheet", "No Show Follow Up"): "NO_SHOW_FOLLOW_UP",
}


def upgrade() -> None:
    table = sa.table(
        "use_case",
        *(sa.column(name, sa.String()) for name in ("team_id", "id", "group_id", "key")),
        sa.column("document", sa.JSON()),
    )
    connection, changed = op.get_bind(), 0
    missing = sa.select(table).where(table.c.group_id.is_(None), table.c.key.is_(None))
    for row in connection.execute(missing).all():
        if key := _read_key(row.document):
            one = (table.c.team_id == row.team_id, table.c.id == row.id)
            connection.execute(table.update().where(*one).values(key=key))
            changed += 1
    if changed:
        sys.stdout.write(f"Found the key of use cases by type and name; changed: {changed}.\n")


def downgrade() -> None:
    """Keep the keys, which earlier releases read too."""


def _read_key(document: Any) -> str | None:  # noqa: ANN401 (any JSON)
    config = document.get("config")
    if not isinstance(config, dict):
        return None
    type_, name = config.get("type"), config.get("name")
    return _KEYS.get((type_, name)) if isinstance(type_, str) and isinstance(name, str) else None
