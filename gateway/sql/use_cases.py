"""Statements over use cases."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, select

from gateway.database.prepared import query
from gateway.database.tables import UseCase
from gateway.domain.enums import Status, UseCaseType
from gateway.domain.paging import Page
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.texts import among
from gateway.sql.visibility import hangs_below_own

_COLUMNS: paging.Columns = {"created_at": UseCase.created_at, "id": UseCase.id}
_KNOWN_TYPES = [type_.value for type_ in UseCaseType if type_ is not UseCaseType.OTHER]


@query
def by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[UseCase]:
    """Those of these use cases that the viewer may see, as they are now."""
    return (
        select(UseCase)
        .where(among(UseCase.id, ids), hangs_below_own(viewer, UseCase))
        .execution_options(populate_existing=True)
    )


@query
def of_groups(viewer: Viewer, group_ids: Sequence[str]) -> Select[UseCase]:
    """All use cases of these groups, the oldest first."""
    return (
        select(UseCase)
        .where(among(UseCase.group_id, group_ids), hangs_below_own(viewer, UseCase))
        .order_by(UseCase.created_at, UseCase.id)
    )


def _matching(
    viewer: Viewer, integration_ids: Sequence[str], status: Status | None, type: UseCaseType | None
) -> list[ColumnElement[bool]]:
    conditions = [among(UseCase.integration_id, integration_ids), hangs_below_own(viewer, UseCase)]
    if status is not None:
        conditions.append(UseCase.status == status)
    if type is UseCaseType.OTHER:
        conditions.append(UseCase.type.not_in(_KNOWN_TYPES))
    elif type is not None:
        conditions.append(UseCase.type == type.value)
    return conditions


@query
def listed(
    viewer: Viewer,
    integration_ids: Sequence[str],
    page: Page,
    status: Status | None,
    type: UseCaseType | None,
) -> Select[UseCase]:
    """The same page of the use cases of each of these integrations."""
    statement = select(UseCase).where(*_matching(viewer, integration_ids, status, type))
    return paging.paged_by_parent(statement, UseCase, UseCase.integration_id, integration_ids, _COLUMNS, page)


@query
def counts(
    viewer: Viewer, integration_ids: Sequence[str], status: Status | None, type: UseCaseType | None
) -> Select[str, int]:
    """How many use cases each of these integrations has; none for one without."""
    return (
        select(UseCase.integration_id, func.count())
        .where(*_matching(viewer, integration_ids, status, type))
        .group_by(UseCase.integration_id)
    )
