"""Requests whose chunks and trailers never end, with and without a key.

Run `python -m tests.faults.trailers`. Without limits, one trailer field without end stopped the event loop for
seconds, because the parser copies an incomplete field with each segment.
"""

from collections import Counter

from tests.support.attackers import CHUNKED, authorize, connect, flood, repeat

_CLIENTS = 4


def _repeat_flood(head: bytes, part: bytes, port: int, seconds: float) -> Counter[str]:
    def attack(end: float) -> str:
        with connect(port) as connection:
            return flood(connection, head, part, end)

    return repeat(_CLIENTS, seconds, attack)


def send_endless_trailer(port: int, key: str, seconds: float) -> Counter[str]:
    """Send one trailer field without end; the key makes the server wait for the body."""
    return _repeat_flood(CHUNKED + authorize(key) + b"\r\n0\r\nx: ", b"y" * 65_536, port, seconds)


def send_endless_trailer_slowly(port: int, key: str, seconds: float) -> Counter[str]:
    """Send one trailer field in small segments."""
    return _repeat_flood(CHUNKED + authorize(key) + b"\r\n0\r\nx: ", b"y" * 64, port, seconds)


def send_trailers_without_key(port: int, _key: str, seconds: float) -> Counter[str]:
    """Send trailer fields of 8 kB after a response of 401."""
    return _repeat_flood(CHUNKED + b"\r\n0\r\n", b"x: " + b"y" * 8000 + b"\r\n", port, seconds)


def send_chunk_extensions(port: int, key: str, seconds: float) -> Counter[str]:
    """Send chunks of one byte, each with an extension of 30 kB."""
    return _repeat_flood(CHUNKED + authorize(key) + b"\r\n", b"1;" + b"y" * 30_000 + b"\r\n \r\n", port, seconds)


def send_small_chunks(port: int, key: str, seconds: float) -> Counter[str]:
    """Send chunks of one byte."""
    return _repeat_flood(CHUNKED + authorize(key) + b"\r\n", b"1\r\n \r\n" * 10_000, port, seconds)


def send_endless_header_name(port: int, _key: str, seconds: float) -> Counter[str]:
    """Send the name of a header without end."""
    return _repeat_flood(b"GET / HTTP/1.1\r\n", b"x" * 65_536, port, seconds)


def send_endless_url(port: int, _key: str, seconds: float) -> Counter[str]:
    """Send a request line without end."""
    return _repeat_flood(b"GET /", b"x" * 65_536, port, seconds)


def send_pipelined_requests(port: int, _key: str, seconds: float) -> Counter[str]:
    """Send requests without waiting for the responses."""
    return _repeat_flood(b"", b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n" * 1000, port, seconds)


ATTACKS = (
    send_endless_trailer,
    send_endless_trailer_slowly,
    send_trailers_without_key,
    send_chunk_extensions,
    send_small_chunks,
    send_endless_header_name,
    send_endless_url,
    send_pipelined_requests,
)

if __name__ == "__main__":
    from tests.support.attacked_server import run_script

    run_script(ATTACKS)
