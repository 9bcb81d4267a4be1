"""What a request may take of memory at most, whatever is sent."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from gateway.settings import Settings
from gateway.web.graphql_request import MAX_JSON_VALUES
from tests.support.commands import ENVIRONMENT

LIMIT: int = Settings.model_fields["body_limit"].default
MEASURE = """
import sys
from pathlib import Path
from gateway.web import strict_json

def peak():
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])

for small in (b"{}", b" {}"):
    strict_json.loads(small)
text = sys.stdin.buffer.read()
Path("/proc/self/clear_refs").write_text("5")
before = peak()
strict_json.loads(text)
print((peak() - before) / 1024)
"""


def _many(item: bytes) -> bytes:
    """As many of an item as a body may have, and a text as long as there is room for."""
    items = min(
        (LIMIT - 100) // (len(item) + 1), (MAX_JSON_VALUES - 4) // (1 + item.count(b"{") + item.count(b"["))
    )
    begun = b'{"variables":{"a":[' + b",".join([item] * items) + b',"'
    return begun + b"x" * (LIMIT - 10 - len(begun)) + b'"]}}'


LARGE: Mapping[str, bytes] = {
    "objects": _many(b"{}"),
    "objects with a key": _many(b'{"":0}'),
    "lists": _many(b"[]"),
    "texts": _many(b'"ab"'),
    "numbers": _many(b"9.5"),
    "keys": b"{" + b",".join(b'"%014x":0' % number for number in range(LIMIT // 20)) + b"}",
    "short keys": b"{" + b",".join(b'"%05x":0' % number for number in range(MAX_JSON_VALUES - 2)) + b"}",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process had")
@pytest.mark.parametrize("beginning", [b"", b" "], ids=["as orjson writes it", "spaced"])
@pytest.mark.parametrize("shape", LARGE)
def test_the_largest_bodies_take_less_than_20_mib(shape: str, beginning: bytes) -> None:
    body = beginning + LARGE[shape]
    assert LIMIT / 2 < len(body) <= LIMIT
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE], input=body, capture_output=True, check=True, timeout=60, env=ENVIRONMENT
    )
    assert 0 < float(ended.stdout) < 20
