"""The dashboard in a real browser: what it shows, what it asks for that, and for whom it works."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Error, Page, Request, Route, expect

from tests import browser
from tests.browser import Scheme, Site, opened, served_again
from tests.faces import asked, clinic, graph, shown

COUNTS = """
query ($id: ID!, $days: Int!) {
  appointmentStatistics(integrationId: $id, days: $days) {
    overview { total successful failed }
    previousPeriod { overview { total } }
    trends { day successful failed pending }
    utmCampaign { value count failed }
  }
}
"""


async def _counts(site: Site, days: int) -> dict[str, object]:
    found = await graph(site, COUNTS, id=await clinic(site), days=days)
    return dict(found["appointmentStatistics"])


def _address(page: Page) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}


async def test_the_page_asks_once_and_shows_the_numbers_of_the_graph(page: Page, site: Site) -> None:
    questions = asked(page)
    await page.goto("/dashboard?range=30d")
    await shown(page)
    assert len(questions) == 1
    found = await graph(site, COUNTS, id=await clinic(site), days=30)
    counts, before = found["appointmentStatistics"], found["appointmentStatistics"]["previousPeriod"]["overview"]
    overview = counts["overview"]
    rate = overview["successful"] / overview["total"]
    assert await page.locator("#numbers .value").all_inner_texts() == [
        f"{overview['total']:,}",
        f"{overview['successful']:,}",
        f"{overview['failed']:,}",
        f"{rate:.1%}",
    ]
    await expect(page.locator("#numbers .change").first).to_contain_text(f"from {before['total']:,}")
    assert await page.locator("#utm tbody .plain, #utm tbody .quiet:first-child").all_inner_texts() == [
        bucket["value"] for bucket in counts["utmCampaign"]
    ]
    await page.get_by_text("View as table").click()
    days = page.locator("#trend tbody tr")
    await expect(days).to_have_count(30)
    last = counts["trends"][-1]
    numbers = [str(last[state]) for state in ("successful", "failed", "pending")]
    assert await days.last.locator("td").all_inner_texts() == numbers
    await expect(page.locator("#period")).to_contain_text("days of America/Chicago")
    await expect(page.locator("#as-of")).to_contain_text("CST")


async def test_each_change_of_the_filter_asks_once_and_stands_in_the_address(page: Page) -> None:
    await page.goto("/dashboard")
    await shown(page)
    questions = asked(page)
    total = page.locator("#numbers .value").first
    everything = await total.inner_text()
    await page.get_by_label("Type of visit").select_option("New patient")
    await shown(page)
    await page.get_by_text("90 d", exact=True).click()
    await shown(page)
    await page.get_by_label("Search").fill("website")
    await page.wait_for_url("**search=website**")
    await shown(page)
    assert len(questions) == 3
    assert questions[-1]["variables"] | {"id": ""} == {
        "id": "",
        "chosen": True,
        "type": "NP",
        "search": "website",
        "days": 90,
        "first": None,
        "last": None,
    }
    assert _address(page) | {"integration": ""} == {
        "integration": "",
        "type": "NP",
        "range": "90d",
        "search": "website",
    }
    narrowed = await total.inner_text()
    await page.get_by_text("Medium", exact=True).click()
    await page.locator("#utm").get_by_role("button", name="Failed").click()
    assert (len(questions), _address(page)["by"], _address(page)["sort"]) == (3, "utmMedium", "failed")
    await page.reload()
    await shown(page)
    assert await total.inner_text() == narrowed
    await expect(page.get_by_label("Search")).to_have_value("website")
    await expect(page.get_by_label("Medium")).to_be_checked()
    for _ in range(3):
        await page.go_back()
    await expect(total).to_have_text(everything)
    await expect(page.get_by_label("Type of visit")).to_have_value("")


async def test_last_week_is_compared_with_the_week_before_by_one_click(page: Page, site: Site) -> None:
    await page.goto("/dashboard")
    await page.get_by_text("7 d", exact=True).click()
    await expect(page.locator("#period")).to_contain_text("compared with")
    await expect(page.locator("#period")).to_have_attribute("role", "status")
    found = await graph(site, COUNTS, id=await clinic(site), days=7)
    total = found["appointmentStatistics"]["overview"]["total"]
    before = found["appointmentStatistics"]["previousPeriod"]["overview"]["total"]
    await expect(page.locator("#numbers .card").first).to_contain_text(f"{total}")
    await expect(page.locator("#numbers .card").first).to_contain_text(f"from {before}")


async def test_the_campaign_that_fails_stands_out_and_leads_to_its_bookings(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    await shown(page)
    marked = page.locator("#utm tr", has=page.locator(".failing"))
    await expect(marked).to_have_count(1)
    await expect(marked).to_contain_text("back-to-school")
    await marked.get_by_role("button").click()
    await shown(page)
    await expect(page.locator("#utm tbody tr")).to_have_count(1)
    await expect(page.get_by_label("Search")).to_have_value("back-to-school")
    await expect(page.get_by_label("Search")).to_be_focused()


async def test_a_broken_integration_says_why_and_is_exported_to_the_letter(
    page: Page, site: Site, tmp_path: Path
) -> None:
    await page.goto("/dashboard")
    why = "Lakeside Surgery Center is broken: The refresh token was revoked: connect the account again."
    await expect(page.locator(".alarm")).to_contain_text(why)
    row = page.locator("#integrations tr", has_text="Lakeside Surgery Center")
    await expect(row).to_contain_text("Token expired")
    async with page.expect_download() as download:
        await row.get_by_role("button", name="Export").click()
    id = await clinic(site, "Lakeside Surgery Center")
    file = await download.value
    assert file.suggested_filename == f"{id}.json"
    await file.save_as(tmp_path / "export.json")
    query = "query ($id: ID!) { integrationExport(integrationId: $id) { document } }"
    document = (await graph(site, query, id=id))["integrationExport"]["document"]
    assert json.loads((tmp_path / "export.json").read_text()) == document
    await expect(page.locator("#said")).to_contain_text("was exported")


async def test_days_are_read_by_keys_and_chosen_by_dragging(page: Page) -> None:
    await page.goto("/dashboard?range=7d")
    await shown(page)
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
    questions = asked(page)
    box = await plot.locator(".u-over").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] * 1.5 / 7, box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 3.5 / 7, box["y"] + 60, steps=3)
    await page.mouse.up()
    await page.wait_for_url("**range=custom**")
    await shown(page)
    assert len(questions) == 1
    await page.get_by_text("View as table").click()
    await expect(page.locator("#trend tbody tr")).to_have_count(3)
    await expect(page.get_by_label("From")).to_have_value(_address(page)["from"])


async def test_nothing_found_says_why_and_how_to_find_more(page: Page) -> None:
    await page.goto("/dashboard?type=PROCEDURE&search=nobody-at-all&range=forever")
    await expect(page.locator("#trend")).to_contain_text("None of that time is of the type Procedure and mentions")
    await expect(page.locator("#period")).to_contain_text("“range=forever”, which is not understood")
    await page.get_by_role("button", name="Clear the filter").click()
    await expect(page.locator("#trend canvas")).to_be_visible()
    assert _address(page).keys() == {"integration"}


async def test_what_fails_says_why_and_can_be_tried_again(chromium: Browser, site: Site) -> None:
    async with opened(chromium, site, expected="ERR_FAILED|500") as page:
        await page.route("**/graphql", lambda route: route.abort())
        await page.goto("/dashboard")
        failures = page.locator(".failure")
        await expect(failures).to_have_count(5)
        await expect(failures.first).to_contain_text("The gateway could not be reached.")
        await page.unroute("**/graphql")
        surprise = {"message": "A surprise.", "extensions": {"code": "INTERNAL_SERVER_ERROR", "errorId": "e1"}}
        await page.route("**/graphql", lambda route: route.fulfill(status=500, json={"errors": [surprise]}))
        await failures.first.get_by_role("button", name="Try again").click()
        await expect(failures.first).to_contain_text("A surprise. (INTERNAL_SERVER_ERROR, error id e1)")
        await page.unroute("**/graphql")
        await failures.last.get_by_role("button", name="Try again").click()
        await expect(page.locator("#trend canvas")).to_be_visible()
        await expect(failures).to_have_count(0)


async def test_one_part_that_fails_leaves_the_others(page: Page) -> None:
    async def spoil(route: Route) -> None:
        answer = await (await route.fetch()).json()
        answer["data"]["newest"]["nodes"][0]["appointmentStatistics"] = None
        answer["errors"] = [{"message": "Too much.", "path": ["newest"], "extensions": {"code": "TIMEOUT"}}]
        await route.fulfill(json=answer)

    await page.route("**/graphql", spoil)
    await page.goto("/dashboard")
    await expect(page.locator(".failure")).to_have_count(4)
    await expect(page.locator("#integrations tbody tr")).to_have_count(4)


async def test_late_answers_are_dropped(page: Page) -> None:
    await page.goto("/dashboard?range=7d")
    await shown(page)
    total = page.locator("#numbers .value").first
    week = await total.inner_text()
    dropped: list[Request] = []
    page.on("requestfailed", lambda request: dropped.append(request))  # noqa: PLW0108 (it marks what it is given)
    came, late = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        came.set()
        await late.wait()
        with suppress(Error):  # nobody waits for it any more
            await route.continue_()

    await page.route("**/graphql", hold, times=1)
    await page.get_by_text("12 mo", exact=True).click()
    await came.wait()
    await page.get_by_text("90 d", exact=True).click()
    await shown(page)
    quarter = await total.inner_text()
    late.set()
    await page.get_by_text("Medium", exact=True).click()
    assert (await total.inner_text(), len(dropped)) == (quarter, 1)
    assert quarter != week
    await expect(page.get_by_label("90 d")).to_be_checked()


async def test_a_key_is_exchanged_and_kept_nowhere(chromium: Browser, site: Site, tmp_path: Path) -> None:
    unauthenticated = "401 .Unauthorized.*/(session|graphql)"
    with served_again(site, tmp_path) as again:
        async with opened(chromium, again, expected=unauthenticated) as page:
            await page.goto("/dashboard")
            await expect(page.get_by_label("Key", exact=True)).to_be_focused()
            await page.get_by_label("Key", exact=True).fill("gw_of_nobody")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Send a key that is known")
            await page.get_by_label("Key", exact=True).fill(again.key)
            await page.keyboard.press("Enter")
            await shown(page)
            await expect(page.locator("#viewer")).to_contain_text("mara.lindqvist")
            await expect(page.locator("#viewer time")).to_be_visible()
            kept = "JSON.stringify([localStorage, sessionStorage, document.cookie])"
            assert again.key not in await page.evaluate(kept) + await page.content()
            assert await page.locator("#key").input_value() == ""
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            await expect(page.locator("#numbers .card")).to_have_count(0)
            await page.get_by_label("Key", exact=True).fill(again.key)
            await page.keyboard.press("Enter")
            await shown(page)
            await page.context.clear_cookies()
            await page.get_by_text("7 d", exact=True).click()
            await expect(page.get_by_role("alert")).to_have_text("The session has ended.")
            await page.get_by_label("Key", exact=True).fill(again.key)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("dialog")).to_have_count(0)
            await shown(page)
            await expect(page.get_by_label("7 d")).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_in_anybodys_way(chromium: Browser, site: Site, axe: str, scheme: Scheme) -> None:
    async with opened(chromium, site, scheme=scheme) as page:
        await page.goto("/dashboard?range=7d&sort=failed")
        await shown(page)
        await expect(page.locator("#trend canvas")).to_be_visible()
        await page.get_by_text("View as table").click()
        assert await browser.barriers(page, axe) == []
        await page.goto("/dashboard?search=nobody-at-all&range=custom")
        await shown(page)
        assert await browser.barriers(page, axe) == []
        assert await browser.overflowing(page) == []
        await page.goto("/dashboard?range=12mo")
        await expect(page.locator("#trend canvas")).to_be_visible()
        assert await browser.overflowing(page) == []


async def test_it_is_used_by_keys_alone(page: Page) -> None:
    await page.goto("/dashboard")
    await shown(page)
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
        "Show and export",
        "back-to-school",
    } <= reached
    assert {"View as table", "Export Lakeside Surgery Center"} <= reached
    await page.get_by_label("30 d").focus()
    await page.keyboard.press("ArrowLeft")
    await page.wait_for_url("**range=7d**")
    await shown(page)
    await page.locator("#utm").get_by_role("button", name="Failed").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#utm").get_by_role("button", name="Failed")).to_be_focused()


async def test_it_is_printed_without_what_is_pressed(page: Page) -> None:
    await page.goto("/dashboard")
    await shown(page)
    await page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("#filters", "#integrations button", "#sign-out"):
        await expect(page.locator(hidden).first).to_be_hidden()
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    await expect(page.locator("#numbers")).to_be_visible()
