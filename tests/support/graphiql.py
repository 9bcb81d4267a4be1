"""GraphiQL in a browser: its editors, its answers and what it stores."""

import asyncio
import json
from typing import Any

from playwright.async_api import Page, Response

from gateway.assets import Assets
from tests.support.machine import skip_unless_ci

PACKAGE = "@graphql-yoga/graphiql"
EDITOR = ".graphiql-query-editor"
UNAUTHENTICATED = "401 .Unauthorized.*/(session|graphql)"


def require_graphiql() -> None:
    """Skip the test if the files of GraphiQL are not installed."""
    assets = Assets()
    if not assets.has_package(PACKAGE):
        skip_unless_ci(f"GraphiQL is not installed: {assets.failure_reason}")


async def wait_for_schema(page: Page) -> None:
    """Open the documentation, and wait until GraphiQL has the schema."""
    await page.get_by_label("Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query", exact=True).wait_for()


def is_query_response(response: Response) -> bool:
    """Return whether it is a response to the user's query, not to GraphiQL's own introspection."""
    return response.url.endswith("/graphql") and "IntrospectionQuery" not in (response.request.post_data or "")


async def run(page: Page) -> Any:
    """Run the query, and return the response."""
    button = page.locator(".graphiql-execute-button")
    await button.wait_for()
    async with page.expect_response(is_query_response) as received:
        await button.click()
    answer = await (await received.value).json()
    # GraphiQL needs a moment to find the operation of the tab.
    is_early = "has no operation named" in json.dumps(answer)
    return await run(page) if is_early else answer


async def read_storage(page: Page) -> str:
    """Return the local storage and the session storage of the page."""
    found: str = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    return found


async def type_in(page: Page, editor: str, text: str) -> None:
    """Replace the text of an editor. It is inserted as if pasted, because the editor closes typed brackets."""
    await page.locator(f"{editor} .view-lines").locator("visible=true").click()
    await page.keyboard.press("Control+A")
    await page.keyboard.insert_text(text)


async def wait_until_stored(page: Page, text: str) -> None:
    """Wait until the page's storage contains a text. The page's policy forbids Playwright's own way."""
    async with asyncio.timeout(10):
        while text not in await read_storage(page):
            await page.wait_for_timeout(50)
