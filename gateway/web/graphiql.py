"""GraphiQL, or a small console of our own if GraphiQL's files are missing."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.assets import Assets
from gateway.web.negotiation import is_html_preferred
from gateway.web.pages import PageHandler, create_page

GRAPHIQL_PATH = "/graphiql"

_PACKAGE = "@graphql-yoga/graphiql"
_POLICY_CHANGES = {
    # The editor starts workers, writes inline styles, and has its icons in `data:` URLs.
    "worker-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
}


def create_graphiql_page() -> PageHandler:
    """Return the handler of `/graphiql`. It shows GraphiQL as soon as `gateway assets` has installed it."""
    ide, console = create_page("graphiql.html", _POLICY_CHANGES), create_page("console.html")
    assets = Assets()

    async def show(request: Request) -> Response:
        return await (ide if assets.has_package(_PACKAGE) else console)(request)

    return show


def is_browser_visit(scope: Scope) -> bool:
    """Return whether a browser opens the endpoint's URL as a page, without a query."""
    return (
        scope["method"] == "GET"
        and not scope["query_string"]
        and any(name == b"accept" and is_html_preferred(value) for name, value in scope["headers"])
    )


async def redirect_to_graphiql(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a redirect to GraphiQL."""
    headers = {"Location": GRAPHIQL_PATH, "Cache-Control": "no-store", "Vary": "Accept"}
    await Response(status_code=303, headers=headers)(scope, receive, send)
