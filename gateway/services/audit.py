"""What must be known afterwards."""

from collections.abc import Iterable

from gateway.database.tables import AuditEntry
from gateway.database.writing import WriteSession
from gateway.domain.ids import new_id
from gateway.domain.viewer import Viewer


def record(session: WriteSession, viewer: Viewer, action: str, subjects: Iterable[str]) -> None:
    """Write down that the viewer did something to each of the subjects."""
    session.add_all(
        AuditEntry(
            team_id=viewer.team_id,
            id=new_id(),
            at=session.as_of,
            user_id=viewer.user_id,
            key_id=viewer.key_id,
            action=action,
            subject=subject,
        )
        for subject in subjects
    )
