"""Integers of more than 64 bits in documents: they stay as they are, on every way in and out."""

import json
from pathlib import Path
from typing import Any

from gateway.database.tables import Integration, ResourceRecord
from gateway.domain.documents.exports import compute_checksum
from tests.support.examples import INTEGRATION, export, record, use_case
from tests.support.gateway import TEAM, Gateway
from tests.support.import_command import Run, read_counts, read_rows, write, write_lines
from tests.support.importing import export_integration, import_accepted

LONG = [2**64, -(2**63) - 1, 10**60, 2**64 - 1]

RAW = """query($id: ID!) {
  integration(id: $id) {
    ... on ConnectedIntegration { resourceRecords { nodes { config { ... on OtherConfig { raw } } } } }
  }
}"""


def _build_document() -> dict[str, Any]:
    return {
        "integration": export(0, 0, teamId=TEAM, long=LONG)["integration"],
        "use_cases": [use_case(0, teamId=TEAM, long={"b": LONG, "a": 1.5})],
        "resource_records": [record(0, teamId=TEAM, config={"type": "odd", "long": LONG, "é": 1e300})],
        "long": LONG,
    }


def test_documents_and_lines_keep_them(run: Run, database_url: str) -> None:
    document = _build_document()
    assert read_counts(run("import", write("a.json", document)), "a.json") == [3, 0, 0, 0]
    lines = [record(number, teamId=TEAM, long=LONG) for number in (1, 2)]
    assert read_counts(run("import", write_lines("a.jsonl", *lines)), "a.jsonl") == [2, 0, 0, 0]
    assert read_counts(run("import", write_lines("a.jsonl", *lines)), "a.jsonl") == [0, 0, 2, 0]
    lines[1]["long"] = [2**64 + 1]
    assert read_counts(run("import", write_lines("a.jsonl", *lines)), "a.jsonl") == [0, 1, 1, 0]
    document["resource_records"] += lines
    exported = run("export", INTEGRATION, "--no-groups", "--output", "b.json")
    assert exported.exit_code == 0
    assert json.loads(Path("b.json").read_text()) == document
    assert read_counts(run("import", "b.json"), "b.json") == [0, 0, 5, 0]
    assert [row.document for row in read_rows(database_url, ResourceRecord)] == document["resource_records"]


def test_webhooks_keep_them(run: Run, database_url: str) -> None:
    webhook = {"_id": "w", "type": "webhook-incoming", "teamId": TEAM, "scriptError": {"code": 2**70}}
    for counts in ([1, 0, 0, 0], [0, 0, 1, 0]):
        assert read_counts(run("import", write("list.json", [webhook])), "list.json") == counts
    assert read_rows(database_url, Integration)[0].document == webhook
    assert json.loads(run("export", "w").stdout)["integration"] == webhook


async def test_the_graph_keeps_them(gateway: Gateway) -> None:
    client = await gateway.client()
    document = _build_document()
    assert (await import_accepted(client, document))["outcome"] == "CREATED"
    assert (await import_accepted(client, document))["outcome"] == "UNCHANGED"
    exported = await export_integration(client)
    assert exported["checksum"] == compute_checksum(exported["document"]) == compute_checksum(document)
    for part in ("integration", "use_cases", "resource_records"):
        assert json.dumps(LONG) in json.dumps(exported["document"][part])
    assert exported["document"]["long"] == LONG
    changed = {**document, "long": [2**64 + 1]}
    assert (await import_accepted(client, changed))["outcome"] == "UPDATED"
    assert (await export_integration(client))["checksum"] != exported["checksum"]
    answer = await client.data(RAW, id=INTEGRATION)
    (found,) = answer["integration"]["resourceRecords"]["nodes"]
    assert found["config"]["raw"] == document["resource_records"][0]["config"]
