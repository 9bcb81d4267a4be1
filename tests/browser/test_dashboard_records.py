"""The records behind the numbers of the dashboard: which are listed, in which order, and for whom."""

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.demo.clinics import LAKESIDE
from tests.support import browser
from tests.support.browser import Scheme, Site, open_page
from tests.support.commands import run_gateway
from tests.support.pages import query_graph, wait_until_shown, watch_requests

CREATED = """
query ($id: ID!, $filter: ResourceRecordFilter) {
  integration(id: $id) { ... on ConnectedIntegration {
    resourceRecords(type: APPOINTMENTS, filter: $filter, last: 100) { nodes { id createdAt } }
  } }
}
"""


async def _open(page: Page, name: str) -> int:
    """Click a number and return it."""
    number = page.locator("#numbers .card", has=page.get_by_text(name, exact=True)).get_by_role("button")
    count = int((await number.inner_text()).replace(",", ""))
    await number.click()
    await expect(page.locator("#records tbody tr").first).to_be_visible()
    return count


async def test_each_number_lists_as_many_records(page: Page) -> None:
    await page.goto("/dashboard?range=30d&source=website&utmMedium=not+set&utmMedium=email")
    await wait_until_shown(page)
    dialog = page.get_by_role("dialog")
    for name in ("Bookings", "Successful", "Failed", "Pending"):
        if await page.locator("#numbers .card", has_text=name).get_by_role("button").count() == 0:
            continue
        count = await _open(page, name)
        await expect(dialog.locator(".foot")).to_contain_text(f"of {count} bookings")
        while await dialog.get_by_role("button", name="Show older bookings").count():
            shown = await dialog.locator("tbody tr").count()
            await dialog.get_by_role("button", name="Show older bookings").click()
            await expect(dialog.locator(f"tbody tr:nth-child({shown + 1})")).to_be_visible()
        await expect(dialog.locator("tbody tr")).to_have_count(count)
        await expect(dialog).to_contain_text("Source: website · UTM medium: not set or email")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(page.locator("#records .body")).to_be_empty()


async def test_failed_bookings_of_a_failing_campaign_are_two_clicks_away(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    await page.locator("#utm tr", has=page.locator(".failing")).get_by_role("button").click()
    await expect(page.locator("#utm tbody tr")).to_have_count(1)
    queries = watch_requests(page)
    count = await _open(page, "Failed")
    dialog = page.get_by_role("dialog", name="Failed bookings")
    rows = dialog.locator("tbody tr")
    assert count > 25
    await expect(rows).to_have_count(25)
    assert set(await rows.locator("td:last-child").all_inner_texts()) == {"back-to-school"}
    await dialog.get_by_role("button", name="Show older bookings").click()
    await expect(rows).to_have_count(min(count, 50))
    first, second = (query["variables"] for query in queries)
    created = first["filter"]["createdAt"]
    # Local days of Chicago.
    assert (created["gte"][10:], created["lt"][10:]) == ("T05:00:00.000Z", "T06:00:00.000Z")
    assert (first["before"], first["isFirst"], second["isFirst"]) == (None, True, False)
    assert page.url.count("&") == 2


async def test_the_newest_records_come_first(page: Page, site: Site) -> None:
    await page.goto("/dashboard?range=30d&type=PROCEDURE")
    await wait_until_shown(page)
    queries = watch_requests(page)
    await _open(page, "Bookings")
    (query,) = queries
    found = await query_graph(site, CREATED, id=query["variables"]["id"], filter=query["variables"]["filter"])
    nodes = found["integration"]["resourceRecords"]["nodes"]
    times = sorted((node["createdAt"] for node in nodes), reverse=True)[:25]
    format_time = """times => times.map((at) => new Intl.DateTimeFormat("en-US", {
        day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
        timeZone: "America/Chicago",
    }).format(new Date(at)))"""
    expected = await page.evaluate(format_time, times)
    assert await page.locator("#records tbody th").all_inner_texts() == expected


async def test_the_records_match_the_search(page: Page) -> None:
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    everything = await page.locator("#numbers .value").first.inner_text()
    await page.get_by_label("Search").fill("referral")
    await expect(page.locator("#numbers .value").first).not_to_have_text(everything)
    await wait_until_shown(page)
    count = await _open(page, "Bookings")
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".foot")).to_contain_text(f"of {count} bookings")
    await expect(dialog.locator("#records-about")).to_contain_text("Search: referral")


@pytest.fixture
def statistics_key(plain_site: Site) -> str:
    """A key that may count records, but not read them."""
    permissions = ("--permission", "READ_INTEGRATIONS", "--permission", "READ_STATISTICS")
    team = ("--team", LAKESIDE.id, "--user", LAKESIDE.user_id)
    created = run_gateway(
        "keys", "create", *team, "--name", "counts", *permissions, database_url=plain_site.database_url
    )
    return created.stdout.strip()


async def test_a_viewer_who_may_not_read_records_sees_a_sentence(
    chromium: Browser, plain_site: Site, statistics_key: str
) -> None:
    async with open_page(chromium, plain_site) as page:
        await page.request.post("/session", data={"key": statistics_key})
        await page.goto("/dashboard?range=30d&source=website")
        await wait_until_shown(page)
        await expect(page.get_by_label("Search")).to_be_disabled()
        queries = watch_requests(page)
        await page.locator("#numbers .card", has_text="Failed").get_by_role("button").click()
        await expect(page.get_by_role("dialog")).to_contain_text("Your key may count bookings, but not read them.")
        assert queries == []
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_list_of_records_is_accessible_and_fits_narrow_screens(
    chromium: Browser, site: Site, axe: str, scheme: Scheme
) -> None:
    async with open_page(chromium, site, scheme=scheme) as page:
        await page.goto("/dashboard?range=90d")
        await wait_until_shown(page)
        await _open(page, "Failed")
        assert await browser.find_violations(page, axe) == []
        for width in (390, 320):
            assert await browser.find_overflowing_elements(page, width) == []
