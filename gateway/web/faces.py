"""Where people see their numbers: the dashboard, and widgets for pages of others."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.settings import Settings
from gateway.web.origins import get_frame_ancestors
from gateway.web.pages import StaticFolder, create_page

WIDGET_ELEMENTS = ("appointments-total", "appointments-trend", "appointments-breakdown", "integrations-list")
"""The custom elements that `widgets.js` defines."""


def build_page_routes(settings: Settings) -> Iterator[Route]:
    """The routes of what people see."""
    yield Route("/dashboard", create_page("dashboard.html"))
    yield Route("/widgets", create_page("widgets.html", {"frame-src": "'self'"}))
    files = StaticFolder()

    async def show_script(request: Request) -> Response:
        return await files.get_response("widgets.js", request.scope)

    yield Route("/widgets.js", show_script)
    embed_page = create_page("embed.html", {"frame-ancestors": get_frame_ancestors(settings)})
    for name in WIDGET_ELEMENTS:
        yield Route(f"/embed/{name}", embed_page)
