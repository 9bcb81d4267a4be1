"""Log lines: JSON on stderr, from whomever they come, at the level that is set."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog

from gateway.telemetry import logs
from tests.support.commands import serving

pytestmark = pytest.mark.usefixtures("logging_as_before")


def test_a_line_is_one_json_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("info")
    structlog.get_logger("any").info("row.faulty", id="a\nb\x1b[31m")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err
    line = json.loads(said.err)
    assert list(line) == ["ts", "level", "event", "id"]
    assert (line["level"], line["event"], line["id"]) == ("info", "row.faulty", "a\nb\x1b[31m")


def test_less_severe_lines_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("warning")
    structlog.get_logger("any").info("quiet")
    structlog.get_logger("any").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_libraries_are_heard_from_warnings_on_with_their_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("info")
    library = logging.getLogger("uvicorn.error")
    library.info("Started server process [%d]", 1)
    try:
        int("no")
    except ValueError:
        library.exception("Exception in %s", "it")
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["level"], line["event"], line["logger"]) == ("error", "Exception in it", "uvicorn.error")
    assert "ValueError: invalid literal" in line["exception"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_values_of_local_variables_are_not_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    logs.configure_logging("info")
    secret = "hunter" + str(2)
    try:
        raise RuntimeError(len(secret))  # noqa: TRY301 (beside the local that must not be told)
    except RuntimeError as error:
        structlog.get_logger("any").error("operation.failed", exc_info=error)
    told = capsys.readouterr().err
    assert "RuntimeError: 7" in told
    assert secret not in told


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe's ends, to read from and to write to."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


def test_lines_that_nobody_reads_keep_nobody_waiting_and_are_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    outlet, line = logs.BackgroundStream(writing), "x" * 1023 + "\n"
    for _ in range(1500):
        outlet.write(line)
    lost = outlet.lost_lines
    assert lost >= 1500 - 1024 - 64  # What may wait, and what the pipe holds.
    with os.fdopen(reading) as file:
        assert [file.readline() for _ in range(1500 - lost)] == [line] * (1500 - lost)
        outlet.drain(30)
        outlet.write("they are heard again\n")
        assert file.readline() == "they are heard again\n"
    assert outlet.lost_lines == lost


def test_lines_whose_reader_is_gone_are_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    outlet = logs.BackgroundStream(writing)
    outlet.write("one\ntwo\n")
    outlet.drain(30)
    assert outlet.lost_lines == 2


def test_a_server_whose_log_nobody_reads_answers_and_ends_all_the_same(tmp_path: Path) -> None:
    """After its first line nobody reads the pipe, which holds 64 KiB."""
    with serving("serve", "--port", "0", folder=tmp_path) as served:
        http = HTTPConnection(urlsplit(served.url).netloc, timeout=30)
        headers = {"X-Request-Id": "x" * 128}
        for _ in range(400):
            http.request("POST", "/graphql", "{}", headers)
            assert http.getresponse().read().startswith(b'{"errors":')
        http.request("GET", "/metrics")
        scraped = http.getresponse().read().decode()
        assert "log_lines_lost_total 0.0\n" in scraped
        http.close()
        assert served.stop() == 0
        assert served.process.stderr is not None
        lines = served.process.stderr.read().splitlines()
    assert 65_536 / 2 < sum(map(len, lines)) < 400 * 500
