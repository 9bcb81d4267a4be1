"""Webhooks taken in from answers of integrations.get and integrations.list, or from a list of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from gateway import sql
from gateway.database import Integration, Writer
from gateway.domain.calendar import instants
from gateway.domain.documents import (
    ImportCounts,
    ImportEntry,
    OperatorImportPolicy,
    ProblemReporter,
    collect_people,
    encode_canonical,
    get_text_or_none,
    read_webhook_audit_columns,
)
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.ids import is_id
from gateway.domain.integrations import read_webhook_columns
from gateway.services import teams
from gateway.services.batches import split_batches


async def import_webhooks(
    writer: Writer,
    entries: Sequence[ImportEntry],
    team_id: str | None,
    report: ProblemReporter,
    advance: Callable[[int], None] = lambda _: None,
) -> ImportCounts:
    """Create or update webhooks by their ids, kept to the letter.

    `team_id` overrides the team that they name, which is seldom one; a team that does not exist is made. A faulty
    entry is reported and refuses only itself.
    """
    tally = ImportCounts()
    for team, found in sorted(_group_by_team(entries, team_id, report).items()):
        await teams.lock_or_create_team(writer, team)
        await teams.add_missing_users(writer, team, collect_people(entry.document for entry in found))
        for batch in split_batches(found):
            ids = [entry.id for entry in batch]
            statement = sql.imports.select_integrations_for_update(team, ids)
            rows = {row.id: row for row in await writer.fetch_rows(statement)}
            for entry in batch:
                await _import_webhook(
                    writer, team, entry, rows.get(entry.id), OperatorImportPolicy(team_id), report, tally
                )
            advance(len(batch))
    return tally


def _group_by_team(
    entries: Sequence[ImportEntry], team_id: str | None, report: ProblemReporter
) -> dict[str, list[ImportEntry]]:
    found = defaultdict[str, list[ImportEntry]](list)
    for entry in entries:
        team = team_id or get_text_or_none(entry.document.get("teamId")) or ""
        if is_id(team):
            found[team].append(entry)
        else:
            report(
                ErrorCode.REQUIRED,
                "`teamId` is missing or not an id; set the team with --team.",
                *entry.path,
                "teamId",
            )
    return found


async def _import_webhook(
    writer: Writer,
    team_id: str,
    entry: ImportEntry,
    row: Integration | None,
    policy: OperatorImportPolicy,
    report: ProblemReporter,
    tally: ImportCounts,
) -> None:
    document = policy.build_new(entry, entry.id, None)
    columns = read_webhook_columns(document, writer.as_of)
    if row is None:
        values = {"team_id": team_id, "id": entry.id, "version": 1, "document": document, "secrets": {}, **columns}
        await writer.insert_rows(Integration, [values])
        tally.created += 1
    elif row.kind is not columns["kind"]:
        now = "a connected integration" if row.kind is IntegrationKind.CONNECTED else f"a {row.kind.value}"
        report(ErrorCode.CONFLICT, f"This `_id` is that of {now}.", *entry.path, "_id")
    elif encode_canonical(document) == encode_canonical(row.document):
        tally.unchanged += 1
    else:
        created_at = read_webhook_audit_columns(document, instants.to_instant(row.created_at))["created_at"]
        changes = {"document": document, "version": row.version + 1, **columns, "created_at": created_at}
        await writer.update_row(Integration, row, changes)
        tally.updated += 1
