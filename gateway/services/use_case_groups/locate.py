"""Find what an upsert changes: the integration, the group and its slug."""

from gateway import sql
from gateway.database import UseCaseGroup, Writer
from gateway.domain.enums import ErrorCode, Provider
from gateway.domain.ids import is_id
from gateway.domain.use_case_groups import GroupInput, find_free_slug, suggest_slug
from gateway.domain.viewer import Viewer
from gateway.errors import Problem, ProblemList, Refused, invalid_input, not_found, refusal
from gateway.services.integrations import check_not_other, check_version, lock_integration, try_lock_integration

_SLUG_PREFIX_LENGTH = 40
"""The characters that a slug has in common with its numbered forms, such as `lab-reminders-2`."""


async def lock_target_integration(
    writer: Writer, viewer: Viewer, provider: Provider, group_id: str | None, integration_id: str | None
) -> str:
    """Lock the integration for the upsert until the transaction ends, and return its id.

    It is the one with the id `integration_id`, if that is not None. Otherwise it is the team's only integration of
    the provider, else the one with the group, else the only active one. Integrations that the viewer may not see
    are ignored. Raises Refused: NOT_FOUND at `provider` or `integrationId`, INVALID for an impossible id or the
    provider OTHER, CONFLICT at `integrationId` if the choice is ambiguous.
    """
    problems = ProblemList()
    check_not_other(problems, provider, "provider")
    problems.raise_if_any()
    if integration_id is not None and await try_lock_integration(writer, viewer, integration_id, provider):
        return integration_id
    target_id = await _choose_integration(writer, viewer, provider, group_id, integration_id)
    await lock_integration(writer, viewer, target_id, "provider")
    return target_id


async def _choose_integration(
    writer: Writer, viewer: Viewer, provider: Provider, group_id: str | None, integration_id: str | None
) -> str:
    candidates = await writer.fetch_tuples(
        sql.use_case_groups.select_candidate_integrations(viewer, provider, group_id)
    )
    if not candidates:
        raise not_found(f"The team has no integration at {provider.name}. Connect the provider first.", "provider")
    if integration_id is not None:
        if not is_id(integration_id):
            raise invalid_input("`integrationId` must have 1 to 64 visible ASCII characters.", "integrationId")
        if all(id != integration_id for id, _, _ in candidates):
            raise not_found(f"There is no integration at {provider.name} with this id.", "integrationId")
        return integration_id
    all_ids = [id for id, _, _ in candidates]
    ids_with_group = [id for id, _, has_group in candidates if has_group]
    active_ids = [id for id, is_active, _ in candidates if is_active]
    for ids in (all_ids, ids_with_group, active_ids):
        if len(ids) == 1:
            return ids[0]
    raise refusal(
        ErrorCode.CONFLICT,
        f"The team has {len(all_ids)} integrations at {provider.name}. Choose one with `integrationId`.",
        "integrationId",
    )


async def find_group(
    writer: Writer, viewer: Viewer, integration_id: str, input: GroupInput
) -> UseCaseGroup | None:
    """Return the group to update: the one with `group_id`, or with `updated_slug`; None if there is none.

    Raises Refused: INVALID for an impossible id, NOT_FOUND if the integration has no group with `group_id`,
    VERSION_CONFLICT.
    """
    if input.updated_slug is not None:
        return await _find_group_by_slug(
            writer, viewer, integration_id, input.updated_slug, input.expected_version
        )
    if input.group_id is None:
        return None
    if not is_id(input.group_id):
        raise invalid_input("`groupId` must have 1 to 64 visible ASCII characters.", "input", "groupId")
    rows = await writer.fetch_rows(sql.use_case_groups.select_by_ids(viewer, [input.group_id]))
    group = rows[0] if rows and rows[0].integration_id == integration_id else None
    if group is None:
        raise not_found(
            "There is no use-case group with this id. Omit `groupId` to create a group.", "input", "groupId"
        )
    check_version(group.version, input.expected_version, "input", "expectedVersion")
    return group


async def _find_group_by_slug(
    writer: Writer, viewer: Viewer, integration_id: str, slug: str, expected_version: int | None
) -> UseCaseGroup | None:
    rows = await writer.fetch_rows(sql.use_case_groups.select_by_slug(viewer, integration_id, slug))
    if rows:
        check_version(rows[0].version, expected_version, "input", "expectedVersion")
        return rows[0]
    if expected_version is not None:
        raise refusal(
            ErrorCode.VERSION_CONFLICT,
            "The integration has no group with this `slug`. Omit `expectedVersion` to create it.",
            "input",
            "expectedVersion",
        )
    return None


async def choose_slug(
    writer: Writer, viewer: Viewer, integration_id: str, group: UseCaseGroup | None, input: GroupInput
) -> str:
    """Return the slug of the group after the upsert.

    It is the slug of the input. Without one, a stored group keeps its slug. A new group, or one whose slug is
    cleared with null, gets a free slug from its name. Raises Refused (CONFLICT, with the row) if another group has
    the input's slug.
    """
    slug_input = input.fields.get("slug")
    if group is not None and (slug_input == group.slug or "slug" not in input.fields):
        return group.slug
    slug = suggest_slug(input.name) if slug_input is None else slug_input
    rows = await writer.fetch_tuples(
        sql.use_case_groups.select_slugs(viewer, integration_id, slug[:_SLUG_PREFIX_LENGTH])
    )
    taken = {slug: id for slug, id in rows if group is None or id != group.id}
    if slug_input is None:
        return find_free_slug(slug, taken)
    if slug in taken:
        (holder,) = await writer.fetch_rows(sql.use_case_groups.select_by_ids(viewer, [taken[slug]]))
        raise _refuse_taken_slug(holder, is_new=group is None)
    return slug


def _refuse_taken_slug(holder: UseCaseGroup, *, is_new: bool) -> Refused:
    remedy = "Use `onConflict: UPDATE` or its `groupId` to update it, or choose" if is_new else "Choose"
    message = f"The group {holder.id} has this slug. {remedy} another slug."
    return Refused([Problem(ErrorCode.CONFLICT, message, ("input", "slug"))], conflicting_group=holder)
