"""A process that is killed while it writes leaves records and their counts consistent."""

import asyncio
import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from gateway.settings import Settings
from tests.graph.test_record_changes import UPSERT
from tests.support.commands import run_gateway, start_server
from tests.support.factories import connected, store
from tests.support.gateway import TEAM, USER
from tests.support.import_process import INTERRUPTIBLE, build_line, start_import, wait_for_records
from tests.support.postgresql_server import run_own_server
from tests.support.proxy import proxy_database
from tests.support.sessions import open_session
from tests.support.verifying import find_differences

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("restored_logging")]

LINES, AGAIN = 20_000, 1_000


_IMPATIENT = """
from gateway.cli.app import app
from gateway.database import database

database._COMMAND_TIMEOUT = 1.0
app()
"""
"""The command, with less time for a statement."""


async def _read_logical_ids(database: Database) -> set[str]:
    async with open_session(database) as session:
        return set(await session.scalars(select(ResourceRecord.logical_id)))


async def test_a_killed_import_leaves_consistent_counts(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await store(database, connected("clinic", timezone="America/Chicago"))
    lines = [build_line(index) for index in range(LINES)]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(lines))
    with start_import(file, database_url=database_url) as process:
        try:
            await wait_for_records(database, process)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert 0 < len(await _read_logical_ids(database)) < LINES
    assert await find_differences(database) == []
    file.write_text("\n".join(lines[:AGAIN]))
    again = await asyncio.to_thread(run_gateway, "import", str(file), database_url=database_url)
    assert again.exit_code == 0
    assert len(await _read_logical_ids(database)) >= AGAIN
    assert await find_differences(database) == []


async def _migrate(url: str) -> Database:
    database = Database(Settings(database_url=url))
    await migrations.upgrade(database)
    return database


async def test_an_import_whose_database_is_killed_in_the_middle_ends_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(build_line(index) for index in range(LINES)))
    with run_own_server(tmp_path / "runtime") as server:
        database = await _migrate(server.url)
        await store(database, connected("clinic", timezone="America/Chicago"))
        with start_import(file, database_url=server.url, stderr=subprocess.PIPE) as process:
            await wait_for_records(database, process)
            server.kill()
            _, message = await asyncio.to_thread(process.communicate, timeout=30)
        lines = message.decode().splitlines()
        assert process.returncode == 1
        assert len(lines) == 1
        assert re.fullmatch(rf"error: .* {file}: [\d,]+ created, 0 updated, 0 unchanged, 0 refused. .*", lines[0])
        assert lines[0].endswith("Run the same command again to continue: what is there already stays unchanged.")
        await database.dispose()

        await asyncio.to_thread(server.start)
        await server.wait_until_accepting()
        database = await _migrate(server.url)
        again = await asyncio.to_thread(run_gateway, "import", str(file), database_url=server.url)
        assert again.exit_code == 0
        assert len(await _read_logical_ids(database)) == LINES
        assert await find_differences(database) == []
        await database.dispose()


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_an_import_whose_database_falls_silent_ends_with_one_line(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await store(database, connected("clinic", timezone="America/Chicago"))
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(build_line(index) for index in range(LINES)))
    async with proxy_database(database_url) as (proxy, through):
        with start_import(
            file, database_url=through, stderr=subprocess.PIPE, program=("-c", _IMPATIENT)
        ) as process:
            await wait_for_records(database, process)
            proxy.is_muted = True
            _, message = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 1
    (line,) = message.decode().splitlines()
    assert line.startswith("error: ")
    assert "Run the same command again to continue" in line


async def test_an_import_that_is_interrupted_says_what_it_did(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await store(database, connected("clinic", timezone="America/Chicago"))
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(build_line(index) for index in range(LINES)))
    with start_import(
        file, database_url=database_url, stderr=subprocess.PIPE, program=("-c", INTERRUPTIBLE)
    ) as process:
        await wait_for_records(database, process)
        process.send_signal(signal.SIGINT)
        _, message = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in message.decode()
    found = re.search(
        rf"{file}: ([\d,]+) created, 0 updated, 0 unchanged, 0 refused. Run the same", message.decode()
    )
    assert found is not None
    assert int(found[1].replace(",", "")) == len(await _read_logical_ids(database)) < LINES


async def test_an_interrupted_import_of_documents_says_what_it_did(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("first.json", "second.json")]
    for file, id, numbers in zip(files, "ab", (range(1), range(1, LINES)), strict=True):
        records = [{**json.loads(build_line(index)), "integrationId": id} for index in numbers]
        integration = {"_id": id, "logicalId": id, "teamId": TEAM, "name": id}
        file.write_text(json.dumps({"integration": integration, "use_cases": [], "resource_records": records}))
    with start_import(
        *files, database_url=database_url, stderr=subprocess.PIPE, program=("-c", INTERRUPTIBLE)
    ) as process:
        await wait_for_records(database, process)
        process.send_signal(signal.SIGINT)
        _, message = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 130
    (line,) = message.decode().splitlines()
    assert line.startswith(f"{files[0]}: 2 created, 0 updated, 0 unchanged, 0 refused.")
    assert f"{files[1]}: 0 created, 0 updated, 0 unchanged, 0 refused." in line
    assert line.endswith("Run the same command again to continue: what is there already stays unchanged.")
    assert await _read_logical_ids(database) == {"r0"}
    assert await find_differences(database) == []
    again = await asyncio.to_thread(run_gateway, "import", *map(str, files), database_url=database_url)
    assert again.exit_code == 0
    assert len(await _read_logical_ids(database)) == LINES


async def test_a_killed_server_leaves_consistent_counts(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await store(database, connected("clinic", timezone="America/Chicago"))
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    created = await asyncio.to_thread(run_gateway, "keys", "create", *arguments, database_url=database_url)
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def write(http: httpx.AsyncClient, url: str, writer: int) -> None:
        for number in range(1_000):
            # Half of the records exist already.
            names = [f"{writer}-{(number * 50 + index) % 500}" for index in range(100)]
            state = "SUCCESSFUL" if number % 2 else "FAILED"
            records: list[dict[str, Any]] = [
                {
                    "logicalId": name,
                    "createdAt": f"2025-01-{1 + index % 28:02}T12:00:00Z",
                    "config": {"appointment": {"bookingStatus": state}},
                }
                for index, name in enumerate(names)
            ]
            answer = await http.post(url, json={"query": UPSERT, "variables": {"records": records}})
            assert answer.json()["data"]["upsertResourceRecords"]["errors"] == []
            acknowledged.extend(names)
            if len(acknowledged) >= 1_000:
                enough.set()

    with start_server("serve", "--port", "0", folder=tmp_path, database_url=database_url) as server:
        headers = {"Authorization": f"Bearer {created.stdout.strip()}"}
        async with httpx.AsyncClient(headers=headers, timeout=60) as http:
            writers = [asyncio.create_task(write(http, server.url, writer)) for writer in range(4)]
            async with asyncio.timeout(60):
                await enough.wait()
            server.process.kill()
            results = await asyncio.gather(*writers, return_exceptions=True)
    assert all(isinstance(result, httpx.TransportError) for result in results), results
    assert server.process.returncode == -signal.SIGKILL
    assert await _read_logical_ids(database) >= {*acknowledged}
    assert await find_differences(database) == []
