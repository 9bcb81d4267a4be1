"""Imports of webhooks, from answers of integrations.get and integrations.list or from a list of webhooks."""

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
from gateway.services.access import RowKey
from gateway.services.batches import split_batches
from gateway.services.secrets import decrypt_document, encrypt_document


async def import_webhooks(
    writer: Writer,
    entries: Sequence[ImportEntry],
    team_id: str | None,
    report: ProblemReporter,
    advance: Callable[[int], None] = lambda _: None,
) -> ImportCounts:
    """Create or update webhooks by their ids, for an operator, and return the numbers of rows.

    Documents are stored unchanged; `team_id` replaces their team, which few documents name. Missing teams and
    users are created. `advance` is called with the length of each batch. A faulty entry is reported and skipped:
    REQUIRED without a team, CONFLICT if its `_id` belongs to an integration of another kind.
    """
    tally = ImportCounts()
    for team, team_entries in sorted(_group_by_team(entries, team_id, report).items()):
        await teams.lock_or_create_team(writer, team)
        await teams.add_missing_users(writer, team, collect_people(entry.document for entry in team_entries))
        for batch in split_batches(team_entries):
            ids = [entry.id for entry in batch]
            statement = sql.imports.select_integrations_for_update(team, ids)
            rows = {row.id: row for row in await writer.fetch_rows(statement)}
            for entry in batch:
                await _import_webhook(
                    writer, team, entry, rows.get(entry.id), OperatorImportPolicy(team_id), report, tally
                )
            advance(len(batch))
    return tally


def list_keys(entries: Sequence[ImportEntry], team_id: str | None) -> Sequence[RowKey]:
    """Return the keys of the webhooks of entries with a team."""
    by_team = _group_by_team(entries, team_id, lambda *_: None)
    return [(team, entry.id) for team, listed in by_team.items() for entry in listed]


def _group_by_team(
    entries: Sequence[ImportEntry], team_id: str | None, report: ProblemReporter
) -> dict[str, list[ImportEntry]]:
    """Return the entries by team. Report entries without a team."""
    by_team = defaultdict[str, list[ImportEntry]](list)
    for entry in entries:
        team = team_id or get_text_or_none(entry.document.get("teamId")) or ""
        if is_id(team):
            by_team[team].append(entry)
        else:
            report(
                ErrorCode.REQUIRED,
                "`teamId` is missing or not an id; set the team with --team.",
                *entry.path,
                "teamId",
            )
    return by_team


async def _import_webhook(
    writer: Writer,
    team_id: str,
    entry: ImportEntry,
    row: Integration | None,
    policy: OperatorImportPolicy,
    report: ProblemReporter,
    tally: ImportCounts,
) -> None:
    """Insert or update the row of an entry, and count it in `tally`.

    Report CONFLICT if an integration of another kind has the id.
    """
    document = policy.build_new(entry, entry.id, None)
    columns = read_webhook_columns(document, writer.as_of)
    keyring, kind = writer.keyring, columns["kind"]
    if row is None:
        encrypted = encrypt_document(keyring, team_id, entry.id, kind, document)
        values = {"team_id": team_id, "id": entry.id, "version": 1, **encrypted, **columns}
        await writer.insert_rows(Integration, [values])
        tally.created += 1
    elif row.kind is not kind:
        owner = "a connected integration" if row.kind is IntegrationKind.CONNECTED else f"a {row.kind.value}"
        report(ErrorCode.CONFLICT, f"This `_id` already belongs to {owner}.", *entry.path, "_id")
    elif encode_canonical(document) == encode_canonical(decrypt_document(keyring, row)):
        tally.unchanged += 1
    else:
        created_at = read_webhook_audit_columns(document, instants.to_instant(row.created_at))["created_at"]
        encrypted = encrypt_document(keyring, team_id, entry.id, kind, document)
        changes = {**encrypted, "version": row.version + 1, **columns, "created_at": created_at}
        await writer.update_row(Integration, row, changes)
        tally.updated += 1
