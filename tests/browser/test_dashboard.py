"""The dashboard in a real browser: its numbers, queries, keyboard use and accessibility."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support import browser
from tests.support.browser import Scheme, Site, open_page
from tests.support.pages import find_clinic, query_graph, read_address, wait_until_shown, watch_requests

COUNTS = """
query ($id: ID!, $days: Int!) {
  appointmentStatistics(integrationId: $id, days: $days, fillGaps: true) {
    overview { total successful failed pending }
    previousPeriod { overview { total } }
    trends { day successful failed pending }
    utmCampaign { value count failed }
  }
}
"""


async def _query_counts(site: Site, days: int) -> dict[str, object]:
    found = await query_graph(site, COUNTS, id=await find_clinic(site), days=days)
    return dict(found["appointmentStatistics"])


async def test_the_page_sends_a_query_for_numbers_and_one_for_integrations(page: Page, site: Site) -> None:
    queries = watch_requests(page)
    await page.goto("/dashboard?range=30d")
    await wait_until_shown(page)
    assert len(queries) == 2
    found = await query_graph(site, COUNTS, id=await find_clinic(site), days=30)
    counts, before = found["appointmentStatistics"], found["appointmentStatistics"]["previousPeriod"]["overview"]
    overview = counts["overview"]
    rate = overview["successful"] / (overview["successful"] + overview["failed"])
    assert await page.locator("#numbers .value").all_inner_texts() == [
        f"{overview['total']:,}",
        f"{overview['successful']:,}",
        f"{overview['failed']:,}",
        f"{overview['pending']:,}",
        f"{rate:.1%}",
    ]
    await expect(page.locator("#numbers .change").first).to_contain_text(f"from {before['total']:,}")
    assert await page.locator("#utm tbody .pick").all_inner_texts() == [
        bucket["value"] for bucket in counts["utmCampaign"]
    ]
    await page.get_by_text("View as table").click()
    days = page.locator("#trend tbody tr")
    await expect(days).to_have_count(30)
    last = counts["trends"][-1]
    numbers = [str(last[state]) for state in ("successful", "failed", "pending")]
    assert (await days.last.locator("td").all_inner_texts())[:3] == numbers
    await expect(page.locator("#period")).to_contain_text("days in America/Chicago")
    await expect(page.locator("#as-of")).to_contain_text("CST")


async def test_each_change_of_the_filter_sends_one_query_and_changes_the_url(page: Page) -> None:
    await page.goto("/dashboard")
    await wait_until_shown(page)
    queries = watch_requests(page)
    total = page.locator("#numbers .value").first
    everything = await total.inner_text()
    await page.get_by_label("Type of visit").select_option("New patient")
    await wait_until_shown(page)
    await page.get_by_text("90 d", exact=True).click()
    await wait_until_shown(page)
    assert len(queries) == 2
    assert {name: queries[-1]["variables"][name] for name in ("type", "days", "beforeDays", "by")} == {
        "type": "NP",
        "days": 90,
        "beforeDays": 180,
        "by": "DAY",
    }
    assert read_address(page) | {"integration": ""} == {"integration": "", "type": "NP", "range": "90d"}
    narrowed = await total.inner_text()
    await page.get_by_text("Medium", exact=True).click()
    await page.locator("#utm").get_by_role("button", name="Failed").click()
    assert (len(queries), read_address(page)["by"], read_address(page)["sort"]) == (2, "utmMedium", "failed")
    await page.reload()
    await wait_until_shown(page)
    assert await total.inner_text() == narrowed
    await expect(page.get_by_label("Medium")).to_be_checked()
    for _ in range(2):
        await page.go_back()
    await expect(total).to_have_text(everything)
    await expect(page.get_by_label("Type of visit")).to_have_value("")


async def test_one_click_compares_last_week_with_the_week_before(page: Page, site: Site) -> None:
    await page.goto("/dashboard")
    await page.get_by_text("7 d", exact=True).click()
    await expect(page.locator("#period")).to_contain_text("compared with")
    await expect(page.locator("#period")).to_have_attribute("role", "status")
    found = await query_graph(site, COUNTS, id=await find_clinic(site), days=7)
    total = found["appointmentStatistics"]["overview"]["total"]
    before = found["appointmentStatistics"]["previousPeriod"]["overview"]["total"]
    await expect(page.locator("#numbers .card").first).to_contain_text(f"{total}")
    await expect(page.locator("#numbers .card").first).to_contain_text(f"from {before}")


async def test_a_failing_campaign_is_marked_and_its_bookings_are_one_click_away(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    marked = page.locator("#utm tr", has=page.locator(".failing"))
    await expect(marked).to_have_count(1)
    await expect(marked).to_contain_text("back-to-school")
    await marked.get_by_role("button").click()
    await wait_until_shown(page)
    await expect(page.locator("#utm tbody tr")).to_have_count(1)
    await expect(page.locator("#chips")).to_contain_text("UTM campaign back-to-school")


async def test_days_are_read_by_keyboard_and_selected_by_dragging(page: Page) -> None:
    await page.goto("/dashboard?range=7d")
    await wait_until_shown(page)
    plot = page.get_by_role("slider")
    await expect(plot.locator("canvas")).to_be_visible()
    await plot.focus()
    await page.keyboard.press("Home")
    first = await plot.get_attribute("aria-valuetext") or ""
    await page.keyboard.press("ArrowRight")
    second = await plot.get_attribute("aria-valuetext") or ""
    assert first != second
    assert all("successful" in text and "failed" in text and "pending" in text for text in (first, second))
    await expect(page.locator("#trend .legend .day")).to_have_text(second.split(":")[0])
    queries = watch_requests(page)
    box = await plot.locator(".u-over").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] * 1.5 / 7, box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 3.5 / 7, box["y"] + 60, steps=3)
    await page.mouse.up()
    await page.wait_for_url("**range=custom**")
    await wait_until_shown(page)
    assert len(queries) == 1
    await page.get_by_text("View as table").click()
    await expect(page.locator("#trend tbody tr")).to_have_count(3)
    await expect(page.get_by_label("From")).to_have_value(read_address(page)["from"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_dashboard_has_no_accessibility_violations_and_no_overflow(
    chromium: Browser, site: Site, axe: str, scheme: Scheme
) -> None:
    async with open_page(chromium, site, scheme=scheme) as page:
        await page.goto("/dashboard?range=7d&sort=failed")
        await wait_until_shown(page)
        await expect(page.locator("#trend canvas")).to_be_visible()
        await page.get_by_text("View as table").click()
        assert await browser.find_violations(page, axe) == []
        await page.goto(
            "/dashboard?source=nobody-at-all&source=website&type=PROCEDURE&range=7d&compare=custom"
            "&compareFrom=2026-01-01&compareTo=2026-01-02"
        )
        await wait_until_shown(page)
        assert await browser.find_violations(page, axe) == []
        assert await browser.find_overflowing_elements(page) == []
        await page.goto("/dashboard?range=12mo")
        await expect(page.locator("#trend canvas")).to_be_visible()
        assert await browser.find_overflowing_elements(page) == []


async def test_the_dashboard_works_by_keyboard_only(page: Page) -> None:
    await page.goto("/dashboard")
    await wait_until_shown(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to the numbers")).to_be_focused()
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(
            await page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
        )
    assert {
        "Sign out",
        "integration",
        "type",
        "search",
        "range",
        "by",
        "Show all integrations",
        "back-to-school",
        "group",
        "compare",
        "Copy link",
    } <= reached
    assert {"View as table", "Export Lakeside Surgery Center"} <= reached
    await page.get_by_label("30 d").focus()
    await page.keyboard.press("ArrowLeft")
    await page.wait_for_url("**range=7d**")
    await wait_until_shown(page)
    await page.locator("#utm").get_by_role("button", name="Failed").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#utm").get_by_role("button", name="Failed")).to_be_focused()


async def test_the_chart_follows_the_colour_scheme(page: Page) -> None:
    async def draw() -> str:
        await expect(page.locator("#trend canvas")).to_be_visible()
        await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
        return str(await page.evaluate("document.querySelector('#trend canvas').toDataURL()"))

    await page.goto("/dashboard")
    light = await draw()
    await page.emulate_media(color_scheme="dark")
    dark = await draw()
    await page.reload()
    assert (light != dark, await draw()) == (True, dark)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_colours_of_bars_differ_from_the_page(chromium: Browser, site: Site, scheme: Scheme) -> None:
    """Each bar has a border of the page's colour, so that only this contrast counts."""
    contrasts = """() => {
        const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        const brightness = (colour) => {
            pen.fillStyle = colour;
            pen.fillRect(0, 0, 1, 1);
            const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].map((value) => {
                const share = value / 255;
                return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const of = (selector) => brightness(getComputedStyle(document.querySelector(selector)).backgroundColor);
        const found = [];
        for (const state of ["successful", "failed", "pending"]) {
            for (const around of ["#trend", ".bar"]) {
                const pair = [of(`#trend .swatch.${state}`), of(around)].sort((one, other) => other - one);
                found.push((pair[0] + 0.05) / (pair[1] + 0.05));
            }
        }
        return found;
    }"""
    async with open_page(chromium, site, scheme=scheme) as page:
        await page.goto("/dashboard?range=7d")
        await wait_until_shown(page)
        assert min(await page.evaluate(contrasts)) >= 3
