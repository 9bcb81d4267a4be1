"""Clients that send one byte now and then after they got their answer.

Run `python -m tests.faults.slow_drains`. Without a limit, 200 of them kept their connections for ever, and took
all file descriptors of the server.
"""

from collections import Counter
from itertools import cycle, islice

from tests.support.attackers import connect, dribble, read_status

_CLIENTS = 200
_REQUESTS = {
    "401": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n",
    "200": b"GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n",
    "404": b"GET /static/nothing HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n",
}


def dribble_after_answers(port: int, _key: str, seconds: float) -> Counter[str]:
    """Get answers before the bodies were sent, and send the bodies slowly."""
    statuses: Counter[str] = Counter()
    connections = []
    for status, request in islice(cycle(_REQUESTS.items()), _CLIENTS):
        connection = connect(port)
        connection.sendall(request)
        statuses["answered" if read_status(connection) == status else "not answered"] += 1
        connections.append(connection)
    return statuses + dribble(connections, seconds)


if __name__ == "__main__":
    from tests.support.attacked_server import run_script

    run_script([dribble_after_answers])
