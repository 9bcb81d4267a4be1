"""Statements about use cases."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from gateway.database import Integration, UseCase, prepared, prepared_by_dialect
from gateway.domain.enums import Status, UseCaseType
from gateway.domain.paging import PageArguments
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.text_lists import is_in
from gateway.sql.visibility import build_child_conditions, build_visible_conditions, has_visible_integration

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


def _build_filters(
    use_cases: type[UseCase], status: Status | None, type: UseCaseType | None
) -> Iterator[ColumnElement[bool]]:
    if status is not None:
        yield use_cases.status == status
    if type is UseCaseType.OTHER:
        yield use_cases.type.not_in(_KNOWN_TYPES)
    elif type is not None:
        yield use_cases.type == type.value


@prepared_by_dialect
def select_use_cases(
    dialect: str,
    viewer: Viewer,
    integration_ids: Sequence[str],
    page: PageArguments,
    status: Status | None,
    type: UseCaseType | None,
) -> Select[UseCase]:
    """Select the same page of the use cases of each integration."""
    use_cases = aliased(UseCase)
    conditions = [*build_child_conditions(use_cases), *_build_filters(use_cases, status, type)]
    of_one = paging.select_page_of(use_cases, conditions, page)
    visible = build_visible_conditions(viewer, integration_ids)
    return paging.select_pages(dialect, Integration, visible, of_one, page)


@prepared
def select_counts(
    viewer: Viewer, integration_ids: Sequence[str], status: Status | None, type: UseCaseType | None
) -> Select[str, int]:
    """Select integration id and number of use cases, one row per integration with use cases."""
    return (
        select(UseCase.integration_id, func.count())
        .where(
            is_in(UseCase.integration_id, integration_ids),
            has_visible_integration(viewer, UseCase),
            *_build_filters(UseCase, status, type),
        )
        .group_by(UseCase.integration_id)
    )
