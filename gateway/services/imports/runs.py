"""The import of one file, for the audit log: an entry when it begins, and one when it ends."""

from collections.abc import Iterable

from gateway import sql
from gateway.database import Writer
from gateway.domain.audit import AuditAction
from gateway.services import audit
from gateway.services.access import RowKey


class ImportRun:
    """The teams and integrations that a file is imported into."""

    def __init__(self) -> None:
        self._ids_by_team: dict[str, set[str]] = {}
        self._teams: set[str] = set()
        """All teams that `begin` has seen, also those that do not exist."""

    def find_new_teams(self, integrations: Iterable[RowKey]) -> set[str]:
        """Return the teams of these integrations that `begin` has not seen."""
        return {team_id for team_id, _ in integrations} - self._teams

    async def begin(self, writer: Writer, integrations: Iterable[RowKey]) -> None:
        """Insert an entry for each team of these integrations that exists and has none yet."""
        keys = [*integrations]
        new_teams = self.find_new_teams(keys)
        if new_teams:
            for (team_id,) in await writer.fetch_tuples(sql.audit.select_existing_teams(sorted(new_teams))):
                await audit.record_command(writer, team_id, AuditAction.IMPORT_BEGIN, f"team {team_id}")
                self._ids_by_team[team_id] = set()
        self._teams |= new_teams
        self.add(keys)

    def add(self, integrations: Iterable[RowKey]) -> None:
        """Add integrations, whose ids the last entry has. Those of unknown teams are left out."""
        for team_id, id in integrations:
            if team_id in self._ids_by_team:
                self._ids_by_team[team_id].add(id)

    async def end(self, writer: Writer) -> None:
        """Insert an entry for each team of `begin`, with the ids of its integrations."""
        await writer.refresh_time()
        for team_id, ids in sorted(self._ids_by_team.items()):
            paths = (f"integrations.{id}" for id in sorted(ids))
            await audit.record_command(writer, team_id, AuditAction.IMPORT_END, f"team {team_id}", paths)
