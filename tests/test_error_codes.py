"""The catalogue of `errors[].extensions.code`: whole, and told as it is."""

import re
from pathlib import Path

from gateway.domain.enums import ErrorCode
from gateway.web.catalogue import Code

PROJECT = Path(__file__).parent.parent
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (\d{3}) \| (\d{3}) \|$", re.MULTILINE)
GRAPH = re.compile(r"""code(?:=|": )"([A-Z_]+)\"""")


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
