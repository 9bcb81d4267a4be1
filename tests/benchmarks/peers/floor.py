"""The floor: one hand-written statement for each workload, which returns the text of the response."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.domain.lenient_reading import Document
from tests.benchmarks.peers.floor_postgresql import PostgresqlFloor
from tests.benchmarks.peers.floor_sqlite import SqliteFloor
from tests.benchmarks.peers.serving import serve

KINDS = ("get", "list", "export", "document", "upsert", "dashboard", "rows")


class Floor(Protocol):
    """A database that returns whole responses."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def answer(self, kind: str, variables: Document) -> bytes: ...


def create_app(database_url: str) -> Starlette:
    """Create an app with an endpoint for each kind of workload, which accepts GraphQL variables."""
    is_sqlite = database_url.startswith("sqlite")
    floor: Floor = SqliteFloor(database_url) if is_sqlite else PostgresqlFloor(database_url)

    def create_endpoint(kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            variables = orjson.loads(await request.body())["variables"]
            return Response(await floor.answer(kind, variables), media_type="application/json")

        return answer

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await floor.open()
        try:
            yield
        finally:
            await floor.close()

    routes = [Route(f"/{kind}", create_endpoint(kind), methods=["POST"]) for kind in KINDS]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    serve(create_app)
