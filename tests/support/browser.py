"""Pages in Chromium, which can connect to this machine only.

`serve_demo` runs the demo, `launch_chromium` the browser. `open_page` opens a page, and fails the test when the
browser reports an error or a warning. The fixtures for tests are in conftest.py.
"""

import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from threading import Thread
from typing import IO, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from gateway.assets import Assets
from tests.support.commands import start_server

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "Chromium is not on this machine: `apt-get install chromium`"

_LOCAL = ("127.0.0.1", "localhost")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP * ~NOTFOUND, {', '.join(f'EXCLUDE {host}' for host in _LOCAL)}",
)
_TIMEOUT = 10_000
"""Timeout of actions in a page, in milliseconds. It suits slow machines."""

_FITTING_TIMEOUT = 3_000
"""Timeout of a page that fits itself to a new width, in milliseconds."""

AXE = {
    "name": "axe-core",
    "version": "4.14.1",
    "integrity": "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    "files": ["axe.min.js"],
}
"""The pinned accessibility checker. It is not part of the package."""

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Site:
    """A running gateway with the data of the demo, and a key for it."""

    origin: str
    key: str
    database_url: str


@contextmanager
def serve_demo(folder: Path) -> Iterator[Site]:
    """Run `gateway demo` with a database in this folder."""
    url = f"sqlite:///{folder / 'demo.db'}"
    # Tests click faster than people.
    rates = {"rate_limit": "2000000000", "rate_refill": "2000000000"}
    with start_server("demo", "--port", "0", "--database", url, folder=folder, **rates) as demo:
        (line,) = demo.read_lines(1, "Key ")
        with _drain_pipes(demo.process):
            yield Site(_origin(demo.url), line.split()[1], url)


@contextmanager
def serve_existing(site: Site, folder: Path, **settings: str) -> Iterator[Site]:
    """Run `gateway serve` on the same data. It signs nobody in automatically."""
    with (
        start_server("serve", "--port", "0", folder=folder, database_url=site.database_url, **settings) as server,
        _drain_pipes(server.process),
    ):
        yield Site(_origin(server.url), site.key, site.database_url)


def _origin(url: str) -> str:
    return url.removesuffix("/graphql")


@contextmanager
def _drain_pipes(process: Popen[str]) -> Iterator[None]:
    """Read the output of a process, because a full pipe blocks it."""
    readers = [Thread(target=_drain, args=(pipe,)) for pipe in (process.stdout, process.stderr) if pipe]
    for reader in readers:
        reader.start()
    yield
    process.terminate()
    for reader in readers:
        reader.join()


def _drain(pipe: IO[str]) -> None:
    with suppress(ValueError):
        for _ in pipe:
            pass


@asynccontextmanager
async def launch_chromium() -> AsyncIterator[Browser]:
    """Launch the browser with a temporary profile."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(
    browser: Browser,
    site: Site,
    *,
    scheme: Scheme = "light",
    width: int = 1280,
    locale: str = "en-US",
    expected: str | None = None,
) -> AsyncIterator[Page]:
    """Open a page for a new visitor in Chicago with this locale, who prefers this colour scheme.

    At the end it fails if the console had errors or warnings that do not match the pattern `expected`, or if the
    page sent requests to other machines.
    """
    context = await browser.new_context(
        base_url=site.origin,
        color_scheme=scheme,
        locale=locale,
        timezone_id="America/Chicago",
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    context.set_default_timeout(_TIMEOUT)
    problems: list[str] = []

    def record_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(f"{message.text} ({message.location['url']})")

    def record_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname not in _LOCAL:
            problems.append(f"request to {request.url}")

    context.on("console", record_message)
    context.on("request", record_request)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    try:
        yield await context.new_page()
        unexpected = [problem for problem in problems if expected is None or not re.search(expected, problem)]
        assert not unexpected, unexpected
    finally:
        await context.close()


def fetch_axe(folder: Path) -> str:
    """Return the script of axe-core from npm. Raises FetchFailed."""
    (folder / "web").mkdir()
    (folder / "web" / "vendor.json").write_text(json.dumps([AXE]))
    assets = Assets(folder)
    (pin,) = assets.install()
    return (folder / "static" / "vendor" / pin.spec / "axe.min.js").read_text()


async def find_violations(page: Page, axe: str, *, without: str | None = None) -> list[str]:
    """Return the accessibility violations that axe-core finds in the page, a line for each element.

    Elements that match the selector `without` are ignored.
    """
    await page.evaluate(axe)
    # A preload would write styles into the page, which the page's policy forbids.
    run = "without => axe.run({exclude: without}, {preload: false})"
    found = await page.evaluate(run, [[without]] if without else [])
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]} {' '.join(node['failureSummary'].split())}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


async def find_overflowing_elements(page: Page, width: int = 390) -> list[str]:
    """Return the elements that overflow a screen of this width on the right, also those inside of widgets.

    Scripts may need a moment to fit the page to the width.
    """
    await page.set_viewport_size({"width": width, "height": 844})
    with suppress(PlaywrightTimeout):
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        await page.wait_for_function(fits, timeout=_FITTING_TIMEOUT)
    found: list[str] = await page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const list = (root) => [...root.querySelectorAll("*")]
                .flatMap((each) => (each.shadowRoot ? [each, ...list(each.shadowRoot)] : [each]));
            return list(document.body)
                .filter((element) => element.getBoundingClientRect().right > width + 1)
                .map((element) => element.outerHTML.slice(0, 120));
        }"""
    )
    return found
