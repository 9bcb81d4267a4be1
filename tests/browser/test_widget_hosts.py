"""Widgets in the pages that the documentation shows: plain HTML, a frame, React and Vue, with packages of npm."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.web.pages import STATIC
from tests.support.browser import open_page
from tests.support.documented_files import BROWSERS, read_documented_files
from tests.support.widgets import HEAD, Clinic

pytestmark = pytest.mark.slow

REACT = """
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Bookings } from "./Bookings";

const root = createRoot(document.querySelector("main")!);
Object.assign(window, { update: (properties: { token: string; integrationId: string }) =>
  root.render(<StrictMode><Bookings {...properties} /></StrictMode>) });
"""
VUE = """
import { createApp, h, reactive } from "vue";
import Bookings from "./Bookings.vue";

const properties = reactive({});
let app;
window.update = (changed) => {
  Object.assign(properties, changed);
  app ??= createApp({ render: () => h(Bookings, properties) }).mount("main");
};
"""
PLAIN = """
const trend = document.querySelector("appointments-trend")!;
trend.groupBy = "week";
trend.refresh = null;
trend.addEventListener("gateway-load", ({ detail }) => detail.pending.toFixed());
document.createElement("integrations-list").addEventListener("gateway-error", ({ detail }) => detail.code.trim());
"""
TEMPLATE = """
import type { GlobalComponents } from "vue";

type Template = InstanceType<GlobalComponents["appointments-breakdown"]>["$props"];
export const good: Template = { by: "utmSource", class: "wide", onGatewayLoad: ({ detail }) => detail.failed };
"""
OPTIONS = {
    "strict": True,
    "noEmit": True,
    "skipLibCheck": False,
    "jsx": "react-jsx",
    "types": [],
    "module": "esnext",
    "moduleResolution": "bundler",
    "target": "es2022",
}
WRONG = {
    "src/unknown.tsx": "export const wrong = <appointments-total integrationID='a' />;",
    "src/value.tsx": "export const wrong = <appointments-trend groupBy='year' />;",
    "src/other.tsx": "export const wrong = <integrations-list range='7d' />;",
    "src/event.tsx": "export const wrong = <integrations-list ongateway-load={({ detail }) => detail.failed} />;",
    "src/plain.ts": "document.createElement('integrations-list').refresh = '60';",
    "src/list.ts": "document.createElement('integrations-list').by = 'source';",
    "src/vue.ts": TEMPLATE.replace("utmSource", "color"),
}
"""Programs with one mistake each."""


class Project:
    """A folder with sources of a page and the packages of npm."""

    def __init__(self, folder: Path, packages: Path | None) -> None:
        self.folder = folder
        (folder / "src").mkdir()
        if packages:
            (folder / "node_modules").symlink_to(packages / "node_modules")
        self.write("src/widgets.d.ts", (STATIC / "widgets.d.ts").read_text())
        self.write("tsconfig.json", json.dumps({"compilerOptions": OPTIONS, "include": ["src"]}))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self, *command: str | Path) -> tuple[int, str]:
        """Run a command in the folder. Return its exit code and output."""
        environment = {**os.environ, "NODE_ENV": "development"}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def build(self, main: str, *, into: Path) -> None:
        """Build a page whose script is `main`, for development, into a folder."""
        self.write("index.html", f'{HEAD}<main></main><script type="module" src="/src/{main}"></script>')
        code, output = self.run("node_modules/.bin/vite", "build", "--mode", "development")
        assert code == 0, output
        shutil.copytree(self.folder / "dist", into, dirs_exist_ok=True)


@pytest.fixture
def project(tmp_path: Path, npm_packages: Path) -> Project:
    return Project(tmp_path, npm_packages)


def build_host(project: Project, name: str, into: Path) -> None:
    """Build the page of a framework, as the documentation shows it."""
    documented = read_documented_files(BROWSERS)
    if name == "react":
        project.write("src/Bookings.tsx", documented["Bookings.tsx"])
        project.write("src/main.tsx", REACT)
        project.build("main.tsx", into=into)
    else:
        project.write("src/Bookings.vue", documented["Bookings.vue"])
        project.write("vite.config.js", documented["vite.config.js"])
        project.write("src/main.js", VUE)
        project.build("main.js", into=into)


async def update(page: Page, token: str, id: str) -> None:
    """Render the page with these properties."""
    await page.evaluate("properties => update(properties)", {"token": token, "integrationId": id})


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("name", ["react", "vue"])
async def test_a_framework_sets_properties_and_receives_events(
    chromium: Browser, clinic: Clinic, project: Project, name: str, order: str
) -> None:
    build_host(project, name, into=clinic.pages.folder)
    script = f"{clinic.site.origin}/widgets.js"
    async with open_page(chromium, clinic.site) as page:
        await page.goto(f"{clinic.pages.origin}/")
        if order == "before":
            await page.add_script_tag(url=script, type="module")
            await page.evaluate("customElements.whenDefined('appointments-trend')")
        await update(page, clinic.key, clinic.id)
        trend = page.locator("appointments-trend")
        await expect(trend).to_have_count(1)
        if order == "after":
            await page.add_script_tag(url=script, type="module")
        await expect(trend.locator("canvas")).to_be_visible()
        assert clinic.key not in await page.content()
        names = ["token", "integrationId", "range", "groupBy", "refresh"]
        values = await trend.evaluate("(widget, names) => names.map((name) => widget[name])", names)
        assert values == [clinic.key, clinic.id, "90d", "week", 60]
        await update(page, clinic.key, "nobody")
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("There is no connected integration with this id.")
        await update(page, clinic.key, clinic.id)
        await expect(alert).to_have_count(0)
        await expect(trend.locator("canvas")).to_be_visible()


def fill_in(text: str, clinic: Clinic) -> str:
    """Return a documented page with the values of a clinic."""
    values = {"https://gateway.example": clinic.site.origin, "YOUR_KEY": clinic.key, "YOUR_INTEGRATION": clinic.id}
    for name, value in values.items():
        text = text.replace(name, value)
    return text


async def test_the_documented_page_of_plain_html_shows_its_widgets(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD + fill_in(read_documented_files(BROWSERS)["bookings.html"], clinic))
        await expect(page.locator("appointments-total .cards")).to_have_count(1)
        await expect(page.locator("appointments-trend canvas")).to_be_visible()
        await expect(page.locator("appointments-breakdown tbody tr").first).to_be_visible()
        await expect(page.locator("integrations-list tbody tr")).to_have_count(4)


async def test_the_documented_frame_shows_its_widget(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD + fill_in(read_documented_files(BROWSERS)["frame.html"], clinic))
        await expect(page.frame_locator("iframe").locator("tbody tr").first).to_be_visible()
        await page.wait_for_function("document.querySelector('iframe').clientHeight > 200")


def check_types(project: Project) -> tuple[int, str]:
    """Compile the project's sources. Return the exit code and the errors."""
    return project.run("node_modules/.bin/tsc", "-p", ".")


def test_the_types_accept_the_documented_programs(project: Project) -> None:
    project.write("src/Bookings.tsx", read_documented_files(BROWSERS)["Bookings.tsx"])
    project.write("src/main.tsx", REACT)
    project.write("src/plain.ts", PLAIN)
    project.write("src/template.ts", TEMPLATE)
    assert check_types(project) == (0, "")


def test_the_types_refuse_each_mistake(project: Project) -> None:
    for name, text in WRONG.items():
        project.write(name, text)
    code, output = check_types(project)
    assert code != 0
    assert {line.partition("(")[0] for line in output.splitlines() if not line.startswith(" ")} == set(WRONG)


def test_the_types_need_no_framework(tmp_path: Path, npm_packages: Path) -> None:
    project = Project(tmp_path, None)
    project.write("src/plain.ts", PLAIN)
    assert project.run(npm_packages / "node_modules" / ".bin" / "tsc", "-p", ".") == (0, "")
