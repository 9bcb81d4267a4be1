"""What a question selects below its field."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
)

_WHOLE_DEPTH = 2
_PAGE = "pageInfo"


@dataclass(frozen=True, slots=True)
class View:
    """A selection below a field; `name` is empty for the usual one."""

    name: str
    selection: str
    is_page: bool = False
    """Whether it is the page of a list, and so depends on the arguments of pages."""
    is_part: bool = False
    """Whether the usual view selects it, too."""


def list_views(field: GraphQLField) -> list[View]:
    """Return the usual view of a field first."""
    type_ = get_named_type(field.type)
    if isinstance(type_, GraphQLObjectType) and _PAGE in type_.fields:
        return [*_list_views_of_connection(type_)]
    whole = View("", select(type_, _WHOLE_DEPTH))
    parts = []
    if isinstance(type_, GraphQLObjectType):
        parts = [
            View(name, f" {{ {name}{inner} }}", is_part=True)
            for name, each in _list_plain_fields(type_)
            if (inner := select(get_named_type(each.type), _WHOLE_DEPTH - 1))
        ]
    return [whole, *parts]


def _list_views_of_connection(type_: GraphQLObjectType) -> Iterator[View]:
    """Yield the entries with the position of the page, the edges, and each leaf, such as the total count."""
    info = select(get_named_type(type_.fields[_PAGE].type), 0)
    for name, field in type_.fields.items():
        if name != _PAGE and (entry := select(get_named_type(field.type), 0 if name == "nodes" else 1)):
            page = f" {_PAGE}{info}" if name == "nodes" else ""
            yield View("" if name == "nodes" else name, f" {{ {name}{entry}{page} }}", True, name != "nodes")
    for name, field in type_.fields.items():
        if is_leaf_type(get_named_type(field.type)):
            yield View(name, f" {{ {name} }}")


def select(type_: GraphQLNamedType, depth: int) -> str:
    """Return the selection of all plain fields, to this depth of objects; empty for a leaf."""
    if is_leaf_type(type_):
        return ""
    names = []
    for name, field in _list_plain_fields(type_):
        inner_type = get_named_type(field.type)
        if is_leaf_type(inner_type):
            names.append(name)
        elif depth > 0:
            names.append(f"{name}{select(inner_type, depth - 1)}")
    return f" {{ {' '.join(names or ['__typename'])} }}"


def _list_plain_fields(type_: GraphQLNamedType) -> Iterator[tuple[str, GraphQLField]]:
    """Yield the fields without arguments that may be null; one with such arguments is a question of its own."""
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type_.fields.items():
            if all(is_non_null_type(each.type) and not is_required_argument(each) for each in field.args.values()):
                yield name, field
