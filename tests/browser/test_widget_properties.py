"""The attributes of widgets are properties too, whenever a page sets them; the token is a property only."""

import re
from collections.abc import Mapping

from playwright.async_api import Browser, expect

from gateway.web.pages import STATIC, WIDGET_ELEMENTS
from tests.support.browser import open_page
from tests.support.documented_files import BROWSERS
from tests.support.pages import watch_requests
from tests.support.widgets import HEAD, PAGE, SCRIPT, Clinic

REFLECT = """async origin => {
    "use strict";
    const { ELEMENTS } = await import(`${origin}/widgets.js`);
    const wrong = [];
    for (const [name, { observedAttributes }] of Object.entries(ELEMENTS)) {
        for (const attribute of observedAttributes) {
            const property = attribute.replace(/-./g, (part) => part[1].toUpperCase());
            const [first, second] = attribute === "refresh" ? [60, 90] : ["one", "two"];
            const widget = document.createElement(name);
            const seen = [widget[property], widget.getAttribute(attribute)];
            widget[property] = first;
            seen.push(widget.getAttribute(attribute), widget[property]);
            widget.setAttribute(attribute, second);
            seen.push(widget[property]);
            for (const nothing of [null, undefined]) {
                widget[property] = nothing;
                seen.push(widget.hasAttribute(attribute), widget[property]);
                widget[property] = first;
            }
            const expected = [null, null, String(first), first, second, false, null, false, null];
            if (JSON.stringify(seen) !== JSON.stringify(expected)) wrong.push([name, attribute, seen]);
        }
    }
    return wrong;
}"""


async def test_each_attribute_is_a_property_that_reflects_it(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD)
        assert await page.evaluate(REFLECT, clinic.site.origin) == []


ATTRIBUTES = """async origin => {
    const { ELEMENTS } = await import(`${origin}/widgets.js`);
    const list = ([name, { observedAttributes }]) => [name, observedAttributes];
    return Object.fromEntries(Object.entries(ELEMENTS).map(list));
}"""


async def test_each_attribute_is_documented_and_has_a_type(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD)
        found: Mapping[str, list[str]] = await page.evaluate(ATTRIBUTES, clinic.site.origin)
    names = {element: set(attributes) for element, attributes in found.items()}
    assert read_documented_attributes() == names
    assert {element: properties - {"token"} for element, properties in read_declared_properties().items()} == {
        element: {re.sub("-.", lambda part: part[0][1].upper(), name) for name in attributes}
        for element, attributes in names.items()
    }
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>', (STATIC / "widgets.html").read_text())
    shown = [name for row in rows for name in re.findall("<code>(.*?)</code>", row)]
    assert sorted(shown) == sorted(set.union(*names.values()))


def read_documented_attributes() -> dict[str, set[str]]:
    """Return the attributes of each element in the documentation's table. Each is there once."""
    (section,) = re.findall(r"^### Attributes of widgets$(.*?)^#", BROWSERS.read_text(), re.MULTILINE | re.DOTALL)
    found: dict[str, set[str]] = {name: set() for name in WIDGET_ELEMENTS}
    rows = [row.split(" | ") for row in re.findall(r"^\| (`.*) \|$", section, re.MULTILINE)]
    for names, elements, _ in rows:
        for element in WIDGET_ELEMENTS:
            is_of_appointments = elements == "appointments" and element.startswith("appointments-")
            if elements == "all" or is_of_appointments or elements == f"`<{element}>`":
                found[element] |= set(re.findall("`(.*?)`", names))
    listed = [name for names, *_ in rows for name in re.findall("`(.*?)`", names)]
    assert sorted(listed) == sorted(set(listed))
    return found


def read_declared_properties() -> dict[str, set[str]]:
    """Return the properties of each element in the declarations for TypeScript."""
    text = (STATIC / "widgets.d.ts").read_text()
    interface = r"^export interface (\w+Properties)(?: extends (\w+))? \{(.*?)^\}"
    declared: dict[str, set[str]] = {"": set()}
    for name, parent, body in re.findall(interface, text, re.MULTILINE | re.DOTALL):
        declared[name] = declared[parent] | set(re.findall(r"^  (\w+): .* \| null;$", body, re.MULTILINE))
    return {element: declared[name] for element, name in re.findall(r'"([\w-]+)": Partial<(\w+)>', text)}


async def test_properties_change_what_a_widget_shows(chromium: Browser, clinic: Clinic) -> None:
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, HEAD + SCRIPT)
        queries = watch_requests(page)
        await page.evaluate(
            """async ([key, id]) => {
                await customElements.whenDefined("appointments-total");
                const widget = document.createElement("appointments-total");
                document.body.append(widget);
                Object.assign(widget, { token: key, integrationId: id, range: "90d" });
            }""",
            [clinic.key, clinic.id],
        )
        failed = page.locator("appointments-total .value").nth(2)
        await expect(failed).to_have_text(str(await clinic.count_failed(90)))
        await page.locator("appointments-total").evaluate("widget => { widget.range = '7d'; }")
        await expect(failed).to_have_text(str(await clinic.count_failed(7)))
        assert len(queries) == 2
        assert clinic.key not in await page.content()


async def test_properties_that_are_set_before_the_script_loads_are_used(chromium: Browser, clinic: Clinic) -> None:
    content = HEAD + "<appointments-total></appointments-total><appointments-breakdown></appointments-breakdown>"
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, content)
        queries = watch_requests(page)
        await page.evaluate(
            """([key, id]) => {
                const [total, breakdown] = document.body.querySelectorAll("*");
                Object.assign(total, { token: key, integrationId: id, range: "7d", refresh: 60 });
                // Frameworks write attributes, as long as an element is not defined.
                for (const [name, value] of Object.entries({ token: key, integrationId: id, by: "utmSource" })) {
                    breakdown.setAttribute(name, value);
                }
            }""",
            [clinic.key, clinic.id],
        )
        await page.add_script_tag(url=f"{clinic.site.origin}/widgets.js", type="module")
        failed = page.locator("appointments-total .value").nth(2)
        await expect(failed).to_have_text(str(await clinic.count_failed(7)))
        await expect(page.locator("appointments-breakdown tbody tr").first).to_be_visible()
        assert len(queries) == 1
        markup = await page.evaluate("document.body.innerHTML")
        assert clinic.key not in markup
        assert "integrationid" not in markup
        assert f'integration-id="{clinic.id}"' in markup
        own = "Object.keys(document.querySelector('appointments-total')).includes('integrationId')"
        assert await page.evaluate(own) is False


async def test_exact_filters_count_what_the_breakdown_shows(chromium: Browser, clinic: Clinic) -> None:
    content = PAGE.replace('range="30d"', 'range="90d"').replace('range="7d"', 'range="90d"')
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, content)
        await clinic.set_token(page)
        row = page.locator("appointments-breakdown tbody tr").nth(1)
        campaign = (await row.locator("th").inner_text()).strip()
        count = await row.locator("td").first.inner_text()
        await page.locator("appointments-total").evaluate(
            "(widget, campaign) => { widget.utmCampaign = campaign; }", campaign
        )
        await expect(page.locator("appointments-total .value").first).to_have_text(count)
        await page.locator("appointments-total").evaluate("widget => { widget.source = 'no such source'; }")
        await expect(page.locator("appointments-total .value").first).to_have_text("0")


async def test_a_trend_groups_days_by_week_and_month(chromium: Browser, clinic: Clinic) -> None:
    content = PAGE.replace('range="30d" locale="de"', 'start="2026-09-01" end="2026-10-31" group-by="month"')
    async with open_page(chromium, clinic.site) as page:
        await clinic.open(page, content)
        await clinic.set_token(page)
        trend = page.locator("appointments-trend")
        await trend.get_by_text("View as table").click()
        await expect(trend.locator("tbody tr")).to_have_count(2)
        await expect(trend.locator(".legend")).to_contain_text("Oct 31, 2026")
        await trend.evaluate("widget => { widget.groupBy = 'week'; }")
        await trend.get_by_text("View as table").click()
        await expect(trend.locator("tbody tr")).to_have_count(9)
