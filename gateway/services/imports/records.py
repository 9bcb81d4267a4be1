"""Imports of resource records from JSON Lines, batch by batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database import ResourceRecord, UniqueViolation, Writer
from gateway.domain.calendar import timezones
from gateway.domain.documents import ImportCounts, OperatorImportPolicy, ParentIntegration, ProblemReporter
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.records import IntegrationRecords
from gateway.domain.statistics import COUNTED_COLUMNS, DayCounts
from gateway.services import day_counts, teams
from gateway.services.imports import rows
from gateway.services.imports.context import ImportContext


async def import_records(
    writer: Writer, groups: Sequence[IntegrationRecords], team_id: str | None, report: ProblemReporter
) -> ImportCounts:
    """Create or update the resource records of a batch, for an operator, and return the numbers of rows.

    Documents are stored unchanged; `team_id` replaces their team. No two records have the same id, or the same
    logical id in an integration. A faulty record is reported and skipped, with its line number as the path:
    NOT_FOUND without its connected integration, CONFLICT or DUPLICATE for its ids.
    """
    tally = ImportCounts()
    by_team: dict[str, list[IntegrationRecords]] = defaultdict(list)
    for group in groups:
        by_team[group.team_id].append(group)
    for team, team_groups in sorted(by_team.items()):
        zones = await _lock_integrations(writer, team, sorted(group.integration_id for group in team_groups))
        for group in team_groups:
            id = group.integration_id
            if id not in zones:
                for number in group.line_numbers:
                    message = f"There is no connected integration {id} in team {team}."
                    report(ErrorCode.NOT_FOUND, message, number, "integrationId")
                continue
            await teams.add_missing_users(writer, team, group.people)
            if await _insert_if_all_new(writer, group, zones[id]):
                tally.created += len(group.line_numbers)
            else:
                parent, policy = ParentIntegration(id, id), OperatorImportPolicy(team_id)
                context = ImportContext(writer, team, parent, zones[id], policy, report, tally)
                await rows.import_rows(context, rows.RESOURCE_RECORDS, group.build_entries())
    return tally


async def _lock_integrations(writer: Writer, team_id: str, ids: Sequence[str]) -> Mapping[str, ZoneInfo]:
    """Lock these connected integrations until the transaction ends, and return their time zones by id."""
    integrations = await writer.fetch_rows(sql.imports.select_integrations_for_update(team_id, ids))
    return {
        integration.id: timezones.get_zone(integration.timezone)
        for integration in integrations
        if integration.kind is IntegrationKind.CONNECTED
    }


async def _insert_if_all_new(writer: Writer, group: IntegrationRecords, zone: ZoneInfo) -> bool:
    """Insert a row for each record if all are new, and return True; else write nothing.

    A lookup of all ids would cost the database a fifth of the inserts. So only the first id is looked up, and the
    inserts are rolled back if another id exists.
    """
    columns = group.columns
    first = sql.imports.select_integration_ids(ResourceRecord, group.team_id, columns["id"][:1])
    if "" in columns["logical_id"] or await writer.fetch_tuples(first):
        return False

    try:
        async with writer.begin_savepoint():
            await writer.insert_columns(ResourceRecord, group.build_columns())
    except UniqueViolation:
        return False
    counts = DayCounts(zone)
    counts.add(zip(*(columns[name] for name in COUNTED_COLUMNS), strict=True))
    await day_counts.add_changes(writer, group.team_id, group.integration_id, counts)
    return True
