"""Sentences for people instead of error codes, and attempts that a page repeats by itself."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page, Route, expect

from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.pages import STATIC
from tests.support.browser import Site, open_page
from tests.support.pages import wait_until_shown, watch_requests

READ = """async (errors) => {
  const { failure } = await import("/static/dom.js");
  return errors.map((error) => {
    const box = failure(error, () => {});
    const buttons = [...box.querySelectorAll("button")].map((button) => button.innerText);
    return [box.querySelector("p").textContent, buttons];
  });
}"""


def test_every_code_with_a_sentence_exists() -> None:
    (table,) = re.findall(r"SENTENCES = \{(.*?)\n\};", (STATIC / "sentences.js").read_text(), re.DOTALL)
    codes = re.findall(r"^  (\w+): ", table, re.MULTILINE)
    assert len(codes) > 10
    # The pages give this code themselves, when they get no answer.
    assert set(codes) - {"UNREACHABLE"} <= set(GraphQLErrorCode.__members__)


async def test_an_error_is_a_sentence_with_a_button_only_if_a_second_attempt_may_help(page: Page) -> None:
    await page.goto("/widgets")
    errors = [
        {"code": "FORBIDDEN", "message": "READ_RECORDS is missing."},
        {"code": "NOT_FOUND", "message": "No node."},
        {"code": "UNAUTHENTICATED", "message": 'Send {"key": KEY}.'},
        {"code": "BAD_USER_INPUT", "message": "`days` must be at most 366."},
        {"code": "TIMEOUT", "message": "Cancelled after 30 s."},
        {"code": "RATE_LIMITED", "message": "Retry in 3 s.", "retryAfter": 3},
        {"code": "OVERLOADED", "message": "Retry.", "retryAfter": 1},
        {"code": "INTERNAL_SERVER_ERROR", "message": "Masked.", "errorId": "e1"},
    ]
    again = ["Try again"]
    assert await page.evaluate(READ, errors) == [
        ["Your key does not allow this. Ask your operator for a key with more permissions.", []],
        ["This does not exist, or your key may not see it.", []],
        ["This key is not valid. It may be mistyped, expired or revoked.", []],
        ["`days` must be at most 366.", []],
        ["This took too long and was stopped. Choose a shorter time, or try again.", again],
        ["There were too many requests with this key.", ["Try again in 3 s", "Stop trying"]],
        ["The gateway is busy.", ["Try again in 1 s", "Stop trying"]],
        ["The gateway has failed. Please try again later. Tell your operator the error id e1.", again],
    ]


async def _cut_connection(page: Page) -> tuple[Locator, list[dict[str, Any]]]:
    """Open the dashboard, stop its clock and its connection, and return its box of errors and its requests."""
    await page.clock.install()
    await page.goto("/dashboard")
    await wait_until_shown(page)
    await page.clock.pause_at("2100-01-01")
    await page.route("**/graphql", lambda route: route.abort())
    queries = watch_requests(page)
    # Playwright cannot click while the clock stands still.
    await page.get_by_role("radio", name="7 d").dispatch_event("click")
    await page.clock.run_for(1)
    failure = page.locator("#failure")
    await expect(failure.get_by_role("button")).to_have_count(2)
    return failure, queries


@asynccontextmanager
async def _await_attempt(failure: Locator) -> AsyncIterator[None]:
    """Wait after the block until another attempt has failed, whose box replaces the one of the last."""
    await failure.evaluate("box => (box.firstElementChild.id = 'last-box')")
    yield
    await expect(failure.locator("#last-box")).to_have_count(0)
    await expect(failure.get_by_role("button")).to_have_count(2)


async def test_a_page_tries_again_with_longer_pauses_until_the_gateway_is_back(
    chromium: Browser, site: Site
) -> None:
    async with open_page(chromium, site, expected="ERR_FAILED") as page:
        failure, queries = await _cut_connection(page)
        for number, seconds in enumerate((1, 1, 2, 4, 8, 16, 32, 60, 60), 1):
            button = failure.get_by_role("button", name="Try again")
            await expect(button).to_have_text(f"Try again in {seconds} s")
            assert len(queries) == number
            async with _await_attempt(failure):
                await page.clock.run_for(seconds * 1000 + 1)
        await page.unroute("**/graphql")
        await page.clock.run_for(60_001)
        await page.clock.resume()
        await wait_until_shown(page)


async def test_the_user_can_try_again_at_once_or_stop_the_attempts(chromium: Browser, site: Site) -> None:
    async with open_page(chromium, site, expected="ERR_FAILED") as page:
        failure, queries = await _cut_connection(page)
        async with _await_attempt(failure):
            await failure.get_by_role("button", name="Try again").dispatch_event("click")
        await failure.get_by_role("button", name="Stop trying").dispatch_event("click")
        await expect(failure.get_by_role("button")).to_have_text(["Try again"])
        await page.clock.run_for(120_000)
        assert len(queries) == 2


async def test_a_page_does_not_ask_for_a_key_while_the_gateway_is_away(chromium: Browser, site: Site) -> None:
    async def refuse(route: Route) -> None:
        error = {"message": "Retry.", "extensions": {"code": "UNAVAILABLE"}}
        await route.fulfill(status=503, json={"errors": [error]}, headers={"Retry-After": "7"})

    async with open_page(chromium, site, expected="503") as page:
        await page.clock.install()
        await page.route("**/session", refuse)
        await page.goto("/dashboard")
        said = "The gateway cannot reach its data at the moment. Trying again in 7 s."
        await expect(page.locator("#viewer")).to_have_text(said)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.unroute("**/session")
        await page.clock.run_for(7_000)
        await wait_until_shown(page)
