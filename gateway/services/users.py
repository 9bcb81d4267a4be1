"""People of a team."""

from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Session
from gateway.domain.viewer import Viewer


async def usernames(session: Session, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, str | None]:
    """The username of each of these users of the viewer's team, where it is known."""
    return {row.id: row.username for row in await session.execute(sql.users.usernames(viewer, ids))}
