"""The context of one operation of the ORM peer: sessions and dataloaders."""

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
class FirstRowsKey:
    """Key of a loader: the first rows of an integration."""

    integration_id: str
    first: int


class Context:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions
        self.first_use_cases = DataLoader(load_fn=self._load_first_use_cases)

    async def _load_first_use_cases(self, keys: list[FirstRowsKey]) -> list[Sequence[UseCaseRow]]:
        """Load the first use cases of all integrations of a page in one statement."""
        position = func.row_number().over(
            partition_by=UseCaseRow.integration_id, order_by=(UseCaseRow.created_at, UseCaseRow.id)
        )
        ids = [key.integration_id for key in keys]
        ranked = (
            select(UseCaseRow, position.label("position"))
            .where(UseCaseRow.team_id == TEAM, UseCaseRow.integration_id.in_(ids))
            .subquery()
        )
        row = aliased(UseCaseRow, ranked)
        first = max(key.first for key in keys)
        async with self.sessions() as session:
            found = await session.scalars(
                select(row).where(ranked.c.position <= first).order_by(ranked.c.position)
            )
        rows_by_integration: dict[str, list[UseCaseRow]] = {id: [] for id in ids}
        for use_case in found:
            rows_by_integration[use_case.integration_id].append(use_case)
        return [rows_by_integration[key.integration_id][: key.first] for key in keys]


Info = StrawberryInfo[Context, None]
