"""The requests of widgets: how many, when they are repeated, and what the page learns of them."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.browser import Site, open_page, serve_existing
from tests.support.pages import query_graph, watch_requests
from tests.support.widgets import HEAD, SCRIPT, Clinic

TOTAL = '<appointments-total integration-id="{id}" range="7d"></appointments-total>\n'
EVENTS = """<script>
  window.events = [];
  for (const type of ["gateway-load", "gateway-error"]) {
    addEventListener(type, ({ type, target, detail }) => events.push([type, target.localName, detail]));
  }
</script>
"""


async def test_more_widgets_than_root_fields_are_divided(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        queries = watch_requests(page)
        await clinic.open(page, HEAD + SCRIPT + TOTAL * 41)
        await clinic.set_token(page)
        await expect(page.locator("appointments-total .cards")).to_have_count(41)
        assert len(queries) == 3


async def test_a_failed_request_leaves_the_widgets_of_others(chromium: Browser, clinic: Clinic) -> None:
    async def fail_third(route: Route) -> None:
        if "w19" in (route.request.post_data or ""):
            await route.continue_()
        else:
            await route.abort()

    async with open_page(chromium, clinic.site, expected="ERR_FAILED") as page:
        await page.route("**/graphql", fail_third)
        await clinic.open(page, HEAD + SCRIPT + TOTAL * 21)
        await clinic.set_token(page)
        await expect(page.locator("appointments-total .cards")).to_have_count(20)
        await expect(page.get_by_text("The gateway cannot be reached")).to_have_count(1)


async def test_an_argument_that_the_gateway_refuses_leaves_the_other_widgets(
    chromium: Browser, clinic: Clinic
) -> None:
    wrong = '<appointments-total integration-id="{id}" end="0000-01-01"></appointments-total>\n'
    async with open_page(chromium, clinic.site, expected="400") as page:
        await clinic.open(page, HEAD + SCRIPT + TOTAL * 9 + wrong)
        await clinic.set_token(page)
        await expect(page.locator("appointments-total .cards")).to_have_count(9)
        await expect(page.get_by_text("Date needs a calendar date")).to_be_visible()


async def test_widgets_work_with_a_lower_limit_of_root_fields(
    chromium: Browser, site: Site, clinic: Clinic, tmp_path: Path
) -> None:
    limits = {"allowed_origins": clinic.pages.origin, "root_field_limit": "3"}
    with serve_existing(site, tmp_path, **limits) as limited:
        async with open_page(chromium, limited, expected="400") as page:
            await clinic._replace(site=limited).open(page, HEAD + SCRIPT + TOTAL * 8)
            await clinic.set_token(page)
            await expect(page.locator("appointments-total .cards")).to_have_count(8)


async def test_events_tell_the_page_what_was_loaded(chromium: Browser, clinic: Clinic) -> None:
    query = """query ($id: ID!) {
      appointmentStatistics(integrationId: $id, days: 7) { overview { total successful failed pending } }
    }"""
    overview = (await query_graph(clinic.site, query, id=clinic.id))["appointmentStatistics"]["overview"]
    more = (
        '<integrations-list></integrations-list><appointments-total integration-id="nobody"></appointments-total>'
    )
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD + EVENTS + SCRIPT + TOTAL + more)
        await clinic.set_token(page)
        await page.wait_for_function("events.length === 3")
        events = await page.evaluate("events")
        assert ["gateway-load", "appointments-total", overview] in events
        assert ["gateway-load", "integrations-list", {"total": 4}] in events
        (error,) = (detail for kind, _, detail in events if kind == "gateway-error")
        assert error["code"] == "NOT_FOUND"
        assert error["message"].startswith("There is no connected integration with this id.")
        await page.locator("[integration-id=nobody]").evaluate("widget => { widget.range = 'week'; }")
        await page.wait_for_function("events.length === 4")
        message = "`range` is “week”, but must be one of 7d, 30d, 90d, 12mo."
        wrong = ["gateway-error", "appointments-total", {"code": "INVALID_ATTRIBUTE", "message": message}]
        assert await page.evaluate("events[3]") == wrong


async def test_widgets_without_a_token_say_so_after_a_moment(chromium: Browser, clinic: Clinic) -> None:
    warned: list[str] = []
    async with open_page(chromium, clinic.site, expected="has no key") as page:
        page.on("console", lambda message: warned.append(message.text))
        await page.clock.install()
        await clinic.open(page, HEAD + EVENTS + SCRIPT + TOTAL * 2)
        await expect(page.locator("appointments-total .skeleton")).to_have_count(2)
        await page.clock.fast_forward(5000)
        said = "This widget has no key. The page must set the property `token` by script."
        await expect(page.get_by_text(said)).to_have_count(2)
        assert warned == ["<appointments-total> has no key: set its property `token` by script."]
        error = ["gateway-error", "appointments-total", {"code": "NO_TOKEN", "message": said}]
        assert await page.evaluate("events") == [error, error]
        await expect(page.locator("[aria-busy]")).to_have_count(0)
        await clinic.set_token(page)
        await expect(page.locator("appointments-total .cards")).to_have_count(2)


@pytest.mark.parametrize("wrong", ["5", "86401", "often"])
async def test_an_interval_that_is_not_allowed_is_reported(chromium: Browser, clinic: Clinic, wrong: str) -> None:
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD + SCRIPT + TOTAL.replace("range", f'refresh="{wrong}" range'))
        await clinic.set_token(page)
        said = f"`refresh` is “{wrong}”, but must be a number of seconds from 10 to 86400."
        await expect(page.get_by_text(said)).to_be_visible()


class Refreshing:
    """A page whose widgets refresh every minute, on a clock that the test sets."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.queries = watch_requests(page)

    async def pass_seconds(self, seconds: int, *, queries: int) -> None:
        """Let time pass, and check how many queries the page has sent since it was loaded."""
        await self.page.clock.run_for(seconds * 1000)
        await expect(self.page.locator("[aria-busy]")).to_have_count(0)
        assert len(self.queries) == queries

    async def hide(self, *, hidden: bool) -> None:
        await self.page.evaluate(
            """hidden => {
                Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            hidden,
        )


async def test_widgets_refresh_while_the_page_is_visible(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await page.clock.install(time=1_700_000_000)
        await page.clock.pause_at(1_700_000_010)
        refreshing = Refreshing(page)
        await clinic.open(page, HEAD + SCRIPT + TOTAL.replace("range", 'refresh="60" range') * 2)
        await clinic.set_token(page)
        await refreshing.pass_seconds(1, queries=1)
        await refreshing.pass_seconds(55, queries=1)
        await refreshing.pass_seconds(6, queries=2)
        await refreshing.hide(hidden=True)
        await refreshing.pass_seconds(600, queries=2)
        await refreshing.hide(hidden=False)
        await refreshing.pass_seconds(1, queries=3)
        await page.locator("appointments-total").first.evaluate("widget => widget.reload()")
        await refreshing.pass_seconds(1, queries=4)


async def test_errors_double_the_time_until_the_next_refresh(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site, expected="ERR_FAILED") as page:
        await page.clock.install(time=1_700_000_000)
        await page.clock.pause_at(1_700_000_010)
        refreshing = Refreshing(page)
        await page.route("**/graphql", lambda route: route.abort())
        await clinic.open(page, HEAD + SCRIPT + TOTAL.replace("range", 'refresh="60" range'))
        await clinic.set_token(page)
        await refreshing.pass_seconds(1, queries=1)
        await expect(page.get_by_text("The gateway cannot be reached")).to_be_visible()
        await refreshing.pass_seconds(115, queries=1)
        await refreshing.pass_seconds(10, queries=2)
        await page.unroute("**/graphql")
        await refreshing.pass_seconds(225, queries=2)
        await refreshing.pass_seconds(20, queries=3)
        await expect(page.locator("appointments-total .cards")).to_have_count(1)
        await refreshing.pass_seconds(62, queries=4)


async def test_a_refresh_without_changes_leaves_the_reader_alone(chromium: Browser, clinic: Clinic) -> None:
    content = '<appointments-trend integration-id="{id}" range="30d"></appointments-trend>'
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD + EVENTS + SCRIPT + content)
        await clinic.set_token(page)
        await expect(page.locator("canvas")).to_be_visible()
        await page.get_by_text("View as table").click()
        await page.locator("appointments-trend").evaluate("widget => widget.reload()")
        await page.wait_for_function("events.length === 2")
        await expect(page.locator("table")).to_be_visible()


async def test_the_list_of_integrations_has_all_pages(chromium: Browser, clinic: Clinic) -> None:
    async def answer(route: Route) -> None:
        query: dict[str, Any] = route.request.post_data_json or {}
        (offset,) = map(int, re.findall(r"offset: (\d+)", query["query"]))
        ids = range(offset, min(offset + 100, 250))
        nodes = [{"id": str(id), "name": f"Clinic {id}", "status": "ACTIVE"} for id in ids]
        (name,) = re.findall(r"(w0|\bintegrations)\b", query["query"])[:1]
        await route.fulfill(json={"data": {name: {"totalCount": 250, "nodes": nodes}}})

    async with open_page(chromium, clinic.site) as page:
        await page.route("**/graphql", answer)
        queries = watch_requests(page)
        await clinic.open(page, HEAD + EVENTS + SCRIPT + "<integrations-list></integrations-list>")
        await clinic.set_token(page)
        await expect(page.locator("integrations-list tbody tr")).to_have_count(250)
        assert len(queries) == 3
        assert await page.evaluate("events") == [["gateway-load", "integrations-list", {"total": 250}]]
