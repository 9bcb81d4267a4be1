"""Create, update and delete integrations of every kind."""

from gateway.database import Integration, Writer, get_values
from gateway.domain.audit import AuditAction
from gateway.domain.enums import IntegrationKind
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer
from gateway.errors import invalid_input
from gateway.services import audit, connected_integrations, day_counts
from gateway.services import webhooks as webhook_changes
from gateway.services.integrations import (
    check_version,
    lock_integration_of_any_kind,
    require_kind_permission,
    require_permission_of_any_kind,
)


async def create_integration(
    writer: Writer, viewer: Viewer, kind: IntegrationKind, settings: Document
) -> Integration:
    """Create an integration of this kind from these keys of its document, and return its row.

    The viewer needs the permission of `require_kind_permission`. Raises Refused: FORBIDDEN without it, and all
    problems of the settings.
    """
    if kind is IntegrationKind.CONNECTED:
        return await connected_integrations.create_connected_integration(writer, viewer, settings)
    return await webhook_changes.create_webhook(writer, viewer, kind, settings)


async def update_integration(
    writer: Writer,
    viewer: Viewer,
    id: str,
    kind: IntegrationKind,
    changes: Document,
    expected_version: int | None,
) -> Integration:
    """Update these keys of an integration's document, and return its row.

    An absent key keeps its value, null clears it, and a blank secret keeps the stored one. The viewer needs the
    permission of `require_kind_permission`. Raises Refused: as `lock_integration_for_update`, and all problems of
    the changes.
    """
    if kind is IntegrationKind.CONNECTED:
        return await connected_integrations.update_connected_integration(
            writer, viewer, id, changes, expected_version
        )
    return await webhook_changes.update_webhook(writer, viewer, id, kind, changes, expected_version)


async def delete_integration(
    writer: Writer,
    viewer: Viewer,
    id: str,
    kind: IntegrationKind | None = None,
    expected_version: int | None = None,
) -> Integration:
    """Delete an integration with its groups, use cases, resource records and counts, and return its row.

    The viewer needs the permission of `require_kind_permission`. Raises Refused: FORBIDDEN without it, NOT_FOUND
    if the integration does not exist or the viewer may not see it, INVALID if it is not of the `kind`,
    VERSION_CONFLICT.
    """
    if kind is None:
        require_permission_of_any_kind(viewer)
        row = await lock_integration_of_any_kind(writer, viewer, id)
    else:
        require_kind_permission(viewer, kind)
        row = await lock_integration_of_any_kind(writer, viewer, id, (kind,))
        if row.kind is not kind:
            raise invalid_input(f"This integration is of the kind {row.kind.name}, not {kind.name}.", "kind")
    require_kind_permission(viewer, row.kind)
    check_version(row.version, expected_version, "expectedVersion")
    await day_counts.delete_counts(writer, row.team_id, row.id)
    await writer.delete_rows(Integration, [get_values(row, "team_id", "id")])
    await audit.record(writer, viewer, AuditAction.INTEGRATION_DELETE, f"integration {id}")
    return row
