"""GraphiQL at `/graphiql`: it works offline, with the ids of the viewer's data, and stores no keys."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gateway.assets import Assets
from gateway.web.pages import STATIC
from tests.support import browser
from tests.support.browser import Scheme, Site, open_page
from tests.support.endpoints import Endpoint, open_endpoint
from tests.support.graphiql import (
    EDITOR,
    UNAUTHENTICATED,
    is_query_response,
    read_storage,
    require_graphiql,
    run,
    type_in,
    wait_for_schema,
)

VISITOR = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
TABS = {
    "Export": "integrationExport",
    "UpsertGroup": "upsertUseCaseGroup",
    "Dashboard": "appointmentStatistics",
    "Integration": "integration",
    "Integrations": "integrations",
}
"""Each tab with the field that it selects."""


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path) as found:
        yield found


async def test_browsers_at_the_endpoint_are_redirected_to_graphiql(endpoint: Endpoint) -> None:
    response = await endpoint.http.get("/graphql", headers={"Accept": VISITOR})
    assert (response.status_code, response.headers["Location"]) == (303, "/graphiql")
    assert (await endpoint.http.get("/graphiql", headers={"Accept": VISITOR})).status_code == 200


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
async def test_graphql_requests_are_not_redirected(
    endpoint: Endpoint, method: str, path: str, accept: str
) -> None:
    response = await endpoint.http.request(method, path, headers={"Accept": accept})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_graphiql_can_be_turned_off(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_endpoint(sqlite_template, tmp_path, graphiql=False) as endpoint:
        assert (await endpoint.http.get("/graphiql")).status_code == 404
        assert (await endpoint.http.get("/graphql", headers={"Accept": VISITOR})).status_code == 401


@pytest.mark.parametrize(("is_installed", "title"), [(True, "GraphiQL"), (False, "Console")])
async def test_a_console_replaces_graphiql_when_it_is_not_installed(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, is_installed: bool, title: str
) -> None:
    monkeypatch.setattr(Assets, "has_package", lambda _assets, _name: is_installed)
    response = await endpoint.http.get("/graphiql")
    assert f"<title>{title} · Integrations gateway</title>" in response.text
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert ("worker-src 'self' blob:" in policy) is is_installed


@pytest.fixture
def graphiql() -> None:
    require_graphiql()


@pytest.mark.usefixtures("graphiql")
async def test_graphiql_opens_with_five_working_operations_on_the_demo(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, expected="400 .Bad Request.*/graphql") as page:
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


async def test_unknown_ids_are_placeholders_in_capitals(chromium: Browser, plain_site: Site) -> None:
    async with open_page(chromium, plain_site, expected=f"favicon|{UNAUTHENTICATED}") as page:
        await page.goto("/graphiql")
        tabs = await page.evaluate("import('/static/operations.js').then(({ tabs }) => tabs())")
    (export, upsert, _, integration, _) = (json.loads(tab["variables"]) for tab in tabs)
    assert export["integrationId"] == upsert["integrationId"] == "ID_OF_A_CONNECTED_INTEGRATION"
    assert (upsert["provider"], upsert["dryRun"], integration["id"]) == ("MICROSOFT", True, "ID_OF_AN_INTEGRATION")


@pytest.mark.usefixtures("graphiql")
async def test_graphiql_has_documentation_completion_and_the_explorer(page: Page) -> None:
    await page.goto("/graphiql")
    await wait_for_schema(page)
    await page.get_by_role("link", name="Query", exact=True).click()
    await expect(page.get_by_text("User, team and permissions of the request's key.")).to_be_visible()
    await page.get_by_label("Show GraphiQL Explorer").click()
    await expect(page.locator(".graphiql-explorer-root").first).to_contain_text("appointmentStatistics")
    await type_in(page, EDITOR, "{ integrationEx")
    await page.keyboard.press("Control+Space")
    await expect(page.locator(".suggest-widget")).to_contain_text("integrationExport")


@pytest.mark.usefixtures("graphiql")
async def test_graphiql_signs_in_with_a_key_and_stores_no_key(
    chromium: Browser, plain_site: Site, axe: str
) -> None:
    async with open_page(chromium, plain_site, expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        for _ in range(2):
            await page.keyboard.press("Escape")
        await page.locator("#key").fill("gw_wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator("#refusal")).to_contain_text("This key is not valid.")
        assert await browser.find_violations(page, axe) == []
        await page.locator("#key").fill(plain_site.key)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Headers").click()
        assert await page.locator("#key").input_value() == ""
        await type_in(page, ".graphiql-editor-tool", json.dumps({"Authorization": f"Bearer {plain_site.key}"}))
        async with page.expect_request("**/graphql") as sent:
            assert "errors" not in await run(page)
        assert (await (await sent.value).all_headers())["authorization"] == f"Bearer {plain_site.key}"
        # GraphiQL writes its state half a second after the last change.
        await page.wait_for_function("sessionStorage['graphiql:tabState']")
        await page.reload()
        await expect(page.locator(".graphiql-tab-button")).to_have_text(list(TABS))
        assert next(iter(TABS)) in await read_storage(page)
        assert plain_site.key not in await read_storage(page)

        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
        assert await read_storage(page) == "[{},{}]"


@pytest.mark.usefixtures("graphiql")
async def test_an_expired_session_is_renewed_and_the_query_runs_again(
    chromium: Browser, plain_site: Site, axe: str
) -> None:
    async with open_page(chromium, plain_site, scheme="dark", expected=UNAUTHENTICATED) as page:
        await page.goto("/graphiql")
        assert await browser.find_violations(page, axe) == []
        await page.locator("#key").fill(plain_site.key)
        await page.keyboard.press("Enter")
        await run(page)
        assert await browser.find_violations(page, axe, without="#ide, .monaco-aria-container") == []
        await page.context.clear_cookies()
        async with page.expect_response(lambda response: is_query_response(response) and response.ok) as again:
            await page.locator(".graphiql-execute-button").click()
            await expect(page.locator("#refusal")).to_contain_text("Your session has ended.")
            await page.locator("#key").fill(plain_site.key)
            await page.keyboard.press("Enter")
        assert "errors" not in await (await again.value).json()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_console_runs_the_typed_query(
    chromium: Browser, plain_site: Site, axe: str, scheme: Scheme
) -> None:
    async def console(route: Route) -> None:
        await route.fulfill(body=(STATIC / "console.html").read_bytes(), content_type="text/html")

    async with open_page(chromium, plain_site, scheme=scheme, expected=UNAUTHENTICATED) as page:
        await page.route("**/graphiql", console)
        await page.goto("/graphiql")
        assert await browser.find_violations(page, axe) == []
        assert await browser.find_overflowing_elements(page) == []
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
        assert await read_storage(page) == "[{},{}]"
