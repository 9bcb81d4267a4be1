"""Read and lock connected integrations and webhooks, within the permissions of the viewer."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database import Integration, Reader, Writer
from gateway.domain import integrations, webhooks
from gateway.domain.bounds import is_blank
from gateway.domain.calendar import timezones
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
    TokenInstants,
)
from gateway.domain.paging import PageArguments, RowPage, SortOrder
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, Refused, forbidden, invalid_input, not_found, refusal
from gateway.services.access import RowKey, require_id, require_permissions

INPUT_FIELDS = {
    IntegrationKind.CONNECTED: "connected",
    IntegrationKind.INCOMING_WEBHOOK: "incomingWebhook",
    IntegrationKind.OUTGOING_WEBHOOK: "outgoingWebhook",
}
"""The field of a mutation's `input` with the settings of each kind."""

_WIDGET_ORDER_FIELDS = frozenset({IntegrationOrderField.NAME})
"""What a widget key may sort by: fields that it may read. An order reveals the values that it sorts."""


async def get_integration(reader: Reader, viewer: Viewer, id: str, created_by: str | None = None) -> Integration:
    """Return the integration or webhook with this id, the own team's first.

    `created_by` filters by creator and never widens access. Raises Refused: INVALID for an impossible id,
    NOT_FOUND if the integration does not exist or the viewer may not see it.
    """
    require_id(id, "an integration")
    found = await reader.fetch_rows(sql.integrations.select_by_id(viewer, id, created_by or None))
    if not found:
        raise not_found("There is no integration with this id.", "id")
    return found[0]


async def get_webhook(reader: Reader, viewer: Viewer, id: str, created_by: str | None = None) -> Integration:
    """Return the webhook with this id. `created_by` filters by creator, as in `get_integration`.

    Raises Refused (NOT_FOUND or INVALID at `id`) if there is none that the viewer may see.
    """
    missing = not_found("There is no webhook with this id.", "id")
    if created_by and not is_id(created_by):
        raise missing
    row = await get_integration(reader, viewer, id, created_by)
    if row.kind not in webhooks.WEBHOOK_KINDS:
        raise missing
    return row


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, Integration]:
    """Return the rows with these keys that the viewer may see."""
    teams, ids = sorted({team for team, _ in keys}), sorted({id for _, id in keys})
    rows = await reader.fetch_rows(sql.integrations.select_by_ids(viewer, teams, ids), "kind")
    # The statement matches every pair of these teams and ids, and so may find other rows, too.
    found = {(row.team_id, row.id): row for row in rows}
    return {key: found[key] for key in keys if key in found}


async def find_parents(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, Integration]:
    """Return the integrations that rows belong to. Raises Refused (FORBIDDEN) without READ_INTEGRATIONS."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    return await find_by_keys(reader, viewer, keys)


def build_order(viewer: Viewer, keys: Sequence[tuple[IntegrationOrderField, SortDirection]]) -> SortOrder:
    """Return the order of a list of integrations.

    Raises Refused: TOO_MANY, INVALID if a field occurs twice, or FORBIDDEN for a field that a widget key may not
    sort by.
    """
    problems = ProblemList()
    if len(keys) > len(IntegrationOrderField):
        message = f"`orderBy` may have at most {len(IntegrationOrderField)} entries, not {len(keys)}."
        raise refusal(ErrorCode.TOO_MANY, message, "orderBy")
    seen: set[IntegrationOrderField] = set()
    for index, (field, _) in enumerate(keys):
        if field in seen:
            problems.add_invalid(f"{field.name} occurs twice; give each field once.", "orderBy", index, "field")
        seen.add(field)
        if viewer.is_for_widgets and field not in _WIDGET_ORDER_FIELDS:
            message = f"A widget key may not sort by {field.name}; sort by NAME, or use another key."
            problems.add(ErrorCode.FORBIDDEN, message, "orderBy", index, "field")
    problems.raise_if_any()
    if viewer.is_for_widgets and not keys:
        keys = [(IntegrationOrderField.NAME, SortDirection.ASC)]
    return integrations.build_sort_order(*keys)


async def list_integrations(
    reader: Reader, viewer: Viewer, filter: IntegrationFilter, page: PageArguments
) -> RowPage[Integration]:
    """Return a page of the integrations and webhooks that match the filter and that the viewer may see.

    The viewer needs READ_INTEGRATIONS, a permission to manage webhooks, or a widget key. Raises Refused: FORBIDDEN
    without one, INVALID for a filter that exceeds a limit.
    """
    if not (
        viewer.has_permission(Permission.READ_INTEGRATIONS) or viewer.is_for_widgets or _has_webhook_scope(viewer)
    ):
        raise forbidden(
            "This needs the permission READ_INTEGRATIONS, or one to manage incoming or outgoing integrations."
        )
    _check_filter_size(filter)
    rows = await reader.fetch_rows(
        sql.integrations.select_integrations(viewer, filter, TokenInstants.at(reader.as_of), page),
        *(key.column for key in page.order.keys),
    )
    return RowPage.from_rows(rows, page)


async def count_integrations(
    reader: Reader, viewer: Viewer, filters: Sequence[IntegrationFilter]
) -> Mapping[IntegrationFilter, int]:
    """Return the number of integrations on all pages of `list_integrations`, for each filter."""
    tokens = TokenInstants.at(reader.as_of)
    return {
        filter: (await reader.fetch_tuples(sql.integrations.select_count(viewer, filter, tokens)))[0][0]
        for filter in filters
    }


def _check_filter_size(filter: IntegrationFilter) -> None:
    problems = ProblemList()
    if filter.depth > MAX_FILTER_DEPTH:
        problems.add_invalid(
            f"`and`, `or` and `not` nest at most {MAX_FILTER_DEPTH} levels, not {filter.depth}.", "filter"
        )
    if filter.size > MAX_FILTER_SIZE:
        problems.add_invalid(
            f"A filter has at most {MAX_FILTER_SIZE} filters and listed values in all, not {filter.size}.",
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
    """Lock the team's connected integration until the transaction ends, and return its time zone.

    Every write under an integration begins with this lock. It sets `writer.as_of` to the time of the lock. Raises
    Refused (NOT_FOUND at `path`) if the integration does not exist or is a personal one of another user.
    """
    found = await _lock_row(writer, viewer, id, None)
    if not found:
        raise not_found("There is no connected integration with this id.", *path)
    return timezones.get_zone(found[0][1])


async def try_lock_integration(writer: Writer, viewer: Viewer, id: str, provider: Provider | None = None) -> bool:
    """Lock the integration as `lock_integration` does, and return whether it exists; None is any provider."""
    return bool(await _lock_row(writer, viewer, id, provider))


async def _lock_row(
    writer: Writer, viewer: Viewer, id: str, provider: Provider | None
) -> Sequence[tuple[str, str | None]]:
    found = (
        await writer.fetch_tuples(sql.integrations.select_timezone_for_update(viewer, id, provider))
        if is_id(id)
        else []
    )
    await writer.refresh_time()
    return found


def check_version(version: int, expected: int | None, *path: str) -> None:
    """Raise Refused (VERSION_CONFLICT at `path`) unless `expected` is None or the current version."""
    if expected is not None and expected != version:
        raise refusal(
            ErrorCode.VERSION_CONFLICT,
            f"The current version is {version}, not {expected}: read it again, then repeat the change.",
            *path,
        )


def require_kind_permission(viewer: Viewer, kind: IntegrationKind) -> None:
    """Raise Refused (FORBIDDEN) unless the viewer may change integrations of this kind.

    Connected ones need WRITE_INTEGRATIONS; webhooks need the permission to manage all or their own of the kind.
    """
    if kind is IntegrationKind.CONNECTED:
        require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    elif viewer.get_webhook_scope(kind) is None:
        raise forbidden(f"This needs the permission {_name_permissions(kind)}.")


def require_permission_of_any_kind(viewer: Viewer) -> None:
    """Raise Refused (FORBIDDEN) unless the viewer may change integrations of some kind."""
    if not (viewer.has_permission(Permission.WRITE_INTEGRATIONS) or _has_webhook_scope(viewer)):
        needed = "; ".join(f"for {kind.name}, {_name_permissions(kind)}" for kind in IntegrationKind)
        raise forbidden(f"This needs the permission of the integration's kind: {needed}.")


def require_webhook_permission(viewer: Viewer) -> None:
    """Raise Refused (FORBIDDEN) unless the viewer may manage webhooks of some kind, all or their own."""
    if not _has_webhook_scope(viewer):
        needed = "; ".join(f"for {kind.name}, {_name_permissions(kind)}" for kind in webhooks.WEBHOOK_KINDS)
        raise forbidden(f"This needs a permission to manage webhooks: {needed}.")


def _has_webhook_scope(viewer: Viewer) -> bool:
    return any(viewer.get_webhook_scope(kind) is not None for kind in webhooks.WEBHOOK_KINDS)


def _name_permissions(kind: IntegrationKind) -> str:
    if kind is IntegrationKind.CONNECTED:
        return Permission.WRITE_INTEGRATIONS.name
    direction = kind.name.removesuffix("_WEBHOOK")
    return f"MANAGE_{direction}_INTEGRATIONS or MANAGE_OWN_{direction}_INTEGRATIONS"


def _refuse_missing(viewer: Viewer, kinds: Collection[IntegrationKind]) -> Refused:
    """Return the refusal (NOT_FOUND) of an integration that is missing or invisible, with what would show more."""
    needed = [
        f"MANAGE_{kind.name.removesuffix('_WEBHOOK')}_INTEGRATIONS"
        for kind in webhooks.WEBHOOK_KINDS
        if kind in kinds and viewer.get_webhook_scope(kind) is not True
    ]
    hint = f" This key does not reach all webhooks: that needs {' and '.join(needed)}." if needed else ""
    return not_found(f"There is no integration with this id.{hint}", "id")


async def lock_integration_of_any_kind(
    writer: Writer, viewer: Viewer, id: str, kinds: Collection[IntegrationKind] = tuple(IntegrationKind)
) -> Integration:
    """Lock an integration or webhook of the team until the transaction ends, and return its row.

    It sets `writer.as_of` to the time of the lock. Raises Refused (NOT_FOUND) if the integration does not exist or
    the viewer may not see it; the message names the permissions to reach all webhooks of the expected `kinds`.
    """
    found = await writer.fetch_rows(sql.integrations.select_for_update(viewer, id)) if is_id(id) else []
    await writer.refresh_time()
    if not found:
        raise _refuse_missing(viewer, kinds)
    return found[0]


async def lock_integration_for_update(
    writer: Writer, viewer: Viewer, id: str, kind: IntegrationKind, expected_version: int | None
) -> Integration:
    """Lock an integration of this kind and version for a change, and return its row.

    The viewer needs the permission of `require_kind_permission`. Raises Refused: FORBIDDEN without it, NOT_FOUND
    if the integration does not exist or the viewer may not see it. INVALID, at the field of `kind`, means that it
    is of another kind; VERSION_CONFLICT, that it has another version.
    """
    require_kind_permission(viewer, kind)
    found = await lock_integration_of_any_kind(writer, viewer, id, (kind,))
    if found.kind is not kind:
        raise invalid_input(
            f"The kind of this integration is {found.kind.name} and cannot change: "
            f"give `{INPUT_FIELDS[found.kind]}`.",
            "input",
            INPUT_FIELDS[kind],
        )
    check_version(found.version, expected_version, "expectedVersion")
    return found


def check_not_other(problems: ProblemList, word: Enum, *path: str | int) -> None:
    """Add a problem (INVALID) if an enum value is OTHER, which only documents have; `path` ends with its name."""
    if word.name == "OTHER":
        known = ", ".join(name for name in type(word).__members__ if name != "OTHER")
        problems.add_invalid(f"`{path[-1]}` cannot be OTHER. Choose one of {known}.", *path)


def check_blank(problems: ProblemList, text: str, *path: str | int) -> None:
    """Add a problem (REQUIRED) if a text is blank; the last key of `path` names it."""
    if is_blank(text):
        problems.add(ErrorCode.REQUIRED, f"`{path[-1]}` must not be blank.", *path)
