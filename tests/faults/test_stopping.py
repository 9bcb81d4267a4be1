"""A server that stops: it answers during its drain, finishes what runs, and says what it cut off."""

import json
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.stopping import ask_until_refused
from tests.support.attacked_server import AttackedServer, start_attacked_server
from tests.support.attackers import authorize, connect

pytestmark = pytest.mark.slow

BODY = b'{"query": "{ __typename }"}'


@contextmanager
def begin_requests(server: AttackedServer, count: int) -> Iterator[list[socket.socket]]:
    """Send some requests but for their last bytes, and wait until the server has begun them."""
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server.port)) for _ in range(count)]
        for connection in connections:
            connection.sendall(head % len(BODY) + authorize(server.key) + b"\r\n" + BODY[:-1])
        server.query()
        yield connections


def read_all(connection: socket.socket) -> bytes:
    parts = iter(lambda: connection.recv(65_536), b"")
    return b"".join(parts)


def finish(server: AttackedServer) -> tuple[int, dict[str, object]]:
    """Return the exit code and the last line of the log."""
    process = server.served.process
    code = process.wait(timeout=20)
    assert process.stderr is not None
    *_, last = process.stderr
    return code, json.loads(last)


def test_clients_are_answered_during_the_drain_and_then_refused(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path, drain_delay="0.5") as server:
        assert ask_until_refused(server.port, "", 0.1).keys() == {"200 silent"}
        server.served.process.terminate()
        time.sleep(0.2)
        seen: Counter[str] = ask_until_refused(server.port, "", 1.5)
        assert seen.keys() == {"503 closed", "refused"}, seen
        code, line = finish(server)
        assert (code, line["event"], line["in_flight"], line["aborted"]) == (0, "serve.stopped", 0, 0)


def test_requests_in_flight_are_finished(tmp_path: Path) -> None:
    with (
        start_attacked_server(tmp_path, drain_delay="0.1") as server,
        begin_requests(server, 5) as connections,
    ):
        server.served.process.terminate()
        while True:
            try:
                connect(server.port).close()
            except ConnectionRefusedError:
                break
            time.sleep(0.01)
        for connection in connections:
            connection.sendall(BODY[-1:])
            answer = read_all(connection)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\nconnection: close\r\n" in answer
        code, line = finish(server)
        assert (code, line["event"], line["in_flight"], line["aborted"]) == (0, "serve.stopped", 5, 0)


def test_requests_that_do_not_end_in_time_are_cut_off(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path, shutdown_timeout="1") as server, begin_requests(server, 3):
        server.served.process.terminate()
        code, line = finish(server)
        assert (code, line["event"], line["in_flight"], line["aborted"]) == (0, "serve.stopped", 3, 3)


@pytest.mark.parametrize("during", ["drain", "shutdown"])
def test_a_second_signal_stops_the_server_at_once(tmp_path: Path, during: str) -> None:
    delay = "600" if during == "drain" else "0"
    settings = {"drain_delay": delay, "shutdown_timeout": "600", "body_timeout": "600"}
    with start_attacked_server(tmp_path, **settings) as server, begin_requests(server, 3):
        server.served.process.terminate()
        time.sleep(0.5)
        server.served.process.terminate()
        code, line = finish(server)
        assert (code, line["event"], line["in_flight"], line["aborted"]) == (0, "serve.stopped", 3, 3)


def test_a_server_that_gets_many_signals_stops_cleanly_and_starts_again(tmp_path: Path) -> None:
    for _ in range(2):
        with start_attacked_server(tmp_path, drain_delay="0.2") as server:
            for number in (signal.SIGTERM, signal.SIGINT) * 5:
                server.served.process.send_signal(number)
            code, line = finish(server)
            assert (code, line["event"]) == (0, "serve.stopped")


def test_an_interrupt_from_a_terminal_skips_the_drain(tmp_path: Path) -> None:
    with start_attacked_server(tmp_path, drain_delay="600") as server:
        server.served.process.send_signal(signal.SIGINT)
        assert finish(server)[0] == 0
