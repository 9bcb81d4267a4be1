"""Clients that send on slowly after their answer lose their connection, and hold no file descriptor."""

from pathlib import Path

import pytest

from tests.benchmarks import processes
from tests.faults.slow_drains import dribble_after_answers
from tests.support.attacked_server import MAX_GROWTH, start_attacked_server

pytestmark = pytest.mark.slow

FEW = 10
"""Descriptors that the server opens for its database and for queries."""


def test_a_client_that_sends_on_after_its_answer_is_disconnected(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path) as server:
        server.query()
        before = processes.count_descriptors(server.pid)
        outcome = server.attack(dribble_after_answers, 20)
        assert outcome.seen == {"answered": 200, "closed": 200}
        assert outcome.grown_megabytes < MAX_GROWTH
        assert processes.count_descriptors(server.pid) < before + FEW
