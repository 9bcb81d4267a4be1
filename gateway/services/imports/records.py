"""Resource records taken in from JSON Lines, batch by batch."""

from collections import defaultdict
from collections.abc import Sequence
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
from gateway.services.imports.rows import ImportContext


async def import_records(
    writer: Writer, groups: Sequence[IntegrationRecords], team_id: str | None, report: ProblemReporter
) -> ImportCounts:
    """Create or update the resource records of a batch, each under the integration that it names.

    They are kept to the letter; `team_id` overrides the team that they name. A faulty one is reported and refuses
    only itself. No two have an id or a logical id in common.
    """
    tally = ImportCounts()
    by_team: dict[str, list[IntegrationRecords]] = defaultdict(list)
    for home in groups:
        by_team[home.team_id].append(home)
    for team, below in sorted(by_team.items()):
        ids = sorted(home.integration_id for home in below)
        held = {
            row.id: timezones.get_zone(row.timezone)
            for row in await writer.fetch_rows(sql.imports.select_integrations_for_update(team, ids))
            if row.kind is IntegrationKind.CONNECTED
        }
        for home in below:
            id = home.integration_id
            if id not in held:
                for number in home.line_numbers:
                    message = f"There is no connected integration {id} in team {team}."
                    report(ErrorCode.NOT_FOUND, message, number, "integrationId")
                continue
            await teams.add_missing_users(writer, team, home.people)
            if await _insert_if_all_new(writer, home, held[id]):
                tally.created += len(home.line_numbers)
            else:
                under = ImportContext(
                    writer, team, ParentIntegration(id, id), held[id], OperatorImportPolicy(team_id), report, tally
                )
                await rows.import_rows(under, rows.RESOURCE_RECORDS, home.build_entries())
    return tally


async def _insert_if_all_new(writer: Writer, group: IntegrationRecords, zone: ZoneInfo) -> bool:
    """Create a row for each record, if all of them are new; else nothing is done.

    To look for each of what is not there costs a database a fifth of what it costs to write it. So they are
    written where the first is not there, and undone where another one is.
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
    await day_counts.add_counts(writer, group.team_id, group.integration_id, counts.list_block_counts())
    return True
