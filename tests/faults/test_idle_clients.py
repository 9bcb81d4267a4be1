"""Idle clients are disconnected, those above a limit are refused, and nobody is reset for want of descriptors."""

import json
import resource
import time
from pathlib import Path
from unittest.mock import Mock, call

import pytest

from gateway.server import uvicorn_server
from gateway.settings import Settings
from tests.benchmarks import processes
from tests.faults.idle_clients import exceed_connection_limit, stay_idle
from tests.support.attacked_server import MAX_GROWTH, AttackedServer, start_attacked_server
from tests.support.attackers import connect, read_status

pytestmark = pytest.mark.slow

FEW = 10
"""Descriptors that the server opens for its database and for queries."""


def test_idle_and_slow_clients_are_disconnected_while_others_are_answered(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path, client_timeout="1") as server:
        server.query()
        before = processes.count_descriptors(server.pid)
        outcome = server.attack(stay_idle, 20)
        assert outcome.seen == {"idle closed": 500, "slow closed": 30, "slow open": 0}
        assert outcome.grown_megabytes < MAX_GROWTH
        assert outcome.most_descriptors < before + 500 + 30 + FEW
        assert processes.count_descriptors(server.pid) < before + FEW


def test_clients_above_the_connection_limit_are_refused(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path, connection_limit="100") as server:
        seen = exceed_connection_limit(server.port, server.key, 0)
        assert (seen["silent"], seen["503"]) == (100, 50)
        while processes.count_descriptors(server.pid) > 50:
            time.sleep(0.05)
        assert server.query() == 200


def test_connections_wait_while_no_descriptor_is_left(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path) as server:
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (processes.count_descriptors(server.pid) + 10, hard))
        connections = [connect(server.port) for _ in range(40)]
        began = time.monotonic()
        time.sleep(2)
        for connection in connections:
            connection.settimeout(0.001)
        assert [read_status(connection) for connection in connections] == ["silent"] * 40
        for connection in connections:
            connection.close()
        assert server.query() == 200
        assert server.served.stop() == 0
        passed = time.monotonic() - began
        lines = _read_log(server)
    paused = [line for line in lines if line["event"] == "serve.accept_paused"]
    assert 2 <= len(paused) <= passed + 1
    assert paused[0]["reason"] == "Too many open files"
    assert {line["event"] for line in lines} == {"request", "serve.accept_paused", "serve.stopped"}


def test_few_descriptors_are_noticed_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    log = Mock()
    monkeypatch.setattr(uvicorn_server, "log", log)
    uvicorn_server._warn_of_few_descriptors(Settings())
    assert log.mock_calls == []
    uvicorn_server._warn_of_few_descriptors(Settings(connection_limit=1000))
    remedy = "raise LimitNOFILE, or lower GATEWAY_CONNECTION_LIMIT"
    assert log.mock_calls == [call.warning("serve.few_descriptors", limit=1024, needed=1152, remedy=remedy)]


def _read_log(server: AttackedServer) -> list[dict[str, object]]:
    assert server.served.process.stderr is not None
    return [json.loads(line) for line in server.served.process.stderr]
