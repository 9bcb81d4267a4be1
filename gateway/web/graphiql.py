"""GraphiQL, or a small console of our own if GraphiQL's files are missing."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.assets import Assets
from gateway.settings import Settings
from gateway.web.negotiation import wants_page
from gateway.web.pages import GRAPHIQL_PATH, PageHandler, build_navigation, create_page

_PACKAGE = "@graphql-yoga/graphiql"
_POLICY_CHANGES = {
    # The editor starts workers, writes inline styles, and has its icons in `data:` URLs.
    "worker-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
}


def create_graphiql_page(settings: Settings) -> PageHandler:
    """Return the handler of `/graphiql`. It shows GraphiQL as soon as `gateway assets` has installed it."""
    navigation = build_navigation(settings, GRAPHIQL_PATH)
    ide = create_page("graphiql.html", _POLICY_CHANGES, navigation)
    console = create_page("console.html", navigation=navigation)
    assets = Assets()

    async def show(request: Request) -> Response:
        return await (ide if assets.has_package(_PACKAGE) else console)(request)

    return show


class GraphiQLRedirect:
    """An ASGI application that redirects browsers which open the endpoint's URL as a page, without a query."""

    def __init__(self, endpoint: ASGIApp) -> None:
        """Pass all other requests to `endpoint`."""
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_page_visit(scope):
            headers = {"Location": GRAPHIQL_PATH, "Cache-Control": "no-store", "Vary": "Accept"}
            await Response(status_code=303, headers=headers)(scope, receive, send)
        else:
            await self._endpoint(scope, receive, send)


def _is_page_visit(scope: Scope) -> bool:
    return scope["method"] == "GET" and not scope["query_string"] and wants_page(scope)
