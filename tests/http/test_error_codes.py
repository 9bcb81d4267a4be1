"""The catalogue of `errors[].extensions.code`: whole, and told as it is."""

import re
from pathlib import Path

from gateway.domain.enums import ErrorCode
from gateway.web.error_codes import Code
from gateway.web.refusals import REASONS

PROJECT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (\d{3}) \| (\d{3}) \|$", re.MULTILINE)
GRAPH = re.compile(r"""code(?:=|": )"([A-Z_]+)\"""")


WITHIN_LIMITS = {
    *(Code.BAD_REQUEST, Code.METHOD_NOT_ALLOWED, Code.NOT_ACCEPTABLE, Code.UNSUPPORTED_MEDIA_TYPE),
    *(Code.GRAPHQL_PARSE_FAILED, Code.GRAPHQL_VALIDATION_FAILED, Code.OPERATION_RESOLUTION_FAILURE),
    *(Code.PERSISTED_QUERY_NOT_FOUND, Code.PERSISTED_QUERY_NOT_SUPPORTED, Code.BAD_USER_INPUT),
    *(Code.INVALID_CURSOR, Code.NOT_FOUND, Code.TOO_MANY, Code.FORBIDDEN, Code.INTERNAL_SERVER_ERROR),
}
"""Codes of what keeps every limit, and is counted by its code alone."""


def test_the_readme_tells_each_code_with_its_meaning_and_statuses() -> None:
    told = ROW.findall((PROJECT / "README.md").read_text())
    assert told == [
        (code.name, code.value.text, str(code.value.status), str(code.value.status_2026)) for code in Code
    ]


def test_each_code_is_used_and_each_that_is_used_is_known() -> None:
    door = {
        name
        for path in (PROJECT / "gateway/web").glob("*.py")
        for name in re.findall(r"\bCode\.(\w+)", path.read_text())
    }
    graph = set(GRAPH.findall((PROJECT / "gateway/schema/errors.py").read_text()))
    assert graph >= {"GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"}
    exceeded = set(
        re.findall(r'^    code = "([A-Z_]+)"$', (PROJECT / "gateway/errors.py").read_text(), re.MULTILINE)
    )
    assert exceeded >= {"LIMIT_EXCEEDED", "RATE_LIMITED"}
    used = (door | graph | exceeded) - {"__members__"}
    assert used <= set(Code.__members__)
    assert set(Code.__members__) - used <= set(ErrorCode.__members__) | {"INVALID_CURSOR"}


def test_each_code_is_counted_as_a_rejection_or_deliberately_is_not() -> None:
    limited = {*REASONS, Code.LIMIT_EXCEEDED}  # Which limit it was, that one says itself.
    assert limited | WITHIN_LIMITS == set(Code)
    assert not limited & WITHIN_LIMITS
