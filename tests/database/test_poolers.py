"""Two servers and commands behind PgBouncer, in both modes: no request fails, and the wrong mode is recognised."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from tests.graph.test_record_changes import UPSERT
from tests.support.commands import ENVIRONMENT, run_gateway, start_server
from tests.support.examples import INTEGRATION, export, record
from tests.support.gateway import TEAM, USER
from tests.support.pgbouncer import serve_pgbouncer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("database_kind", ["postgresql"]),
    pytest.mark.usefixtures("restored_logging"),
]

CLIENTS, ROUNDS = 40, 5
RECORDS = 1_200
"""More than a batch of an export, which reads them with a cursor."""

QUERIES = (
    "{ integrations { nodes { id name } } }",
    "query ($id: ID!) { integration(id: $id) { name } }",
    "query ($id: ID!) { integrationExport(integrationId: $id) { checksum } }",
)


@pytest.fixture(params=["session", "transaction"])
def mode(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def pooled_url(mode: str, database_url: str) -> Iterator[str]:
    with serve_pgbouncer(mode, database_url) as server:
        yield server.format(make_url(database_url).database)


def build_settings(url: str, mode: str) -> dict[str, str]:
    # PgBouncer has 5 connections, which in session mode belong to the clients that have one.
    pooler = {"database_pooler": "transaction"} if mode == "transaction" else {"database_pool_size": "1"}
    patience = {"database_pool_timeout": "60", "database_lock_timeout": "60", "request_timeout": "60"}
    return {"database_url": url, "rate_limit": "2000000000", "rate_refill": "2000000000", **patience, **pooler}


async def send_requests(http: httpx.AsyncClient, url: str, number: int) -> list[str]:
    """Read and write for some rounds, and return what was answered instead of data."""
    wrong = []
    for turn in range(ROUNDS):
        records = [
            {"logicalId": f"{number}-{at}", "config": {"appointment": {"source": f"{turn}"}}} for at in range(3)
        ]
        for query in (*QUERIES, UPSERT):
            body = {"query": query, "variables": {"id": INTEGRATION, "records": records}}
            response = await http.post(url, json=body)
            if response.status_code != 200 or "errors" in response.json():
                wrong.append(response.text)
    return wrong


async def run_clients(urls: list[str], key: str) -> list[str]:
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120, limits=limits) as http:
        clients = [send_requests(http, urls[number % len(urls)], number) for number in range(CLIENTS)]
        return [each for wrong in await asyncio.gather(*clients) for each in wrong]


def run_process(*arguments: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own: drivers number their statements in each process."""
    environment = {f"GATEWAY_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(command, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, check=False)


def test_requests_and_commands_work_behind_pgbouncer(pooled_url: str, mode: str, tmp_path: Path) -> None:
    settings = build_settings(pooled_url, mode)
    document, lines = tmp_path / "export.json", tmp_path / "records.jsonl"
    document.write_text(json.dumps(export(3, RECORDS, teamId=TEAM)))
    lines.write_text("\n".join(json.dumps(record(at, teamId=TEAM, x=1)) for at in range(2 * RECORDS)))
    imported = run_gateway("import", str(document), **settings)
    assert imported.exit_code == 0, imported.output
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    key = run_gateway("keys", "create", *arguments, **settings).stdout.strip()
    with (
        start_server("serve", "--port", "0", folder=tmp_path, **settings) as one,
        start_server("serve", "--port", "0", folder=tmp_path, **settings) as other,
    ):
        assert asyncio.run(run_clients([one.url, other.url], key)) == []
        if mode == "session":
            return  # The servers have the connections, so that commands would wait for one.
        for command in (("import", str(lines)), ("export", INTEGRATION), ("statistics", "verify"), ("migrate",)):
            ended = run_process(*command, settings=settings)
            assert ended.returncode == 0, ended.stderr


def test_a_pooler_is_recognised(pooled_url: str, mode: str, database_url: str) -> None:
    direct = run_gateway("doctor", database_url=database_url)
    assert "connected directly" in direct.stdout
    found = run_gateway("doctor", database_url=pooled_url)
    assert f"connected through a pooler in {mode} mode" in found.stdout
    remedy = "Set GATEWAY_DATABASE_POOLER=transaction."
    assert (remedy in found.stdout) == (mode == "transaction")
    fitting = run_gateway("doctor", database_url=pooled_url, database_pooler="transaction")
    assert remedy not in fitting.stdout
    assert ("statements take less time" in fitting.stdout) == (mode == "session")


def test_a_server_does_not_start_with_the_wrong_mode(database_url: str) -> None:
    with serve_pgbouncer("transaction", database_url) as server:
        url = server.format(make_url(database_url).database)
        # It leaves statements whose names another process uses again.
        run_process("keys", "list", settings={"database_url": url})
        ended = run_gateway("serve", "--port", "0", database_url=url)
    assert ended.exit_code == 2
    assert ended.stderr.startswith("error: GATEWAY_DATABASE_POOLER is none, but a pooler in transaction mode")
