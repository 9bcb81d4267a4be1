"""The list of webhooks at Rocket.Chat's URL, beside the same query in GraphQL.

`python -m tests.benchmarks.rest_webhooks` prints CPU times in ms, and the medians of the ratios. One server
answers all requests, in rounds that alternate. The executor does not compile the query, since `token` and scripts
depend on the viewer. So a compiled query without these four fields is measured, too.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.parse import quote

import orjson
import typer

from gateway import services
from gateway.database import Database
from gateway.domain.documents import read_entry
from gateway.domain.lenient_reading import Document, Json
from gateway.errors import ProblemList
from gateway.settings import Settings
from tests.benchmarks import client, comparison, processes
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.databases import DATABASES, BenchmarkDatabase
from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.support.webhook_requests import LIST, LIST_QUERY

_COMPILED_QUERY = LIST_QUERY.replace("script scriptCompiled scriptError token", "")

_WEBHOOKS = 200
_REQUESTS, _QUICK_REQUESTS = 200, 20

_KINDS: Json = ["INCOMING_WEBHOOK", "OUTGOING_WEBHOOK"]
_LAST_CHANGED: Json = [{"field": "UPDATED_AT", "direction": "DESC"}]

CASES: dict[str, tuple[dict[str, str], Document]] = {
    "first 50": ({}, {"first": 50, "orderBy": _LAST_CHANGED, "filter": {"kind": _KINDS}}),
    "first 100 by name, of one user": (
        {"count": "100", "sort": '{"name":1}', "query": '{"userId":"rocket.cat"}'},
        {"first": 100, "orderBy": [{"field": "NAME"}], "filter": {"kind": _KINDS, "userId": "rocket.cat"}},
    ),
}
"""By name, the parameters of the URL and the variables of the query."""


async def _load(url: str) -> Loaded:
    loaded = await load(url, Scale(integrations=0, practitioners=0, many_practitioners=0, groups=0))
    database, problems = Database(Settings(database_url=url)), ProblemList()
    entries = [entry for n in range(_WEBHOOKS) if (entry := read_entry(_build_webhook(n), problems.add))]
    async with database.write() as writer:
        await services.imports.webhooks.import_webhooks(writer, entries, TEAM, problems.add)
    problems.raise_if_any()
    await database.dispose()
    return loaded


def _build_webhook(number: int) -> Document:
    at = f"2025-03-09T12:{number // 60:02}:{number % 60:02}.000Z"
    return {
        "_id": f"webhook{number:010}",
        "type": "webhook-outgoing",
        "name": f"Webhook {number}",
        "enabled": number % 2 == 0,
        "username": "rocket.cat",
        "event": "sendMessage",
        "urls": [f"https://example.com/hooks/{number}"],
        "triggerWords": ["!gif", "gif"],
        "token": "t" * 48,
        "script": "class Script {}\n" * 20,
        "scriptEnabled": True,
        "impersonateUser": False,
        "userId": "rocket.cat",
        "channel": ["#general", f"#channel-{number}"],
        "_createdAt": at,
        "_createdBy": {"_id": USER, "username": "ada"},
        "_updatedAt": at,
    }


def _build_requests(key: str, parameters: dict[str, str], variables: Document) -> Sequence[bytes]:
    """Return the request to the URL, and one with each query."""
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    by_url = (
        f"GET {LIST}?{query} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n"
        f"x-auth-token: {key}\r\nx-user-id: {USER}\r\n\r\n"
    )
    bodies: list[Document] = [{"query": each, "variables": variables} for each in (LIST_QUERY, _COMPILED_QUERY)]
    return [by_url.encode(), *(client.build_request("/graphql", body, key) for body in bodies)]


async def measure(database: BenchmarkDatabase, server: Server, request: bytes, count: int) -> float:
    """Return the CPU seconds of a request, of the server and the database."""
    before = _get_cpu(database, server)
    async with Connection(server.port) as connection:
        for _ in range(count):
            await connection.send(request)
    return (_get_cpu(database, server) - before) / count


def _get_cpu(database: BenchmarkDatabase, server: Server) -> float:
    own = processes.get_cpu_seconds(server.pid)
    return own if database.pid is None else own + processes.get_tree_cpu_seconds(database.pid)


async def _check_equal(server: Server, requests: Sequence[bytes]) -> None:
    by_url, *by_query = requests
    async with Connection(server.port) as connection:
        listed = orjson.loads(await connection.send(by_url))
        for request in by_query:
            found = orjson.loads(await connection.send(request))["data"]["integrations"]
            assert [each["_id"] for each in listed["integrations"]] == [each["id"] for each in found["nodes"]]
            assert listed["total"] == found["totalCount"]


async def _run(name: str, count: int, rounds: int) -> None:
    async with DATABASES[name](_load) as database:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-benchmarks-")))
            (server,) = stack.enter_context(start_servers([GATEWAY], database.url, folder))
            for case, (parameters, variables) in CASES.items():
                requests = _build_requests(database.loaded.key, parameters, variables)
                await _check_equal(server, requests)
                costs = [
                    [await measure(database, server, request, count) for request in requests]
                    for _ in range(rounds + 1)
                ]
                typer.echo(f"{database.version}, {case}: {_describe(costs[1:])}")


def _describe(costs: Sequence[Sequence[float]]) -> str:
    """Return the medians of rounds, each with the CPU seconds of all requests."""
    url, query, compiled = (f"{median(each) * 1000:.3f}" for each in zip(*costs, strict=True))
    of_query, of_compiled = (f"{median(each[0] / each[number] for each in costs):.2f}" for number in (1, 2))
    return f"URL {url}, query {query} (ratio {of_query}), compiled query {compiled} (ratio {of_compiled})"


def main() -> None:
    arguments = comparison.create_parser("tests.benchmarks.rest_webhooks", __doc__).parse_args()
    options = comparison.get_options(arguments)
    for name in comparison.get_databases(arguments):
        asyncio.run(_run(name, _QUICK_REQUESTS if arguments.quick else _REQUESTS, options.rounds))


if __name__ == "__main__":
    main()
