"""Integrations of both worlds, as far as the viewer may see and change them."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database import Integration, Reader, Writer
from gateway.domain import integrations, webhooks
from gateway.domain.calendar import instants, timezones
from gateway.domain.enums import (
    ErrorCode,
    IntegrationKind,
    IntegrationOrderField,
    Permission,
    Provider,
    SortDirection,
)
from gateway.domain.ids import is_id
from gateway.domain.integration_filters import (
    MAX_FILTER_DEPTH,
    MAX_FILTER_SIZE,
    MAX_PATTERN_LENGTH,
    IntegrationFilter,
)
from gateway.domain.paging import PageArguments, RowPage, SortOrder
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, forbidden, invalid_input, not_found, refusal
from gateway.services.access import RowKey, require_id, require_permissions

INPUT_FIELDS = {
    IntegrationKind.CONNECTED: "connected",
    IntegrationKind.INCOMING_WEBHOOK: "incomingWebhook",
    IntegrationKind.OUTGOING_WEBHOOK: "outgoingWebhook",
}
"""Where in an `input` what is said of an integration of that kind stands."""


async def get_integration(reader: Reader, viewer: Viewer, id: str, created_by: str | None = None) -> Integration:
    """The integration with this id.

    `created_by` is a filter on the creator; it never widens access. Raises Refused: INVALID for what is no id,
    NOT_FOUND for what does not exist or is out of the viewer's scope.
    """
    require_id(id, "an integration")
    found = await reader.fetch_rows(sql.integrations.select_by_id(viewer, id, created_by or None))
    if not found:
        raise not_found("There is no integration with this id.", "id")
    return found[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, Integration]:
    """Those of these integrations that the viewer may see."""
    teams, ids = sorted({team for team, _ in keys}), sorted({id for _, id in keys})
    rows = await reader.fetch_rows(sql.integrations.select_by_ids(viewer, teams, ids), "kind")
    # Those of these teams with these ids: maybe more than were asked for.
    found = {(row.team_id, row.id): row for row in rows}
    return {key: found[key] for key in keys if key in found}


def build_order(keys: Sequence[tuple[IntegrationOrderField, SortDirection]]) -> SortOrder:
    """The order of a list of integrations. Raises Refused (INVALID) for a field that is there twice."""
    problems = ProblemList()
    fields = [field for field, _ in keys]
    for index, field in enumerate(fields):
        if field in fields[:index]:
            problems.add_invalid(
                f"{field.name} is there already; give each field once.", "orderBy", index, "field"
            )
    problems.raise_if_any()
    return integrations.build_sort_order(*keys)


async def list_integrations(
    reader: Reader, viewer: Viewer, filter: IntegrationFilter, page: PageArguments
) -> RowPage[Integration]:
    """A page of the integrations that the viewer may see and that the filter lets through.

    Raises Refused: FORBIDDEN without any right to integrations, INVALID for a filter that is too big.
    """
    if not (viewer.has_permission(Permission.READ_INTEGRATIONS) or viewer.is_for_widgets) and all(
        viewer.get_webhook_scope(kind) is None for kind in webhooks.WEBHOOK_KINDS
    ):
        raise forbidden(
            "This needs the permission READ_INTEGRATIONS, or one to manage incoming or outgoing integrations."
        )
    _check_filter_size(filter)
    rows = await reader.fetch_rows(
        sql.integrations.select_integrations(viewer, filter, page), *(key.column for key in page.order.keys)
    )
    return RowPage.from_rows(rows, page)


async def count_integrations(
    reader: Reader, viewer: Viewer, filters: Sequence[IntegrationFilter]
) -> Mapping[IntegrationFilter, int]:
    """How many `listed` has over all pages, for each filter."""
    return {
        each: (await reader.fetch_tuples(sql.integrations.select_count(viewer, each)))[0][0] for each in filters
    }


def _check_filter_size(filter: IntegrationFilter) -> None:
    problems = ProblemList()
    if filter.depth > MAX_FILTER_DEPTH:
        problems.add_invalid(
            f"`and`, `or` and `not` nest at most {MAX_FILTER_DEPTH} times, not {filter.depth}.", "filter"
        )
    if filter.size > MAX_FILTER_SIZE:
        problems.add_invalid(
            f"A filter holds at most {MAX_FILTER_SIZE} filters and listed values in all, not {filter.size}.",
            "filter",
        )
    if filter.longest_pattern > MAX_PATTERN_LENGTH:
        problems.add_invalid(
            f"`contains`, `startsWith` and `endsWith` take at most {MAX_PATTERN_LENGTH} characters, "
            f"not {filter.longest_pattern}.",
            "filter",
        )
    problems.raise_if_any()


async def lock_integration(writer: Writer, viewer: Viewer, id: str, *path: str) -> ZoneInfo:
    """Hold the team's connected integration against other writers until the transaction ends; gives its zone.

    Every write under an integration begins with this. Raises Refused (NOT_FOUND at `path`).
    """
    found = await _lock_row(writer, viewer, id, None)
    if not found:
        raise not_found("There is no connected integration with this id.", *path)
    return timezones.get_zone(found[0][1])


async def try_lock_integration(writer: Writer, viewer: Viewer, id: str, provider: Provider | None = None) -> bool:
    """Hold it, if there is one with this id, at this provider if one is named."""
    return bool(await _lock_row(writer, viewer, id, provider))


async def _lock_row(
    writer: Writer, viewer: Viewer, id: str, provider: Provider | None
) -> Sequence[tuple[str, str | None]]:
    found = (
        await writer.fetch_tuples(sql.integrations.select_timezone_for_update(viewer, id, provider))
        if is_id(id)
        else []
    )
    # What is written is of now: those who waited for their turn began before others wrote.
    writer.as_of = instants.now()
    return found


def check_version(version: int, expected: int | None, *path: str) -> None:
    """Raises Refused (VERSION_CONFLICT) unless nothing or the present version was expected."""
    if expected is not None and expected != version:
        raise refusal(
            ErrorCode.VERSION_CONFLICT,
            f"This is at version {version}, not {expected}: read it again, then repeat the change.",
            *path,
        )


def require_kind_permission(viewer: Viewer, kind: IntegrationKind) -> None:
    """Raises Refused (FORBIDDEN) unless the viewer may change some integrations of this kind."""
    if kind is IntegrationKind.CONNECTED:
        require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    elif viewer.get_webhook_scope(kind) is None:
        word = kind.name.removesuffix("_WEBHOOK")
        raise forbidden(f"This needs the permission MANAGE_{word}_INTEGRATIONS or MANAGE_OWN_{word}_INTEGRATIONS.")


async def lock_integration_of_any_kind(writer: Writer, viewer: Viewer, id: str) -> Integration:
    """The team's integration of either world, as far as the viewer reaches, held until the transaction ends."""
    found = await writer.fetch_rows(sql.integrations.select_for_update(viewer, id)) if is_id(id) else []
    writer.as_of = instants.now()
    if not found:
        raise not_found("There is no integration with this id.", "id")
    return found[0]


async def lock_integration_for_update(
    writer: Writer, viewer: Viewer, id: str, kind: IntegrationKind, expected_version: int | None
) -> Integration:
    """An integration of this kind and version to be changed.

    Raises Refused: FORBIDDEN without a right to that kind, NOT_FOUND for what is missing or out of reach, INVALID
    at the patch for an integration of another kind, VERSION_CONFLICT.
    """
    require_kind_permission(viewer, kind)
    found = await lock_integration_of_any_kind(writer, viewer, id)
    if found.kind is not kind:
        raise invalid_input(
            f"This integration is of the type {found.kind.value}, and its type never changes: "
            f"give `{INPUT_FIELDS[found.kind]}`.",
            "input",
            INPUT_FIELDS[kind],
        )
    check_version(found.version, expected_version, "expectedVersion")
    return found


def check_name(problems: ProblemList, name: str, *path: str | int) -> None:
    """Add what is wrong with a name that was given."""
    if not name.strip():
        problems.add(ErrorCode.REQUIRED, f"`{path[-1]}` must not be blank.", *path)
    elif len(name) > integrations.MAX_NAME_LENGTH:
        problems.add_invalid(
            f"`{path[-1]}` must have at most {integrations.MAX_NAME_LENGTH} characters, not {len(name)}.", *path
        )
