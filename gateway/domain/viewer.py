"""The viewer of a request, and what they may do."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.domain.enums import IntegrationKind, Permission
from gateway.domain.statement_arguments import StatementArguments


@dataclass(frozen=True, slots=True)
class Viewer(StatementArguments):
    """The user who sends a request, with the permissions of their API key."""

    team_id: str
    user_id: str
    name: str
    key_id: str
    permissions: frozenset[Permission]

    @property
    def is_for_widgets(self) -> bool:
        """Whether the key is for widgets on public pages. Such a key may read few fields."""
        return self.permissions == _WIDGET_PERMISSIONS

    def has_permission(self, permission: Permission) -> bool:
        return permission in self.permissions or Permission.ADMIN in self.permissions

    def get_webhook_scope(self, kind: IntegrationKind) -> bool | None:
        """Return which webhooks of a kind the viewer may manage: True is all, False their own, None is none."""
        manage, manage_own = _WEBHOOK_PERMISSIONS[kind]
        if self.has_permission(manage):
            return True
        return False if self.has_permission(manage_own) else None


class ApiKeyIdentity(NamedTuple):
    """The viewer of an API key, and the origins that may use the key."""

    viewer: Viewer
    origins: frozenset[str]
    """Empty for a key that any origin may use."""


_WIDGET_PERMISSIONS = frozenset({Permission.READ_STATISTICS})
_WEBHOOK_PERMISSIONS = {
    IntegrationKind.INCOMING_WEBHOOK: (
        Permission.MANAGE_INCOMING_INTEGRATIONS,
        Permission.MANAGE_OWN_INCOMING_INTEGRATIONS,
    ),
    IntegrationKind.OUTGOING_WEBHOOK: (
        Permission.MANAGE_OUTGOING_INTEGRATIONS,
        Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS,
    ),
}
