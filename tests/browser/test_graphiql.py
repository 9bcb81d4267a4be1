"""GraphiQL at `/graphiql`: whole without the internet, about the viewer's own things, and forgetful of keys."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Response, Route, expect

from gateway.assets import Assets
from gateway.web.pages import STATIC
from tests.support import browser
from tests.support.browser import Scheme, Site, opened
from tests.support.endpoints import Door
from tests.support.endpoints import opened as door_opened
from tests.support.machine import lacking

PACKAGE = "@graphql-yoga/graphiql"
VISITOR = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
TABS = {
    "Export": "integrationExport",
    "UpsertGroup": "upsertUseCaseGroup",
    "Dashboard": "appointmentStatistics",
    "Integration": "integration",
    "Integrations": "integrations",
}
"""Each with the field that it asks for."""
EDITOR = ".graphiql-query-editor"
UNAUTHENTICATED = "401 .Unauthorized.*/(session|graphql)"


@pytest.fixture
async def door(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Door]:
    async with door_opened(sqlite_template, tmp_path) as found:
        yield found


async def test_browsers_that_are_given_the_graphs_address_are_led_to_graphiql(door: Door) -> None:
    response = await door.http.get("/graphql", headers={"Accept": VISITOR})
    assert (response.status_code, response.headers["Location"]) == (303, "/graphiql")
    assert (await door.http.get("/graphiql", headers={"Accept": VISITOR})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/graphql?query={__typename}", VISITOR),
        ("GET", "/graphql?extensions={}", VISITOR),
        ("POST", "/graphql", VISITOR),
        ("HEAD", "/graphql", VISITOR),
        ("GET", "/graphql", "*/*"),
        ("GET", "/graphql", "application/json, text/html"),
        ("GET", "/graphql", "application/graphql-response+json, text/html;q=0.9"),
        ("GET", "/graphql", "text/html;q=0, */*;q=0"),
    ],
)
async def test_whoever_asks_the_graph_is_answered_by_the_graph(
    door: Door, method: str, path: str, accept: str
) -> None:
    response = await door.http.request(method, path, headers={"Accept": accept})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_graphiql_can_be_turned_off(sqlite_template: Path, tmp_path: Path) -> None:
    async with door_opened(sqlite_template, tmp_path, graphiql=False) as door:
        assert (await door.http.get("/graphiql")).status_code == 404
        assert (await door.http.get("/graphql", headers={"Accept": VISITOR})).status_code == 401


@pytest.mark.parametrize(("is_there", "title"), [(True, "GraphiQL"), (False, "Console")])
async def test_a_console_serves_until_graphiql_is_there(
    door: Door, monkeypatch: pytest.MonkeyPatch, is_there: bool, title: str
) -> None:
    monkeypatch.setattr(Assets, "has_package", lambda _assets, _name: is_there)
    response = await door.http.get("/graphiql")
    assert f"<title>{title} · Integrations gateway</title>" in response.text
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert ("worker-src 'self' blob:" in policy) is is_there


@pytest.fixture
def graphiql() -> None:
    """For tests that need its files."""
    assets = Assets()
    if not assets.has_package(PACKAGE):
        lacking(f"GraphiQL is not there: {assets.failure_reason}")


async def begun(page: Page) -> None:
    """Opens the documentation, and waits until GraphiQL knows the schema."""
    await page.get_by_label("Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query", exact=True).wait_for()


def is_answer(response: Response) -> bool:
    """Whether somebody sees what the graph responds, which GraphiQL also asks for its schema."""
    return response.url.endswith("/graphql") and "IntrospectionQuery" not in (response.request.post_data or "")


async def run(page: Page) -> Any:
    """What the graph answers when one clicks."""
    button = page.locator(".graphiql-execute-button")
    await button.wait_for()
    async with page.expect_response(is_answer) as answered:
        await button.click()
    answer = await (await answered.value).json()
    # It takes a moment to see which operation the document of a tab has.
    is_early = "has no operation named" in json.dumps(answer)
    return await run(page) if is_early else answer


async def kept(page: Page) -> str:
    """All that the browser remembers of the page."""
    found: str = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    return found


async def type_in(page: Page, editor: str, text: str) -> None:
    """Replaces what stands in an editor; as pasted, since it would close brackets by itself."""
    await page.locator(f"{editor} .view-lines").locator("visible=true").click()
    await page.keyboard.press("Control+A")
    await page.keyboard.insert_text(text)


@pytest.mark.usefixtures("graphiql")
async def test_on_the_demo_it_opens_with_five_operations_that_answer(chromium: Browser, site: Site) -> None:
    async with opened(chromium, site, expected="400 .Bad Request.*/graphql") as page:
        await page.goto("/graphql")
        tabs = page.locator(".graphiql-tab-button")
        await expect(tabs).to_have_text(list(TABS))
        answers = {}
        for number, field in enumerate(TABS.values()):
            await tabs.nth(number).click()
            await expect(page.locator(EDITOR)).to_contain_text(f"{field}(")
            answer = await run(page)
            assert "errors" not in answer
            answers[field] = answer["data"][field]
    assert answers["integrationExport"]["integration"]["name"]
    assert (answers["upsertUseCaseGroup"]["outcome"], answers["upsertUseCaseGroup"]["errors"]) == ("CREATED", [])
    assert answers["appointmentStatistics"]["overview"]["total"] > 0
    assert answers["integration"]["__typename"].endswith("Webhook")
    assert answers["integrations"]["totalCount"] > 0


async def test_what_is_not_known_of_the_viewers_own_is_told_in_capitals(
    chromium: Browser, plain_site: Site
) -> None:
    async with opened(chromium, plain_site, expected=f"favicon|{UNAUTHENTICATED}") as page:
        await page.goto("/graphiql")
        tabs = await page.evaluate("import('/static/operations.js').then(({ tabs }) => tabs())")
    (export, upsert, _, integration, _) = (json.loads(tab["variables"]) for tab in tabs)
    assert export["integrationId"] == upsert["integrationId"] == "ID_OF_A_CONNECTED_INTEGRATION"
    assert (upsert["provider"], upsert["dryRun"], integration["id"]) == ("MICROSOFT", True, "ID_OF_AN_INTEGRATION")


@pytest.mark.usefixtures("graphiql")
async def test_it_documents_completes_and_explores_the_graph(page: Page) -> None:
    await page.goto("/graphiql")
    await begun(page)
    await page.get_by_role("link", name="Query", exact=True).click()
    await expect(page.get_by_text("User, team and permissions of the request's key.")).to_be_visible()
    await page.get_by_label("Show GraphiQL Explorer").click()
    await expect(page.locator(".graphiql-explorer-root").first).to_contain_text("appointmentStatistics")
    await type_in(page, EDITOR, "{ integrationEx")
    await page.keyboard.press("Control+Space")
    await expect(page.locator(".suggest-widget")).to_contain_text("integrationExport")


@pytest.mark.usefixtures("graphiql")
async def test_it_asks_for_a_key_and_keeps_none(chromium: Browser, plain_site: Site, axe: str) -> None:
    async with opened(chromium, plain_site, expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        for _ in range(2):
            await page.keyboard.press("Escape")
        await page.locator("#key").fill("gw_wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator("#refusal")).to_contain_text("The key is not valid; send one")
        assert await browser.barriers(page, axe) == []
        await page.locator("#key").fill(plain_site.key)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Headers").click()
        assert await page.locator("#key").input_value() == ""
        await type_in(page, ".graphiql-editor-tool", json.dumps({"Authorization": f"Bearer {plain_site.key}"}))
        async with page.expect_request("**/graphql") as asked:
            assert "errors" not in await run(page)
        assert (await (await asked.value).all_headers())["authorization"] == f"Bearer {plain_site.key}"
        # What it keeps, it writes half a second after the last change.
        await page.wait_for_function("sessionStorage['graphiql:tabState']")
        await page.reload()
        await expect(page.locator(".graphiql-tab-button")).to_have_text(list(TABS))
        assert next(iter(TABS)) in await kept(page)
        assert plain_site.key not in await kept(page)

        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
        assert await kept(page) == "[{},{}]"


@pytest.mark.usefixtures("graphiql")
async def test_signing_out_drops_a_delayed_write_of_what_was_typed(chromium: Browser, plain_site: Site) -> None:
    async def reload_late(route: Route) -> None:
        await asyncio.sleep(1.5)
        await route.continue_()

    async with opened(chromium, plain_site, expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        await page.locator("#key").fill(plain_site.key)
        await page.keyboard.press("Enter")
        await run(page)
        # The page lives on after signing out for longer than the half second that GraphiQL waits with a write.
        await page.route("**/graphiql", reload_late)
        await type_in(page, EDITOR, "{ viewer { name } } # secret")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
        assert await kept(page) == "[{},{}]"


@pytest.mark.usefixtures("graphiql")
async def test_a_session_that_has_ended_is_begun_anew_and_nothing_is_lost(
    chromium: Browser, plain_site: Site, axe: str
) -> None:
    async with opened(chromium, plain_site, scheme="dark", expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        assert await browser.barriers(page, axe) == []
        await page.locator("#key").fill(plain_site.key)
        await page.keyboard.press("Enter")
        await run(page)
        assert await browser.barriers(page, axe, without="#ide, .monaco-aria-container") == []
        await page.context.clear_cookies()
        async with page.expect_response(lambda response: is_answer(response) and response.ok) as again:
            await page.locator(".graphiql-execute-button").click()
            await expect(page.locator("#refusal")).to_contain_text("Your session has ended.")
            await page.locator("#key").fill(plain_site.key)
            await page.keyboard.press("Enter")
        assert "errors" not in await (await again.value).json()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_console_asks_what_is_typed(
    chromium: Browser, plain_site: Site, axe: str, scheme: Scheme
) -> None:
    async def console(route: Route) -> None:
        await route.fulfill(body=(STATIC / "console.html").read_bytes(), content_type="text/html")

    async with opened(chromium, plain_site, scheme=scheme, expected=UNAUTHENTICATED) as page:
        await page.route("**/graphiql", console)
        await page.goto("/graphiql")
        assert await browser.barriers(page, axe) == []
        assert await browser.overflowing(page) == []
        answer = page.get_by_role("status")
        await page.get_by_role("button", name="Run").click()
        await expect(answer).to_contain_text('"code": "UNAUTHENTICATED"')
        await page.get_by_label("Variables").fill("{")
        await page.get_by_label("Variables").press("Control+Enter")
        await expect(answer).to_contain_text("The variables are not JSON: ")
        await page.get_by_label("Variables").fill('{"first": 1}')
        await page.get_by_label("Document").fill(
            "query ($first: Int) { integrations(first: $first) { nodes { id } } }"
        )
        await page.locator("#key").fill(plain_site.key)
        await page.keyboard.press("Control+Enter")
        await expect(answer).to_contain_text('"nodes": [')
        assert await kept(page) == "[{},{}]"
