"""Who is asking, and what they may do."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.domain.enums import IntegrationKind, Permission
from gateway.domain.statement_arguments import StatementArguments


@dataclass(frozen=True, slots=True)
class Viewer(StatementArguments):
    """A user of a team with the permissions of the key they came with."""

    team_id: str
    user_id: str
    name: str
    key_id: str
    permissions: frozenset[Permission]

    @property
    def is_for_widgets(self) -> bool:
        """Whether the key is one that stands in public pages; then it may ask few fields."""
        return self.permissions == _WIDGET_PERMISSIONS

    def has_permission(self, permission: Permission) -> bool:
        return permission in self.permissions or Permission.ADMIN in self.permissions

    def get_webhook_scope(self, kind: IntegrationKind) -> bool | None:
        """How far the viewer's rights to webhooks of `kind` go: True all, False their own, None none."""
        manage, manage_own = _WEBHOOK_PERMISSIONS[kind]
        if self.has_permission(manage):
            return True
        return False if self.has_permission(manage_own) else None


class ApiKeyIdentity(NamedTuple):
    """Who comes with a key, and from where they may."""

    viewer: Viewer
    origins: frozenset[str]
    """Those whose pages may use the key; empty for one that is bound to none."""


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
