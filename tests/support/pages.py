"""Pages with dashboards and widgets, and their requests."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from httpx import AsyncClient
from playwright.async_api import Page, Request, expect

from tests.support.browser import Site


def watch_requests(page: Page) -> list[dict[str, Any]]:
    """Return a list that collects the GraphQL requests of a page from now on."""
    found: list[dict[str, Any]] = []

    def record(request: Request) -> None:
        if request.url.endswith("/graphql") and request.method == "POST":
            found.append(request.post_data_json or {})

    page.on("request", record)
    return found


async def wait_until_shown(page: Page) -> None:
    """Wait until all parts of the dashboard show their data."""
    await expect(page.locator("section[aria-busy=false]")).to_have_count(5)


async def query_graph(site: Site, query: str, **variables: object) -> Any:
    """Send a query, and return its data."""
    async with AsyncClient(base_url=site.origin) as http:
        headers = {"Authorization": f"Bearer {site.key}"}
        answer = await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        found = answer.json()
        assert "errors" not in found, found
        return found["data"]


async def find_clinic(site: Site, name: str = "Lakeside Family Clinic") -> str:
    """Return the id of an integration of the demo."""
    query = "query ($name: String!) { integrations(filter: { name: { eq: $name } }) { nodes { id } } }"
    (found,) = (await query_graph(site, query, name=name))["integrations"]["nodes"]
    return str(found["id"])


def read_address(page: Page) -> dict[str, str]:
    """Return the query parameters in the address of a page."""
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}
