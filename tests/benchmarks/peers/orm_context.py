"""What the fields of one operation of the ORM peer share: sessions and dataloaders."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader
from strawberry.types.info import Info as StrawberryInfo

from tests.benchmarks.documents import TEAM
from tests.benchmarks.peers.orm_rows import UseCaseRow


@dataclass(frozen=True, slots=True)
class FirstUnder:
    """The first rows below an integration."""

    integration_id: str
    first: int


class Context:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions
        self.first_use_cases = DataLoader(load_fn=self._first_use_cases)

    async def _first_use_cases(self, keys: list[FirstUnder]) -> list[Sequence[UseCaseRow]]:
        """In one statement for all integrations of a page."""
        place = func.row_number().over(
            partition_by=UseCaseRow.integration_id, order_by=(UseCaseRow.created_at, UseCaseRow.id)
        )
        ids = [key.integration_id for key in keys]
        ranked = (
            select(UseCaseRow, place.label("place"))
            .where(UseCaseRow.team_id == TEAM, UseCaseRow.integration_id.in_(ids))
            .subquery()
        )
        row = aliased(UseCaseRow, ranked)
        first = max(key.first for key in keys)
        async with self.sessions() as session:
            found = await session.scalars(select(row).where(ranked.c.place <= first).order_by(ranked.c.place))
        below: dict[str, list[UseCaseRow]] = {id: [] for id in ids}
        for use_case in found:
            below[use_case.integration_id].append(use_case)
        return [below[key.integration_id][: key.first] for key in keys]


Info = StrawberryInfo[Context, None]
