"""The audit log of the database."""

from collections.abc import Iterable, Sequence

from gateway.database import AuditEntry, Integration, Writer
from gateway.domain.ids import new_id
from gateway.domain.viewer import Viewer


def list_secrets(integration: Integration, names: Iterable[str]) -> Sequence[str]:
    """Return the subjects of the audit entries for these secrets of an integration."""
    return [f"integration {integration.id} {name}" for name in names]


async def record_disclosure(writer: Writer, viewer: Viewer, secrets: Iterable[str]) -> None:
    """Insert an audit entry for each of these subjects of `list_secrets`. It must precede the answer."""
    await record_action(writer, viewer, "read-secret", sorted(secrets))


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
