"""Widgets in a real browser: on pages of another origin, in frames, and on the page of examples."""

import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.support import browser
from tests.support.browser import Scheme, Site, open_page
from tests.support.dashboard import BREAKDOWNS
from tests.support.pages import watch_requests
from tests.support.widgets import HEAD, PAGE, SCRIPT, Clinic


async def test_widgets_of_another_origin_send_one_query_with_their_own_key(
    chromium: Browser, clinic: Clinic
) -> None:
    async with open_page(chromium, clinic.site) as page:
        queries = watch_requests(page)
        await clinic.open(page, PAGE)
        await expect(page.locator("appointments-total .skeleton")).to_be_visible()
        assert queries == []
        await clinic.set_token(page)
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        assert len(queries) == 1
        failed = page.locator("appointments-total .value").nth(2)
        await expect(failed).to_have_text(str(await clinic.count_failed(7)))
        legend = page.locator("appointments-trend .legend")
        await expect(legend).to_contain_text(f"Failed {await clinic.count_failed(30)}")
        await expect(page.locator("appointments-trend .day")).to_contain_text("20")
        await expect(page.locator("appointments-breakdown tbody tr").first).to_contain_text("not set")
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)
        await expect(page.locator("integrations-list")).to_contain_text("Switched on")
        assert clinic.key not in await page.content()
        assert await page.evaluate("'uPlot' in window && window.uPlot !== undefined") is False


async def test_a_token_can_be_set_before_the_script_loads(chromium: Browser, clinic: Clinic) -> None:
    content = PAGE.replace(SCRIPT, "")
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, content)
        await clinic.set_token(page)
        queries = watch_requests(page)
        await page.add_script_tag(url=f"{clinic.site.origin}/widgets.js", type="module")
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)
        assert len(queries) == 1
        total = page.locator("appointments-total .value").nth(2)
        await page.locator("appointments-total").evaluate("widget => widget.setAttribute('range', '90d')")
        await expect(total).to_have_text(str(await clinic.count_failed(90)))
        assert len(queries) == 2


async def test_invalid_attributes_are_reported_without_a_request(chromium: Browser, clinic: Clinic) -> None:
    content = """<!doctype html><title>A clinic</title><link rel="icon" href="data:,">
    <script type="module" src="{origin}/widgets.js"></script>
    <appointments-total></appointments-total>
    <appointments-trend integration-id="{id}" range="1y"></appointments-trend>
    <appointments-trend integration-id="{id}" range="7d" start="2026-01-01"></appointments-trend>
    <appointments-breakdown integration-id="{id}" by="color"></appointments-breakdown>
    <appointments-total integration-id="{id}" appointment-type="np"></appointments-total>
    <appointments-total integration-id="{id}" end="yesterday"></appointments-total>
    <appointments-total integration-id="{id}" start="2026-02-31"></appointments-total>
    <appointments-total integration-id="{id}" theme="blue"></appointments-total>
    <appointments-trend integration-id="{id}" group-by="year"></appointments-trend>
    """
    said = (
        "The attribute `integration-id` is missing",
        "`range` is “1y”, but must be one of 7d, 30d, 90d, 12mo.",
        "Use either `range`, or `start` and `end`.",
        f"`by` is “color”, but must be one of {', '.join(BREAKDOWNS)}.",
        "`appointment-type` is “np”, but must be one of NP, F_U,",
        "“yesterday” is not a day such as 2026-11-16.",
        "“2026-02-31” is not a day such as 2026-11-16.",
        "`theme` is “blue”, but must be one of auto, light, dark.",
        "`group-by` is “year”, but must be one of day, week, month.",
    )
    async with open_page(chromium, clinic.site) as page:
        queries = watch_requests(page)
        await clinic.open(page, content)
        await clinic.set_token(page)
        for words in said:
            await expect(page.get_by_text(words)).to_be_visible()
        assert queries == []


async def test_an_error_of_one_widget_leaves_the_others(chromium: Browser, clinic: Clinic) -> None:
    more = """<appointments-total id="worded" integration-id="{id}" locale="no locale"></appointments-total>
    <appointments-total id="lost" integration-id="{id}" endpoint="http://["></appointments-total>
    <appointments-total id="unknown" integration-id="nobody"></appointments-total>"""
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, PAGE + more)
        await clinic.set_token(page)
        await expect(page.locator("#worded")).to_contain_text(
            "`locale` is “no locale”, but must be a language such as de or en-GB."
        )
        await expect(page.locator("#lost")).to_contain_text("The gateway cannot be reached.")
        await expect(page.locator("#unknown")).to_contain_text("This does not exist, or your key may not see it.")
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)


async def test_a_widget_shows_a_custom_range_of_days(chromium: Browser, clinic: Clinic) -> None:
    content = PAGE.replace('range="30d"', 'start="2026-11-02" end="2026-11-04"')
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, content)
        await clinic.set_token(page)
        await page.locator("appointments-trend").get_by_text("View as table").click()
        await expect(page.locator("appointments-trend tbody tr")).to_have_count(3)


async def test_pages_of_other_origins_get_no_data(chromium: Browser, site: Site, clinic: Clinic) -> None:
    disallowed = clinic._replace(site=site)
    async with open_page(chromium, site, expected="CORS|ERR_FAILED") as page:
        await disallowed.open(page, PAGE)
        await disallowed.set_token(page)
        said = "The gateway cannot be reached."
        await expect(page.get_by_text(said)).to_have_count(4)
        await expect(page.locator("appointments-total .value")).to_have_count(0)


async def test_a_frame_receives_its_key_by_a_message(chromium: Browser, clinic: Clinic) -> None:
    content = """<!doctype html><title>A clinic</title><link rel="icon" href="data:,">
    <iframe src="{origin}/embed/appointments-total?integration-id={id}&range=7d&onclick=x"></iframe>
    <script>
      window.messages = [];
      addEventListener("message", ({ source, origin, data }) => {
        messages.push([origin, data.widget]);
        if (data.widget === "ready") source.postMessage({ token: "KEY" }, origin);
        if (data.widget === "height") document.querySelector("iframe").height = data.height;
      });
    </script>""".replace("KEY", clinic.key)
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, content)
        frame = page.frame_locator("iframe")
        await expect(frame.locator(".value").nth(2)).to_have_text(str(await clinic.count_failed(7)))
        await page.wait_for_function("document.querySelector('iframe').clientHeight > 200")
        assert await page.evaluate("messages[0]") == [clinic.site.origin, "ready"]
        assert await frame.locator("appointments-total").get_attribute("onclick") is None


async def test_a_frame_has_the_theme_of_its_address(chromium: Browser, clinic: Clinic) -> None:
    content = (
        PAGE.partition("<script")[0]
        + """<iframe src="{origin}/embed/integrations-list?theme=light"></iframe>
    <iframe src="{origin}/embed/integrations-list"></iframe>"""
    )
    find = "element => [getComputedStyle(document.documentElement).colorScheme, getComputedStyle(element).color]"
    async with open_page(chromium, clinic.site, scheme="dark", expected="has no key") as page:
        await clinic.open(page, content)
        light, system = (page.frame_locator(f"iframe >> nth={at}").locator("integrations-list") for at in (0, 1))
        # The styles of the frame are loaded when its skeleton is visible.
        await expect(light.locator(".skeleton")).to_be_visible()
        await expect(light).to_have_css("color", "rgb(22, 27, 36)")
        assert await light.evaluate(find) == ["light", "rgb(22, 27, 36)"]
        await expect(system).to_have_css("color", "rgb(233, 237, 243)")
        assert await system.evaluate(find) == ["light dark", "rgb(233, 237, 243)"]


async def test_a_page_of_another_origin_cannot_frame_a_widget(
    chromium: Browser, site: Site, clinic: Clinic
) -> None:
    content = '<!doctype html><title>A page</title><iframe src="{origin}/embed/appointments-total"></iframe>'
    async with open_page(
        chromium, site, expected="frame-ancestors|favicon|ERR_BLOCKED|refused|404|Failed"
    ) as page:
        await clinic._replace(site=site).open(page, content)
        await expect(page.frame_locator("iframe").locator("appointments-total")).to_have_count(0)


async def test_widgets_work_under_a_strict_policy_of_the_page(chromium: Browser, clinic: Clinic) -> None:
    policy = "default-src 'none'; img-src data:; script-src {origin}; style-src {origin}; connect-src {origin}"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, PAGE.replace(SCRIPT, meta + SCRIPT))
        await clinic.set_token(page)
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)


@pytest.mark.parametrize("locale", ["de", "ja"])
async def test_many_widgets_with_long_names_fit_a_narrow_screen(
    chromium: Browser, clinic: Clinic, locale: str
) -> None:
    name = "Lakeside" * 40
    counts = {
        "count": 1_234_567,
        "total": 1_234_567,
        "successful": 1_000_000,
        "failed": 200_000,
        "pending": 34_567,
    }
    statistics = {
        "overview": counts,
        "previousPeriod": {"overview": counts},
        "utmCampaign": [{"value": name, **counts}],
        "trends": [{"day": f"2026-11-{day:02}", **counts} for day in range(1, 31)],
    }
    listed = {"totalCount": 1, "nodes": [{"id": "1", "name": name, "status": "ACTIVE"}]}

    async def answer(route: Route) -> None:
        fields = re.findall(r"\b(w\d+): (\w+)\(", (route.request.post_data_json or {})["query"])
        found = {alias: listed if field == "integrations" else statistics for alias, field in fields}
        await route.fulfill(json={"data": found})

    content = HEAD + '<meta name="viewport" content="width=device-width">' + PAGE.removeprefix(HEAD) * 7
    async with open_page(chromium, clinic.site, width=390) as page:
        await page.route("**/graphql", answer)
        await clinic.open(
            page, content.replace(' locale="de"', "").replace("-id=", f'-id="1" locale="{locale}" x=')
        )
        await clinic.set_token(page)
        await expect(page.locator("appointments-trend canvas")).to_have_count(7)
        await expect(page.locator("appointments-breakdown tbody tr")).to_have_count(7)
        await expect(page.locator("integrations-list tbody tr")).to_have_count(7)
        number = {"de": "1.234.567", "ja": "1,234,567"}[locale]
        await expect(page.locator("appointments-total .value").first).to_have_text(number)
        day = {"de": "Nov. 2026", "ja": "2026/11/01"}[locale]
        await expect(page.locator("appointments-trend .day").first).to_contain_text(day)
        assert await browser.find_overflowing_elements(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_examples_work_and_have_no_accessibility_violations(
    chromium: Browser, site: Site, axe: str, scheme: Scheme
) -> None:
    async with open_page(chromium, site, scheme=scheme) as page:
        await page.goto("/widgets")
        await expect(page.locator("appointments-trend canvas")).to_have_count(3)
        await expect(page.frame_locator("iframe").locator("tbody tr").first).to_be_visible()
        await expect(page.get_by_text(f'src="{site.origin}/widgets.js"')).to_be_visible()
        await expect(page.locator("appointments-total[aria-busy]")).to_have_count(0)
        assert await browser.find_violations(page, axe) == []
        assert await browser.find_overflowing_elements(page) == []


async def test_the_examples_have_a_hint_when_the_list_of_integrations_is_refused(
    chromium: Browser, site: Site
) -> None:
    async def refuse(route: Route) -> None:
        error = {"message": "No list.", "path": ["integrations"], "extensions": {"code": "FORBIDDEN"}}
        await route.fulfill(json={"data": {"integrations": None}, "errors": [error]})

    async with open_page(chromium, site) as page:
        await page.route("**/graphql", refuse)
        await page.goto("/widgets")
        await expect(page.get_by_text("To see the widgets with numbers")).to_be_visible()
