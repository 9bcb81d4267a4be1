"""Statements about use cases."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, select

from gateway.database import UseCase, prepared
from gateway.domain.enums import Status, UseCaseType
from gateway.domain.paging import PageArguments
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.text_lists import is_in
from gateway.sql.visibility import has_visible_integration

_ORDER_COLUMNS: paging.OrderColumns = {"created_at": UseCase.created_at, "id": UseCase.id}
_KNOWN_TYPES = [type_.value for type_ in UseCaseType if type_ is not UseCaseType.OTHER]


@prepared
def select_by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[UseCase]:
    """Select the use cases with these ids that the viewer may see."""
    return select(UseCase).where(is_in(UseCase.id, ids), has_visible_integration(viewer, UseCase))


@prepared
def select_by_groups(viewer: Viewer, group_ids: Sequence[str]) -> Select[UseCase]:
    """Select all use cases of these groups, the oldest first."""
    return (
        select(UseCase)
        .where(is_in(UseCase.group_id, group_ids), has_visible_integration(viewer, UseCase))
        .order_by(UseCase.created_at, UseCase.id)
    )


@prepared
def select_without_group(viewer: Viewer, integration_id: str) -> Select[UseCase]:
    """Select the known use cases of an integration that have no group."""
    return select(UseCase).where(
        UseCase.team_id == viewer.team_id,
        UseCase.integration_id == integration_id,
        UseCase.group_id.is_(None),
        UseCase.key.is_not(None),
    )


def _build_conditions(
    viewer: Viewer, integration_ids: Sequence[str], status: Status | None, type: UseCaseType | None
) -> list[ColumnElement[bool]]:
    conditions = [is_in(UseCase.integration_id, integration_ids), has_visible_integration(viewer, UseCase)]
    if status is not None:
        conditions.append(UseCase.status == status)
    if type is UseCaseType.OTHER:
        conditions.append(UseCase.type.not_in(_KNOWN_TYPES))
    elif type is not None:
        conditions.append(UseCase.type == type.value)
    return conditions


@prepared
def select_use_cases(
    viewer: Viewer,
    integration_ids: Sequence[str],
    page: PageArguments,
    status: Status | None,
    type: UseCaseType | None,
) -> Select[UseCase]:
    """Select the same page of the use cases of each integration."""
    statement = select(UseCase).where(*_build_conditions(viewer, integration_ids, status, type))
    return paging.select_page_by_parent(
        statement, UseCase, UseCase.integration_id, integration_ids, _ORDER_COLUMNS, page
    )


@prepared
def select_counts(
    viewer: Viewer, integration_ids: Sequence[str], status: Status | None, type: UseCaseType | None
) -> Select[str, int]:
    """Select integration id and number of use cases, one row per integration with use cases."""
    return (
        select(UseCase.integration_id, func.count())
        .where(*_build_conditions(viewer, integration_ids, status, type))
        .group_by(UseCase.integration_id)
    )
