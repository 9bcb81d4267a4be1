"""Checks of permissions, ids and teams that services share."""

from collections.abc import Sequence

from gateway.domain.enums import Permission
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.domain.viewer import Viewer
from gateway.errors import forbidden, invalid_input

RowKey = tuple[str, str]
"""The team id and the id of a row."""


def require_permissions(viewer: Viewer, *permissions: Permission) -> None:
    """Raise Refused (FORBIDDEN), naming the first of these permissions that the viewer lacks."""
    for permission in permissions:
        if not viewer.has_permission(permission):
            raise forbidden(f"This needs the permission {permission.name}.")


def require_id(id: str, noun: str, argument: str = "id") -> None:
    """Raise Refused (INVALID at `argument`) unless `id` is a possible id; `noun` is the thing it identifies."""
    if not is_id(id):
        raise invalid_input(
            f"`{argument}` must be the id of {noun}: 1 to {MAX_ID_LENGTH} visible ASCII characters.", argument
        )


def filter_own_ids(viewer: Viewer, keys: Sequence[RowKey]) -> list[str]:
    """Return the ids of the rows of the viewer's team.

    Viewers may see shared integrations of other teams, but not their use cases, groups and records.
    """
    return [id for team_id, id in keys if team_id == viewer.team_id]
