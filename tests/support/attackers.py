"""Connections that attack a server. This module imports little, because each attack starts a process."""

import socket
import time
from collections import Counter
from collections.abc import Callable
from threading import Thread

CHUNKED = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"


def authorize(key: str) -> bytes:
    """Return the header with a key."""
    return f"authorization: Bearer {key}\r\n".encode()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def read_status(connection: socket.socket) -> str:
    """Read the beginning of a response. Return its status, or how the connection ended."""
    try:
        beginning = connection.recv(65_536)
    except TimeoutError:
        return "silent"
    except OSError:
        return "reset"
    return beginning[9:12].decode() if beginning else "closed"


def flood(connection: socket.socket, head: bytes, part: bytes, end: float) -> str:
    """Send a beginning and then the same part until a time. Return the status of the response."""
    try:
        connection.sendall(head)
        while time.monotonic() < end:
            connection.sendall(part)
    except OSError:
        pass  # The server closed the connection; its answer may still be there.
    return read_status(connection)


def repeat(count: int, seconds: float, act: Callable[[float], str]) -> Counter[str]:
    """Do something again and again in some threads for some seconds. `act` gets the end as a monotonic time."""
    seen: Counter[str] = Counter()
    end = time.monotonic() + seconds

    def act_repeatedly() -> None:
        while time.monotonic() < end:
            seen[act(end)] += 1

    threads = [Thread(target=act_repeatedly) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def dribble(connections: list[socket.socket], seconds: float, pause: float = 0.2) -> Counter[str]:
    """Send a byte on each connection again and again until the server has closed it, or the time is over."""
    seen: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while connections and time.monotonic() < end:
        time.sleep(pause)
        for connection in tuple(connections):
            try:
                connection.sendall(b"x")
            except OSError:
                seen["closed"] += 1
                connections.remove(connection)
                connection.close()
    seen["open"] += len(connections)
    for connection in connections:
        connection.close()
    return seen
