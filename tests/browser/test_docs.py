"""The page `/docs`: it shows every REST operation, sends requests, and works offline."""

import json

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gateway.assets import Assets
from gateway.rest import OPERATIONS
from gateway.web.pages import CONTENT_SECURITY_POLICY
from tests.support import browser
from tests.support.browser import Scheme, Site, open_page
from tests.support.machine import skip_unless_ci

PACKAGE = "swagger-ui-dist"
EXAMPLE = "/integrations/v2/integrations/5eb7cf5a86d9755df3a6c593/export"
KNOWN_VIOLATIONS = {"heading-order", "nested-interactive", "region", "scrollable-region-focusable", "select-name"}
"""Rules that the elements of Swagger UI break. Styles cannot change that."""


@pytest.fixture
def viewer() -> None:
    """Skips tests of Swagger UI if its files are not installed."""
    assets = Assets()
    if not assets.has_package(PACKAGE):
        skip_unless_ci(f"Swagger UI is not installed: {assets.failure_reason}")


async def open_operation(page: Page, number: int) -> None:
    """Open the page, and the details of one operation by the keyboard."""
    await page.goto("/docs")
    control = page.locator(".opblock-summary-control").nth(number)
    await control.focus()
    await page.keyboard.press("Enter")
    await page.locator(".responses-table").wait_for()


@pytest.mark.usefixtures("viewer")
async def test_the_page_lists_every_operation_under_the_default_policy(page: Page) -> None:
    response = await page.goto("/docs")
    assert response is not None
    policy = "; ".join(map(" ".join, CONTENT_SECURITY_POLICY.items()))
    assert response.headers["content-security-policy"] == policy
    await expect(page.locator(".opblock")).to_have_count(len(OPERATIONS))
    paths = await page.locator(".opblock-summary-path").all_text_contents()
    assert [path.replace("\u200b", "") for path in paths] == [operation.path for operation in OPERATIONS]


@pytest.mark.usefixtures("viewer")
async def test_a_request_is_sent_with_the_typed_key_and_no_key_is_stored(
    chromium: Browser, plain_site: Site
) -> None:
    async with open_page(chromium, plain_site) as page:
        await open_operation(page, [operation.name for operation in OPERATIONS].index("export"))
        await page.get_by_role("button", name="Authorize").first.click()
        await page.get_by_label("auth-bearer-value").fill(plain_site.key)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Close").last.click()
        await page.get_by_role("button", name="Try it out").click()
        async with page.expect_response(f"**{EXAMPLE}*") as received:
            await page.get_by_role("button", name="Execute").click()
        answer = await (await received.value).json()
        assert answer["integration"]["_id"] == EXAMPLE.split("/")[4]
        stored = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert plain_site.key not in stored
        assert await page.context.cookies() == []


@pytest.mark.usefixtures("viewer")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_is_accessible_and_fits_on_a_phone(
    chromium: Browser, plain_site: Site, axe: str, scheme: Scheme
) -> None:
    async with open_page(chromium, plain_site, scheme=scheme) as page:
        await open_operation(page, 1)
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") is (scheme == "light")
        violations = await browser.find_violations(page, axe)
        assert {line.split(":")[0] for line in violations} == KNOWN_VIOLATIONS, violations
        assert await browser.find_overflowing_elements(page) == []


async def test_without_the_viewer_the_page_says_what_to_do(chromium: Browser, plain_site: Site, axe: str) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=404, body=json.dumps({}), content_type="application/json")

    async with open_page(chromium, plain_site, expected="404|MIME") as page:
        await page.route("**/static/vendor/**", refuse)
        await page.goto("/docs")
        await expect(page.locator("body")).to_contain_text("gateway assets installs it.")
        await expect(page.get_by_role("link", name="/openapi.json")).to_be_visible()
        assert await browser.find_violations(page, axe) == []
