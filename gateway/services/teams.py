"""Teams and users that documents name, made where they are missing."""

from collections.abc import Mapping

from gateway import sql
from gateway.database.tables import Team, User
from gateway.database.writing import Session, WriteSession
from gateway.services.imports.rows import batches


async def ids(session: Session) -> set[str]:
    """The ids of all teams; empty for a database that holds nothing."""
    return set(await session.scalars(sql.imports.team_ids()))


async def hold(session: WriteSession, team_id: str) -> None:
    """The team, made when it does not exist, held against other imports until the transaction ends."""
    if await session.scalar(sql.imports.team(team_id)) is None:
        session.add(Team(id=team_id, name=team_id, created_at=session.as_of))
        await session.flush()


async def rename(session: WriteSession, team_id: str, name: str) -> None:
    """Call a team that exists by this name; documents name teams by their ids alone."""
    (await session.get_one(Team, team_id)).name = name


async def add_people(session: WriteSession, team_id: str, named: Mapping[str, str | None]) -> None:
    """Make those of these users that the team lacks: ids, and what they are called if that is known."""
    for batch in batches(sorted(named)):
        known = set(await session.scalars(sql.imports.users(team_id, batch)))
        new = [
            {"team_id": team_id, "id": id, "username": named[id], "name": None, "created_at": session.as_of}
            for id in batch
            if id not in known
        ]
        await session.insert(User, new)
