"""Downloads of the dashboard as CSV have the numbers that the page shows."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.browser import Site, open_page, serve_existing
from tests.support.pages import find_clinic, wait_until_shown
from tests.support.statistics_csv import read_tables


async def download(page: Page, name: str) -> tuple[str, str]:
    """Press a button, and return the name and the text of the file."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name=name).click()
    file = await download.value
    content = (await file.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return file.suggested_filename, content.decode("utf-8-sig")


async def read_numbers(page: Page, selector: str) -> list[list[str]]:
    """Return the numbers in the rows of a table of the page."""
    rows = await page.locator(f"{selector} tbody tr").all()
    return [await row.locator("td").all_inner_texts() for row in rows]


async def test_all_numbers_of_90_days_are_two_clicks_away(page: Page, site: Site) -> None:
    await page.goto("/dashboard")
    await page.get_by_text("90 d", exact=True).click()
    name, text = await download(page, "Download CSV")
    assert name.startswith(f"{await find_clinic(site)}-all-from-")
    await expect(page.locator("#said")).to_have_text(f"Saved to {name}.")
    await wait_until_shown(page)
    tables = read_tables(text)
    values = await page.locator("#numbers .value").all_inner_texts()
    (header, queried, previous) = tables["overview"]
    numbers = dict(zip(header, queried, strict=True))
    assert [f"{int(numbers[key]):,}" for key in ("total", "successful", "failed")] == values[:3]
    assert previous[0] == "previous"
    await page.get_by_text("View as table").click()
    days = tables["days"][1:]
    assert len(days) == 90
    # The page also shows the total of each day.
    assert [row[2:] for row in days] == [cells[:3] for cells in await read_numbers(page, "#trend")]
    assert {row[1] for row in days} == {"America/Chicago"}


@pytest.mark.parametrize(
    ("tab", "button", "part", "selector"),
    [
        (None, "CSV of sources", "source", "#source"),
        ("Campaign", "CSV of UTM values", "utmCampaign", "#utm"),
        ("Medium", "CSV of UTM values", "utmMedium", "#utm"),
    ],
)
async def test_a_table_has_the_rows_that_the_page_shows(
    page: Page, tab: str | None, button: str, part: str, selector: str
) -> None:
    await page.goto("/dashboard?range=90d&type=NP")
    await wait_until_shown(page)
    if tab:
        await page.locator("#utm").get_by_text(tab, exact=True).click()
    name, text = await download(page, button)
    assert f"-{part}-from-" in name
    header, *rows = csv.reader(StringIO(text, newline=""))
    assert header == [part, "count", "successful", "failed", "pending"]
    assert [[row[1], row[3]] for row in rows] == [row[:2] for row in await read_numbers(page, selector)]


async def test_a_search_is_downloaded_without_a_trace_in_an_address(page: Page) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    await page.goto("/dashboard?range=90d")
    await wait_until_shown(page)
    shown = page.locator("#numbers .value").first
    everything = await shown.inner_text()
    await page.get_by_label("Search").fill("website")
    await expect(shown).not_to_have_text(everything)
    name, text = await download(page, "CSV of these numbers")
    header, queried, *_ = csv.reader(StringIO(text, newline=""))
    total = dict(zip(header, queried, strict=True))["total"]
    await expect(shown).to_have_text(f"{int(total):,}")
    assert "website" not in name
    assert [address for address in addresses if address.endswith("/statistics.csv")] != []
    assert [address for address in addresses if "statistics" in address and "?" in address] == []


async def test_a_refused_download_says_why_and_can_be_repeated(chromium: Browser, site: Site) -> None:
    refusals = [
        (503, {"detail": "The gateway is overloaded."}),
        (422, {"detail": [{"msg": "Choose a shorter time."}, {"msg": "Choose fewer values."}]}),
    ]

    async def refuse(route: Route) -> None:
        if not refusals:
            return await route.continue_()
        status, answer = refusals.pop(0)
        return await route.fulfill(status=status, json=answer)

    async with open_page(chromium, site, expected="503|422") as page:
        await page.route("**/statistics.csv", refuse)
        await page.goto("/dashboard?range=90d")
        await wait_until_shown(page)
        button = page.get_by_role("button", name="CSV of the days")
        refusal = page.locator("#trend").get_by_role("alert")
        await button.click()
        await expect(refusal).to_have_text("The gateway is overloaded.")
        await button.click()
        await expect(refusal).to_have_text("Choose a shorter time. Choose fewer values.")
        await download(page, "CSV of the days")
        await expect(refusal).to_have_count(0)


async def test_a_session_that_has_ended_is_renewed_for_a_download(
    chromium: Browser, site: Site, tmp_path: Path
) -> None:
    with serve_existing(site, tmp_path) as plain:
        async with open_page(chromium, plain, expected="401") as page:
            await page.goto("/dashboard?range=7d")
            await page.get_by_label("Key", exact=True).fill(plain.key)
            await page.keyboard.press("Enter")
            await wait_until_shown(page)
            await page.context.clear_cookies()
            async with page.expect_download() as saved:
                await page.get_by_role("button", name="Download CSV").click()
                await page.get_by_label("Key", exact=True).fill(plain.key)
                await page.keyboard.press("Enter")
            assert (await saved.value).suggested_filename.endswith(".csv")
