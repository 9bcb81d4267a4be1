"""Teams and users that documents name, made where they are missing."""

from collections.abc import Iterable

from gateway import sql
from gateway.database import Session, WriteSession
from gateway.domain.documents import text_or_none
from gateway.domain.ids import is_id
from gateway.domain.section import Document
from gateway.services.intake import batches
from gateway.tables import Team, User

_PEOPLE = ("createdBy", "updatedBy", "_createdBy", "_updatedBy")


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


async def add_people(session: WriteSession, team_id: str, documents: Iterable[Document]) -> None:
    """Make those users of the team that the documents name by an object with `_id` and perhaps `username`."""
    named: dict[str, str | None] = {}
    for document in documents:
        for key in _PEOPLE:
            person = document.get(key)
            if isinstance(person, dict) and is_id(id := text_or_none(person.get("_id")) or ""):
                named[id] = named.get(id) or text_or_none(person.get("username"))
    for batch in batches(sorted(named)):
        known = set(await session.scalars(sql.imports.users(team_id, batch)))
        new = [
            {"team_id": team_id, "id": id, "username": named[id], "name": None, "created_at": session.as_of}
            for id in batch
            if id not in known
        ]
        await session.insert(User, new)
