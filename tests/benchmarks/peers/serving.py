"""Serves the peers with the same server settings as this gateway."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.domain.lenient_reading import Document

POOL_SIZE = 8


class AnsweringDatabase(Protocol):
    """A database that returns whole responses."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def answer(self, kind: str, variables: Document) -> bytes: ...


def create_app(database: AnsweringDatabase, kinds: Iterable[str]) -> Starlette:
    """Create an app with an endpoint for each kind of workload, which accepts GraphQL variables."""

    def create_endpoint(kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            variables = orjson.loads(await request.body())["variables"]
            return Response(await database.answer(kind, variables), media_type="application/json")

        return answer

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await database.open()
        try:
            yield
        finally:
            await database.close()

    routes = [Route(f"/{kind}", create_endpoint(kind), methods=["POST"]) for kind in kinds]
    return Starlette(routes=routes, lifespan=lifespan)


def serve(create_app: Callable[[str], Starlette]) -> None:
    """Serve the peer. The command line has the database URL and the port, in this order."""
    database_url, port = sys.argv[1:]
    uvicorn.run(
        create_app(database_url),
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
