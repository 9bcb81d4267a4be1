"""The peers of the benchmarks return equal data. Nothing is timed here."""

import re
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select

from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Document
from gateway.domain.records import read_record_columns
from gateway.settings import Settings
from gateway.web.app import create_app
from tests.benchmarks import appointment_rows, dashboard, equality, report, upserts
from tests.benchmarks.appointments import BEGIN
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.documents import TEAM
from tests.benchmarks.equality import SendRequest, UnequalResponses
from tests.benchmarks.measure import Cost, Round
from tests.benchmarks.peers import floor, strawberry_orm
from tests.benchmarks.peers.columns import app as columns
from tests.benchmarks.peers.columns import tables
from tests.benchmarks.readme import README, Output
from tests.benchmarks.servers import COLUMNS, FLOOR, GATEWAY, PEERS, STRAWBERRY_ORM, Peer
from tests.benchmarks.workloads import (
    DOCUMENT,
    NAMES,
    STORED_GROUP,
    Workload,
    build_upsert_variables,
    build_workloads,
)
from tests.support.sessions import open_session

SMALL = Scale(integrations=2, use_cases=3, actions=2, practitioners=5, many_practitioners=12, groups=1)


@asynccontextmanager
async def open_peers(url: str, key: str) -> AsyncIterator[SendRequest]:
    """Open all peers on this database without servers, and return a function that sends requests to them."""
    apps = {
        GATEWAY: create_app(Settings(database_url=url)),
        STRAWBERRY_ORM: strawberry_orm.create_app(url),
        FLOOR: floor.create_app(url),
        COLUMNS: columns.create_app(url),
    }
    clients = {
        peer: AsyncClient(transport=ASGITransport(app), base_url="http://peer") for peer, app in apps.items()
    }

    async def send(peer: Peer, workload: Workload, variables: Document) -> bytes:
        headers = {"Authorization": f"Bearer {key}"}
        path, body = peer.get_path(workload), peer.build_body(workload, variables)
        return (await clients[peer].post(path, json=body, headers=headers)).content

    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        for client in clients.values():
            await stack.enter_async_context(client)
        yield send


@pytest.fixture
async def loaded(database_url: str) -> Loaded:
    loaded = await load(database_url, SMALL)
    await tables.fill(database_url)
    return loaded


@pytest.fixture
async def send(database_url: str, loaded: Loaded) -> AsyncIterator[SendRequest]:
    async with open_peers(database_url, loaded.key) as send:
        yield send


async def test_all_peers_return_and_store_equal_data(send: SendRequest, loaded: Loaded) -> None:
    chosen = build_workloads(loaded)
    assert tuple(workload.name for workload in chosen) == NAMES
    for workload in chosen:
        await equality.check(send, PEERS, workload, loaded)


async def test_export_documents_with_use_cases_and_without_practitioners_are_equal(
    send: SendRequest, loaded: Loaded
) -> None:
    workload = Workload("export-document", "document", DOCUMENT, lambda _: {"id": loaded.listed[0]})
    await equality.check(send, [FLOOR, COLUMNS], workload, loaded)


async def test_the_columns_peer_adds_and_deletes_actions_like_the_gateway(
    send: SendRequest, loaded: Loaded
) -> None:
    *_, upsert = build_workloads(loaded)
    stored = Workload("stored group", "stored-group", STORED_GROUP, lambda _: {})
    variables: Any = build_upsert_variables(loaded.groups[0], 1)
    first, second = variables["input"]["useCases"]
    first["actions"] = [{**first["actions"][0], "context": "added"}, first["actions"][1]]
    second["actions"] = []

    async def upsert_and_read(peer: Peer) -> list[object]:
        answer = orjson.loads(await send(peer, upsert, variables))["data"]["upsertUseCaseGroup"]
        group = orjson.loads(await send(peer, stored, {"id": loaded.groups[0].id}))["data"]["useCaseGroup"]
        actions = [each["useCase"]["config"]["actions"] for each in answer["useCases"]]
        stored_actions = [each["config"]["actions"] for each in group["useCases"]]
        for action in chain(*actions, *stored_actions):
            assert action.pop("logicalId").startswith("action_")
            action.pop("schedule", None)
        return [answer, stored_actions]

    expected = await upsert_and_read(GATEWAY)
    assert await upsert_and_read(COLUMNS) == expected


async def test_a_peer_with_different_data_is_named_with_the_path(send: SendRequest, loaded: Loaded) -> None:
    async def send_changed(peer: Peer, workload: Workload, variables: Document) -> bytes:
        answer = await send(peer, workload, variables)
        return answer.replace(b'"Clinic ', b'"Klinik ') if peer is FLOOR else answer

    get, *_ = build_workloads(loaded)
    with pytest.raises(UnequalResponses, match=r'get: floor .*\n  integration\.name: "Clinic \d+" / "Klinik \d+"'):
        await equality.check(send_changed, PEERS, get, loaded)


async def read_records(database: Database, integration_id: str) -> list[ResourceRecord]:
    """Return the records of an integration, ordered by logical id."""
    statement = select(ResourceRecord).where(ResourceRecord.integration_id == integration_id)
    async with open_session(database) as session:
        return [*await session.scalars(statement.order_by(ResourceRecord.logical_id))]


def get_columns(row: ResourceRecord) -> dict[str, Any]:
    found = {column.name: getattr(row, column.name) for column in ResourceRecord.__table__.columns}
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in found.items()}


async def test_inserted_appointments_equal_imported_ones(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appointment_rows, "_CHUNK", 70)
    (appointments,) = (await load(database_url, Scale.for_appointments(200))).appointments
    rows = await read_records(database, appointments.integration_id)
    assert [orjson.dumps(row.document) for row in rows] == [orjson.dumps(document) for document in appointments]
    for row in rows:
        assert get_columns(row) == {
            "team_id": TEAM,
            "id": row.document["_id"],
            "integration_id": appointments.integration_id,
            "version": 1,
            "document": row.document,
            **read_record_columns(row.document, row.logical_id, BEGIN),
        }


MORE_CASES: list[Document] = [
    {"search": "website"},
    {"start": "2024-11-03T06:30:00.000Z", "type": "F_U"},
    {"end": "2024-03-10T08:00:00.000Z"},
    {"start": "2025-12-01T06:00:00.000Z", "end": "2025-12-01T06:00:00.000Z"},
]


async def test_the_gateway_and_the_scan_count_the_same(database_url: str) -> None:
    loaded = await dashboard.load_dashboards(database_url, [30, 400])
    *_, appointments = loaded.appointments
    async with open_peers(database_url, loaded.key) as send:
        for case in (*dashboard.CASES.values(), *MORE_CASES):
            await equality.check(send, [FLOOR], dashboard.build_workload(case, appointments), loaded)
        everything = dashboard.build_workload({}, appointments)
        answer = orjson.loads(await send(FLOOR, everything, everything.variables(0)))
    assert answer["data"]["appointmentStatistics"]["overview"]["total"] == 400


async def test_an_upsert_stores_the_rows_that_the_floor_inserts(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserts, "SIZE", 20)
    loaded = await load(database_url, Scale.for_appointments(0, 0))
    gateway_id, floor_id = (each.integration_id for each in loaded.appointments)
    async with open_peers(database_url, loaded.key) as send:
        await equality.check(send, [FLOOR], upserts.build_workload(gateway_id, floor_id), loaded)
    upserted, inserted = await read_records(database, gateway_id), await read_records(database, floor_id)
    assert len(upserted) == 20
    for one, other in zip(upserted, inserted, strict=True):
        changes = {"_id": one.id, "integrationId": gateway_id, "updatedAt": one.document["updatedAt"]}
        assert get_columns(one) == {
            **get_columns(other),
            "id": one.id,
            "integration_id": gateway_id,
            "updated_at": format_instant(one.updated_at),
            "document": {**other.document, **changes},
            "search_text": other.search_text.replace(other.id, one.id),
        }


def test_a_table_has_ratios_to_the_baselines_that_ran() -> None:
    costs = {peer: Cost([Round(cpu, 0, [1.0], 1)]) for peer, cpu in ((GATEWAY, 3.0), (FLOOR, 1.0), (COLUMNS, 2.0))}
    head, first, *_ = report.build_table({"get": costs})
    found = dict(zip(head, first, strict=True))
    assert (found["peer"], found["/ floor"], found["/ columns"]) == ("gateway", "3.00", "1.50")
    del costs[COLUMNS]
    head, *_ = report.build_table({"get": costs})
    assert [name for name in head if name.startswith("/")] == ["/ floor"]


def test_each_full_run_replaces_its_section_of_the_readme(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    table = [("workload", "CPU"), ("get", "0.1")]
    for module, text in (("tests.benchmarks.ingest", "imports"), *[("tests.benchmarks", text) for text in "ab"]):
        output = Output.create(module, Namespace(quick=True, database="both", readme=file))
        output.print_text(text)
        output.print_table(table, names=1)
        output.save()
    written = file.read_text()
    assert re.findall(r"^## (.*)|^(imports|a|b)$", written, re.MULTILINE) == [
        ("Peers", ""),
        ("Method", ""),
        ("Requests", ""),
        ("", "b"),
        ("Imports and upserts", ""),
        ("", "imports"),
    ]
    assert written.count("| workload | CPU |\n| --- | --: |\n| get | 0.1 |\n") == 2


@pytest.mark.parametrize(
    "partial",
    [{"quick": True}, {"database": "sqlite"}, {"workload": ["get"]}],
    ids=["quick", "database", "workload"],
)
def test_a_partial_run_writes_no_readme(partial: dict[str, object]) -> None:
    full = {"quick": False, "database": "both", "workload": None, "readme": None}
    assert Output.create("tests.benchmarks", Namespace(**full)).file == README
    assert Output.create("tests.benchmarks", Namespace(**full | partial)).file is None
