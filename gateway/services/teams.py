"""Teams and their users. Imports and operators create them; only the last two functions serve the API."""

from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Reader, Team, User, Writer
from gateway.domain.viewer import Viewer
from gateway.services.batches import split_batches


async def list_team_ids(reader: Reader) -> set[str]:
    """Return the ids of all teams."""
    return {id for (id,) in await reader.fetch_tuples(sql.imports.select_team_ids())}


async def create_missing_team(writer: Writer, team_id: str) -> None:
    """Create the team unless it exists. Its name is its id."""
    await _create_missing_team(writer, team_id, locks=False)


async def lock_or_create_team(writer: Writer, team_id: str) -> None:
    """Lock the team against other imports until the transaction ends, or create it with its id as its name."""
    await _create_missing_team(writer, team_id, locks=True)


async def _create_missing_team(writer: Writer, team_id: str, *, locks: bool) -> None:
    if not await writer.fetch_tuples(sql.imports.select_team_id(team_id, locks)):
        await writer.insert_rows(Team, [{"id": team_id, "name": team_id, "created_at": writer.as_of}])


async def rename_team(writer: Writer, team_id: str, name: str) -> None:
    """Update the name of an existing team. Documents contain only the ids of teams."""
    await writer.update_rows(Team, [{"id": team_id, "name": name}])


async def add_missing_users(writer: Writer, team_id: str, usernames: Mapping[str, str | None]) -> None:
    """Create the users that the team lacks. `usernames` maps their ids to usernames, or to None if unknown."""
    for batch in split_batches(sorted(usernames)):
        existing_ids = {id for (id,) in await writer.fetch_tuples(sql.imports.select_user_ids(team_id, batch))}
        new_users = [
            {"team_id": team_id, "id": id, "username": usernames[id], "name": None, "created_at": writer.as_of}
            for id in batch
            if id not in existing_ids
        ]
        await writer.insert_rows(User, new_users)


async def get_usernames(reader: Reader, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, str | None]:
    """Return the usernames of these users by their ids; users of other teams are missing.

    No permission is needed.
    """
    return dict(await reader.fetch_tuples(sql.users.select_usernames(viewer, [*ids])))


async def find_user_id(reader: Reader, viewer: Viewer, username: str) -> str | None:
    """Return the id of the team's user with this username; None if there is none. No permission is needed."""
    rows = await reader.fetch_tuples(sql.users.select_id_by_username(viewer, username))
    return rows[0][0] if rows else None
