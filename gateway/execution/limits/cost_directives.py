"""The costs of fields: 1, unless `@cost` declares more, multiplied by the list sizes that `@listSize` declares.

Both directives follow the GraphQL Cost Directives specification; `maximum` is an addition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from strawberry.schema_directive import Location

from gateway.execution._private import get_definition

D = TypeVar("D")

FieldCoordinate = tuple[str, str]
"""The names of a type and of a field of it."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION],
    name="cost",
    description="Cost of a field, without the fields below it. A field without this directive costs 1. On an "
    "argument: cost of each of its entries.",
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


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The cost of one field."""

    units: int
    argument_units: Mapping[str, int]
    """The cost of each entry, for arguments with a cost."""
    type_name: str
    """The type of the fields below."""
    list_size: ListSize | None
    is_sized_by_parent: bool
    """Whether it is a list whose size its parent field declares."""


@cache
def get_field_costs(schema: GraphQLSchema) -> Mapping[FieldCoordinate, FieldCost]:
    """Return the cost of each field. Raises LookupError for a list of objects without a declared size."""
    fields = {
        (type_.name, name): field
        for type_ in _list_composite_types(schema)
        for name, field in type_.fields.items()
    }
    sizes = {coordinate: _find_directive(field, ListSize) for coordinate, field in fields.items()}
    sized_by_parent = {
        (get_named_type(fields[coordinate].type).name, name)
        for coordinate, size in sizes.items()
        if size is not None
        for name in size.sized_fields or ()
    }
    field_costs = {}
    for coordinate, field in fields.items():
        size, cost, type_ = sizes[coordinate], _find_directive(field, Cost), get_named_type(field.type)
        is_list = _is_list(field.type) and not is_leaf_type(type_)
        if is_list and size is None and coordinate not in sized_by_parent:
            raise LookupError(f"{'.'.join(coordinate)} is a list; declare its size by `ListSize`.")
        units = 1 if cost is None else cost.weight
        arguments = {
            name: cost.weight
            for name, argument in field.args.items()
            if (cost := _find_directive(argument, Cost)) is not None
        }
        field_costs[coordinate] = FieldCost(units, arguments, type_.name, size, coordinate in sized_by_parent)
    return field_costs


def _list_composite_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for name, type_ in schema.type_map.items():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            yield type_


def _find_directive(field: GraphQLField | GraphQLArgument, directive: type[D]) -> D | None:
    definition = get_definition(field)
    declared: Sequence[object] = getattr(definition, "directives", ())
    return next((each for each in declared if isinstance(each, directive)), None)


def _is_list(type_: GraphQLOutputType) -> bool:
    nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(nullable, GraphQLList)
