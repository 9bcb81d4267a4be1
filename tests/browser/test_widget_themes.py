"""Widgets are light or dark as the page behind them is, whatever the visitor's system prefers."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import Scheme, open_page
from tests.support.widgets import HEAD, PAGE, SCRIPT, Clinic

FIND_LOW_CONTRASTS = """([minimum, bars]) => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const read = (colour) => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const above = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host;
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
    const behind = (element) => {
        for (let each = element; each; each = above(each)) {
            const colour = read(getComputedStyle(each).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return isDark ? [18, 18, 18] : [255, 255, 255];
    };
    const luminance = (colour) => {
        const [red, green, blue] = colour.slice(0, 3).map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const found = [];
    for (const widget of document.querySelectorAll("[data-widget]")) {
        for (const element of widget.shadowRoot.querySelectorAll("*")) {
            const isText = [...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim());
            if (bars ? !element.matches(bars) : !isText) continue;
            const { color, backgroundColor } = getComputedStyle(element);
            const colours = [read(bars ? backgroundColor : color), behind(bars ? element.parentElement : element)];
            const [light, dark] = colours.map(luminance).sort((one, other) => other - one);
            const contrast = (light + 0.05) / (dark + 0.05);
            found.push([contrast, element.outerHTML.slice(0, 80), ...colours.map(String)]);
        }
    }
    if (found.length < (bars ? 10 : 40)) throw new Error(`only ${found.length} elements`);
    return found.filter(([contrast]) => contrast < minimum);
}"""
"""A function that returns each text in a widget whose contrast is lower than a minimum, or each of its bars."""

WIDGETS = PAGE.partition(SCRIPT)[2].replace(" integration-id", " data-widget integration-id")
WIDGETS = WIDGETS.replace("<integrations-list>", "<integrations-list data-widget>")

PAGES = {
    "silent": ("", "light"),
    "white": ("html { background: #fff; }", "light"),
    "grey": ("body { background: #e5e7eb; }", "light"),
    "black": ("body { background: #000; color: #fff; }", "dark"),
    "slate, as Tailwind writes it": ("body { background: oklch(20.8% 0.042 265.755); color: #fff; }", "dark"),
    "cream": ("body { background: lab(97 1 6); }", "light"),
    "light by color-scheme": (":root { color-scheme: light; }", "light"),
    "dark by color-scheme": (":root { color-scheme: dark; }", "dark"),
    "dark with white cards": (":root { color-scheme: dark; } main { background: #fff; }", "light"),
    "light with black cards": ("main { background: #111; }", "dark"),
    "a translucent layer": ("body { background: #000; } main { background: rgb(255 255 255 / 0.04); }", "dark"),
    "dark behind an image": (
        ":root { color-scheme: dark; background: linear-gradient(#111, #222); }",
        "dark",
    ),
}
"""Styles of pages, and whether they are light or dark."""


async def open_styled(page: Page, clinic: Clinic, style: str, widgets: str = WIDGETS) -> None:
    await clinic.open(page, f"{HEAD}<style>{style}</style>{SCRIPT}<main>{widgets}</main>")
    await clinic.set_token(page)
    await expect(page.locator("appointments-trend canvas")).to_be_visible()
    await expect(page.locator("[aria-busy]")).to_have_count(0)


INKS = {"light": "rgb(22, 27, 36)", "dark": "rgb(233, 237, 243)"}
"""The colour of texts."""


async def wait_for_ink(page: Page, scheme: str) -> None:
    """Wait until the widgets are light or dark."""
    find = "ink => getComputedStyle(document.querySelector('[data-widget]')).color === ink"
    await page.wait_for_function(find, arg=INKS[scheme])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_texts_are_legible_on_every_page(chromium: Browser, clinic: Clinic, scheme: Scheme) -> None:
    async with open_page(chromium, clinic.site, scheme=scheme) as page:
        await open_styled(page, clinic, "")
        for name, (style, expected) in PAGES.items():
            await page.evaluate("style => { document.querySelector('style').textContent = style; }", style)
            await wait_for_ink(page, expected)
            assert await page.evaluate(FIND_LOW_CONTRASTS, [4.5, None]) == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_page_that_follows_the_system_has_widgets_that_do(
    chromium: Browser, clinic: Clinic, scheme: Scheme
) -> None:
    async with open_page(chromium, clinic.site, scheme=scheme) as page:
        await open_styled(page, clinic, ":root { color-scheme: light dark; }")
        await wait_for_ink(page, scheme)
        other: Scheme = "light" if scheme == "dark" else "dark"
        await page.emulate_media(color_scheme=other)
        await wait_for_ink(page, other)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_attribute_decides_before_the_page_does(
    chromium: Browser, clinic: Clinic, theme: Scheme
) -> None:
    other = {"light": "#000", "dark": "#fff"}[theme]
    async with open_page(chromium, clinic.site) as page:
        await open_styled(
            page, clinic, f"body {{ background: {other}; }}", WIDGETS.replace("data-w", f'theme="{theme}" data-w')
        )
        await wait_for_ink(page, theme)
        await page.evaluate("for (const each of document.querySelectorAll('[theme]')) each.theme = 'auto'")
        await wait_for_ink(page, "light" if theme == "dark" else "dark")


async def test_a_style_of_the_page_for_the_widget_decides(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await open_styled(page, clinic, "body { background: #fff; } [data-widget] { color-scheme: dark; }")
        await wait_for_ink(page, "dark")


TOGGLES = {
    "class": "document.documentElement.classList.toggle('night')",
    "style": "document.body.style.background = document.body.style.background ? '' : '#000'",
    "style sheet": """{
        const old = document.querySelector("#added");
        if (old) old.remove();
        else {
            const style = Object.assign(document.createElement("style"), { id: "added" });
            style.textContent = "body { background: #000 !important; }";
            document.head.append(style);
        }
    }""",
    "transition": "document.querySelector('main').classList.toggle('slow')",
}
STYLE = """
body { background: #fff; }
.night body { background: #000; }
main { transition: background-color 50ms; }
main.slow { background-color: #000; }
"""


@pytest.mark.parametrize("toggle", TOGGLES)
async def test_widgets_follow_a_page_that_changes_its_theme(
    chromium: Browser, clinic: Clinic, toggle: str
) -> None:
    draw = "document.querySelector('appointments-trend').shadowRoot.querySelector('canvas').toDataURL()"
    async with open_page(chromium, clinic.site) as page:
        await open_styled(page, clinic, STYLE)
        light = await page.evaluate(draw)
        await page.evaluate(TOGGLES[toggle])
        await wait_for_ink(page, "dark")
        await page.wait_for_function(f"{draw} !== {light!r}")
        assert await page.evaluate(FIND_LOW_CONTRASTS, [4.5, None]) == []
        await page.evaluate(TOGGLES[toggle])
        await wait_for_ink(page, "light")
        await page.wait_for_function(f"{draw} === {light!r}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_bars_stand_out_from_what_is_behind_them(chromium: Browser, clinic: Clinic, scheme: Scheme) -> None:
    background = {"light": "#fff", "dark": "#111"}[scheme]
    async with open_page(chromium, clinic.site, scheme=scheme) as page:
        await open_styled(page, clinic, f"body {{ background: {background}; }}")
        assert await page.evaluate(FIND_LOW_CONTRASTS, [3, ".pending, .successful"]) == []
