"""The application that uvicorn serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan, Receive, Scope, Send

from gateway.database import Database
from gateway.settings import Settings
from gateway.web.answers import refused
from gateway.web.catalogue import Code
from gateway.web.door import Door
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Refusal

PATH = "/graphql"

_MOMENT = 1.0
"""A second."""


class Gateway(Starlette):
    """Starlette, with a short way to the door: to find a route costs about as much as all the door does."""

    def __init__(self, door: Door, lifespan: Lifespan["Gateway"]) -> None:
        super().__init__(routes=[Route(PATH, door)], lifespan=lifespan)
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings) -> Starlette:
    """The gateway over the database that the settings name."""
    # The gateway ends what is late by itself; should it be unable to, PostgreSQL does a moment later.
    database = Database(settings, statement_timeout=settings.request_timeout + _MOMENT)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await database.dispose()

    async def nothing_here(_request: Request, _error: Exception) -> Response:
        refusal = Refusal(Code.NOT_FOUND, f"Nothing is served here; the graph is asked at {PATH}.", status=404)
        status, headers, body = refused(refusal, MediaType.JSON, settings.http_profile)
        response = Response(body, status)
        response.raw_headers = headers
        return response

    app = Gateway(Door(database, settings), lifespan)
    app.add_exception_handler(HTTPException, nothing_here)
    app.router.redirect_slashes = False
    app.state.database = database
    return app
