"""`python -m tests.support.screenshots FOLDER` takes a screenshot of each page with the demo's data.

With the folder `gateway/docs` it writes only `dashboard.png`, the picture in the README. For each page the command
prints how long the main thread was busy until the content was visible.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, FloatRect, Page

from gateway.demo.clinics import CLINICS, HARBORVIEW
from gateway.web.pages import STATIC
from tests.support import browser
from tests.support.browser import Scheme, Site, chromium, opened
from tests.support.commands import gateway

EXPECTED = "401"
"""Pattern of allowed messages in the browser's console: nobody is signed in."""

DOCS = STATIC.parent / "docs"
MARGIN = 12
"""Pixels below the last element."""


@dataclass(frozen=True)
class Shot:
    """A page to prepare and to take a screenshot of."""

    name: str
    path: str
    prepare: Callable[[Page], Awaitable[object]]
    scheme: Scheme = "light"
    width: int = 1280
    last: str | None = None
    """Selector of the last element to show; the whole page if None."""


async def _answered(page: Page) -> None:
    """GraphiQL with the documentation, and the answer of the dashboard's tab."""
    await page.get_by_label("Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query", exact=True).click()
    await page.locator(".graphiql-tab-button").nth(2).click()
    await page.locator(".graphiql-query-editor").get_by_text("appointmentStatistics").wait_for()
    # It takes a moment to see which operation the tab has.
    await page.wait_for_timeout(500)
    await page.locator(".graphiql-execute-button").click()
    await page.locator(".graphiql-response").get_by_text("overview").wait_for()


async def _asking_for_a_key(page: Page) -> None:
    await page.route("**/session", lambda route: route.fulfill(status=401, json={}))
    await page.reload()
    await page.get_by_role("dialog").wait_for()


async def _console(page: Page) -> None:
    """The page that serves while GraphiQL is not there, with an answer."""
    html = (STATIC / "console.html").read_bytes()
    await page.route("**/graphiql", lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.reload()
    await page.get_by_role("button", name="Run").click()
    await page.get_by_role("status").get_by_text("teamId").wait_for()


async def _counted(page: Page) -> None:
    """The dashboard, or widgets, with the days drawn."""
    await page.locator(".plot canvas").wait_for()


async def _framed(page: Page) -> None:
    """The examples, all of them with numbers."""
    await _counted(page)
    await page.frame_locator("iframe").locator("tbody tr").first.wait_for()


async def _read(page: Page) -> None:
    """The dashboard's days with one of them under the pointer, and their table."""
    await _counted(page)
    await page.get_by_text("View as table").click()
    await page.locator(".plot").hover()


def _sign_in_to_harborview(site: Site) -> Callable[[Page], Awaitable[object]]:
    """Show the team without the documents' example, whose name is `<string>`."""
    team = ("--team", HARBORVIEW.id, "--user", HARBORVIEW.user_id)
    permissions = ("--permission", "READ_INTEGRATIONS", "--permission", "READ_STATISTICS")
    created = gateway(
        "keys", "create", *team, "--name", "screenshot", *permissions, database_url=site.database_url
    )

    async def prepare(page: Page) -> None:
        await page.request.post("/session", data={"key": created.stdout.strip()})
        await page.goto("/dashboard?range=90d&integration=" + CLINICS[3].id)
        await _counted(page)

    return prepare


SHOTS = [
    Shot("dashboard", "/dashboard", _counted),
    Shot("dashboard-dark", "/dashboard?range=90d&sort=failed", _counted, "dark"),
    Shot("dashboard-narrow", "/dashboard?range=7d", _counted, width=390),
    Shot("dashboard-year", "/dashboard?range=12mo", _read),
    Shot("dashboard-empty", "/dashboard?search=nobody", lambda page: page.locator(".notice").first.wait_for()),
    Shot("widgets", "/widgets", _framed),
    Shot("widgets-dark-narrow", "/widgets", _framed, "dark", 390),
    Shot("graphiql", "/graphiql", _answered),
    Shot("graphiql-dark", "/graphiql", _answered, "dark"),
    Shot("graphiql-sign-in", "/graphiql", _asking_for_a_key),
    Shot("graphiql-sign-in-dark-narrow", "/graphiql", _asking_for_a_key, "dark", 390),
    Shot("console", "/graphiql", _console),
    Shot("console-dark-narrow", "/graphiql", _console, "dark", 390),
]


async def take(shots: list[Shot], site: Site, folder: Path) -> None:
    """Write a PNG for each shot, named after it."""
    async with chromium() as found:
        for shot in shots:
            await _take(shot, found, site, folder)


async def _take(shot: Shot, found: Browser, site: Site, folder: Path) -> None:
    async with opened(found, site, scheme=shot.scheme, width=shot.width, expected=EXPECTED) as page:
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Performance.enable")
        await page.goto(shot.path)
        await shot.prepare(page)
        metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
        busy = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
        file = folder / f"{shot.name}.png"
        await page.screenshot(path=file, full_page=True, clip=await _find_clip(shot, page))
        print(f"{file}  {busy:.2f} s")  # noqa: T201 (the command prints its results)


async def _find_clip(shot: Shot, page: Page) -> FloatRect | None:
    if shot.last is None:
        return None
    box = await page.locator(shot.last).bounding_box()
    assert box is not None
    return {"x": 0, "y": 0, "width": shot.width, "height": box["y"] + box["height"] + MARGIN}


def main(folder: Path) -> None:
    """Write all shots into a folder, or the README's picture if it is the folder of the documentation."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, browser.served(Path(temporary)) as demo:
        if folder.resolve() == DOCS:
            shots = [Shot("dashboard", "/dashboard", _sign_in_to_harborview(demo), width=1100, last="#utm")]
        else:
            shots = SHOTS
        asyncio.run(take(shots, demo, folder))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.support.screenshots FOLDER")
    if browser.EXECUTABLE is None:
        sys.exit(browser.MISSING)
    main(Path(sys.argv[1]))
