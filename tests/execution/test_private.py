"""Undocumented parts of graphql-core and Strawberry are used only in `_private.py`."""

import re
from pathlib import Path

from gateway.execution import _private

PACKAGE = Path(_private.__file__).parent
UNDOCUMENTED = re.compile(
    r"graphql\.(execution\.\w|utilities\.coerce_input_value|validation\.rules)|strawberry\.schema\.(?!config\b)\w"
    r"|DEFINITION_BACKREF|\._(strawberry_)?schema\b|\bfrom_input\b *=|_raw_info"
)


def test_no_other_module_uses_undocumented_parts() -> None:
    found = {
        f"{file.relative_to(PACKAGE.parent)}: {match[0]}"
        for folder in (PACKAGE, PACKAGE.parent / "schema")
        for file in folder.rglob("*.py")
        if file != PACKAGE / "_private.py"
        for match in UNDOCUMENTED.finditer(file.read_text())
    }
    assert found == set()
