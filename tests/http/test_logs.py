"""Log lines of the gateway and its libraries: JSON on stderr, at the level that is set."""

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
from tests.support.commands import start_server
from tests.support.gateway import serve_gateway

pytestmark = pytest.mark.usefixtures("restored_logging")


def test_a_log_line_is_one_json_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("info")
    structlog.get_logger("gateway.any").info("row.faulty", id="a\nb\x1b[31m")
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "\x1b" not in output.err
    line = json.loads(output.err)
    assert list(line) == ["ts", "level", "event", "id"]
    assert (line["level"], line["event"], line["id"]) == ("info", "row.faulty", "a\nb\x1b[31m")


def test_lines_below_the_log_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("warning")
    structlog.get_logger("gateway.any").info("quiet")
    structlog.get_logger("gateway.any").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_libraries_log_from_warnings_on_with_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
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


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_library_logs_parameters_of_statements(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure_logging("debug")
    async with serve_gateway(database_url) as gateway:
        client = await gateway.client(user_id="Jane-Roe-1970")
        await client.data("{ integrations { totalCount } }")
    output = capsys.readouterr().err
    assert '"event":"request"' in output
    assert "Jane-Roe-1970" not in output


@pytest.mark.parametrize("is_terminal", [True, False])
def test_values_of_local_variables_are_not_logged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    logs.configure_logging("info")
    secret = "hunter" + str(2)
    try:
        raise RuntimeError(len(secret))  # noqa: TRY301 (beside the local variable that must not be logged)
    except RuntimeError as error:
        structlog.get_logger("gateway.any").error("operation.failed", exc_info=error)
    output = capsys.readouterr().err
    assert "RuntimeError: 7" in output
    assert secret not in output


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


def test_lines_of_a_full_pipe_are_dropped_and_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    stream, count = logs.BackgroundStream(writing), 2 * logs._MAX_PENDING_LINES
    lines = [f"{number:1023}\n" for number in range(count)]
    for line in lines:
        stream.write(line)
    lost = stream.lost_lines
    # The queue is full, and the pipe, which holds 64 KiB, is full as well.
    assert count - lost <= logs._MAX_PENDING_LINES + 65
    with os.fdopen(reading) as file:
        written = [file.readline() for _ in range(count - lost)]
        assert written == sorted(set(written) & set(lines))
        stream.write("again\n")
        assert file.readline() == "again\n"
    assert stream.lost_lines == lost


def test_lines_lost_to_a_closed_pipe_are_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    stream = logs.BackgroundStream(writing)
    stream.write("one\ntwo\n")
    stream.drain(30)
    assert stream.lost_lines == 2


def test_draining_ends_although_the_pipe_is_not_read(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    stream = logs.BackgroundStream(writing)
    for _ in range(100):
        stream.write("x" * 1023 + "\n")
    stream.drain(0.01)
    with os.fdopen(reading) as file:
        assert len([file.readline() for _ in range(100)]) == 100


@pytest.mark.parametrize("value", ["\udcff", 2**64, object()])
def test_values_without_a_json_form_are_logged(capsys: pytest.CaptureFixture[str], value: object) -> None:
    logs.configure_logging("info")
    structlog.get_logger("gateway.any").info("odd", value=value)
    assert json.loads(capsys.readouterr().err)["event"] == "odd"


def test_a_server_whose_log_is_not_read_still_answers_and_stops(tmp_path: Path) -> None:
    """The test does not read the pipe after the first line. It holds 64 KiB."""
    with start_server("serve", "--port", "0", folder=tmp_path) as server:
        http = HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        headers = {"X-Request-Id": "x" * 128}
        for _ in range(400):
            http.request("POST", "/graphql", "{}", headers)
            assert http.getresponse().read().startswith(b'{"errors":')
        http.request("GET", "/metrics")
        metrics = http.getresponse().read().decode()
        assert "log_lines_lost_total 0.0\n" in metrics
        http.close()
        assert server.stop() == 0
        assert server.process.stderr is not None
        lines = server.process.stderr.read().splitlines()
    assert 65_536 / 2 < sum(map(len, lines)) < 400 * 500
