"""`python -m tests.benchmarks.charts` draws the same 90 days with each chart library that was considered.

Chromium draws each chart under the content security policy of our pages. The command prints the bytes of the
scripts, plain and compressed, the milliseconds that the page was busy (medians of four), and the violations of the
policy.
"""

import asyncio
import gzip
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import uvicorn
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from gateway.assets import Assets, PinnedPackage
from gateway.web.pages import CONTENT_SECURITY_POLICY
from tests.support import browser

ROUNDS = 4
SETTLE_MILLISECONDS = 300
"""Milliseconds after which the chart is drawn."""

PINS = [
    PinnedPackage(
        "uplot",
        "1.6.32",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        ["dist/uPlot.iife.min.js"],
    ),
    PinnedPackage(
        "chart.js",
        "4.6.1",
        "sha512-hJyniucsFmq//EvXYvJ6c6mahPoI3kaxdjVH8awTaJ/fDNWeSqqqArixMJWkWNN6fcYvPU3HneSANFNYtRi61g==",
        ["dist/chart.umd.min.js"],
    ),
    PinnedPackage(
        "echarts",
        "6.1.0",
        "sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA==",
        ["dist/echarts.min.js", "dist/echarts.common.min.js"],
    ),
    PinnedPackage(
        "@observablehq/plot",
        "0.6.17",
        "sha512-/qaXP/7mc4MUS0s4cPPFASDRjtsWp85/TbfsciqDgU1HwYixbSbbytNuInD8AcTYC3xaxACgVX06agdfQy9W+g==",
        ["dist/plot.umd.min.js"],
    ),
    PinnedPackage(
        "d3",
        "7.9.2",
        "sha512-ZKb/mONPVKzaO5UlcWcwN8bS4ezvQaYu+bsou+XgNABdGC800kwH651ADTbbTxMPHW13UlvbQafdmJQDk1w7Mg==",
        ["dist/d3.min.js"],
    ),
]


class Chart(NamedTuple):
    """Scripts of packages, and code that draws `DAYS` with them."""

    scripts: tuple[str, ...]
    code: str


_ECHARTS = """
const series = (name, key) => ({ name, type: "bar", stack: "all", data: DAYS.map((day) => day[key]) });
const chart = echarts.init(box, null, { renderer: "%s", width: 900, height: 280 });
chart.setOption({ animation: false, aria: { enabled: true, decal: { show: true } },
  tooltip: { trigger: "axis", renderMode: "%s" }, dataZoom: [{ type: "inside" }], legend: {},
  xAxis: { data: DAYS.map(({ day }) => day) }, yAxis: {},
  series: [series("Successful", "good"), series("Failed", "bad"), series("Pending", "open")] });
chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: 40 });
"""

CHARTS: Mapping[str, Chart] = {
    "uPlot": Chart(
        ("uplot@1.6.32/dist/uPlot.iife.min.js",),
        """
const paths = uPlot.paths.bars({ size: [0.8, 40] });
const [good, bad, open] = [["good"], ["good", "bad"], ["good", "bad", "open"]].map((keys) =>
  DAYS.map((day) => keys.reduce((sum, key) => sum + day[key], 0)));
new uPlot({ width: 900, height: 280, scales: { y: { range: [0, 20] } },
  series: [{}, ...["#ccc", "#c40", "#27a"].map((fill) => ({ fill, paths }))] },
  [DAYS.map(({ day }) => Date.parse(day) / 1000), open, bad, good], box);
""",
    ),
    "Observable Plot": Chart(
        ("d3@7.9.2/dist/d3.min.js", "@observablehq/plot@0.6.17/dist/plot.umd.min.js"),
        """
const states = [["good", "Successful"], ["bad", "Failed"], ["open", "Pending"]];
const rows = DAYS.flatMap((each) =>
  states.map(([key, state]) => ({ day: new Date(each.day), state, n: each[key] })));
box.append(Plot.plot({ width: 900, height: 280, color: { legend: true },
  marks: [Plot.rectY(rows, { x: "day", y: "n", fill: "state", interval: "day", tip: true })] }));
""",
    ),
    "Chart.js": Chart(
        ("chart.js@4.6.1/dist/chart.umd.min.js",),
        """
const set = (label, key, backgroundColor) => ({ label, backgroundColor, data: DAYS.map((day) => day[key]) });
new Chart(box.appendChild(document.createElement("canvas")), { type: "bar",
  data: { labels: DAYS.map(({ day }) => day),
    datasets: [set("Successful", "good", "#27a"), set("Failed", "bad", "#c40"), set("Pending", "open", "#ccc")] },
  options: { animation: false, scales: { x: { stacked: true }, y: { stacked: true } } } });
""",
    ),
    "ECharts, SVG": Chart(("echarts@6.1.0/dist/echarts.min.js",), _ECHARTS % ("svg", "html")),
    "ECharts, common, canvas": Chart(
        ("echarts@6.1.0/dist/echarts.common.min.js",), _ECHARTS % ("canvas", "richText")
    ),
}


def _generate_days() -> Iterator[dict[str, object]]:
    random = Random(1)
    for index in range(90):
        counts = {"good": random.randint(3, 14), "bad": random.randint(0, 3), "open": random.randint(0, 2)}
        yield {"day": f"2026-{8 + index // 30:02}-{1 + index % 30:02}", **counts}


def _write_pages(folder: Path) -> None:
    """Write a page for each chart, and install the libraries."""
    (folder / "web").mkdir()
    (folder / "web" / "vendor.json").write_text(json.dumps([pin._asdict() for pin in PINS]))
    Assets(folder).install()
    code = f'const DAYS = {json.dumps([*_generate_days()])}; const box = document.querySelector("div");'
    for number, chart in enumerate(CHARTS.values()):
        (folder / "static" / f"{number}.js").write_text(f"{code}\n{chart.code}")
        scripts = [f"/vendor/{script}" for script in chart.scripts] + [f"/{number}.js"]
        tags = "".join(f'<script src="{script}"></script>' for script in scripts)
        page = f'<!doctype html><title>{number}</title><link rel="icon" href="data:,"><div></div>{tags}'
        (folder / "static" / f"{number}.html").write_text(page)


async def _add_policy(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = "; ".join(map(" ".join, CONTENT_SECURITY_POLICY.items()))
    return response


@asynccontextmanager
async def _serve(folder: Path) -> AsyncIterator[str]:
    policy = Middleware(BaseHTTPMiddleware, dispatch=_add_policy)
    app = Starlette(routes=[Mount("/", StaticFiles(directory=folder))], middleware=[policy])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (the server has no event for it)
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


async def _measure_page(chromium: Browser, address: str) -> tuple[float, int]:
    """Return the milliseconds that a page was busy, and the number of violations of the policy."""
    page = await chromium.new_page(viewport={"width": 960, "height": 420})
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "violates" in message.text else None)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    await page.goto(address)
    await page.wait_for_timeout(SETTLE_MILLISECONDS)
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    await page.close()
    return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"), len(refused)


async def _compare(folder: Path) -> None:
    _write_pages(folder)
    async with _serve(folder / "static") as origin, browser.launch_chromium() as chromium:
        for number, (name, chart) in enumerate(CHARTS.items()):
            rounds = [await _measure_page(chromium, f"{origin}/{number}.html") for _ in range(ROUNDS)]
            busy, refused = median(busy for busy, _ in rounds), rounds[0][1]
            scripts = [(folder / "static" / "vendor" / script).read_bytes() for script in chart.scripts]
            size, small = sum(map(len, scripts)), sum(len(gzip.compress(script)) for script in scripts)
            print(f"{name:24} {size:9,} {small:9,} {busy:6.0f} ms  {refused} refused")  # noqa: T201 (the command prints its results)


if __name__ == "__main__":
    if browser.EXECUTABLE is None:
        sys.exit(browser.MISSING)
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(_compare(Path(temporary)))
