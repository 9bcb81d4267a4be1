"""The filters of the dashboard: values of breakdowns, search, days, and what of them is in the address."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import Site, find_overflowing_elements
from tests.support.pages import find_clinic, read_address, wait_until_shown, watch_requests

BREAKDOWNS = {"source": "#source", "utmCampaign": "#utm", "utmSource": "#utm", "utmMedium": "#utm"}
"""The breakdowns, and the section that shows each."""


def _read_lists(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


async def _read_total(page: Page) -> str:
    await wait_until_shown(page)
    return await page.locator("#numbers .value").first.inner_text()


async def _walk_rows(page: Page, address: str, breakdown: str) -> int:
    """Click each row of a breakdown, and check that its number is the number of bookings then."""
    await page.goto(f"{address}&by={breakdown if breakdown != 'source' else 'utmMedium'}")
    await wait_until_shown(page)
    rows = page.locator(f"{BREAKDOWNS[breakdown]} tbody tr")
    count = await rows.count()
    for number in range(count):
        row = rows.nth(number)
        value = await row.locator(".pick").inner_text()
        bookings = await row.locator(".number").first.inner_text()
        before = page.url
        await row.locator(".pick").click()
        await expect(page.locator("#chips .chip b").filter(has_text=value).first).to_be_visible()
        assert (breakdown, value, await _read_total(page)) == (breakdown, value, bookings)
        assert _read_lists(page)[breakdown] == [value]
        if page.url != before:
            await page.go_back()
        await wait_until_shown(page)
        await expect(rows).to_have_count(count)
    return count


@pytest.mark.slow
async def test_each_row_shows_as_many_bookings_as_its_number_says(page: Page, site: Site) -> None:
    address = f"/dashboard?integration={await find_clinic(site)}&range=90d"
    counts = {breakdown: await _walk_rows(page, address, breakdown) for breakdown in BREAKDOWNS}
    assert min(counts.values()) >= 4
    # With chips of another breakdown, and with two of the same.
    await _walk_rows(page, f"{address}&utmMedium=not+set", "source")
    await _walk_rows(page, f"{address}&source=website", "utmCampaign")
    assert await _walk_rows(page, f"{address}&source=unknown&source=referral", "source") == 2


async def test_chips_are_stacked_and_removed_one_by_one(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    all_bookings = await _read_total(page)
    number = page.locator("#source tr", has_text="referral").locator(".number").first
    in_row = await number.inner_text()
    await page.locator("#source").get_by_role("button", name="referral").click()
    referred = await _read_total(page)
    assert referred == in_row
    await page.locator("#utm").get_by_role("button", name="not set").click()
    both = await _read_total(page)
    assert int(both) < int(referred) < int(all_bookings.replace(",", ""))
    assert read_address(page) | {"integration": ""} == {
        "integration": "",
        "range": "90d",
        "source": "referral",
        "utmCampaign": "not set",
    }
    chips = page.get_by_role("list", name="Chosen values")
    await expect(chips.locator(".chip")).to_have_count(2)
    await page.get_by_role("button", name="Remove UTM campaign: not set").click()
    assert await _read_total(page) == referred
    await page.go_back()
    assert await _read_total(page) == both
    await page.reload()
    assert await _read_total(page) == both
    await page.get_by_role("button", name="Clear all").click()
    assert await _read_total(page) == all_bookings
    await expect(page.locator(".chip")).to_have_count(0)
    await expect(page.get_by_label("Search")).to_be_focused()


async def test_a_second_value_of_a_breakdown_is_added_beside_the_first(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    numbers = dict(
        zip(
            await page.locator("#source .pick").all_inner_texts(),
            map(int, await page.locator("#source tbody td:nth-child(2)").all_inner_texts()),
            strict=True,
        )
    )
    await page.locator("#source").get_by_role("button", name="unknown").click()
    await page.get_by_role("button", name="or… another value of Source").click()
    select = page.get_by_label("Add Source")
    await expect(select).to_be_focused()
    options = await select.locator("option").all_inner_texts()
    assert options[1:] == [f"{name} ({count})" for name, count in numbers.items() if name != "unknown"]
    await select.select_option("referral")
    await expect(page.locator(".chip")).to_have_count(2)
    assert int(await _read_total(page)) == numbers["unknown"] + numbers["referral"]
    assert _read_lists(page)["source"] == ["unknown", "referral"]


async def test_the_search_is_neither_in_the_address_nor_stored(page: Page) -> None:
    await page.goto("/dashboard?search=smuggled")
    await expect(page.locator("#period")).to_contain_text("The address has “search”, which is not valid")
    assert "smuggled" not in page.url + await page.content()
    before = page.url
    everything = await _read_total(page)
    queries = watch_requests(page)
    entries = await page.evaluate("history.length")
    await page.get_by_label("Search").fill("website")
    await expect(page.locator("#source tbody tr")).to_have_count(1)
    assert [query["variables"]["search"] for query in queries] == ["website"]
    assert (page.url, await page.evaluate("history.length")) == (before, entries)
    stored = "JSON.stringify([localStorage, sessionStorage, document.cookie, history.state])"
    assert "website" not in await page.evaluate(stored)
    assert await _read_total(page) != everything
    # Other filters keep the search.
    await page.get_by_text("90 d", exact=True).click()
    await wait_until_shown(page)
    await page.go_back()
    await wait_until_shown(page)
    await expect(page.get_by_label("Search")).to_have_value("website")
    assert [query["variables"]["search"] for query in queries] == ["website"] * 3
    await page.reload()
    assert await _read_total(page) == everything


async def test_a_copied_link_says_that_it_has_no_search(page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto("/dashboard?range=7d&source=website")
    await wait_until_shown(page)
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.locator("#copied")).to_have_text("Link copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == page.url
    await page.get_by_label("Search").fill("amelia")
    await expect(page.locator("#copied")).to_be_empty()
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.locator("#copied")).to_contain_text("The link does not contain the search")
    assert "amelia" not in await page.evaluate("navigator.clipboard.readText()")


async def test_typed_days_apply_once_they_are_right(page: Page) -> None:
    await page.goto("/dashboard?range=7d")
    await wait_until_shown(page)
    await page.get_by_text("Custom", exact=True).click()
    await wait_until_shown(page)
    queries = watch_requests(page)
    entries = await page.evaluate("history.length")
    await page.get_by_label("From", exact=True).focus()
    await page.keyboard.type("10052026")
    await page.keyboard.press("Tab")
    await page.get_by_label("To", exact=True).focus()
    await page.keyboard.type("10202026")
    await page.wait_for_url("**from=2026-10-05&to=2026-10-20**")
    await wait_until_shown(page)
    await expect(page.locator("#period")).to_contain_text("20, 2026 · compared with")
    assert [(query["variables"]["first"], query["variables"]["last"]) for query in queries] == [
        ("2026-10-05", "2026-10-20")
    ]
    # The step from 7 d to Custom has one entry, however often the days change afterwards.
    assert await page.evaluate("history.length") <= entries + 1
    address = page.url
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.type("10012026")
    alert = page.locator("#days-problem")
    await expect(alert).to_have_text("The first day is after the last day. Choose an earlier first day.")
    await expect(page.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.type("10012099")
    await expect(alert).to_contain_text("Choose days from Jan 1, 1970 to ")
    await page.keyboard.press("Delete")
    await expect(alert).to_have_text("One of the days is incomplete, or does not exist.")
    assert (len(queries), page.url) == (1, address)
    await expect(page.locator(".failure")).to_have_count(0)


async def test_an_address_with_wrong_days_shows_the_usual_ones(page: Page) -> None:
    for days in (
        "from=2026-11-05&to=2026-11-01",
        "from=2026-02-30&to=2026-03-01",
        "from=2026-11-05",
        "from=x&to=y",
    ):
        await page.goto(f"/dashboard?range=custom&{days}")
        await wait_until_shown(page)
        await expect(page.get_by_label("30 d")).to_be_checked()
        await expect(page.locator("#period")).to_contain_text("“from” and “to”, which is not valid")
        assert "custom" not in page.url
    await page.goto("/dashboard?type=SURGERY")
    await wait_until_shown(page)
    await expect(page.locator("#period")).to_contain_text("“type=SURGERY”, which is not valid")
    assert "type" not in read_address(page)


async def test_a_link_to_a_part_of_the_page_sends_no_query(page: Page) -> None:
    await page.goto("/dashboard?range=7d&source=website")
    await wait_until_shown(page)
    queries = watch_requests(page)
    await page.evaluate("location.hash = 'integrations'")
    await page.go_back()
    await expect(page.locator("section[aria-busy=false]")).to_have_count(5)
    assert queries == []


async def test_a_number_lists_the_records_that_it_counts_while_others_load(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    count = await page.locator("#numbers .value").first.inner_text()
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        if "query Dashboard" in (route.request.post_data or ""):
            await released.wait()
        await route.continue_()

    await page.route("**/graphql", hold)
    await page.get_by_text("7 d", exact=True).click()
    await page.locator("#numbers").get_by_role("button", name=count).click()
    await expect(page.locator("#records .foot")).to_contain_text(f"of {count} bookings")
    released.set()
    await wait_until_shown(page)


@pytest.mark.parametrize("width", [390, 1440])
async def test_long_names_wrap(page: Page, width: int) -> None:
    async def lengthen(route: Route) -> None:
        if "query Dashboard" not in (route.request.post_data or ""):
            await route.continue_()
            return
        answer = await (await route.fetch()).json()
        found = answer["data"].get("newest", {"nodes": [None]})["nodes"][0] or answer["data"]["chosen"]
        found["name"] = "Lakeside" * 38
        for breakdown in ("source", "utmCampaign"):
            for bucket in found["appointmentStatistics"][breakdown][:1]:
                bucket["value"] = "campaign" * 38
        await route.fulfill(json=answer)

    await page.route("**/graphql", lengthen)
    await page.goto("/dashboard?range=7d")
    await wait_until_shown(page)
    assert await find_overflowing_elements(page, width) == []
    await page.locator("#source").get_by_role("button", name="campaign").click()
    await expect(page.locator(".chip")).to_have_count(1)
    await expect(page.locator("#trend canvas, #trend .notice").first).to_be_visible()
    assert await find_overflowing_elements(page, width) == []
