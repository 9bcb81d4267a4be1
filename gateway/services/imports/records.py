"""Resource records taken in from JSON Lines, batch by batch."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database import copy_format
from gateway.database.tables import ResourceRecord
from gateway.database.writing import Clash, WriteSession
from gateway.domain.calendar import timezones
from gateway.domain.documents.entries import Report, Tally
from gateway.domain.documents.import_policy import Operators, Parent
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.records.lines import ROW, Home
from gateway.domain.statistics.day_counts import COUNTED, Block, DayCounts, Series
from gateway.services import day_counts, teams
from gateway.services.imports import rows
from gateway.services.imports.rows import Intake


async def take(session: WriteSession, homes: Sequence[Home], team_id: str | None, report: Report) -> Tally:
    """Create or update the resource records of a batch, each under the integration that it names.

    They are kept to the letter; `team_id` overrides the team that they name. A faulty one is reported and refuses
    only itself. No two have an id or a logical id in common.
    """
    tally = Tally()
    by_team: dict[str, list[Home]] = defaultdict(list)
    for home in homes:
        by_team[home.team_id].append(home)
    for team, below in sorted(by_team.items()):
        ids = sorted(home.integration_id for home in below)
        held = {
            row.id: timezones.zone(row.timezone)
            for row in await session.scalars(sql.imports.integrations(team, ids))
            if row.kind is IntegrationKind.CONNECTED
        }
        for home in below:
            id = home.integration_id
            if id not in held:
                for number in home.numbers:
                    message = f"There is no connected integration {id} in team {team}."
                    report(ErrorCode.NOT_FOUND, message, number, "integrationId")
                continue
            await teams.add_people(session, team, home.people)
            if await _are_new(session, home, held[id]):
                tally.created += len(home.numbers)
            else:
                under = Intake(session, team, Parent(id, id), held[id], Operators(team_id), report, tally)
                await rows.take(under, rows.RESOURCE_RECORDS, home.entries(_documents(home)))
    return tally


def _documents(home: Home) -> Sequence[str]:
    return copy_format.texts(home.copied, ROW.index("document")) if home.copied else home.columns["document"]


async def _are_new(session: WriteSession, home: Home, zone: ZoneInfo) -> bool:
    """Create a row for each record, if all of them are new; else nothing is done.

    To look for each of what is not there costs a database a fifth of what it costs to write it. So they are
    written where the first is not there, and undone where another one is.
    """
    columns = home.columns
    first = sql.imports.by_ids(ResourceRecord, home.team_id, columns["id"][:1])
    if "" in columns["logical_id"] or await session.tuples(first):
        return False

    def counted() -> Mapping[Series, Sequence[Block]]:
        found = DayCounts(zone)
        found.add(zip(*(columns[name] for name in COUNTED), strict=True))
        return found.blocks()

    try:
        async with session.attempt():
            inserting = (
                session.copy(ResourceRecord, ROW, home.copied)
                if home.copied
                else session.insert_columns(ResourceRecord, home.rows())
            )
            # They are counted by a thread, for to feed the database is work too.
            _, blocks = await asyncio.gather(inserting, asyncio.to_thread(counted))
    except Clash:
        return False
    await day_counts.keep(session, home.team_id, home.integration_id, blocks)
    return True
