"""What the answer of an operation discloses, for the audit log."""

from collections.abc import Sequence

from gateway import services
from gateway.database import Integration, Keyring
from gateway.domain.audit import AuditEvent
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer


class Disclosures:
    """The secrets and exports in the answer of one operation."""

    def __init__(self, viewer: Viewer, keyring: Keyring) -> None:
        self._viewer, self._keyring = viewer, keyring
        self._secrets: dict[tuple[str, bool], tuple[Integration, set[str]]] = {}
        """Integrations and the names of their secrets, by id and whether the answer exports them."""
        self._exports: dict[str, Integration] = {}

    def read_secret(self, row: Integration, name: str) -> str | None:
        """Return a secret of a connected integration, or None without READ_SECRETS."""
        value = self._read_secrets(row, name).get(name)
        return value if isinstance(value, str) else None

    def read_webhook_token(self, row: Integration) -> Json:
        """Return the token of a webhook, which the viewer may manage."""
        token = services.secrets.decrypt_secret(self._keyring, row, "token")
        if token is not None:
            self._secrets.setdefault((row.id, False), (row, set()))[1].add("token")
        return token

    def export_secrets(self, row: Integration) -> Document:
        """Return all secrets of an integration, empty without READ_SECRETS."""
        return self._read_secrets(row, *row.secrets, is_export=True)

    def _read_secrets(self, row: Integration, *names: str, is_export: bool = False) -> Document:
        if row.team_id != self._viewer.team_id or not self._viewer.has_permission(Permission.READ_SECRETS):
            return {}
        if names:
            self._secrets.setdefault((row.id, is_export), (row, set()))[1].update(names)
        return {name: services.secrets.decrypt_secret(self._keyring, row, name) for name in names}

    def export(self, row: Integration) -> None:
        """Note that the answer exports an integration."""
        self._exports[row.id] = row

    @property
    def secrets(self) -> Sequence[AuditEvent]:
        """The events of reading and exporting secrets. Their entries must precede the answer."""
        return [
            services.audit.describe_disclosure(row, names, is_export=is_export)
            for (_, is_export), (row, names) in self._secrets.items()
        ]

    @property
    def exports(self) -> Sequence[AuditEvent]:
        """The events of exports without secrets. Their entries may follow the answer."""
        return [
            services.audit.describe_export(row)
            for id, row in self._exports.items()
            if (id, True) not in self._secrets
        ]
