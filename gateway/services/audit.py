"""The audit log of the database."""

from collections.abc import Iterable

from gateway.database import AuditEntry, Writer
from gateway.domain.ids import new_id
from gateway.domain.viewer import Viewer


async def record_action(writer: Writer, viewer: Viewer, action: str, subjects: Iterable[str]) -> None:
    """Insert an audit entry for each subject of an action: the viewer, their key and the time."""
    constants = {
        "team_id": viewer.team_id,
        "at": writer.as_of,
        "user_id": viewer.user_id,
        "key_id": viewer.key_id,
        "action": action,
    }
    await writer.insert_rows(
        AuditEntry, [{**constants, "id": new_id(), "subject": subject} for subject in subjects]
    )
