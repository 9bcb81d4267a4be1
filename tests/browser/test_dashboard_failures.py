"""The dashboard in a real browser with empty results, errors, late responses and expired sessions."""

import asyncio
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Browser, Error, Page, Request, Route, expect

from tests.support.browser import Site, open_page, serve_existing
from tests.support.pages import read_address, wait_until_shown, watch_requests


async def test_an_empty_result_has_a_reason_and_a_button_to_clear_the_filter(page: Page) -> None:
    await page.goto("/dashboard?type=PROCEDURE&source=nobody-at-all&range=forever")
    await expect(page.locator("#trend")).to_contain_text(
        "There are none in this time with these filters. Type of visit: Procedure. Source: nobody-at-all."
    )
    await expect(page.locator("#period")).to_contain_text("“range=forever”, which is not valid")
    await page.get_by_role("button", name="Clear the filter").click()
    await expect(page.locator("#trend canvas")).to_be_visible()
    assert read_address(page).keys() == {"integration"}


async def test_a_failed_query_shows_one_error_and_can_be_retried(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, expected="500") as page:
        surprise = {"message": "A surprise.", "extensions": {"code": "INTERNAL_SERVER_ERROR", "errorId": "e1"}}
        await page.route("**/graphql", lambda route: route.fulfill(status=500, json={"errors": [surprise]}))
        await page.goto("/dashboard")
        failures = page.locator(".failure")
        await expect(failures).to_have_count(1)
        await expect(failures).to_contain_text("error id e1")
        await expect(page.locator("main section:visible")).to_have_count(0)
        await page.unroute("**/graphql")
        await failures.get_by_role("button", name="Try again").click()
        await expect(page.locator("#trend canvas")).to_be_visible()
        await expect(failures).to_have_count(0)


async def test_one_box_says_that_the_gateway_is_away(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, expected="ERR_FAILED|500") as page:
        await page.route("**/graphql", lambda route: route.abort())
        await page.goto("/dashboard")
        failures = page.locator(".failure")
        await expect(failures).to_have_count(1)
        await expect(failures).to_contain_text("The gateway cannot be reached.")
        await expect(page.locator("main section:visible")).to_have_count(0)
        await page.unroute("**/graphql")
        surprise = {"message": "A surprise.", "extensions": {"code": "INTERNAL_SERVER_ERROR", "errorId": "e1"}}
        await page.route("**/graphql", lambda route: route.fulfill(status=500, json={"errors": [surprise]}))
        await failures.get_by_role("button", name="Try again").click()
        await expect(failures).to_contain_text(
            "The gateway has failed. Please try again later. Tell your operator the error id e1."
        )
        await page.unroute("**/graphql")
        await failures.get_by_role("button", name="Try again").click()
        await expect(page.locator("#trend canvas")).to_be_visible()
        await expect(failures).to_have_count(0)


async def test_an_error_of_one_part_leaves_the_others(page: Page) -> None:
    async def fail_part(route: Route) -> None:
        answer = await (await route.fetch()).json()
        if "newest" in answer["data"]:
            answer["data"]["newest"]["nodes"][0]["appointmentStatistics"] = None
            answer["errors"] = [{"message": "Too much.", "path": ["newest"], "extensions": {"code": "TIMEOUT"}}]
        await route.fulfill(json=answer)

    await page.route("**/graphql", fail_part)
    await page.goto("/dashboard")
    await expect(page.locator(".failure")).to_have_count(1)
    await expect(page.locator("#trend")).to_be_hidden()
    await expect(page.locator("#integrations tbody tr")).to_have_count(4)


async def test_a_refused_list_leaves_the_numbers_and_each_part_shows_its_own_error(page: Page) -> None:
    refused = {"data": {"broken": None}, "errors": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}]}
    failed = {"data": {"newest": None}, "errors": [{"message": "No.", "extensions": {"code": "TIMEOUT"}}]}
    are_numbers_refused = False

    async def refuse(route: Route) -> None:
        if "query Integrations" in (route.request.post_data or ""):
            await route.fulfill(json=refused)
        elif are_numbers_refused:
            await route.fulfill(json=failed)
        else:
            await route.continue_()

    await page.route("**/graphql", refuse)
    await page.goto("/dashboard")
    await expect(page.locator("#trend canvas")).to_be_visible()
    await expect(page.locator("#integrations .failure")).to_contain_text("Your key does not allow this.")
    are_numbers_refused = True
    await page.goto("/dashboard")
    await expect(page.locator("#failure .failure")).to_contain_text("This took too long and was stopped.")
    await expect(page.locator("#integrations .failure")).to_contain_text("Your key does not allow this.")


async def test_a_truncated_breakdown_has_a_note(page: Page) -> None:
    async def lengthen(route: Route) -> None:
        answer = await (await route.fetch()).json()
        if "newest" in answer["data"]:
            found = answer["data"]["newest"]["nodes"][0]["appointmentStatistics"]
            found["source"] = [{**found["source"][0], "value": f"source {number}"} for number in range(100)]
        await route.fulfill(json=answer)

    await page.route("**/graphql", lengthen)
    await page.goto("/dashboard")
    headings = page.locator("table.breakdown thead th:first-child")
    await expect(headings).to_have_text(["Source, the first 100", "UTM campaign"])


async def test_late_responses_are_dropped(page: Page) -> None:
    await page.goto("/dashboard?range=7d")
    await wait_until_shown(page)
    total = page.locator("#numbers .value").first
    week = await total.inner_text()
    dropped: list[Request] = []
    page.on("requestfailed", lambda request: dropped.append(request))  # noqa: PLW0108 (Playwright sets an attribute on the function)
    requested, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        requested.set()
        await released.wait()
        with suppress(Error):  # the page has cancelled the request
            await route.continue_()

    await page.route("**/graphql", hold, times=1)
    await page.get_by_text("12 mo", exact=True).click()
    await requested.wait()
    await page.get_by_text("90 d", exact=True).click()
    await wait_until_shown(page)
    quarter = await total.inner_text()
    released.set()
    await page.get_by_text("Medium", exact=True).click()
    assert (await total.inner_text(), len(dropped)) == (quarter, 1)
    assert quarter != week
    await expect(page.get_by_label("90 d")).to_be_checked()


async def test_a_change_of_the_filter_waits_for_the_session(page: Page) -> None:
    requested, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        requested.set()
        await released.wait()
        await route.continue_()

    await page.route("**/session", hold, times=1)
    queries = watch_requests(page)
    await page.goto("/dashboard", wait_until="commit")
    await requested.wait()
    await page.get_by_text("7 d", exact=True).click()
    released.set()
    await wait_until_shown(page)
    assert [query["variables"]["days"] for query in queries if "Dashboard" in query["query"]] == [7]


async def test_the_page_signs_in_with_a_key_and_stores_no_key(
    chromium: Browser, site: Site, tmp_path: Path
) -> None:
    unauthenticated = "401 .Unauthorized.*/(session|graphql)"
    with serve_existing(site, tmp_path) as server:
        async with open_page(chromium, server, expected=unauthenticated) as page:
            await page.goto("/dashboard")
            await expect(page.get_by_label("Key", exact=True)).to_be_focused()
            await page.get_by_label("Key", exact=True).fill("gw_of_nobody")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("This key is not valid.")
            await page.get_by_label("Key", exact=True).fill(server.key)
            await page.keyboard.press("Enter")
            await wait_until_shown(page)
            await expect(page.locator("#viewer")).to_contain_text("mara.lindqvist")
            await expect(page.locator("#viewer time")).to_be_visible()
            storage = "JSON.stringify([localStorage, sessionStorage, document.cookie])"
            assert server.key not in await page.evaluate(storage) + await page.content()
            assert await page.locator("#key").input_value() == ""
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            await expect(page.locator("#numbers .card")).to_have_count(0)
            await page.get_by_label("Key", exact=True).fill(server.key)
            await page.keyboard.press("Enter")
            await wait_until_shown(page)
            await page.context.clear_cookies()
            await page.get_by_text("7 d", exact=True).click()
            await expect(page.get_by_role("alert")).to_have_text("Your session has ended. Please sign in again.")
            await page.get_by_label("Key", exact=True).fill(server.key)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("dialog")).to_have_count(0)
            await wait_until_shown(page)
            await expect(page.get_by_label("7 d")).to_be_checked()


async def test_the_back_button_shows_no_numbers_after_signing_out(
    chromium: Browser, site: Site, tmp_path: Path
) -> None:
    with serve_existing(site, tmp_path) as server:
        async with open_page(chromium, server, expected="401 .Unauthorized.*/session") as page:
            await page.goto("/dashboard")
            await page.get_by_label("Key", exact=True).fill(server.key)
            await page.keyboard.press("Enter")
            await wait_until_shown(page)
            await page.context.clear_cookies()
            # Playwright turns the browser's cache of whole pages off.
            await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })) && null")
            await expect(page.get_by_role("dialog")).to_be_visible()
            await expect(page.locator("#numbers .card")).to_have_count(0)
