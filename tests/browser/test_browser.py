"""The browser of the tests: errors in pages fail their tests, and it can connect to this machine only."""

import pytest
from playwright.async_api import Browser

from tests.support import browser
from tests.support.browser import Site, open_page

CROWDED = """
document.documentElement.lang = "en";
document.title = "Crowded";
document.body.innerHTML = '<main><h1>Crowded</h1><button></button><p style="width: 500px">Wide</p></main>';
"""


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("fetch('https://example.com').catch(() => {})", "request to https://example.com/"),
        ("console.error('a message')", "a message"),
        ("setTimeout(() => { throw new Error('a surprise') })", "a surprise"),
        ("fetch('/nothing')", "404"),
    ],
)
async def test_an_error_in_a_page_fails_its_test(chromium: Browser, site: Site, script: str, problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        async with open_page(chromium, site, expected="favicon") as page:
            await page.goto("/livez")
            await page.evaluate(script)
            await page.evaluate("new Promise((resolve) => setTimeout(resolve))")


async def test_accessibility_violations_and_overflow_are_found(chromium: Browser, site: Site, axe: str) -> None:
    async with open_page(chromium, site, expected="favicon") as page:
        await page.goto("/livez")
        await page.evaluate(CROWDED)
        (violation,) = await browser.find_violations(page, axe)
        assert violation.startswith("button-name: ")
        (element,) = await browser.find_overflowing_elements(page)
        assert element.startswith("<p ")
