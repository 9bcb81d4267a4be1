"""Teams and users that documents name, made where they are missing."""

from collections.abc import Mapping

from gateway import sql
from gateway.database import EntitySession, Team, User, Writer
from gateway.services.batches import split_batches


async def list_team_ids(session: EntitySession) -> set[str]:
    """The ids of all teams; empty for a database that holds nothing."""
    return set(await session.scalars(sql.imports.select_team_ids()))


async def lock_or_create_team(writer: Writer, team_id: str) -> None:
    """The team, made when it does not exist, held against other imports until the transaction ends."""
    if await writer.scalar(sql.imports.select_team_for_update(team_id)) is None:
        writer.add(Team(id=team_id, name=team_id, created_at=writer.as_of))
        await writer.flush()


async def rename_team(writer: Writer, team_id: str, name: str) -> None:
    """Call a team that exists by this name; documents name teams by their ids alone."""
    (await writer.get_one(Team, team_id)).name = name


async def add_missing_users(writer: Writer, team_id: str, usernames: Mapping[str, str | None]) -> None:
    """Make those of these users that the team lacks: ids, and what they are called if that is known."""
    for batch in split_batches(sorted(usernames)):
        known = set(await writer.scalars(sql.imports.select_user_ids(team_id, batch)))
        new = [
            {"team_id": team_id, "id": id, "username": usernames[id], "name": None, "created_at": writer.as_of}
            for id in batch
            if id not in known
        ]
        await writer.insert_rows(User, new)
