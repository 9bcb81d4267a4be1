"""Webhooks taken in from answers of integrations.get and integrations.list, or from a list of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from gateway import sql
from gateway.database.tables import Integration
from gateway.database.writing import WriteSession
from gateway.domain.documents.audit_fields import people, text_or_none, webhook_audit_columns
from gateway.domain.documents.entries import Entry, Report, Tally
from gateway.domain.documents.exports import canonical
from gateway.domain.documents.import_policy import Operators
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.ids import is_id
from gateway.domain.integrations import webhook_columns
from gateway.services import teams
from gateway.services.imports.rows import batches


async def take(
    session: WriteSession,
    entries: Sequence[Entry],
    team_id: str | None,
    report: Report,
    advance: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Create or update webhooks by their ids, kept to the letter.

    `team_id` overrides the team that they name, which is seldom one; a team that does not exist is made. A faulty
    entry is reported and refuses only itself.
    """
    tally = Tally()
    for team, found in sorted(_by_team(entries, team_id, report).items()):
        await teams.hold(session, team)
        await teams.add_people(session, team, people(entry.document for entry in found))
        for batch in batches(found):
            ids = [entry.id for entry in batch]
            rows = {row.id: row for row in await session.scalars(sql.imports.integrations(team, ids))}
            for entry in batch:
                _take(session, team, entry, rows.get(entry.id), Operators(team_id), report, tally)
            await session.flush()
            advance(len(batch))
    return tally


def _by_team(entries: Sequence[Entry], team_id: str | None, report: Report) -> dict[str, list[Entry]]:
    found = defaultdict[str, list[Entry]](list)
    for entry in entries:
        team = team_id or text_or_none(entry.document.get("teamId")) or ""
        if is_id(team):
            found[team].append(entry)
        else:
            report(ErrorCode.REQUIRED, "No team is named here: give one with --team.", *entry.path, "teamId")
    return found


def _take(
    session: WriteSession,
    team_id: str,
    entry: Entry,
    row: Integration | None,
    trust: Operators,
    report: Report,
    tally: Tally,
) -> None:
    document = trust.first(entry, entry.id, None)
    columns = webhook_columns(document, session.as_of)
    if row is None:
        row = Integration(team_id=team_id, id=entry.id, version=1, secrets={}, envelope=None)
        row.hold(document, columns)
        session.add(row)
        tally.created += 1
    elif row.kind is not columns["kind"]:
        now = "a connected integration" if row.kind is IntegrationKind.CONNECTED else f"a {row.kind.value}"
        report(ErrorCode.CONFLICT, f"This `_id` is that of {now}.", *entry.path, "_id")
    elif canonical(document) == canonical(row.document):
        tally.unchanged += 1
    else:
        created_at = webhook_audit_columns(document, row.created_at)["created_at"]
        row.hold(document, {**columns, "created_at": created_at})
        row.version += 1
        tally.updated += 1
