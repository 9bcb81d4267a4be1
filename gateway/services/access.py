"""What every service asks first: may they."""

from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.errors import forbidden


def require(viewer: Viewer, *permissions: Permission) -> None:
    """Raises Refused (FORBIDDEN) that names the first permission the viewer lacks."""
    for permission in permissions:
        if not viewer.may(permission):
            raise forbidden(f"This needs the permission {permission.name}.")
