"""The page around GraphiQL: links to queries, history, slow networks, narrow screens and signing out."""

import asyncio
import json
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support import browser
from tests.support.browser import Site, open_page
from tests.support.commands import run_gateway
from tests.support.graphiql import (
    EDITOR,
    UNAUTHENTICATED,
    read_storage,
    require_graphiql,
    run,
    type_in,
    wait_until_stored,
)
from tests.support.pages import watch_requests

pytestmark = pytest.mark.usefixtures("graphiql")

TAB = ".graphiql-tab-button"
VARIABLES = ".graphiql-editor-tool"
QUERY = "query Some($first: Int) { integrations(first: $first) { nodes { id } } } #"
SLOW = {"offline": False, "latency": 20, "downloadThroughput": 1_000_000, "uploadThroughput": 1_000_000}
"""A network with 8 Mbit/s."""


@pytest.fixture
def graphiql() -> None:
    require_graphiql()


async def _sign_in(page: Page, site: Site) -> None:
    await page.get_by_label("Key", exact=True).fill(site.key)
    await page.keyboard.press("Enter")


async def test_a_link_fills_a_tab_and_runs_nothing(page: Page) -> None:
    queries = watch_requests(page)
    sent = urlencode({"query": QUERY, "variables": '{"first": 2}'})
    unsent = urlencode({"variables": '{"first": 1}'})
    await page.goto(f"/graphiql?{sent}#{unsent}")
    await expect(page.locator(TAB)).to_have_count(6)
    await expect(page.locator(TAB).first).to_have_text("Some")
    await expect(page.locator(EDITOR)).to_contain_text("query Some(")
    # Variables are in the fragment only, which no server sees.
    await expect(page.locator(VARIABLES).locator("visible=true")).to_contain_text('"first": 1')
    assert page.url.endswith("/graphiql")
    await wait_until_stored(page, "Some")
    await page.reload()
    await expect(page.locator(TAB)).to_have_count(6)
    assert [query for query in queries if query.get("operationName") == "Some"] == []
    assert len(await _list_nodes(page)) == 1


async def _list_nodes(page: Page) -> list[object]:
    answer = await run(page)
    return list(answer["data"]["integrations"]["nodes"])


async def test_the_history_of_the_browser_tab_opens_what_was_run(page: Page) -> None:
    sent, unsent = urlencode({"query": QUERY}), urlencode({"variables": '{"first": 3}'})
    await page.goto(f"/graphiql?{sent}#{unsent}")
    await expect(page.locator(EDITOR)).to_contain_text("query Some(")
    history = page.get_by_label("History")
    await expect(history).to_be_hidden()
    for _ in range(2):
        assert len(await _list_nodes(page)) == 3
    await page.locator(TAB).nth(5).click()
    await expect(page.locator(EDITOR)).to_contain_text("query Integrations(")
    await run(page)
    await expect(history.locator("option")).to_have_count(3)
    async with page.expect_navigation():
        await history.select_option(index=2)
    await expect(page.locator(EDITOR)).to_contain_text("query Some(")
    assert len(await _list_nodes(page)) == 3


async def test_a_slow_network_shows_what_is_loading(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site) as page:
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Network.enable")
        await devtools.send("Network.emulateNetworkConditions", SLOW)
        await page.goto("/graphiql", wait_until="commit")
        # The size is that of the compressed file.
        await expect(page.locator("#loading")).to_have_text("Loading the query editor (1.4 MB) …")
        await expect(page.locator(".graphiql-execute-button")).to_be_visible(timeout=60_000)
        await expect(page.locator("#loading")).to_have_count(0)


async def test_a_missing_file_is_reported(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, expected="ERR_FAILED") as page:
        await page.route("**/yoga-graphiql.umd.js", lambda route: route.abort())
        await page.goto("/graphiql")
        await expect(page.locator("#ide")).to_contain_text("The query editor could not be loaded. Check your")


async def test_graphiql_is_usable_on_a_phone(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, width=390) as page:
        await page.goto("/graphiql")
        await type_in(page, EDITOR, "{ viewer { name } } #")
        answer = await run(page)
        await expect(page.locator(".graphiql-response")).to_contain_text(answer["data"]["viewer"]["name"])
        editor, response = [
            await page.locator(selector).bounding_box() for selector in (EDITOR, ".graphiql-response")
        ]
        assert editor is not None
        assert response is not None
        assert editor["width"] > 300
        assert response["width"] > 300
        assert response["y"] > editor["y"] + editor["height"]
        await page.get_by_label("Show Documentation Explorer").click()
        await expect(page.get_by_role("link", name="Query", exact=True)).to_be_visible()
        assert await browser.find_overflowing_elements(page) == []


async def test_nothing_is_left_after_signing_out_whenever_it_was_typed(
    chromium: Browser, plain_site: Site
) -> None:
    async def reload_late(route: Route) -> None:
        await asyncio.sleep(1.5)
        await route.continue_()

    async with open_page(chromium, plain_site, expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        await _sign_in(page, plain_site)
        await run(page)
        # After signing out the page stays open for longer than the half second after which GraphiQL writes.
        await page.route("**/graphiql", reload_late)
        await type_in(page, EDITOR, "{ viewer { name } } # secret")
        await page.evaluate("""() => {
            setInterval(() => sessionStorage.setItem("late", "secret"), 20);
            addEventListener("pagehide", () => sessionStorage.setItem("last", "secret"));
        }""")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
        assert await read_storage(page) == "[{},{}]"


async def test_another_user_does_not_see_what_the_last_one_typed(chromium: Browser, plain_site: Site) -> None:
    team = ("--team", "other", "--user", "somebody", "--name", "n", "--permission", "READ_INTEGRATIONS")
    created = await asyncio.to_thread(run_gateway, "keys", "create", *team, database_url=plain_site.database_url)
    async with open_page(chromium, plain_site, expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        await _sign_in(page, plain_site)
        await type_in(page, EDITOR, "{ viewer { name } } # secret")
        await wait_until_stored(page, "secret")
        await page.context.clear_cookies()
        await page.reload()
        await page.get_by_label("Key", exact=True).fill(created.stdout.strip())
        await page.keyboard.press("Enter")
        await expect(page.locator(EDITOR)).to_contain_text("query Export(")
        assert "secret" not in await read_storage(page)
        assert json.loads(await page.evaluate("sessionStorage['gateway:user']")) == "somebody"
