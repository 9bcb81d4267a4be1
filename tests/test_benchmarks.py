"""What benchmarks compare is comparable: all peers give equal data. Nothing is timed here."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from gateway.domain.section import Document
from gateway.settings import Settings
from gateway.web.app import create_app
from tests.benchmarks import equality
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.equality import Ask, Unequal
from tests.benchmarks.peers import floor, strawberry_orm
from tests.benchmarks.servers import FLOOR, GATEWAY, PEERS, STRAWBERRY_ORM, Peer
from tests.benchmarks.workloads import NAMES, Workload, workloads

SMALL = Scale(integrations=2, use_cases=3, actions=2, practitioners=5, many_practitioners=12, groups=1)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}"


@pytest.fixture
async def loaded(url: str) -> Loaded:
    return await load(url, SMALL)


@pytest.fixture
async def ask(url: str, loaded: Loaded) -> AsyncIterator[Ask]:
    apps = {
        GATEWAY: create_app(Settings(database_url=url)),
        STRAWBERRY_ORM: strawberry_orm.create_app(url),
        FLOOR: floor.create_app(url),
    }
    clients = {
        peer: AsyncClient(transport=ASGITransport(app), base_url="http://peer") for peer, app in apps.items()
    }

    async def asked(peer: Peer, workload: Workload, variables: Document) -> bytes:
        headers = {"Authorization": f"Bearer {loaded.key}"}
        path, body = peer.path(workload), peer.body(workload, variables)
        return (await clients[peer].post(path, json=body, headers=headers)).content

    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        for client in clients.values():
            await stack.enter_async_context(client)
        yield asked


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
