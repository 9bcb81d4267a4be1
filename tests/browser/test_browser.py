"""The browser of these tests: it hears every complaint, and reaches nothing but this machine."""

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
    ("script", "complaint"),
    [
        ("fetch('https://example.com').catch(() => {})", "it asks for https://example.com/"),
        ("console.error('a complaint')", "a complaint"),
        ("setTimeout(() => { throw new Error('a surprise') })", "a surprise"),
        ("fetch('/nothing')", "404"),
    ],
)
async def test_whatever_goes_wrong_in_a_page_fails_its_test(
    chromium: Browser, site: Site, script: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        async with open_page(chromium, site, expected="favicon") as page:
            await page.goto("/livez")
            await page.evaluate(script)
            await page.evaluate("new Promise((resolve) => setTimeout(resolve))")


async def test_barriers_and_what_is_too_wide_are_found(chromium: Browser, site: Site, axe: str) -> None:
    async with open_page(chromium, site, expected="favicon") as page:
        await page.goto("/livez")
        await page.evaluate(CROWDED)
        (barrier,) = await browser.find_barriers(page, axe)
        assert barrier.startswith("button-name: ")
        (wide,) = await browser.find_overflowing_elements(page)
        assert wide.startswith("<p ")
