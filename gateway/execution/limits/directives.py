"""The directives of the schema that declare costs.

Both follow the GraphQL Cost Directives specification; `maximum` is an addition.
"""

from collections.abc import Sequence
from typing import TypeVar

import strawberry
from strawberry.schema_directive import Location

from gateway.execution._private import get_definition

D = TypeVar("D")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION],
    name="cost",
    description="Cost of a field, without the fields below it. A field without this directive costs 1. On an "
    "argument or input field: cost of each entry of its lists, which is 10 without this directive, or of any "
    "other value but null.",
)
class Cost:
    weight: int = strawberry.field(name="weight", description="Cost in units.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="Number of entries that the cost of an operation counts for a list. The fields below the list "
    "cost that many times.",
)
class ListSize:
    assumed_size: int = strawberry.field(
        name="assumedSize", description="Number of entries when no slicing argument is given."
    )
    slicing_arguments: list[str] | None = strawberry.field(
        name="slicingArguments",
        default=strawberry.UNSET,
        description="Arguments that set the number of entries: a number, or a list with one item for each entry.",
    )
    sized_fields: list[str] | None = strawberry.field(
        name="sizedFields",
        default=strawberry.UNSET,
        description="Lists below the field that have this many entries. Absent: the field itself is the list.",
    )
    maximum: int | None = strawberry.field(
        name="maximum", default=strawberry.UNSET, description="Upper bound of the counted entries."
    )


def find_directive(element: object, directive: type[D]) -> D | None:
    """Return the directive that a field, an argument or an input field declares; None without one."""
    definition = get_definition(element)
    declared: Sequence[object] = getattr(definition, "directives", ())
    return next((each for each in declared if isinstance(each, directive)), None)
