"""The files that pages of the documentation show: code blocks whose fence has the name of a file."""

import re
from pathlib import Path

from tests.support.source_code import PACKAGE

ASKING = PACKAGE / "docs" / "asking.md"
BROWSERS = PACKAGE / "docs" / "browsers.md"


def read_documented_files(page: Path = ASKING) -> dict[str, str]:
    """Return the text of each file by its name."""
    return dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))
