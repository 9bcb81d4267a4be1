"""Clients that connect while the server stops.

Run `python -m tests.faults.stopping`. A client is answered or refused, and none is reset.
"""

import socket
import time
from collections import Counter

from tests.support.attackers import connect, read_status, repeat

_READY = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n"


def ask_until_refused(port: int, _key: str, seconds: float) -> Counter[str]:
    """Request `/readyz` on new connections until the port is closed. Some clients send their request late."""

    def ask(pause: float) -> str:
        try:
            connection = connect(port)
        except ConnectionRefusedError:
            time.sleep(0.05)
            return "refused"
        with connection:
            time.sleep(pause)
            try:
                connection.sendall(_READY)
            except OSError:
                return "reset"
            return _read_answer(connection)

    numbers = iter(range(10**9))
    return repeat(8, seconds, lambda _: ask(0.1 * (next(numbers) % 4 == 0)))


def _read_answer(connection: socket.socket) -> str:
    """Return the status, and whether the connection is closed after it."""
    status = read_status(connection)
    connection.settimeout(0.5)
    ending = status
    while ending not in ("closed", "reset", "silent"):
        ending = read_status(connection)
    return f"{status} {ending}"


if __name__ == "__main__":
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import typer

    from tests.support.attacked_server import start_attacked_server

    with TemporaryDirectory() as folder, start_attacked_server(Path(folder), drain_delay="2") as server:
        server.served.process.terminate()
        typer.echo(dict(ask_until_refused(server.port, server.key, 4)))
