"""Clients that list rows which are larger than any mutation stores, again and again, six at once.

Run `python -m tests.faults.large_rows`. Without a limit of answers, the server took 2.2 GB.
"""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.database.database import Database
from gateway.domain.lenient_reading import Document
from tests.benchmarks.documents import TEAM
from tests.support.factories import connected, record, store, webhook
from tests.support.pressure import run_attacks

CLIENTS = 6
_ROWS = 60
_RECORDS = 120
_LISTING = "{ integrations(first: 60, offset: 0) { nodes { ... on WebhookIntegration { id channel } } } }"
_RAW = """{ integration(id: "large") { ... on ConnectedIntegration {
  resourceRecords(first: 100) { nodes { config { ... on OtherConfig { raw } } } } } } }"""
_EXPORT = '{ integrationExport(integrationId: "large") { document } }'
_ALIASES = " ".join(f"d{number}: document" for number in range(30))

ATTACKS: Mapping[str, Sequence[Document]] = {
    "list many channels": [{"query": _LISTING}],
    "list scripts, which are not compiled": [{"query": _LISTING.replace("channel", "script scriptCompiled")}],
    "list documents": [{"query": _RAW}],
    "export": [{"query": _EXPORT}],
    "export thirty times in one answer": [{"query": _EXPORT.replace("document", _ALIASES)}],
}


async def fill(database: Database) -> None:
    """Store what only `gateway import` stores: 60 webhooks of 800 kB; and the records."""
    for number in range(_ROWS):
        document: Document = {"_id": f"w{number:03}", "type": "webhook-incoming", "name": f"{number}"}
        channels: Document = {"channel": [f"#channel-{n}" for n in range(50_000)], "script": "x" * 60_000}
        await store(database, webhook({**document, **channels}, team_id=TEAM))
    await fill_records(database)


async def fill_records(database: Database) -> None:
    """Store 120 records of 250 kB."""
    await store(database, connected("large", team_id=TEAM))
    for number in range(_RECORDS):
        config: Document = {"type": "large", "text": "x" * 250_000}
        await store(database, record(f"r{number:03}", "large", config, team_id=TEAM))


if __name__ == "__main__":
    asyncio.run(run_attacks(ATTACKS, fill, CLIENTS))
