"""The OpenAPI document of the REST operations, and a page that shows it. Both are public."""

from collections.abc import Iterator

from starlette.routing import Route

from gateway.rest import print_openapi
from gateway.settings import Settings
from gateway.web.pages import DOCS_PATH, build_navigation, create_page, create_resource

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Content-Type": "application/json",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Tools on pages of other origins may read the document."""


def build_documentation_routes(settings: Settings) -> Iterator[Route]:
    """Yield the routes of the document, and of the page unless a setting removes it."""
    yield Route("/openapi.json", create_resource(print_openapi(), _HEADERS))
    if settings.docs:
        navigation = build_navigation(settings, DOCS_PATH)
        yield Route(DOCS_PATH, create_page("docs.html", navigation=navigation))
