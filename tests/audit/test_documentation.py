"""The page of the audit log lists each action, in the words of the catalogue."""

from gateway.domain.audit import MAX_PATHS, AuditAction
from tests.support.source_code import PACKAGE

PAGE = (PACKAGE / "docs" / "audit.md").read_text()


def test_the_page_has_a_row_for_each_action() -> None:
    section = PAGE.partition("\n## Actions\n")[2].partition("\n\n**")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{action.value}` | {action.description} |" for action in AuditAction]
    assert f"at most {MAX_PATHS}" in PAGE
