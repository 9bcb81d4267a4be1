"""The part of the schema that the workloads use, written with Strawberry and SQLAlchemy's ORM in the usual way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import orjson
import strawberry
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.http import GraphQLHTTPResponse
from strawberry.schema.config import StrawberryConfig

from gateway.domain.calendar import instants
from tests.benchmarks.documents import TEAM
from tests.benchmarks.peers.orm_context import Context, Info
from tests.benchmarks.peers.orm_rows import IntegrationRow
from tests.benchmarks.peers.orm_types import (
    ConnectedIntegration,
    Integration,
    IntegrationConnection,
    IntegrationExport,
)
from tests.benchmarks.peers.orm_upsert import Mutation
from tests.benchmarks.peers.serving import POOL_SIZE, serve


@strawberry.type
class Query:
    @strawberry.field
    async def integration(self, info: Info, id: strawberry.ID) -> Integration | None:
        row = await _load_integration(info, id)
        return None if row is None else ConnectedIntegration.of(row)

    @strawberry.field
    async def integrations(self, info: Info, first: int = 50) -> IntegrationConnection:
        statement = (
            select(IntegrationRow)
            .where(IntegrationRow.team_id == TEAM)
            .order_by(IntegrationRow.created_at.desc(), IntegrationRow.id)
            .limit(first)
        )
        async with info.context.sessions() as session:
            rows = await session.scalars(statement)
        return IntegrationConnection(nodes=[ConnectedIntegration.of(row) for row in rows])

    @strawberry.field
    async def integration_export(self, info: Info, integration_id: strawberry.ID) -> IntegrationExport | None:
        row = await _load_integration(info, integration_id)
        if row is None:
            return None
        return IntegrationExport(integration=ConnectedIntegration.of(row), row=row)


async def _load_integration(info: Info, id: str) -> IntegrationRow | None:
    async with info.context.sessions() as session:
        return await session.get(IntegrationRow, (TEAM, id))


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[ConnectedIntegration],
    extensions=[lambda: ParserCache(maxsize=128), lambda: ValidationCache(maxsize=128)],
    config=StrawberryConfig(
        scalar_map={datetime: strawberry.scalar(name="DateTime", serialize=instants.format_instant)}
    ),
)


class _Endpoint(GraphQL[Context, None]):
    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def get_context(self, request: Request, response: Response) -> Context:  # type: ignore[override]  # noqa: ARG002
        return Context(self._sessions)

    def encode_json(self, data: GraphQLHTTPResponse) -> bytes:  # type: ignore[override]  # any JSON goes
        return orjson.dumps(data)


def create_app(database_url: str) -> Starlette:
    """Create the app of the peer on this database."""
    engine = create_async_engine(
        database_url.replace("postgresql://", "postgresql+asyncpg://"),
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        pool_size=POOL_SIZE,
        max_overflow=0,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await engine.dispose()

    return Starlette(routes=[Route("/graphql", _Endpoint(engine), methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    serve(create_app)
