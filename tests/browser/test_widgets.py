"""Widgets in a real browser: on pages of another origin, in frames, and on the page of examples."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support import browser
from tests.support.browser import Scheme, Site, open_page, serve_existing
from tests.support.commands import run_gateway
from tests.support.dashboard import BREAKDOWNS
from tests.support.gateway import TEAM, USER
from tests.support.pages import find_clinic, query_graph, watch_requests

PAGE = """<!doctype html>
<title>A clinic</title>
<link rel="icon" href="data:,">
<script type="module" src="{origin}/widgets.js"></script>
<appointments-total integration-id="{id}" range="7d"></appointments-total>
<appointments-trend integration-id="{id}" range="30d" locale="de"></appointments-trend>
<appointments-breakdown integration-id="{id}" by="utmCampaign" range="30d"></appointments-breakdown>
<integrations-list></integrations-list>
"""

NUMBERS = """
query ($id: ID!, $days: Int!) {
  appointmentStatistics(integrationId: $id, days: $days) { overview { total failed } }
}
"""


class Pages(NamedTuple):
    """A server of the clinic's own, whose origin is another than the gateway's."""

    origin: str
    folder: Path


class Clinic(NamedTuple):
    """A gateway, the clinic's pages, a key for their widgets, and an integration."""

    site: Site
    pages: Pages
    key: str
    id: str

    async def failed(self, days: int) -> int:
        found = await query_graph(self.site, NUMBERS, id=self.id, days=days)
        return int(found["appointmentStatistics"]["overview"]["failed"])

    async def open(self, page: Page, content: str) -> None:
        """Open a page of the clinic's own."""
        content = content.replace("{origin}", self.site.origin).replace("{id}", self.id)
        (self.pages.folder / "index.html").write_text(content)
        await page.goto(f"{self.pages.origin}/")

    async def give(self, page: Page) -> None:
        """Give the page's widgets their key."""
        await page.evaluate(
            "key => { for (const widget of document.body.querySelectorAll('*'))"
            " if (widget.localName.includes('-')) widget.token = key; }",
            self.key,
        )


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("pages")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Pages(f"http://localhost:{server.server_port}", folder)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def key(site: Site, pages: Pages) -> str:
    """A key for widgets of the clinic's pages."""
    created = run_gateway(
        *("keys", "create", "--team", TEAM, "--user", USER, "--name", "widgets"),
        *("--for-widgets", "--origin", pages.origin),
        database_url=site.database_url,
        allowed_origins=pages.origin,
    )
    assert created.exit_code == 0, created.output
    return created.stdout.strip()


@pytest.fixture(scope="module")
def other(site: Site, pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway on the demo's data that lets the clinic's pages ask."""
    folder = tmp_path_factory.mktemp("widgets")
    with serve_existing(site, folder, allowed_origins=pages.origin) as found:
        yield found


@pytest.fixture
async def of_clinic(other: Site, pages: Pages, key: str) -> Clinic:
    return Clinic(other, pages, key, await find_clinic(other))


async def test_widgets_of_another_origin_ask_together_with_a_key_of_their_own(
    chromium: Browser, of_clinic: Clinic
) -> None:
    async with open_page(chromium, of_clinic.site) as page:
        questions = watch_requests(page)
        await of_clinic.open(page, PAGE)
        await expect(page.locator("appointments-total .skeleton")).to_be_visible()
        assert questions == []
        await of_clinic.give(page)
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        assert len(questions) == 1
        failed = page.locator("appointments-total .value").nth(2)
        await expect(failed).to_have_text(str(await of_clinic.failed(7)))
        legend = page.locator("appointments-trend .legend")
        await expect(legend).to_contain_text(f"Failed {await of_clinic.failed(30)}")
        await expect(page.locator("appointments-trend .day")).to_contain_text("20")
        await expect(page.locator("appointments-breakdown tbody tr").first).to_contain_text("not set")
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)
        await expect(page.locator("integrations-list")).to_contain_text("Switched on")
        assert of_clinic.key not in await page.content()
        assert await page.evaluate("'uPlot' in window && window.uPlot !== undefined") is False


async def test_a_token_may_be_set_before_the_script_is_there(chromium: Browser, of_clinic: Clinic) -> None:
    content = PAGE.replace('<script type="module" src="{origin}/widgets.js"></script>', "")
    async with open_page(chromium, of_clinic.site) as page:
        await of_clinic.open(page, content)
        await of_clinic.give(page)
        questions = watch_requests(page)
        await page.add_script_tag(url=f"{of_clinic.site.origin}/widgets.js", type="module")
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)
        assert len(questions) == 1
        total = page.locator("appointments-total .value").nth(2)
        await page.locator("appointments-total").evaluate("widget => widget.setAttribute('range', '90d')")
        await expect(total).to_have_text(str(await of_clinic.failed(90)))
        assert len(questions) == 2


async def test_what_is_set_wrongly_is_said_and_asks_nothing(chromium: Browser, of_clinic: Clinic) -> None:
    content = """<!doctype html><title>A clinic</title><link rel="icon" href="data:,">
    <script type="module" src="{origin}/widgets.js"></script>
    <appointments-total></appointments-total>
    <appointments-trend integration-id="{id}" range="1y"></appointments-trend>
    <appointments-trend integration-id="{id}" range="7d" start="2026-01-01"></appointments-trend>
    <appointments-breakdown integration-id="{id}" by="color"></appointments-breakdown>
    <appointments-total integration-id="{id}" appointment-type="np"></appointments-total>
    <appointments-total integration-id="{id}" end="yesterday"></appointments-total>
    """
    said = (
        "The attribute `integration-id` is missing",
        "`range` is “1y”, but must be one of 7d, 30d, 90d, 12mo.",
        "Use either `range`, or `start` and `end`.",
        f"`by` is “color”, but must be one of {', '.join(BREAKDOWNS)}.",
        "`appointment-type` is “np”, but must be one of NP, F_U,",
        "“yesterday” is not a day such as 2026-11-16.",
    )
    async with open_page(chromium, of_clinic.site) as page:
        questions = watch_requests(page)
        await of_clinic.open(page, content)
        await of_clinic.give(page)
        for words in said:
            await expect(page.get_by_text(words)).to_be_visible()
        assert questions == []


async def test_one_that_fails_leaves_the_others(chromium: Browser, of_clinic: Clinic) -> None:
    more = """<appointments-total id="worded" integration-id="{id}" locale="no locale"></appointments-total>
    <appointments-total id="lost" integration-id="{id}" endpoint="http://["></appointments-total>
    <appointments-total id="unknown" integration-id="nobody"></appointments-total>"""
    async with open_page(chromium, of_clinic.site) as page:
        await of_clinic.open(page, PAGE + more)
        await of_clinic.give(page)
        await expect(page.locator("#worded")).to_contain_text("Invalid language tag: no locale")
        await expect(page.locator("#lost")).to_contain_text("The gateway cannot be reached.")
        await expect(page.locator("#unknown")).to_contain_text("There is no connected integration with this id.")
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)


async def test_days_of_ones_own_are_shown(chromium: Browser, of_clinic: Clinic) -> None:
    content = PAGE.replace('range="30d"', 'start="2026-11-02" end="2026-11-04"')
    async with open_page(chromium, of_clinic.site) as page:
        await of_clinic.open(page, content)
        await of_clinic.give(page)
        await page.locator("appointments-trend").get_by_text("View as table").click()
        await expect(page.locator("appointments-trend tbody tr")).to_have_count(3)


async def test_pages_that_are_not_allowed_learn_nothing(chromium: Browser, site: Site, of_clinic: Clinic) -> None:
    stranger = of_clinic._replace(site=site)
    async with open_page(chromium, site, expected="CORS|ERR_FAILED") as page:
        await stranger.open(page, PAGE)
        await stranger.give(page)
        said = "The gateway cannot be reached."
        await expect(page.get_by_text(said)).to_have_count(4)
        await expect(page.locator("appointments-total .value")).to_have_count(0)


async def test_a_frame_is_given_its_key_by_a_message(chromium: Browser, of_clinic: Clinic) -> None:
    content = """<!doctype html><title>A clinic</title><link rel="icon" href="data:,">
    <iframe src="{origin}/embed/appointments-total?integration-id={id}&range=7d&onclick=x"></iframe>
    <script>
      window.told = [];
      addEventListener("message", ({ source, origin, data }) => {
        told.push([origin, data.widget]);
        if (data.widget === "ready") source.postMessage({ token: "KEY" }, origin);
        if (data.widget === "height") document.querySelector("iframe").height = data.height;
      });
    </script>""".replace("KEY", of_clinic.key)
    async with open_page(chromium, of_clinic.site) as page:
        await of_clinic.open(page, content)
        frame = page.frame_locator("iframe")
        await expect(frame.locator(".value").nth(2)).to_have_text(str(await of_clinic.failed(7)))
        await page.wait_for_function("document.querySelector('iframe').clientHeight > 200")
        assert await page.evaluate("told[0]") == [of_clinic.site.origin, "ready"]
        assert await frame.locator("appointments-total").get_attribute("onclick") is None


async def test_a_page_that_is_not_allowed_holds_no_frame_of_ours(
    chromium: Browser, site: Site, of_clinic: Clinic
) -> None:
    content = '<!doctype html><title>A page</title><iframe src="{origin}/embed/appointments-total"></iframe>'
    async with open_page(
        chromium, site, expected="frame-ancestors|favicon|ERR_BLOCKED|refused|404|Failed"
    ) as page:
        await of_clinic._replace(site=site).open(page, content)
        await expect(page.frame_locator("iframe").locator("appointments-total")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_examples_are_alive_and_in_nobodys_way(
    chromium: Browser, site: Site, axe: str, scheme: Scheme
) -> None:
    async with open_page(chromium, site, scheme=scheme) as page:
        await page.goto("/widgets")
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        await expect(page.frame_locator("iframe").locator("tbody tr").first).to_be_visible()
        await expect(page.get_by_text(f'src="{site.origin}/widgets.js"')).to_be_visible()
        await expect(page.locator("appointments-total[aria-busy]")).to_have_count(0)
        assert await browser.find_barriers(page, axe) == []
        assert await browser.find_overflowing_elements(page) == []
