"""Requests whose chunks and trailers never end are refused, and nothing of them is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import trailers
from tests.support.attacked_server import MAX_GROWTH, Attack, AttackedServer, start_attacked_server

pytestmark = pytest.mark.slow

ENDINGS: dict[Attack, str] = {
    trailers.send_endless_trailer: "431",
    trailers.send_endless_trailer_slowly: "431",
    trailers.send_trailers_without_key: "401",
    trailers.send_chunk_extensions: "413",
    trailers.send_small_chunks: "413",
    trailers.send_endless_header_name: "431",
    trailers.send_endless_url: "431",
    trailers.send_pipelined_requests: "200",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedServer]:
    folder: Path = tmp_path_factory.mktemp("attacked")
    with start_attacked_server(folder) as server:
        yield server


@pytest.mark.parametrize("attack", trailers.ATTACKS)
def test_what_follows_the_headers_is_bounded(server: AttackedServer, attack: Attack) -> None:
    outcome = server.attack(attack, 0.5)
    # The server may close the connection while the client sends: then some clients see a reset, not the answer.
    # The last clients stop before they have sent too much: their requests never end.
    assert set(outcome.seen) <= {ENDINGS[attack], "408", "reset", "closed"}, outcome.seen
    assert outcome.grown_megabytes < MAX_GROWTH
    assert server.query() == 200
