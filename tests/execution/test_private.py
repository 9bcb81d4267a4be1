"""Undocumented parts of graphql-core and Strawberry stand in `_private.py`, and nowhere else in the package."""

import re
from pathlib import Path

from gateway.execution import _private

PACKAGE = Path(_private.__file__).parent
UNDOCUMENTED = re.compile(
    r"graphql\.(execution\.\w|utilities\.coerce_input_value|validation\.rules)|strawberry\.schema\.(?!config\b)\w"
    r"|DEFINITION_BACKREF|\._(strawberry_)?schema\b|\bfrom_input\b *=|_raw_info"
)


def test_the_undocumented_parts_are_known() -> None:
    # A name that is added here needs its reason in the module, and pins of its library in pyproject.toml.
    assert _private.__all__ == [
        "BaseExecutor",
        "FieldDetailsList",
        "InputContext",
        "VariableSignature",
        "VariableValueSource",
        "build_info",
        "coerce_default_value",
        "collect_fields",
        "get_definition",
        "get_graphql_schema",
        "get_strawberry_schema",
        "get_variable_signature",
        "set_input_converter",
    ]


def test_no_other_module_of_the_gateway_uses_them() -> None:
    found = {
        f"{file.relative_to(PACKAGE.parent)}: {match[0]}"
        for folder in (PACKAGE, PACKAGE.parent / "schema")
        for file in folder.rglob("*.py")
        if file != PACKAGE / "_private.py"
        for match in UNDOCUMENTED.finditer(file.read_text())
    }
    assert found == set()
