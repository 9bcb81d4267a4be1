"""The periods of the dashboard: grouping, comparison, and the instants at which local days begin."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import Site, open_page
from tests.support.pages import find_clinic, query_graph, read_address, wait_until_shown, watch_requests

COUNTS = """
query ($id: ID!, $first: Date, $last: Date, $by: TrendPeriod! = DAY) {
  appointmentStatistics(integrationId: $id, firstDay: $first, lastDay: $last, fillGaps: true) {
    overview { total successful failed }
    trends(by: $by) { day successful failed pending }
  }
}
"""


async def _query(site: Site, **variables: object) -> dict[str, object]:
    found = await query_graph(site, COUNTS, id=await find_clinic(site), **variables)
    return dict(found["appointmentStatistics"])


async def _read_rows(page: Page) -> list[list[str]]:
    """Return the numbers of the table below the chart."""
    rows = "rows => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))"
    found: list[list[str]] = await page.locator("#trend tbody tr").evaluate_all(rows)
    return found


async def _read_totals(page: Page) -> list[str]:
    await wait_until_shown(page)
    return await page.locator("#numbers .value").all_inner_texts()


async def _read_compared(page: Page) -> list[str]:
    """Return what each number is compared with."""
    await wait_until_shown(page)
    return [text.split("from ")[-1] for text in await page.locator("#numbers .change").all_inner_texts()]


@pytest.mark.parametrize(
    ("first", "last", "by"),
    [
        ("2026-08-30", "2026-11-29", "DAY"),
        ("2026-08-29", "2026-11-29", "WEEK"),
        ("2025-12-03", "2026-11-29", "WEEK"),
        ("2024-11-01", "2026-11-29", "MONTH"),
    ],
)
async def test_bars_are_grouped_by_the_length_of_the_range(
    page: Page, site: Site, first: str, last: str, by: str
) -> None:
    await page.goto(f"/dashboard?integration={await find_clinic(site)}&range=custom&from={first}&to={last}")
    await wait_until_shown(page)
    await expect(page.locator("#trend-title")).to_have_text(f"Bookings per {by.lower()}")
    found = await _query(site, first=first, last=last, by=by)
    trends = found["trends"]
    assert isinstance(trends, list)
    assert [row[:3] for row in await _read_rows(page)] == [
        [str(each[state]) for state in ("successful", "failed", "pending")] for each in trends
    ]


async def test_bars_are_grouped_by_hand(page: Page) -> None:
    await page.goto("/dashboard?range=30d")
    await wait_until_shown(page)
    for name, number in {"Week": (5, 6), "Month": (2, 3), "Day": (30,)}.items():
        await page.get_by_label("Grouped by").select_option(name)
        await page.wait_for_url(f"**group={name.lower()}**")
        await expect(page.locator("#trend-title")).to_have_text(f"Bookings per {name.lower()}")
        assert await page.locator("#trend tbody tr").count() in number
    await page.get_by_label("Grouped by").select_option("Automatic")
    await expect(page.locator("#trend-title")).to_have_text("Bookings per day")
    assert "group" not in read_address(page)


async def test_all_time_shows_everything(page: Page, site: Site) -> None:
    await page.goto("/dashboard")
    await wait_until_shown(page)
    await page.get_by_text("All time", exact=True).click()
    await page.wait_for_url("**range=all**")
    await expect(page.locator("#trend-title")).to_have_text("Bookings per month")
    overview = (await _query(site))["overview"]
    assert isinstance(overview, dict)
    assert (await _read_totals(page))[0] == f"{overview['total']:,}"
    await expect(page.locator("#period")).to_contain_text("All time · without a comparison")
    await expect(page.get_by_label("Compared with")).to_be_disabled()
    numbers = [[int(cell) for cell in row] for row in await _read_rows(page)]
    assert sum(map(sum, numbers)) == overview["total"]
    await page.locator("#numbers .open").first.click()
    await expect(page.locator("#records .foot")).to_contain_text(f"of {overview['total']:,} bookings")


async def test_the_numbers_are_compared_with_other_periods(page: Page, site: Site) -> None:
    clinic = await find_clinic(site)
    queries = watch_requests(page)
    await page.goto(f"/dashboard?integration={clinic}&range=custom&from=2026-11-01&to=2026-11-14")

    async def expect_compared(first: str, last: str) -> None:
        found = await _query(site, first=first, last=last)
        overview = found["overview"]
        assert isinstance(overview, dict)
        assert (await _read_compared(page))[:3] == [
            str(overview[name]) for name in ("total", "successful", "failed")
        ]
        compared = [row[3] for row in await _read_rows(page)]
        trends = found["trends"]
        assert isinstance(trends, list)
        totals = [str(each["successful"] + each["failed"] + each["pending"]) for each in trends]
        assert compared == [*totals, *["–"] * 14][:14]  # noqa: RUF001 (the page writes it)

    await expect_compared("2026-10-18", "2026-10-31")
    await expect(page.locator("#period")).to_contain_text("compared with Oct 18")
    await page.get_by_label("Compared with").select_option("Other days")
    await page.wait_for_url("**compareFrom=2026-10-18**")
    await expect_compared("2026-10-18", "2026-10-31")
    await page.get_by_label("Compared since").fill("2026-03-01")
    await page.get_by_label("Compared until").fill("2026-03-07")
    await page.wait_for_url("**compareFrom=2026-03-01&compareTo=2026-03-07**")
    await expect_compared("2026-03-01", "2026-03-07")
    await page.get_by_label("Compared with").select_option("Nothing")
    await page.wait_for_url("**compare=none**")
    await wait_until_shown(page)
    await expect(page.locator("#numbers .change")).to_have_text(["of decided bookings"])
    await expect(page.locator("#period")).to_contain_text("without a comparison")
    assert {len(row) for row in await _read_rows(page)} == {3}
    await page.get_by_label("Compared with").select_option("Year before")
    await page.wait_for_url("**compare=year**")
    await wait_until_shown(page)
    await expect(page.locator("#period")).to_contain_text("Nov 1 – 14, 2025")  # noqa: RUF001 (the page writes it)
    # Each change sends one request for both periods; the two days are one or two changes.
    assert len([query for query in queries if "query Dashboard" in query["query"]]) in (5, 6)


@pytest.mark.parametrize(("range_", "days"), [("7d", 7), ("90d", 90), ("12mo", 365)])
async def test_a_range_is_compared_with_the_days_before_it(page: Page, site: Site, range_: str, days: int) -> None:
    await page.goto(f"/dashboard?range={range_}&compare=previous")
    await wait_until_shown(page)
    today = datetime.now(ZoneInfo("America/Chicago")).date()
    first = today - timedelta(days=2 * days)
    found = await _query(site, first=f"{first}", last=f"{first + timedelta(days=days - 1)}")
    overview = found["overview"]
    assert isinstance(overview, dict)
    if overview["total"]:
        assert (await _read_compared(page))[0] == f"{overview['total']:,}"
    # All days before stand beside a bar.
    compared = [int(row[3]) for row in await _read_rows(page) if len(row) > 3]
    assert sum(compared) == overview["total"]


async def test_a_click_or_key_shows_one_day(page: Page) -> None:
    await page.goto("/dashboard?range=30d")
    await wait_until_shown(page)
    plot = page.get_by_role("slider")
    await expect(plot.locator("canvas")).to_be_visible()
    box = await plot.locator(".u-over").bounding_box()
    assert box is not None
    position = {"x": box["width"] * 3.5 / 30, "y": 60.0}
    await plot.locator(".u-over").hover(position=position)  # type: ignore[arg-type]
    text = await plot.get_attribute("aria-valuetext") or ""
    await page.mouse.down()
    await page.mouse.up()
    await page.wait_for_url("**range=custom**")
    await wait_until_shown(page)
    address = read_address(page)
    day = date.fromisoformat(address["from"])
    assert address["from"] == address["to"]
    assert f"{day:%A, %B} {day.day}, {day.year}" in text
    await expect(page.locator("#trend tbody tr")).to_have_count(1)
    await page.go_back()
    await wait_until_shown(page)
    await page.get_by_label("Grouped by").select_option("Week")
    await page.wait_for_url("**group=week**")
    await wait_until_shown(page)
    await page.get_by_role("slider").focus()
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**range=custom**")
    address = read_address(page)
    monday = date.fromisoformat(address["from"])
    assert (monday.weekday(), date.fromisoformat(address["to"]) - monday) == (0, timedelta(days=6))


async def test_the_axis_has_years_if_the_range_spans_years(page: Page) -> None:
    """The axis is drawn on a canvas, so its texts are recorded."""
    await page.add_init_script("""{
        window.texts = [];
        const { fillText } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
            window.texts.push(text);
            return fillText.call(this, text, ...rest);
        };
    }""")
    for days, years in {
        "from=2025-11-10&to=2026-11-09": {"2025", "2026"},
        "from=2026-03-10&to=2026-11-09": set(),
    }.items():
        await page.goto(f"/dashboard?range=custom&{days}")
        await wait_until_shown(page)
        await expect(page.locator("#trend canvas")).to_be_visible()
        await page.wait_for_function("window.texts.some((text) => /[A-Z]/.test(text))")
        texts = set(await page.evaluate("window.texts"))
        assert {text for text in texts if text in ("2025", "2026")} == years


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Chicago", "2026-03-08"),
        ("America/Chicago", "2026-11-01"),
        ("Asia/Kathmandu", "2026-06-01"),
        ("America/Santiago", "2026-09-06"),  # The clock jumps from 0:00 to 1:00.
        ("America/Havana", "2026-11-01"),  # The clock goes back from 1:00 to 0:00.
        ("Pacific/Kiritimati", "2026-01-01"),
        ("Pacific/Pago_Pago", "2026-01-01"),
    ],
)
async def test_local_days_begin_at_their_first_instant(page: Page, zone: str, day: str) -> None:
    await page.goto("/dashboard")
    await wait_until_shown(page)
    begin = "([day, zone]) => import('/static/periods.js').then(({ startOf }) => startOf(day, zone))"
    start = datetime.fromisoformat(await page.evaluate(begin, [day, zone]))
    local = start.astimezone(ZoneInfo(zone))
    before = (start - timedelta(milliseconds=1)).astimezone(ZoneInfo(zone))
    assert (f"{local.date()}", start.tzinfo) == (day, UTC)
    assert before.date() == local.date() - timedelta(days=1)


async def test_a_year_before_begins_on_the_same_day(page: Page) -> None:
    await page.goto("/dashboard")
    await wait_until_shown(page)
    compare = """async ([first, last]) => {
        const { readComparison } = await import("/static/periods.js");
        return Object.values(readComparison({ compare: "year" }, { first, last }));
    }"""
    for days, before in {
        ("2026-11-01", "2026-11-30"): ["2025-11-01", "2025-11-30"],
        ("2024-02-29", "2024-03-01"): ["2023-02-28", "2023-03-01"],
    }.items():
        assert await page.evaluate(compare, list(days)) == before
    # A range asks for the days of both, because the page does not know today in the integration's zone.
    ask = """async (range) => {
        const { read, variables } = await import("/static/filters.js");
        return variables(read(`?range=${range}&compare=year`)[0]).beforeDays;
    }"""
    assert [await page.evaluate(ask, range_) for range_ in ("7d", "12mo", "all")] == [373, 731, None]


@pytest.mark.parametrize("locale", ["de-DE", "ja-JP", "en-GB"])
async def test_numbers_and_days_have_the_format_of_the_browser(chromium: Browser, site: Site, locale: str) -> None:
    overview = (await _query(site))["overview"]
    assert isinstance(overview, dict)
    async with open_page(chromium, site, locale=locale) as page:
        await page.goto("/dashboard?range=custom&from=2026-06-01&to=2026-06-30")
        await wait_until_shown(page)
        days = await page.evaluate(
            """(locale) => new Intl.DateTimeFormat(
                locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }
            ).formatRange(new Date("2026-06-01"), new Date("2026-06-30"))""",
            locale,
        )
        await expect(page.locator("#period b")).to_have_text(days)
        await expect(page.locator("#period")).to_contain_text("compared with")
        assert await page.evaluate("document.documentElement.lang") == "en"
        await page.goto("/dashboard?range=all")
        separator = "." if locale == "de-DE" else ","
        total = f"{overview['total']:,}".replace(",", separator)
        await expect(page.locator("#numbers .value").first).to_have_text(total)
