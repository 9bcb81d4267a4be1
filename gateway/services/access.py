"""What every service asks first: may they, is it an id, is it theirs."""

from collections.abc import Sequence

from gateway.domain.enums import Permission
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.domain.viewer import Viewer
from gateway.errors import forbidden, invalid_input

RowKey = tuple[str, str]
"""Team id and id of a row."""


def require_permissions(viewer: Viewer, *permissions: Permission) -> None:
    """Raises Refused (FORBIDDEN) that names the first permission the viewer lacks."""
    for permission in permissions:
        if not viewer.has_permission(permission):
            raise forbidden(f"This needs the permission {permission.name}.")


def require_id(id: str, noun: str, argument: str = "id") -> None:
    """Raises Refused (INVALID at the argument) for what cannot be the id of anything."""
    if not is_id(id):
        raise invalid_input(
            f"`{argument}` must be the id of {noun}: 1 to {MAX_ID_LENGTH} visible ASCII characters.", argument
        )


def filter_own_ids(viewer: Viewer, keys: Sequence[RowKey]) -> list[str]:
    """The ids among these keys that are of the viewer's team: nothing below another team's row is shown."""
    return [id for team_id, id in keys if team_id == viewer.team_id]
