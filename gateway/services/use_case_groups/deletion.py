"""Delete a group with its use cases."""

from collections.abc import Sequence

from gateway import sql
from gateway.database import UseCase, UseCaseGroup, Writer, get_values
from gateway.domain.audit import AuditAction
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.errors import not_found
from gateway.services import audit
from gateway.services.access import require_id, require_permissions
from gateway.services.integrations import check_version, lock_integration


async def delete_group(
    writer: Writer, viewer: Viewer, id: str, expected_version: int | None
) -> Sequence[UseCaseGroup | UseCase]:
    """Delete a group with its use cases and their actions; return the rows of the group and of its use cases.

    The viewer needs WRITE_INTEGRATIONS. Raises Refused: FORBIDDEN without it, INVALID for an impossible id,
    NOT_FOUND if the group does not exist or the viewer may not see its integration, VERSION_CONFLICT unless
    `expected_version` is None or current.
    """
    require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    require_id(id, "a use-case group")
    group = await _fetch_group(writer, viewer, id)
    await lock_integration(writer, viewer, group.integration_id, "id")
    # Another transaction may have changed or deleted it before this one got the lock.
    group = await _fetch_group(writer, viewer, id)
    check_version(group.version, expected_version, "expectedVersion")
    use_cases = await writer.fetch_rows(sql.use_cases.select_by_groups(viewer, [id]), "id")
    await writer.delete_rows(UseCase, [get_values(use_case, "team_id", "id") for use_case in use_cases])
    await writer.delete_rows(UseCaseGroup, [get_values(group, "team_id", "id")])
    await audit.record(writer, viewer, AuditAction.USE_CASE_GROUP_DELETE, f"use_case_group {id}")
    return [group, *use_cases]


async def _fetch_group(writer: Writer, viewer: Viewer, id: str) -> UseCaseGroup:
    rows = await writer.fetch_rows(sql.use_case_groups.select_by_ids(viewer, [id]))
    if not rows:
        raise not_found("There is no use-case group with this id.", "id")
    return rows[0]
