"""People of a team."""

from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Reader
from gateway.domain.viewer import Viewer


async def get_usernames(reader: Reader, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, str | None]:
    """The username of each of these users of the viewer's team, where it is known."""
    return dict(await reader.fetch_tuples(sql.users.select_usernames(viewer, [*ids])))
