"""Resource records taken in from JSON Lines, batch by batch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from orjson import Fragment

from gateway import sql
from gateway.database import WriteSession
from gateway.domain import instants, timezones
from gateway.domain.documents import text_or_none
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.ids import is_id
from gateway.domain.imports import Entry, Report, Tally
from gateway.domain.records import record_columns
from gateway.domain.trust import Operators, Parent
from gateway.services import intake, teams
from gateway.services.intake import Intake


def prepared(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries with what their documents say about their rows."""
    at = instants.now()
    for entry in entries:
        if entry.logical_id is not None:
            document = entry.document if entry.text is None else Fragment(entry.text)
            entry.columns = {"document": document, **record_columns(entry.document, entry.logical_id, at)}
        yield entry


async def take(session: WriteSession, entries: Sequence[Entry], team_id: str | None, report: Report) -> Tally:
    """Create or update the resource records of a batch, each under the integration that it names.

    They are kept to the letter; `team_id` overrides the team that they name. A faulty one is reported and refuses
    only itself. The entries have ids and logical ids of their own.
    """
    tally = Tally()
    for team, below in sorted(_by_home(entries, team_id, report).items()):
        held = {
            row.id: timezones.zone(row.timezone)
            for row in await session.scalars(sql.imports.integrations(team, sorted(below)))
            if row.kind is IntegrationKind.CONNECTED
        }
        for integration_id, found in below.items():
            if integration_id not in held:
                for entry in found:
                    message = f"There is no connected integration {integration_id} in team {team}."
                    report(ErrorCode.NOT_FOUND, message, *entry.path, "integrationId")
                continue
            await teams.add_people(session, team, (entry.document for entry in found))
            parent = Parent(integration_id, integration_id)
            under = Intake(session, team, parent, held[integration_id], Operators(team_id), report, tally)
            await intake.take(under, intake.RESOURCE_RECORDS, found)
    return tally


def _by_home(entries: Sequence[Entry], team_id: str | None, report: Report) -> dict[str, dict[str, list[Entry]]]:
    """The entries by team and integration; those that do not name both are reported."""
    homes: dict[str, dict[str, list[Entry]]] = defaultdict(dict)
    for entry in entries:
        team = team_id or text_or_none(entry.document.get("teamId")) or ""
        integration_id = text_or_none(entry.document.get("integrationId")) or ""
        if (known := homes.get(team, {}).get(integration_id)) is not None:
            known.append(entry)
        elif not is_id(team):
            report(ErrorCode.REQUIRED, "No team is named here: give one with --team.", *entry.path, "teamId")
        elif not is_id(integration_id):
            report(ErrorCode.REQUIRED, "No integration is named here.", *entry.path, "integrationId")
        else:
            homes[team][integration_id] = [entry]
    return homes
