"""The audit log: who did what to which row. Each function of the services that writes records it.

An entry of a write is in its transaction. An entry of a command has no user, no key and no request.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway import sql
from gateway.database import AuditEntry, Database, IdempotencyEntry, Integration, Reader, Writer
from gateway.domain.audit import AuditAction, AuditEvent, AuditFilter, limit_paths
from gateway.domain.enums import Permission
from gateway.domain.ids import new_id
from gateway.domain.integration_secrets import CONFIG_SECRETS
from gateway.domain.paging import PageArguments, RowPage
from gateway.domain.viewer import Viewer
from gateway.errors import OperationAborted, invalid_input
from gateway.services.access import require_permissions

_STREAMED_ENTRIES = 1_000
"""Entries that `gateway audit` fetches at once."""

_PRUNED_ENTRIES = 1_000
"""Entries that one transaction deletes."""

_NOBODY = ""
"""The user and the key of an entry without one: the columns are not null."""


@asynccontextmanager
async def write(database: Database, viewer: Viewer) -> AsyncIterator[Writer]:
    """Begin a transaction for a viewer, as `Database.write` does. All writes of requests use it.

    It is rolled back if rows were written and nothing was recorded: such a write is a defect.
    """
    async with database.write(team=viewer.team_id) as writer:
        yield writer
        # The result of an unchanged mutation may be kept for its idempotency key.
        changed = writer.written - {IdempotencyEntry}
        if changed and AuditEntry not in changed:
            names = ", ".join(sorted(entity.__tablename__ for entity in changed))
            raise AssertionError(f"a write of {names} is not in the audit log")


async def record(
    writer: Writer, viewer: Viewer, action: AuditAction, subject: str, changed_paths: Iterable[str] = ()
) -> None:
    """Insert the entry of something that a viewer did in this transaction."""
    await record_events(writer, viewer, [AuditEvent(action, subject, (*changed_paths,))])


async def record_records(
    writer: Writer, viewer: Viewer, action: AuditAction, integration_id: str, ids: Sequence[str]
) -> None:
    """Insert one entry for records of an integration, with their ids; none without records."""
    if ids:
        paths = (f"resource_records.{id}" for id in ids)
        await record(writer, viewer, action, f"integration {integration_id}", paths)


async def record_events(writer: Writer, viewer: Viewer, events: Iterable[AuditEvent]) -> None:
    """Insert an entry for each of these events, which the viewer's request caused."""
    await writer.insert_rows(
        AuditEntry,
        [
            build_row(writer, event, viewer.team_id, viewer.user_id, viewer.key_id, writer.request_id)
            for event in events
        ],
    )


async def record_command(
    writer: Writer, team_id: str, action: AuditAction, subject: str, changed_paths: Iterable[str] = ()
) -> None:
    """Insert the entry of something that an operator did to data of a team with a command."""
    await writer.insert_rows(
        AuditEntry, [build_row(writer, AuditEvent(action, subject, (*changed_paths,)), team_id)]
    )


async def record_command_for_all_teams(writer: Writer, action: AuditAction, subject: str) -> None:
    """Insert the entry of a command into the log of each team, in a database of any revision."""
    await writer.execute(sql.audit.insert_for_all_teams(new_id(), writer.as_of, action.value, subject))


def build_row(
    writer: Writer,
    event: AuditEvent,
    team_id: str,
    user_id: str = _NOBODY,
    key_id: str = _NOBODY,
    request_id: str = "",
) -> Mapping[str, object]:
    """Return the columns of an entry that is written now."""
    return {
        "team_id": team_id,
        "id": new_id(),
        "at": writer.as_of,
        "user_id": user_id,
        "key_id": key_id,
        "action": event.action.value,
        "subject": event.subject,
        "changed_paths": [*limit_paths(event.changed_paths)] or None,
        "request_id": request_id or None,
    }


def describe_disclosure(integration: Integration, names: Iterable[str], *, is_export: bool) -> AuditEvent:
    """Return the event of reading or exporting these secrets of an integration."""
    action = AuditAction.SECRET_EXPORT if is_export else AuditAction.SECRET_READ
    paths = (f"config.{name}" if name in CONFIG_SECRETS else name for name in sorted(names))
    return AuditEvent(action, f"integration {integration.id}", (*paths,))


def describe_export(integration: Integration) -> AuditEvent:
    """Return the event of an export without secrets."""
    return AuditEvent(AuditAction.INTEGRATION_EXPORT, f"integration {integration.id}")


async def record_disclosures(database: Database, viewer: Viewer, events: Iterable[AuditEvent]) -> None:
    """Commit the entries of secrets that the answer has. The answer must wait for it.

    Raises OperationAborted, which is UNAVAILABLE for clients, if they cannot be written.
    """
    try:
        async with write(database, viewer) as writer:
            await record_events(writer, viewer, events)
    except OperationAborted as error:
        raise OperationAborted("The audit log cannot be written, and secrets need an entry in it") from error


class StoredEntry(NamedTuple):
    """An entry as an operator reads it."""

    team_id: str
    id: str
    at: datetime
    user_id: str
    key_id: str
    action: str
    subject: str
    changed_paths: list[str] | None
    request_id: str | None


async def stream_entries(reader: Reader, team_id: str | None, filter: AuditFilter) -> AsyncGenerator[StoredEntry]:
    """Yield the entries of one team or of all that match the filter, for an operator, the oldest first."""
    statement = sql.audit.select_entries_of_teams(team_id, filter)
    async with aclosing(reader.stream_tuples(statement, _STREAMED_ENTRIES)) as batches:
        async for batch in batches:
            for row in batch:
                yield StoredEntry(*row)


async def prune(database: Database) -> int:
    """Delete the entries that are older than the setting `audit_retention`, in batches; return their number."""
    retention = timedelta(days=database.settings.audit_retention)
    count = 0
    async with database.read() as reader:
        teams = await reader.fetch_tuples(sql.audit.select_teams_with_entries(reader.as_of - retention))
    for (team_id,) in teams:
        batch_count = _PRUNED_ENTRIES
        while batch_count == _PRUNED_ENTRIES:
            async with database.write() as writer:
                before = writer.as_of - retention
                statement = sql.audit.delete_oldest(team_id, before, _PRUNED_ENTRIES)
                batch_count = len(await writer.execute(statement))
            count += batch_count
    return count


async def list_entries(
    reader: Reader, viewer: Viewer, filter: AuditFilter, page: PageArguments
) -> RowPage[AuditEntry]:
    """Return a page of the entries of the viewer's team.

    The viewer needs ADMIN. Raises Refused: FORBIDDEN without it, INVALID for an unknown action.
    """
    require_permissions(viewer, Permission.ADMIN)
    require_actions(filter.actions or (), "filter", "action")
    rows = await reader.fetch_rows(
        sql.audit.select_entries(viewer, filter, page), *(key.column for key in page.order.keys)
    )
    return RowPage.from_rows(rows, page)


async def count_entries(
    reader: Reader, viewer: Viewer, filters: Sequence[AuditFilter]
) -> Mapping[AuditFilter, int]:
    """Return the number of entries on all pages of `list_entries`, for each filter."""
    return {
        filter: (await reader.fetch_tuples(sql.audit.select_count(viewer, filter)))[0][0] for filter in filters
    }


def require_actions(names: Iterable[str], *path: str) -> None:
    """Raise Refused (INVALID) unless these are names of actions."""
    known = {action.value for action in AuditAction}
    for name in names:
        if name not in known:
            raise invalid_input(f"This is no action of the audit log. Use {', '.join(sorted(known))}.", *path)
