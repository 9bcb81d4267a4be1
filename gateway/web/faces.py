"""Where people see their numbers: the dashboard, and widgets for pages of others."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.settings import Settings
from gateway.web.origins import frame_ancestors
from gateway.web.pages import Files, page

WIDGETS = ("appointments-total", "appointments-trend", "appointments-breakdown", "integrations-list")
"""The custom elements that `widgets.js` defines."""


def faces(settings: Settings) -> Iterator[Route]:
    """The routes of what people see."""
    yield Route("/dashboard", page("dashboard.html"))
    yield Route("/widgets", page("widgets.html", {"frame-src": "'self'"}))
    files = Files()

    async def script(request: Request) -> Response:
        return await files.get_response("widgets.js", request.scope)

    yield Route("/widgets.js", script)
    embedded = page("embed.html", {"frame-ancestors": frame_ancestors(settings)})
    for name in WIDGETS:
        yield Route(f"/embed/{name}", embedded)
