"""Integrations of both worlds, as far as the viewer may see and change them."""

from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Session, WriteSession
from gateway.domain.enums import ErrorCode, Permission
from gateway.domain.ids import is_id
from gateway.domain.viewer import Viewer
from gateway.errors import invalid, not_found, refused
from gateway.services.access import require
from gateway.tables import Integration

Key = tuple[str, str]
"""Team id and id."""


async def get(session: Session, viewer: Viewer, id: str, created_by: str | None = None) -> Integration:
    """The integration with this id.

    `created_by` is a filter on the creator; it never widens access. Raises Refused: INVALID for what is no id,
    NOT_FOUND for what does not exist or is out of the viewer's scope.
    """
    if not is_id(id):
        raise invalid("`id` must be the id of an integration: 1 to 64 visible ASCII characters.", "id")
    found = await session.scalar(sql.integrations.by_id(viewer, id, created_by))
    if found is None:
        raise not_found("There is no integration with this id.", "id")
    return found


async def by_keys(session: Session, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, Integration]:
    """Those of these integrations that the viewer may see."""
    rows = await session.scalars(sql.integrations.by_ids(viewer, keys))
    return {(row.team_id, row.id): row for row in rows}


async def hold(session: WriteSession, viewer: Viewer, id: str, *path: str) -> Integration:
    """The team's connected integration, held against other writers until the transaction ends.

    Every write under an integration begins with this. Raises Refused (NOT_FOUND at `path`).
    """
    found = await session.scalar(sql.integrations.locked_connected(viewer, id)) if is_id(id) else None
    if found is None:
        raise not_found("There is no connected integration with this id.", *path)
    return found


def expect(version: int, expected: int | None, *path: str) -> None:
    """Raises Refused (VERSION_CONFLICT) unless nothing or the present version was expected."""
    if expected is not None and expected != version:
        raise refused(
            ErrorCode.VERSION_CONFLICT,
            f"This is at version {version}, not {expected}: read it again, then repeat the change.",
            *path,
        )


async def delete(session: WriteSession, viewer: Viewer, id: str, expected_version: int | None = None) -> None:
    """Delete an integration with all that hangs below it."""
    require(viewer, Permission.WRITE_INTEGRATIONS)
    found = await hold(session, viewer, id, "id")
    expect(found.version, expected_version, "expectedVersion")
    await session.delete(found)
