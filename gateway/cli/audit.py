"""The command `gateway audit`."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

import typer

from gateway import services
from gateway.cli.database import open_migrated_database, parse_id, run_blocking
from gateway.database import Database
from gateway.domain import exact_json
from gateway.domain.audit import AuditAction, AuditFilter
from gateway.domain.calendar import instants
from gateway.domain.integration_filters import InstantFilter

_wait = asyncio.sleep
"""Waits between two looks for new entries."""

_POLL_SECONDS = 1.0

_OVERLAP = timedelta(minutes=1)
"""An entry has the time at which its transaction wrote it. Within this time the transaction is committed."""


def _parse_action(name: str) -> str:
    known = [action.value for action in AuditAction]
    if name not in known:
        raise typer.BadParameter(f"{name} is not an action; use {', '.join(known)}")
    return name


def _parse_instant(text: str) -> datetime:
    """Parse a number of days before now, or an RFC 3339 instant."""
    try:
        found = instants.now() - timedelta(days=int(text)) if text.isdecimal() else instants.parse_instant(text)
    except OverflowError:
        found = None
    if found is None:
        raise typer.BadParameter("use a number of days before now, or an instant such as 2030-01-31T00:00:00Z")
    return found


@run_blocking
async def audit(
    team: Annotated[str | None, typer.Option(parser=parse_id, metavar="ID", help="Only this team.")] = None,
    action: Annotated[
        list[str] | None,
        typer.Option(parser=_parse_action, metavar="ACTION", help="Only this action; can be repeated."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only this type and id, such as `integration 65e5…`.")
    ] = None,
    user: Annotated[str | None, typer.Option(parser=parse_id, metavar="ID", help="Only this user.")] = None,
    key: Annotated[
        str | None, typer.Option(parser=parse_id, metavar="ID", help="Only this key, by its id.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(parser=_parse_instant, metavar="DAYS|INSTANT", help="Only entries from then on."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=_parse_instant, metavar="DAYS|INSTANT", help="Only entries from before then."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with new entries, until Ctrl-C. Excludes --until.")
    ] = False,
) -> None:
    """Print the audit log as JSON Lines, the oldest entry first.

    `by`, `keyId` and `requestId` are null for a command of an operator.
    """
    if follow and until is not None:
        raise typer.BadParameter("use either --follow or --until")
    actions = tuple(dict.fromkeys(action)) if action else None
    conditions = AuditFilter(actions, subject, user, key)
    async with open_migrated_database() as database:
        follower = _Follower(database, team, conditions)
        await follower.print_entries(InstantFilter(gte=since, lt=until))
        while follow:
            await _wait(_POLL_SECONDS)
            await follower.print_new_entries()


class _Follower:
    """Prints entries, each once."""

    def __init__(self, database: Database, team_id: str | None, filter: AuditFilter) -> None:
        self._database, self._team_id, self._filter = database, team_id, filter
        self._newest: datetime | None = None
        """The instant of the newest printed entry, or when the first ones were read."""
        self._printed: dict[tuple[str, str], datetime] = {}
        """The instants of the entries that may be read again, by team and id."""

    async def print_entries(self, at: InstantFilter) -> None:
        """Print the entries of these instants that were not printed before."""
        async with self._database.read() as reader:
            self._newest = self._newest or reader.as_of
            async for row in services.audit.stream_entries(reader, self._team_id, replace(self._filter, at=at)):
                instant = instants.to_instant(row.at)
                key = (row.team_id, row.id)
                if key not in self._printed:
                    typer.echo(_encode(row))
                    self._printed[key] = instant
                    self._newest = max(self._newest, instant)
        self._forget(self._newest - _OVERLAP)

    async def print_new_entries(self) -> None:
        """Print the entries that were written since, also those of transactions that began before."""
        assert self._newest is not None  # noqa: S101 (the first entries were printed)
        await self.print_entries(InstantFilter(gte=self._newest - _OVERLAP))

    def _forget(self, before: datetime) -> None:
        self._printed = {key: instant for key, instant in self._printed.items() if instant >= before}


def _encode(row: services.audit.StoredEntry) -> str:
    """Return the line of an entry, with the names of the graph."""
    line = {
        "team": row.team_id,
        "id": row.id,
        "at": instants.to_text(row.at),
        "by": row.user_id or None,
        "keyId": row.key_id or None,
        "action": row.action,
        "subject": row.subject,
        "changedPaths": row.changed_paths or [],
        "requestId": row.request_id,
    }
    return exact_json.encode(line).decode()
