"""The files that a page of the documentation shows: code blocks whose fence has the name of a file."""

import re

from tests.support.source_code import PACKAGE

ASKING = PACKAGE / "docs" / "asking.md"


def read_documented_files() -> dict[str, str]:
    """Return the text of each file by its name."""
    return dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", ASKING.read_text(), re.MULTILINE | re.DOTALL))
