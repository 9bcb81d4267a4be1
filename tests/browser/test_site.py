"""The pages together: the first page, the navigation, missing pages, and what must be true of every page."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from starlette.routing import Route

from gateway.settings import Settings
from gateway.web.pages import HOME_PATH, SitePage, list_pages
from tests.support import browser
from tests.support.browser import Scheme, Site, open_page
from tests.support.endpoints import Endpoint, get_codes, open_endpoint

VISITOR = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = list_pages(Settings())
THIRD_PARTY = ".swagger-ui, #ide, .monaco-aria-container"
"""What other libraries draw. Tests of their pages list what axe finds there."""
CONTENT = {
    "/dashboard": "#trend canvas",
    "/widgets": "integrations-list tbody tr",
    "/graphiql": ".graphiql-execute-button, #document",
    "/docs": ".opblock-summary, #documentation > main",
}
"""What a page shows when it is ready; a heading for other pages."""
UNAUTHENTICATED = "401 .Unauthorized.*/session"


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path) as found:
        yield found


async def test_a_browser_gets_the_first_page_and_a_program_gets_json(endpoint: Endpoint) -> None:
    for method in ("GET", "HEAD"):
        page = await endpoint.http.request(method, "/", headers=VISITOR)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert (page.headers["Vary"], page.headers["Cache-Control"]) == ("Accept", "no-cache")
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.9"):
        answer = await endpoint.http.get("/", headers={"Accept": accept})
        assert (answer.status_code, get_codes(answer)) == (404, ["NOT_FOUND"])
        assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/nothing/", "/static/nothing.js", "/embed/nothing", "//evil.example/"]
)
async def test_a_browser_gets_a_page_where_there_is_none(endpoint: Endpoint, path: str) -> None:
    page = await endpoint.http.get(f"http://gateway{path}", headers=VISITOR)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert (page.headers["Cache-Control"], page.headers["Vary"]) == ("no-store", "Accept")
    assert page.headers["X-Request-Id"]
    assert 'href="/dashboard"' in page.text
    answer = await endpoint.http.get(f"http://gateway{path}")
    assert (answer.status_code, get_codes(answer)) == (404, ["NOT_FOUND"])
    assert (await endpoint.http.post("/dashboard", headers=VISITOR)).status_code == 405


@pytest.mark.parametrize("page", PAGES[1:], ids=[page.path for page in PAGES[1:]])
async def test_a_slash_at_the_end_redirects_a_browser_to_the_page(endpoint: Endpoint, page: SitePage) -> None:
    moved = await endpoint.http.get(f"{page.path}/?range=7d&x=%C3%A9", headers=VISITOR)
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{page.path}?range=7d&x=%C3%A9")
    assert (await endpoint.http.get(f"{page.path}/", headers=VISITOR)).headers["Location"] == page.path
    answer = await endpoint.http.get(f"{page.path}/")
    assert (answer.status_code, get_codes(answer)) == (404, ["NOT_FOUND"])


async def test_a_page_that_a_setting_removes_is_not_linked(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_endpoint(sqlite_template, tmp_path, graphiql=False, docs=False) as endpoint:
        for path in ("/", "/dashboard", "/widgets", "/nothing"):
            page = (await endpoint.http.get(path, headers=VISITOR)).text
            assert re.findall(r'<a href="(/\w*)"', page.split("</nav>")[0]) == ["/", "/dashboard", "/widgets"]
            assert "GraphiQL" not in page
        assert (await endpoint.http.get("/docs/", headers=VISITOR)).status_code == 404


async def test_no_page_is_missing_in_the_navigation(endpoint: Endpoint) -> None:
    paths = [route.path for route in endpoint.app.routes if isinstance(route, Route) and "{" not in route.path]
    found = set()
    for path in paths:
        answer = await endpoint.http.get(path, headers=VISITOR)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            found.add(path)
    assert {path for path in found if not path.startswith("/embed/")} == {page.path for page in PAGES}


async def test_every_page_has_its_own_title_and_links_to_all_others(endpoint: Endpoint) -> None:
    titles = []
    for page in PAGES:
        text = (await endpoint.http.get(page.path, headers=VISITOR)).text
        (title,) = re.findall("<title>(.*)</title>", text)
        titles.append(title)
        (navigation,) = re.findall(r'<nav aria-label="Pages">(.*)</nav>', text)
        assert re.findall('href="([^"]*)"', navigation) == [other.path for other in PAGES]
        assert re.findall('href="([^"]*)" aria-current=page', navigation) == [page.path]
    assert len(set(titles)) == len(PAGES)
    assert all(title.endswith("Integrations gateway") for title in titles)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*(page.path for page in PAGES), "/nothing"])
async def test_every_page_is_accessible_fits_on_a_phone_and_works_by_keyboard(
    chromium: Browser, site: Site, axe: str, path: str, scheme: Scheme
) -> None:
    expected = "404 .Not Found.*/nothing" if path == "/nothing" else None
    async with open_page(chromium, site, scheme=scheme, expected=expected) as page:
        await page.goto(path)
        await page.locator(CONTENT.get(path, "h1")).first.wait_for()
        await expect(page.locator("h1")).to_have_count(1)
        assert await browser.find_violations(page, axe, without=THIRD_PARTY) == []
        assert await browser.find_overflowing_elements(page) == []
        for _ in range(4):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent") == "Dashboard":
                break
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/dashboard*")


async def test_the_first_page_says_who_is_signed_in(chromium: Browser, plain_site: Site, axe: str) -> None:
    async with open_page(chromium, plain_site, expected=UNAUTHENTICATED) as page:
        await page.goto(HOME_PATH)
        await expect(page.locator("#viewer")).to_have_text("Nobody is signed in.")
        await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
        await page.get_by_role("button", name="Sign in").click()
        assert await browser.find_violations(page, axe) == []
        await page.get_by_label("Key", exact=True).fill(plain_site.key)
        await page.keyboard.press("Enter")
        await expect(page.locator("#viewer")).to_contain_text("mara.lindqvist · Lakeside · until ")
        await expect(page.get_by_role("button", name="Sign in")).to_be_hidden()
        await page.get_by_role("main").get_by_role("link", name="Widgets").click()
        await expect(page.locator("integrations-list tbody tr").first).to_be_visible()
        await page.get_by_role("link", name="Home").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator("#viewer")).to_have_text("Nobody is signed in.")


@pytest.mark.parametrize("path", ["/dashboard", "/graphiql"])
async def test_the_sign_in_dialog_fits_on_a_phone(chromium: Browser, plain_site: Site, path: str) -> None:
    async with open_page(chromium, plain_site, width=390, expected=UNAUTHENTICATED) as page:
        await page.goto(path)
        box = await page.get_by_role("dialog").bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True)
