"""Statements about use-case groups."""

from collections.abc import Sequence

from sqlalchemy import Select, exists, func, select, type_coerce
from sqlalchemy.orm import aliased

from gateway.database import Integration, UseCaseGroup, prepared, prepared_by_dialect
from gateway.domain.enums import Provider
from gateway.domain.paging import PageArguments
from gateway.domain.text import LIKE_ESCAPE
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.integrations import is_own_connected
from gateway.sql.text_lists import LikePattern, is_in
from gateway.sql.visibility import build_child_conditions, build_visible_conditions, has_visible_integration

_PREFIX_PATTERN = LikePattern("", "%")


@prepared
def select_by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[UseCaseGroup]:
    """Select the groups with these ids that the viewer may see."""
    return select(UseCaseGroup).where(is_in(UseCaseGroup.id, ids), has_visible_integration(viewer, UseCaseGroup))


@prepared
def select_by_slug(viewer: Viewer, integration_id: str, slug: str) -> Select[UseCaseGroup]:
    """Select the integration's group with this slug, if the viewer may see it."""
    return select(UseCaseGroup).where(
        UseCaseGroup.integration_id == integration_id,
        UseCaseGroup.slug == slug,
        has_visible_integration(viewer, UseCaseGroup),
    )


@prepared_by_dialect
def select_use_case_groups(
    dialect: str, viewer: Viewer, integration_ids: Sequence[str], page: PageArguments
) -> Select[UseCaseGroup]:
    """Select the same page of the groups of each integration."""
    groups = aliased(UseCaseGroup)
    of_one = paging.select_page_of(groups, build_child_conditions(groups), page)
    visible = build_visible_conditions(viewer, integration_ids)
    return paging.select_pages(dialect, Integration, visible, of_one, page)


@prepared
def select_counts(viewer: Viewer, integration_ids: Sequence[str]) -> Select[str, int]:
    """Select integration id and number of groups, one row per integration with groups."""
    return (
        select(UseCaseGroup.integration_id, func.count())
        .where(is_in(UseCaseGroup.integration_id, integration_ids), has_visible_integration(viewer, UseCaseGroup))
        .group_by(UseCaseGroup.integration_id)
    )


@prepared
def select_candidate_integrations(
    viewer: Viewer, provider: Provider, group_id: str | None
) -> Select[str, bool, bool]:
    """Select the team's integrations at a provider, one row each: id, whether active, whether it has the group."""
    has_group = exists().where(
        UseCaseGroup.team_id == Integration.team_id,
        UseCaseGroup.integration_id == Integration.id,
        UseCaseGroup.id == group_id,
    )
    return (
        select(Integration.id, Integration.enabled, has_group.label("has_group"))
        .where(is_own_connected(viewer), Integration.provider == provider)
        .order_by(Integration.id)
    )


@prepared
def select_slugs(viewer: Viewer, integration_id: str, prefix: str) -> Select[str, str]:
    """Select slug and id of an integration's groups whose slug begins with a prefix, one row per group."""
    return select(UseCaseGroup.slug, UseCaseGroup.id).where(
        UseCaseGroup.team_id == viewer.team_id,
        UseCaseGroup.integration_id == integration_id,
        UseCaseGroup.slug.like(type_coerce(prefix, _PREFIX_PATTERN), escape=LIKE_ESCAPE),
    )
