"""Every position of input in a schema, and operations with a nullable variable there."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

from tests.support.list_arguments import build_value, write_literal


@dataclass(frozen=True)
class Position:
    """A place in the schema where a variable may stand, and an operation with the variable `$value` there."""

    coordinate: str
    keys: tuple[str, ...]
    type: GraphQLInputType
    query: str

    def __str__(self) -> str:
        return " ".join((self.coordinate, *self.keys))

    @property
    def variable(self) -> str:
        """The definition of the variable: nullable, with a default."""
        name = self.keys[-1] if self.keys[-1] != "0" else self.keys[-2]
        nullable = get_nullable_type(self.type)
        return f"$value: {nullable} = {write_literal(build_value(nullable, name), nullable)}"


def list_positions(schema: GraphQLSchema) -> Iterator[Position]:
    """Yield each argument that an operation reaches, and each field and item of its input objects."""
    for type_, opening in list_openings(schema):
        for name, field in type_.fields.items():
            for argument_name, argument in field.args.items():
                for keys, input_type, literal in _list_inner((argument_name,), argument.type, ()):
                    others = [
                        f" {each}: {write_literal(build_value(other.type, each), other.type)}"
                        for each, other in field.args.items()
                        if each != argument_name and is_required_argument(other)
                    ]
                    selection = f"{name}({argument_name}: {literal}{''.join(others)}) {_select(field)}"
                    query = opening + " { " + selection + " }" * (opening.count("{") + 1)
                    yield Position(f"{type_.name}.{name}({argument_name}:)", keys, input_type, query)


def list_openings(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str]]:
    """Yield each object type with the shortest way to it from a root, without required arguments."""
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    openings: dict[GraphQLObjectType, str] = {schema.query_type: "query "}
    pending = [schema.query_type]
    while pending:
        type_ = pending.pop(0)
        yield type_, openings[type_]
        for name, field in type_.fields.items():
            if any(map(is_required_argument, field.args.values())):
                continue
            named = get_named_type(field.type)
            found: tuple[GraphQLObjectType, ...] = (named,) if isinstance(named, GraphQLObjectType) else ()
            if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
                found = tuple(schema.get_possible_types(named))
            for each in found:
                if each not in openings:
                    fragment = "" if each is named else f" {{ ... on {each.name}"
                    openings[each] = f"{openings[type_]} {{ {name}{fragment}"
                    pending.append(each)
    yield schema.mutation_type, "mutation "  # Last, because they change what queries find.


def _select(field: GraphQLField) -> str:
    named = get_named_type(field.type)
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return ""
    has_errors = not isinstance(named, GraphQLUnionType) and "errors" in named.fields
    return "{ __typename errors { code message path } }" if has_errors else "{ __typename }"


def _list_inner(
    keys: tuple[str, ...], type_: GraphQLInputType, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], GraphQLInputType, str]]:
    """Yield this position and all below it: keys, type, and the literal of the argument with `$value` there."""
    yield keys, type_, "$value"
    nullable = get_nullable_type(type_)
    if isinstance(nullable, GraphQLList):
        for inner, found, literal in _list_inner((*keys, "0"), nullable.of_type, above):
            yield inner, found, f"[{literal}]"
    elif isinstance(nullable, GraphQLInputObjectType) and nullable.name not in above:
        for name, field in nullable.fields.items():
            others = [
                f" {each}: {write_literal(build_value(other.type, each), other.type)}"
                for each, other in nullable.fields.items()
                if each != name and is_required_input_field(other)
            ]
            for inner, found, literal in _list_inner((*keys, name), field.type, (*above, nullable.name)):
                # A nullable variable cannot be a member of a one-of object.
                if not nullable.is_one_of or literal != "$value":
                    yield inner, found, f"{{{name}: {literal}{''.join(others)}}}"


def is_non_null(position: Position) -> bool:
    """Return whether null is wrong at a position."""
    return isinstance(position.type, GraphQLNonNull)
