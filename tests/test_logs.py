"""Log lines: JSON on stderr, from whomever they come, at the level that is set."""

import json
import logging
import sys

import pytest
import structlog

from gateway import logs

pytestmark = pytest.mark.usefixtures("logging_as_before")


def test_a_line_is_one_json_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.get_logger("any").info("row.faulty", id="a\nb\x1b[31m")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err
    line = json.loads(said.err)
    assert list(line) == ["ts", "level", "event", "id"]
    assert (line["level"], line["event"], line["id"]) == ("info", "row.faulty", "a\nb\x1b[31m")


def test_less_severe_lines_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    structlog.get_logger("any").info("quiet")
    structlog.get_logger("any").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_libraries_are_heard_from_warnings_on_with_their_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
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
    logs.configure("info")
    secret = "hunter" + str(2)
    try:
        raise RuntimeError(len(secret))  # noqa: TRY301 (beside the local that must not be told)
    except RuntimeError as error:
        structlog.get_logger("any").error("operation.failed", exc_info=error)
    told = capsys.readouterr().err
    assert "RuntimeError: 7" in told
    assert secret not in told
