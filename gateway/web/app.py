"""The application that uvicorn serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse

from gateway.database import Database
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated
from gateway.schema import schema
from gateway.schema.context import Context
from gateway.settings import Settings
from gateway.web.authentication import Authentication

_GRAPHQL_MEDIA_TYPE = "application/graphql-response+json"


class GraphQLEndpoint(GraphQL[Context, None]):
    """`/graphql`: nothing of the graph before the viewer is known."""

    def __init__(self, database: Database, settings: Settings) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())
        self._database = database
        self._authentication = Authentication(database, settings.key_memory)
        self._compiles_selections = settings.compiled_selections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            viewer = await self._authentication.viewer_of(request)
        except Unauthenticated:
            await _unauthenticated(request)(scope, receive, send)
            return
        request.state.viewer = viewer
        await super().__call__(scope, receive, send)

    async def get_context(self, request: Request, response: Response) -> Context:  # type: ignore[override]  # noqa: ARG002
        viewer: Viewer = request.state.viewer
        return Context(self._database, viewer, compiles_selections=self._compiles_selections)

    def encode_json(self, data: GraphQLHTTPResponse) -> bytes:  # type: ignore[override]  # any JSON goes
        return orjson.dumps(data)


def _unauthenticated(request: Request) -> Response:
    accepts_graphql = _GRAPHQL_MEDIA_TYPE in request.headers.get("accept", "")
    message = "Send a key that is known, not expired and not revoked: `Authorization: Bearer KEY`."
    return Response(
        orjson.dumps({"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}),
        status_code=401,
        media_type=_GRAPHQL_MEDIA_TYPE if accepts_graphql else "application/json",
        headers={"WWW-Authenticate": "Bearer", "Vary": "Accept"},
    )


def create_app(settings: Settings) -> Starlette:
    """The gateway over the database that the settings name."""
    database = Database(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await database.dispose()

    endpoint = Route("/graphql", GraphQLEndpoint(database, settings), methods=["GET", "POST"])
    app = Starlette(routes=[endpoint], lifespan=lifespan)
    app.state.database = database
    return app
