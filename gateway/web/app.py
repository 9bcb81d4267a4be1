"""Create the ASGI application: its endpoints, pages and shared parts."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from gateway import services
from gateway.database import Database
from gateway.errors import SettingsInvalid
from gateway.settings import Settings, get_variable_name
from gateway.telemetry import Metrics, Reporting, read_correlation_headers
from gateway.web import graphiql
from gateway.web.authentication import Authentication
from gateway.web.background import BackgroundTask
from gateway.web.endpoint import Endpoint
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.graphql_endpoint import GraphQLEndpoint
from gateway.web.health import Health
from gateway.web.negotiation import MediaType, wants_page
from gateway.web.pages import GRAPHIQL_PATH, MissingPages, StaticFolder, build_page_routes
from gateway.web.refusals import HTTPRefusal
from gateway.web.request_limits import RequestReader
from gateway.web.responses import build_refusal_response, with_request_id
from gateway.web.rest_documentation import build_documentation_routes
from gateway.web.rest_endpoint import RestServer, build_rest_routes
from gateway.web.session_endpoint import SessionEndpoint
from gateway.web.timeouts import Deadlines

if TYPE_CHECKING:
    from gateway.telemetry.tracing import RequestTracer

GRAPHQL_PATH = "/graphql"

_METHOD_NOT_ALLOWED_STATUS = 405


def create_app(settings: Settings, visitors_key: str | None = None) -> Starlette:
    """Return the application for these settings. Raises SettingsInvalid if one of them cannot be used.

    If `visitors_key` is given, browsers on this machine are signed in with that key.
    """
    database = Database(settings, request_timeout=settings.request_timeout)
    health, tracing, metrics = Health(database), _create_tracing(settings), _create_metrics(settings, database)
    reporting = Reporting(metrics, None if tracing is None else tracing.trace_request)
    background, deadlines = BackgroundTask(database), Deadlines()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        background.start()
        try:
            yield
        finally:
            reporting.flush()
            await background.close()
            await database.dispose()
            if tracing is not None:
                await to_thread(tracing.close)

    async def show_metrics(request: Request) -> Response:
        reporting.flush()
        content, content_type = metrics.render(request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    routes = [
        *_build_api_routes(database, settings, reporting, deadlines, background.pending_writes, visitors_key),
        Route("/livez", health.get_live),
        Route("/readyz", health.get_ready),
        Route("/metrics", show_metrics),
        *_build_browser_routes(settings),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.add_exception_handler(HTTPException, _build_not_found_handler(settings, reporting))
    app.router.redirect_slashes = False
    app.state.database, app.state.health = database, health
    app.state.reporting, app.state.deadlines, app.state.background = reporting, deadlines, background
    return app


def _create_metrics(settings: Settings, database: Database) -> Metrics:
    """Return the metrics of the gateway, with those of the database's pools."""
    metrics = Metrics(settings.sqlite_file)
    for kind, queue in database.queues.items():
        metrics.measure_pool(kind, partial(getattr, queue, "used_slots"), partial(getattr, queue, "waiting_count"))
    metrics.measure_failures(database.availability.counts)
    return metrics


def _build_browser_routes(settings: Settings) -> Iterator[BaseRoute]:
    """Yield the routes of pages and of their files."""
    yield Mount("/static", StaticFolder())
    yield from build_page_routes(settings)
    yield from build_documentation_routes(settings)
    if settings.graphiql:
        yield Route(GRAPHIQL_PATH, graphiql.create_graphiql_page(settings))


def _build_api_routes(
    database: Database,
    settings: Settings,
    reporting: Reporting,
    deadlines: Deadlines,
    pending_writes: services.pending_writes.PendingWrites,
    visitors_key: str | None,
) -> Iterator[BaseRoute]:
    """Yield the routes of GraphQL, sessions and REST, which share authentication and rate limits."""
    buckets = services.rate_limits.TokenBuckets(settings.rate_limit, settings.rate_refill)
    reading = RequestReader(settings, deadlines)
    authentication = Authentication(database, settings, deadlines, pending_writes)
    shared = (database, settings, reading, authentication, buckets, deadlines, pending_writes)
    graphql_endpoint = GraphQLEndpoint(*shared)
    session_endpoint = SessionEndpoint(*shared, visitors_key)
    graphql_app: ASGIApp = Endpoint(graphql_endpoint.handle, settings, reading, reporting, is_cross_origin=True)
    if settings.graphiql:
        graphql_app = graphiql.GraphiQLRedirect(graphql_app)
    yield Route(GRAPHQL_PATH, graphql_app)
    yield Route("/session", Endpoint(session_endpoint.handle, settings, reading, reporting))
    yield from build_rest_routes(RestServer(*shared), reporting)


def _build_not_found_handler(
    settings: Settings, reporting: Reporting
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler that refuses requests without a route, and reports them like all others.

    Browsers that open a page get a page.
    """
    missing_pages = MissingPages(settings)

    async def refuse(request: Request, error: Exception) -> Response:
        refusal = HTTPRefusal(
            GraphQLErrorCode.NOT_FOUND,
            f"There is nothing at this path; the GraphQL endpoint is {GRAPHQL_PATH}.",
            status=404,
        )
        is_page = wants_page(request.scope)
        if isinstance(error, HTTPException) and error.status_code == _METHOD_NOT_ALLOWED_STATUS:
            allow = (b"allow", b"GET, HEAD")
            refusal = HTTPRefusal(
                GraphQLErrorCode.METHOD_NOT_ALLOWED,
                "This path does not allow the method; send GET or HEAD.",
                headers=[allow],
            )
        record = reporting.begin_request()
        read_correlation_headers(record, dict(request.headers.raw))
        built = missing_pages.find_redirect(request.scope) if is_page else None
        if built is None:
            built = build_refusal_response(refusal, MediaType.JSON)
            if is_page:
                built = missing_pages.page._replace(headers=[*missing_pages.page.headers])
        built = with_request_id(built, record)
        reporting.end_request(record)
        response = Response(built.body, built.status)
        response.raw_headers = built.headers
        return response

    return refuse


def _create_tracing(settings: Settings) -> "RequestTracer | None":
    """Return a tracer if a traces endpoint is set. Imports OpenTelemetry only then, because it is an extra."""
    if not settings.traces_endpoint:
        return None
    try:
        from gateway.telemetry.tracing import RequestTracer  # noqa: PLC0415
    except ModuleNotFoundError:
        name = get_variable_name("traces_endpoint")
        raise SettingsInvalid(
            f"{name} needs OpenTelemetry: run `pip install 'integrations-gateway[otel]'`."
        ) from None
    return RequestTracer(settings.traces_endpoint, "sqlite" if settings.sqlite_file else "postgresql")
