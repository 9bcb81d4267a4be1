"""What benchmarks compare is comparable: all peers give equal data. Nothing is timed here."""

import re
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
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
from tests.benchmarks import appointment_rows, dashboard, equality, upserts
from tests.benchmarks.appointments import BEGIN
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.documents import TEAM
from tests.benchmarks.equality import Ask, Unequal
from tests.benchmarks.peers import floor, strawberry_orm
from tests.benchmarks.readme import README, Output
from tests.benchmarks.servers import FLOOR, GATEWAY, PEERS, STRAWBERRY_ORM, Peer
from tests.benchmarks.workloads import NAMES, Workload, workloads
from tests.support.sessions import open_session

SMALL = Scale(integrations=2, use_cases=3, actions=2, practitioners=5, many_practitioners=12, groups=1)


@asynccontextmanager
async def asking(url: str, key: str) -> AsyncIterator[Ask]:
    """All peers over this database, without servers."""
    apps = {
        GATEWAY: create_app(Settings(database_url=url)),
        STRAWBERRY_ORM: strawberry_orm.create_app(url),
        FLOOR: floor.create_app(url),
    }
    clients = {
        peer: AsyncClient(transport=ASGITransport(app), base_url="http://peer") for peer, app in apps.items()
    }

    async def asked(peer: Peer, workload: Workload, variables: Document) -> bytes:
        headers = {"Authorization": f"Bearer {key}"}
        path, body = peer.path(workload), peer.body(workload, variables)
        return (await clients[peer].post(path, json=body, headers=headers)).content

    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        for client in clients.values():
            await stack.enter_async_context(client)
        yield asked


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}"


@pytest.fixture
async def loaded(url: str) -> Loaded:
    return await load(url, SMALL)


@pytest.fixture
async def ask(url: str, loaded: Loaded) -> AsyncIterator[Ask]:
    async with asking(url, loaded.key) as ask:
        yield ask


async def test_all_peers_give_and_leave_behind_equal_data(ask: Ask, loaded: Loaded) -> None:
    chosen = workloads(loaded)
    assert tuple(workload.name for workload in chosen) == NAMES
    for workload in chosen:
        await equality.check(ask, PEERS, workload, loaded)


async def test_a_peer_that_differs_is_named_with_where_it_does(ask: Ask, loaded: Loaded) -> None:
    async def lying(peer: Peer, workload: Workload, variables: Document) -> bytes:
        answer = await ask(peer, workload, variables)
        return answer.replace(b'"Clinic ', b'"Klinik ') if peer is FLOOR else answer

    get, *_ = workloads(loaded)
    with pytest.raises(Unequal, match=r'get: floor .*\n  integration\.name: "Clinic \d+" / "Klinik \d+"'):
        await equality.check(lying, PEERS, get, loaded)


async def records(database: Database, integration_id: str) -> list[ResourceRecord]:
    """The integration's, by their logical ids."""
    statement = select(ResourceRecord).where(ResourceRecord.integration_id == integration_id)
    async with open_session(database) as session:
        return [*await session.scalars(statement.order_by(ResourceRecord.logical_id))]


def columns(row: ResourceRecord) -> dict[str, Any]:
    found = {column.name: getattr(row, column.name) for column in ResourceRecord.__table__.columns}
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in found.items()}


async def test_appointments_are_rows_as_an_import_of_their_documents_makes_them(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appointment_rows, "_CHUNK", 70)
    (appointments,) = (await load(database_url, Scale.of_appointments(200))).appointments
    rows = await records(database, appointments.integration_id)
    assert [orjson.dumps(row.document) for row in rows] == [orjson.dumps(document) for document in appointments]
    for row in rows:
        assert columns(row) == {
            "team_id": TEAM,
            "id": row.document["_id"],
            "integration_id": appointments.integration_id,
            "version": 1,
            "document": row.document,
            **read_record_columns(row.document, row.logical_id, BEGIN),
        }


MORE_QUESTIONS: list[Document] = [
    {"search": "website"},
    {"start": "2024-11-03T06:30:00.000Z", "type": "F_U"},
    {"end": "2024-03-10T08:00:00.000Z"},
    {"start": "2025-12-01T06:00:00.000Z", "end": "2025-12-01T06:00:00.000Z"},
]


async def test_the_gateway_and_the_scan_count_the_same(database_url: str) -> None:
    loaded = await dashboard.filled(database_url, [30, 400])
    *_, appointments = loaded.appointments
    async with asking(database_url, loaded.key) as ask:
        for question in (*dashboard.QUESTIONS.values(), *MORE_QUESTIONS):
            await equality.check(ask, [FLOOR], dashboard.workload(question, appointments), loaded)
        everything = dashboard.workload({}, appointments)
        answer = orjson.loads(await ask(FLOOR, everything, everything.variables(0)))
    assert answer["data"]["appointmentStatistics"]["overview"]["total"] == 400


async def test_an_upsert_leaves_the_rows_that_the_floor_inserts(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserts, "SIZE", 20)
    loaded = await load(database_url, Scale.of_appointments(0, 0))
    graphs, floors = (each.integration_id for each in loaded.appointments)
    async with asking(database_url, loaded.key) as ask:
        await equality.check(ask, [FLOOR], upserts.workload(graphs, floors), loaded)
    written, inserted = await records(database, graphs), await records(database, floors)
    assert len(written) == 20
    for one, other in zip(written, inserted, strict=True):
        own = {"_id": one.id, "integrationId": graphs, "updatedAt": one.document["updatedAt"]}
        assert columns(one) == {
            **columns(other),
            "id": one.id,
            "integration_id": graphs,
            "updated_at": format_instant(one.updated_at),
            "document": {**other.document, **own},
            "search_text": other.search_text.replace(other.id, one.id),
        }


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
