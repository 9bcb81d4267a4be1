"""Many clients that send nothing, or hardly anything.

Run `python -m tests.faults.idle_clients`: 500 idle and 30 slow clients, and then more clients than the connection
limit allows.
"""

import socket
import time
from collections import Counter

from tests.support.attackers import connect, dribble, read_status

_IDLE_CLIENTS = 500
_SLOW_CLIENTS = 30
_FLOOD = 150


def stay_idle(port: int, _key: str, seconds: float) -> Counter[str]:
    """Open 500 connections on which nothing is sent, and 30 on which headers arrive slowly."""
    idle = [connect(port) for _ in range(_IDLE_CLIENTS)]
    slow = [connect(port) for _ in range(_SLOW_CLIENTS)]
    end = time.monotonic() + seconds
    seen = Counter({f"slow {result}": count for result, count in dribble(slow, seconds).items()})
    for connection in idle:
        connection.settimeout(max(0.01, end - time.monotonic()))
        seen[f"idle {read_status(connection)}"] += 1
        connection.close()
    return seen


def exceed_connection_limit(port: int, _key: str, seconds: float) -> Counter[str]:
    """Open 150 connections at a time, and see how those above the limit are refused."""
    end = time.monotonic() + seconds
    seen: Counter[str] = Counter()
    while not seen or time.monotonic() < end:
        connections = [connect(port) for _ in range(_FLOOD)]
        for connection in connections:
            connection.settimeout(0.001)
        seen.update(map(read_status, connections))
        _close(connections)
    return seen


def _close(connections: list[socket.socket]) -> None:
    for connection in connections:
        connection.close()


if __name__ == "__main__":
    from tests.support.attacked_server import run_script

    run_script([stay_idle], 15)
