"""The dashboard's section of integrations, its alarm, and the widget with the same list."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.database.database import Database
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document
from gateway.settings import Settings
from tests.support import browser
from tests.support.browser import Scheme, Site, open_page, serve_existing
from tests.support.commands import run_gateway
from tests.support.factories import connected, store
from tests.support.gateway import TEAM, USER
from tests.support.pages import find_clinic, query_graph, wait_until_shown, watch_requests

LONG = "An integration with a long name " + "without_any_space" * 12


@pytest.fixture(scope="module")
def crowded_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A gateway with 129 integrations. Three are broken, and their names are the last ones."""
    folder = tmp_path_factory.mktemp("crowded")
    (folder / "crowded.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{folder / 'crowded.db'}"
    asyncio.run(_fill(url))
    key = ("--team", TEAM, "--user", USER, "--name", "n", "--permission", "ADMIN")
    created = run_gateway("keys", "create", *key, database_url=url)
    with serve_existing(Site("", created.stdout.strip(), url), folder) as found:
        yield found


async def _fill(url: str) -> None:
    valid: Document = {"provider": "google", "accessToken": "t"}
    expired = instants.format_instant(instants.now() - timedelta(days=1))
    configs: dict[int, Document] = {
        126: valid | {"errorMessage": "The consent was withdrawn."},
        127: valid | {"expiresAt": expired},
        128: {"provider": "google"},
    }
    rows = [
        connected(f"c{number:03}", name=f"Clinic {number:03}", config=configs.get(number, valid))
        for number in range(1, 129)
    ]
    # Switched off, so that nobody misses its token.
    rows.append(connected("long", name=LONG, status="inactive", config={"provider": "microsoft"}))
    database = Database(Settings(database_url=url))
    await store(database, *rows)
    await database.dispose()


async def _sign_in(page: Page, site: Site) -> None:
    await page.request.post("/session", data={"key": site.key})
    await page.goto("/dashboard")
    await wait_until_shown(page)


async def test_broken_integrations_come_first_and_are_counted_and_named(
    chromium: Browser, crowded_site: Site
) -> None:
    async with open_page(chromium, crowded_site) as page:
        await _sign_in(page, crowded_site)
        section = page.locator("#integrations")
        await expect(section.get_by_role("status")).to_have_text("3 of 129 broken")
        await expect(page.locator(".alarm li")).to_have_text(
            [
                "▲ Clinic 126 is broken: The consent was withdrawn. Export Clinic 126",
                "▲ Clinic 127 is broken: Token expired: connect the account again. Export Clinic 127",
                "▲ Clinic 128 is broken: Token missing: connect the account again. Export Clinic 128",
            ]
        )
        names = section.locator("tbody th a")
        first = [
            "Clinic 126",
            "Clinic 127",
            "Clinic 128",
            LONG,
            *(f"Clinic {number:03}" for number in range(1, 17)),
        ]
        await expect(names).to_have_text(first)
        assert [await row.inner_text() for row in await section.locator("tbody td:nth-child(2)").all()] == [
            *["Switched on"] * 3,
            "Switched off",
            *["Switched on"] * 16,
        ]
        await expect(section.get_by_role("navigation")).to_contain_text("of 129")
        await section.get_by_role("button", name="Next").press("Enter")
        await expect(names).to_have_text([f"Clinic {number:03}" for number in range(17, 37)])
        for _ in range(5):
            await section.get_by_role("button", name="Next").press("Enter")
        await expect(names).to_have_text([f"Clinic {number:03}" for number in range(117, 126)])
        await expect(section.get_by_role("button", name="Next")).to_be_disabled()
        await expect(page.locator(".alarm li")).to_have_count(3)


async def test_the_list_is_searched_in_all_integrations(chromium: Browser, crowded_site: Site) -> None:
    async with open_page(chromium, crowded_site) as page:
        await _sign_in(page, crowded_site)
        section = page.locator("#integrations")
        await section.get_by_role("button", name="Next").click()
        await section.get_by_label("Find by name").fill("clinic 12")
        await expect(section.get_by_role("status")).to_have_text("3 of 9 found are broken")
        await expect(section.locator("tbody th a")).to_have_text(
            [f"Clinic {number}" for number in (126, 127, 128, *range(120, 126))]
        )
        await section.get_by_label("Find by name").fill("nobody")
        await expect(section).to_contain_text("None has a name with “nobody”.")
        await expect(page.locator(".alarm li")).to_have_count(3)
        await section.get_by_label("Find by name").fill("")
        await expect(section.get_by_role("status")).to_have_text("3 of 129 broken")


async def test_every_integration_can_be_chosen(chromium: Browser, crowded_site: Site) -> None:
    async with open_page(chromium, crowded_site) as page:
        await _sign_in(page, crowded_site)
        choice = page.locator("select[name=integration]")
        await expect(choice.locator("option")).to_have_count(129)
        queries = watch_requests(page)
        await choice.select_option("Clinic 128")
        await wait_until_shown(page)
        assert [query["variables"]["id"] for query in queries] == ["c128"]
        await expect(choice).to_have_value("c128")
        await page.reload()
        await wait_until_shown(page)
        await expect(choice.locator("option")).to_have_count(129)
        await expect(choice).to_have_value("c128")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_long_list_with_long_names_is_accessible_and_fits(
    chromium: Browser, crowded_site: Site, axe: str, scheme: Scheme
) -> None:
    async with open_page(chromium, crowded_site, scheme=scheme) as page:
        await _sign_in(page, crowded_site)
        assert await browser.find_violations(page, axe) == []
        for width in (1440, 768, 390):
            assert await browser.find_overflowing_elements(page, width) == []
            list_fits = "list => list.scrollWidth <= list.clientWidth"
            assert await page.locator("#integrations .scroll").evaluate(list_fits)


async def test_an_export_is_one_click_from_the_alarm_and_from_the_list(
    page: Page, site: Site, tmp_path: Path
) -> None:
    await page.goto("/dashboard")
    await expect(page.locator(".alarm li")).to_have_count(1)
    why = "Lakeside Surgery Center is broken: The refresh token was revoked: connect the account again."
    await expect(page.locator(".alarm")).to_contain_text(why)
    row = page.locator("#integrations tr", has_text="Lakeside Surgery Center")
    await expect(row).to_contain_text("Token expired")
    id = await find_clinic(site, "Lakeside Surgery Center")
    query = "query ($id: ID!) { integrationExport(integrationId: $id) { document } }"
    document = (await query_graph(site, query, id=id))["integrationExport"]["document"]
    for place in (row, page.locator(".alarm")):
        async with page.expect_download() as download:
            await place.get_by_role("button", name="Export Lakeside Surgery Center").click()
        file = await download.value
        assert file.suggested_filename == f"{id}.json"
        await file.save_as(tmp_path / "export.json")
        assert json.loads((tmp_path / "export.json").read_text()) == document
        await expect(page.locator("#said")).to_contain_text("was exported")


async def test_the_widget_and_the_dashboard_use_the_same_words(page: Page) -> None:
    await page.goto("/dashboard")
    rows = page.locator("#integrations tbody tr")
    await expect(rows.first).to_be_visible()
    states = {
        await row.locator("th a").inner_text(): await row.locator("td").first.inner_text()
        for row in await rows.all()
    }
    await page.goto("/widgets")
    listed = page.locator("integrations-list tbody tr")
    await expect(listed).to_have_count(len(states))
    assert {
        await row.locator("th").inner_text(): await row.locator("td").first.inner_text()
        for row in await listed.all()
    } == states
    await expect(page.locator("integrations-list .sign")).to_have_count(0)
