"""The most memory that a request body may take."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.domain.strict_json import MAX_VALUES
from gateway.settings import Settings
from tests.support.commands import ENVIRONMENT

LIMIT: int = Settings.model_fields["body_limit"].default
MEASURE = """
import os
import sys
from pathlib import Path
from gateway.domain import strict_json

def peak():
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])

for small in (b"{}", b" {}"):
    strict_json.loads(small)
for file in sys.argv[1:]:
    # Each body is read in a new process. Only the imports are shared.
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        continue
    text = Path(file).read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    strict_json.loads(text)
    print((peak() - before) / 1024, flush=True)
    os._exit(0)
"""


def _build_largest_body(item: bytes) -> bytes:
    """Return a body with the most items that are allowed, filled up with a text."""
    items = min((LIMIT - 100) // (len(item) + 1), (MAX_VALUES - 4) // (1 + item.count(b"{") + item.count(b"[")))
    beginning = b'{"variables":{"a":[' + b",".join([item] * items) + b',"'
    return beginning + b"x" * (LIMIT - 10 - len(beginning)) + b'"]}}'


LARGE: Mapping[str, bytes] = {
    "objects": _build_largest_body(b"{}"),
    "objects with a key": _build_largest_body(b'{"":0}'),
    "lists": _build_largest_body(b"[]"),
    "texts": _build_largest_body(b'"ab"'),
    "numbers": _build_largest_body(b"9.5"),
    "keys": b"{" + b",".join(b'"%014x":0' % number for number in range(LIMIT // 20)) + b"}",
    "short keys": b"{" + b",".join(b'"%05x":0' % number for number in range(MAX_VALUES - 2)) + b"}",
}


BEGINNINGS = {"as orjson writes it": b"", "spaced": b" "}


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], float]:
    """The memory that reading each body takes, in MiB, by its shape and beginning."""
    folder = tmp_path_factory.mktemp("bodies")
    files: dict[tuple[str, str], Path] = {}
    for shape, body in LARGE.items():
        for name, beginning in BEGINNINGS.items():
            files[shape, name] = folder / f"{len(files)}.json"
            files[shape, name].write_bytes(beginning + body)
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, files.values())],
        capture_output=True,
        check=True,
        timeout=60,
        env=ENVIRONMENT,
    )
    return dict(zip(files, map(float, result.stdout.split()), strict=True))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports the peak memory of a process")
@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("shape", LARGE)
def test_the_largest_bodies_take_less_than_20_mib(
    shape: str, beginning: str, peaks: Mapping[tuple[str, str], float]
) -> None:
    assert LIMIT / 2 < len(BEGINNINGS[beginning] + LARGE[shape]) <= LIMIT
    assert 0 < peaks[shape, beginning] < 20
