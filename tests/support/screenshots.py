"""`python -m tests.support.screenshots FOLDER` takes a screenshot of each page with the demo's data.

With the folder `gateway/docs` it writes the pictures of the README and of browsers.md. For each page the command
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
from tests.support.browser import Scheme, Site, launch_chromium, open_page
from tests.support.commands import run_gateway

EXPECTED = "401"
"""Pattern of allowed messages in the browser's console: the visitor is not signed in."""

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


async def _run_query(page: Page) -> None:
    """Open the documentation in GraphiQL, and run the query of the dashboard's tab."""
    await page.get_by_label("Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query", exact=True).click()
    await page.locator(".graphiql-tab-button").nth(2).click()
    await page.locator(".graphiql-query-editor").get_by_text("appointmentStatistics").wait_for()
    # GraphiQL needs a moment to find the operation of the tab.
    await page.wait_for_timeout(500)
    await page.locator(".graphiql-execute-button").click()
    await page.locator(".graphiql-response").get_by_text("overview").wait_for()


async def _open_sign_in(page: Page) -> None:
    await page.route("**/session", lambda route: route.fulfill(status=401, json={}))
    await page.reload()
    await page.get_by_role("dialog").wait_for()


async def _open_console(page: Page) -> None:
    """Open the page that replaces GraphiQL when it is not installed, and run its query."""
    html = (STATIC / "console.html").read_bytes()
    await page.route("**/graphiql", lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.reload()
    await page.get_by_role("button", name="Run").click()
    await page.get_by_role("status").get_by_text("teamId").wait_for()


async def _wait_for_chart(page: Page) -> None:
    """Wait until the chart of the days is drawn."""
    await page.locator(".plot canvas").first.wait_for()


async def _wait_for_widgets(page: Page) -> None:
    """Wait until all examples of widgets show numbers."""
    await _wait_for_chart(page)
    await page.frame_locator("iframe").locator("tbody tr").first.wait_for()


async def _open_table(page: Page) -> None:
    """Open the table of the days, and move the pointer to a day in the chart."""
    await _wait_for_chart(page)
    await page.get_by_text("View as table").click()
    await page.locator(".plot").hover()


async def _open_records(page: Page) -> None:
    """Open the list of failed bookings."""
    await page.get_by_role("button", name="show failed bookings").click()
    await page.locator("#records tbody tr").first.wait_for()


def _list_documented_shots(site: Site) -> list[Shot]:
    """Return the shots for the documentation, of the team without the example that is named `<string>`."""
    team = ("--team", HARBORVIEW.id, "--user", HARBORVIEW.user_id)
    permissions = ("--permission", "READ_INTEGRATIONS", "--permission", "READ_STATISTICS")
    created = run_gateway(
        "keys", "create", *team, "--name", "screenshot", *permissions, database_url=site.database_url
    )

    async def sign_in(page: Page) -> None:
        await page.request.post("/session", data={"key": created.stdout.strip()})
        await page.reload()
        await _wait_for_chart(page)

    dashboard = f"/dashboard?range=90d&integration={CLINICS[3].id}"
    return [
        Shot("dashboard", dashboard, sign_in, width=1100, last="#utm"),
        Shot(
            "dashboard-filtered",
            f"{dashboard}&source=website&utmMedium=not+set",
            sign_in,
            width=1100,
            last="#trend",
        ),
        Shot("widgets", "/widgets", sign_in, width=1100, last="section:has(appointments-trend):not(.half)"),
    ]


SHOTS = [
    Shot("first-page", "/", lambda page: page.get_by_role("button", name="Sign out").wait_for()),
    Shot("first-page-dark-narrow", "/", lambda page: page.locator("h1").wait_for(), "dark", 390),
    Shot("dashboard", "/dashboard", _wait_for_chart),
    Shot("dashboard-dark", "/dashboard?range=90d&sort=failed", _wait_for_chart, "dark"),
    Shot("dashboard-narrow", "/dashboard?range=7d", _wait_for_chart, width=390),
    Shot("dashboard-year", "/dashboard?range=12mo", _open_table),
    Shot(
        "dashboard-filtered", "/dashboard?range=all&source=website&source=phone&utmMedium=not+set", _wait_for_chart
    ),
    Shot("dashboard-records", "/dashboard?range=90d", _open_records),
    Shot("dashboard-records-dark-narrow", "/dashboard?range=90d", _open_records, "dark", 390),
    Shot("dashboard-empty", "/dashboard?source=nobody", lambda page: page.locator(".notice").first.wait_for()),
    Shot("widgets", "/widgets", _wait_for_widgets),
    Shot("widgets-dark-narrow", "/widgets", _wait_for_widgets, "dark", 390),
    Shot("graphiql", "/graphiql", _run_query),
    Shot("graphiql-dark", "/graphiql", _run_query, "dark"),
    Shot(
        "graphiql-narrow", "/graphiql", lambda page: page.locator(".graphiql-execute-button").wait_for(), width=390
    ),
    Shot("graphiql-sign-in", "/graphiql", _open_sign_in),
    Shot("graphiql-sign-in-dark-narrow", "/graphiql", _open_sign_in, "dark", 390),
    Shot("console", "/graphiql", _open_console),
    Shot("console-dark-narrow", "/graphiql", _open_console, "dark", 390),
]


async def take(shots: list[Shot], site: Site, folder: Path) -> None:
    """Write a PNG for each shot, named after it."""
    async with launch_chromium() as chromium:
        for shot in shots:
            await _take(shot, chromium, site, folder)


async def _take(shot: Shot, chromium: Browser, site: Site, folder: Path) -> None:
    async with open_page(chromium, site, scheme=shot.scheme, width=shot.width, expected=EXPECTED) as page:
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
    """Write all shots into a folder, or the documented ones if it is the folder of the documentation."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, browser.serve_demo(Path(temporary)) as demo:
        shots = _list_documented_shots(demo) if folder.resolve() == DOCS else SHOTS
        asyncio.run(take(shots, demo, folder))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.support.screenshots FOLDER")
    if browser.EXECUTABLE is None:
        sys.exit(browser.MISSING)
    main(Path(sys.argv[1]))
