"""The application that uvicorn serves."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Lifespan, Receive, Scope, Send

from gateway.database.database import Database
from gateway.errors import SettingsInvalid
from gateway.services.rate_limits import Buckets
from gateway.settings import Settings, variable
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.reporting import Observation, identify
from gateway.web import graphiql
from gateway.web.authentication import Authentication
from gateway.web.endpoint import Door
from gateway.web.error_codes import Code
from gateway.web.faces import faces
from gateway.web.graphql_endpoint import Graph
from gateway.web.health import Health
from gateway.web.negotiation import MediaType
from gateway.web.pages import Files
from gateway.web.refusals import Refusal
from gateway.web.request_limits import Reading
from gateway.web.responses import identified, refused
from gateway.web.session_endpoint import Sessions
from gateway.web.timeouts import Watch

if TYPE_CHECKING:
    from gateway.telemetry.tracing import Tracing

PATH = "/graphql"

_MOMENT = 1.0
"""A second."""
_NOT_ALLOWED = 405


class Gateway(Starlette):
    """Starlette, with a short way to the door: to find a route costs about as much as all the door does."""

    def __init__(
        self, door: Door, others: Sequence[BaseRoute], lifespan: Lifespan["Gateway"], *, has_graphiql: bool
    ) -> None:
        super().__init__(routes=[Route(PATH, door), *others], lifespan=lifespan)
        self._door, self._has_graphiql = door, has_graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            if self._has_graphiql and graphiql.is_visit(scope):
                await graphiql.lead_there(scope, receive, send)
            else:
                await self._door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings, visitors_key: str | None = None) -> Starlette:
    """The gateway over the database that the settings name. Raises SettingsInvalid.

    Whoever visits it on this machine itself is signed in with the `visitors_key`, if there is one.
    """
    # The gateway ends what is late by itself; should it be unable to, PostgreSQL does a moment later.
    database = Database(settings, statement_timeout=settings.request_timeout + _MOMENT)
    health, metrics, tracing = Health(database), Metrics(settings, database), _tracing(settings)
    observation = Observation(settings, metrics, None if tracing is None else tracing.trace)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            observation.tell()
            await database.dispose()
            if tracing is not None:
                await to_thread(tracing.close)

    async def exposed(request: Request) -> Response:
        observation.tell()
        return await metrics.exposed(request)

    watch = Watch()
    door, sessions = _doors(database, settings, observation, watch, visitors_key)
    routes = [
        Route("/session", sessions),
        Route("/livez", health.live),
        Route("/readyz", health.ready),
        Route("/metrics", exposed),
        *_pages(settings),
    ]
    app = Gateway(door, routes, lifespan, has_graphiql=settings.graphiql)
    app.add_exception_handler(HTTPException, _nothing_here(observation, settings))
    app.router.redirect_slashes = False
    app.state.database, app.state.health, app.state.observation = database, health, observation
    app.state.watch = watch
    return app


def _pages(settings: Settings) -> Iterator[BaseRoute]:
    """The routes of what people see, and of the files that it is made of."""
    yield Mount("/static", Files())
    yield from faces(settings)
    if settings.graphiql:
        yield Route(graphiql.PATH, graphiql.graphiql())


def _doors(
    database: Database, settings: Settings, observation: Observation, watch: Watch, visitors_key: str | None
) -> tuple[Door, Door]:
    """The doors of the graph and of sessions, behind which keys are recognised and charged alike."""
    buckets = Buckets(settings.rate_limit, settings.rate_refill)
    reading, authentication = Reading(settings, watch), Authentication(database, settings, watch)
    graph = Graph(database, settings, reading, authentication, buckets, watch)
    sessions = Sessions(database, settings, reading, authentication, buckets, watch, visitors_key)
    return (
        Door(graph.asked, settings, reading, observation, is_open=True),
        Door(sessions.asked, settings, reading, observation),
    )


def _nothing_here(
    observation: Observation, settings: Settings
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """How a request is refused for which there is no route; it is observed as any other."""

    async def refuse(request: Request, error: Exception) -> Response:
        refusal = Refusal(Code.NOT_FOUND, f"Nothing is served here; the graph is asked at {PATH}.", status=404)
        if isinstance(error, HTTPException) and error.status_code == _NOT_ALLOWED:
            allow = (b"allow", b"GET, HEAD")
            refusal = Refusal(Code.METHOD_NOT_ALLOWED, "This is read; send GET.", headers=[allow])
        exchange = observation.begin()
        identify(exchange, dict(request.headers.raw))
        status, headers, body = identified(refused(refusal, MediaType.JSON, settings.http_profile), exchange)
        observation.end(exchange)
        response = Response(body, status)
        response.raw_headers = headers
        return response

    return refuse


def _tracing(settings: Settings) -> "Tracing | None":
    """What traces, where an endpoint is set; what that needs is not imported otherwise."""
    if not settings.traces_endpoint:
        return None
    try:
        from gateway.telemetry.tracing import Tracing  # noqa: PLC0415
    except ModuleNotFoundError:
        name = variable("traces_endpoint")
        raise SettingsInvalid(f"{name} needs OpenTelemetry: `pip install 'integrations-gateway[otel]'`.") from None
    return Tracing(settings.traces_endpoint, "sqlite" if settings.sqlite_file else "postgresql")
