"""A clinic's pages with widgets: a server with another origin than the gateway, and a key for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from playwright.async_api import Page

from tests.support.browser import Site
from tests.support.pages import query_graph

HEAD = """<!doctype html>
<meta charset="utf-8">
<title>A clinic</title>
<link rel="icon" href="data:,">
"""
SCRIPT = '<script type="module" src="{origin}/widgets.js"></script>\n'
PAGE = (
    HEAD
    + SCRIPT
    + """<appointments-total integration-id="{id}" range="7d"></appointments-total>
<appointments-trend integration-id="{id}" range="30d" locale="de"></appointments-trend>
<appointments-breakdown integration-id="{id}" by="utmCampaign" range="30d"></appointments-breakdown>
<integrations-list></integrations-list>
"""
)
"""A page with one widget of each kind, without a key."""

NUMBERS = """
query ($id: ID!, $days: Int!) {
  appointmentStatistics(integrationId: $id, days: $days) { overview { total failed } }
}
"""


class Pages(NamedTuple):
    """A server of the clinic's pages, with another origin than the gateway."""

    origin: str
    folder: Path


class Clinic(NamedTuple):
    """A gateway, the clinic's pages, a key for their widgets, and an integration."""

    site: Site
    pages: Pages
    key: str
    id: str

    async def count_failed(self, days: int) -> int:
        found = await query_graph(self.site, NUMBERS, id=self.id, days=days)
        return int(found["appointmentStatistics"]["overview"]["failed"])

    async def open(self, page: Page, content: str) -> None:
        """Open a page with this content on the clinic's server."""
        content = content.replace("{origin}", self.site.origin).replace("{id}", self.id)
        (self.pages.folder / "index.html").write_text(content)
        await page.goto(f"{self.pages.origin}/")

    async def set_token(self, page: Page) -> None:
        """Set the key of all widgets in the page."""
        await page.evaluate(
            "key => { for (const widget of document.body.querySelectorAll('*'))"
            " if (widget.localName.includes('-')) widget.token = key; }",
            self.key,
        )


class _SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serve_pages(folder: Path) -> Iterator[Pages]:
    """Serve the files of a folder as the clinic's pages."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_SilentHandler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Pages(f"http://localhost:{server.server_port}", folder)
        server.shutdown()
        thread.join()
