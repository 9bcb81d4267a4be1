"""The OpenAPI document of the REST operations. It is public."""

from collections.abc import Iterator

from starlette.routing import Route

from gateway.rest import print_openapi
from gateway.web.pages import create_resource

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Content-Type": "application/json",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Tools on pages of other origins may read the document."""


def build_documentation_routes() -> Iterator[Route]:
    """Yield the route of the document."""
    yield Route("/openapi.json", create_resource(print_openapi(), _HEADERS))
