"""Teams and users that documents name, made where they are missing."""

from collections.abc import Mapping

from gateway import sql
from gateway.database import Reader, Team, User, Writer
from gateway.services.batches import split_batches


async def list_team_ids(reader: Reader) -> set[str]:
    """The ids of all teams; empty for a database that holds nothing."""
    return {id for (id,) in await reader.fetch_tuples(sql.imports.select_team_ids())}


async def create_missing_team(writer: Writer, team_id: str) -> None:
    """Create the team unless it exists."""
    await _create_team_unless_found(writer, team_id, locks=False)


async def lock_or_create_team(writer: Writer, team_id: str) -> None:
    """The team, made when it does not exist, held against other imports until the transaction ends."""
    await _create_team_unless_found(writer, team_id, locks=True)


async def _create_team_unless_found(writer: Writer, team_id: str, *, locks: bool) -> None:
    if not await writer.fetch_tuples(sql.imports.select_team_id(team_id, locks)):
        await writer.insert_rows(Team, [{"id": team_id, "name": team_id, "created_at": writer.as_of}])


async def rename_team(writer: Writer, team_id: str, name: str) -> None:
    """Call a team that exists by this name; documents name teams by their ids alone."""
    await writer.update_rows(Team, [{"id": team_id, "name": name}])


async def add_missing_users(writer: Writer, team_id: str, usernames: Mapping[str, str | None]) -> None:
    """Make those of these users that the team lacks: ids, and what they are called if that is known."""
    for batch in split_batches(sorted(usernames)):
        known = {id for (id,) in await writer.fetch_tuples(sql.imports.select_user_ids(team_id, batch))}
        new = [
            {"team_id": team_id, "id": id, "username": usernames[id], "name": None, "created_at": writer.as_of}
            for id in batch
            if id not in known
        ]
        await writer.insert_rows(User, new)
