"""The dashboard on paper: all days, what they are, and nothing to click."""

import re
from io import BytesIO

from playwright.async_api import Browser, Page, expect
from pypdf import PdfReader

from tests.support.browser import Site, open_page
from tests.support.pages import wait_until_shown

RECORD_PRINTING = """{
    window.printed = [];
    addEventListener("beforeprint", () => queueMicrotask(() => printed.push({
        days: document.querySelectorAll("#trend details[open] tbody tr").length,
        width: document.querySelector("#trend canvas").getBoundingClientRect().width,
    })));
}"""
"""Records what the page prepares before Chromium lays it out for paper."""


async def test_the_printed_chart_has_all_days(page: Page) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    canvas = page.locator("#trend canvas")
    await expect(canvas).to_be_visible()
    await page.evaluate(RECORD_PRINTING)
    on_screen = await canvas.bounding_box()
    printed = "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(await page.pdf(format="A4"))).pages)
    assert len({*re.findall(r"^\w+day, \w+ \d+, \d{4}", printed, re.MULTILINE)}) == 90
    assert "Lakeside Family Clinic" in printed
    for word in ("GraphiQL", "Sign out", "Download CSV", "mara.lindqvist"):
        assert word not in printed
    assert await page.evaluate("window.printed") == [{"days": 90, "width": 640}]
    # Afterwards the page is as before.
    await expect(page.locator("#trend details")).not_to_have_attribute("open", "")
    assert await canvas.bounding_box() == on_screen


async def test_the_printed_page_says_what_it_shows(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, scheme="dark", width=1440) as page:
        await page.goto("/dashboard?range=7d&type=F_U&source=website&source=phone")
        await wait_until_shown(page)
        await page.get_by_label("Search").fill("website")
        await expect(page.locator("#source tbody tr")).to_have_count(1)
        await expect(page.locator("#printed")).to_be_hidden()
        await page.emulate_media(media="print", color_scheme="dark")
        printed = page.locator("#printed")
        await expect(printed).to_be_visible()
        for part in (
            "Lakeside Family Clinic",
            "compared with",
            "days in America/Chicago",
            "Type of visit: Follow-up",
            "Source: website or phone",
            "Search: website",
        ):
            await expect(printed).to_contain_text(part)
        for hidden in ("#filters", "#chips", "#copy", "#integrations button", "#sign-out", "#trend summary"):
            await expect(page.locator(hidden).first).to_be_hidden()
        await expect(page.locator("#numbers")).to_be_visible()
        style = "(name) => getComputedStyle(document.querySelector(name))"
        assert await page.evaluate(f"({style})(':root').colorScheme") == "light"
        assert await page.evaluate(f"({style})('#trend .swatch').printColorAdjust") == "exact"


async def test_the_printed_chart_fits_the_paper(page: Page) -> None:
    await page.goto("/dashboard?range=7d")
    await wait_until_shown(page)
    await expect(page.locator("#trend canvas")).to_be_visible()
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.emulate_media(media="print")
    for width in (718, 739):  # A4 and Letter with Chromium's margins
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        paper = await page.locator("#trend .body").bounding_box()
        canvas = await page.locator("#trend canvas").bounding_box()
        assert paper is not None
        assert canvas is not None
        assert paper["width"] == canvas["width"]
    await expect(page.locator("#trend tbody tr:visible")).to_have_count(7)
