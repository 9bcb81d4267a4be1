"""Random operations on a schema, with arguments, directives and fragments, to a limited depth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Literals = Callable[[str, str], SearchStrategy[str] | None]
"""Maps the name and type of an argument or input field to its literals; None selects the default literals."""

_SCALARS: dict[str, SearchStrategy[str]] = {
    "Int": st.integers(-1, 101).map(str),
    "Float": st.floats(allow_nan=False, allow_infinity=False).map(str),
    "Boolean": st.sampled_from(["true", "false"]),
    "String": st.sampled_from(['""', '"a"', '"%"', '"north"']),
    "ID": st.sampled_from(['"000000000000000000000000"', '"x"']),
    "DateTime": st.sampled_from(['"2025-03-09T08:00:00Z"', '"2026-06-01T00:00:00.500+02:00"']),
    "Date": st.just('"2025-03-09"'),
    "Time": st.sampled_from(['"08:00:00"', '"24:00:00"']),
    "TimeZone": st.sampled_from(['"UTC"', '"America/Chicago"', '"Mars/Base"']),
    "JSON": st.sampled_from(["{}", "1", '{a: [null, "b"]}']),
}
_MAX_DEPTH = 5


@st.composite
def literals(draw: DrawFn, name: str, type_: GraphQLInputType, choose: Literals, depth: int) -> str:
    """Generate a literal of an input type."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    elif draw(st.integers(0, 9)) == 0:
        return "null"
    if isinstance(type_, GraphQLList):
        items = draw(st.lists(literals(name, type_.of_type, choose, depth + 1), max_size=2))
        return f"[{', '.join(items)}]"
    if isinstance(type_, GraphQLInputObjectType):
        fields = {
            key: each
            for key, each in type_.fields.items()
            if is_required_input_field(each) or (depth < _MAX_DEPTH and draw(st.integers(0, 2)) == 0)
        }
        if type_.is_one_of:
            key = draw(st.sampled_from(sorted(type_.fields)))
            inner = draw(literals(key, GraphQLNonNull(type_.fields[key].type), choose, depth + 1))
            return f"{{{key}: {inner}}}"
        parts = [f"{key}: {draw(literals(key, field.type, choose, depth + 1))}" for key, field in fields.items()]
        return f"{{{', '.join(parts)}}}"
    if isinstance(type_, GraphQLEnumType):
        word: str = draw(st.sampled_from(sorted(type_.values)))
        return word
    assert isinstance(type_, GraphQLNamedType)
    special = choose(name, type_.name)
    return draw(_SCALARS[type_.name] if special is None else special)


@st.composite
def _arguments(draw: DrawFn, arguments: dict[str, GraphQLArgument], choose: Literals) -> str:
    texts = [
        f"{name}: {draw(literals(name, argument.type, choose, 0))}"
        for name, argument in arguments.items()
        if is_required_argument(argument) or draw(st.integers(0, 3)) == 0
    ]
    return f"({', '.join(texts)})" if texts else ""


Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

_CONDITIONS = st.sampled_from(
    ["", "", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)", " @skip(if: $no)"]
)
_VARIABLES = {"yes": "$yes: Boolean! = true", "no": "$no: Boolean! = false"}


def _is_composite(field: GraphQLField) -> bool:
    return isinstance(get_named_type(field.type), Composite)


@dataclass(frozen=True, slots=True)
class _Operations:
    """Random operations; `fragments` maps types to the names of fragments on them."""

    schema: GraphQLSchema
    choose: Literals
    fragments: Mapping[str, str] = field(default_factory=dict)

    def field(self, draw: DrawFn, name: str, definition: GraphQLField, depth: int, alias: str) -> str:
        type_ = get_named_type(definition.type)
        text = f"{alias}: {name}" + draw(_arguments(definition.args, self.choose)) + draw(_CONDITIONS)
        return f"{text} {self.selections(draw, type_, depth + 1)}" if isinstance(type_, Composite) else text

    def selections(self, draw: DrawFn, type_: Composite, depth: int = 0) -> str:
        """Generate a selection set. Fields have unique aliases within their level, but may be repeated."""
        parts = ["__typename"]
        if not isinstance(type_, GraphQLUnionType):
            names = sorted(
                name for name, each in type_.fields.items() if depth < _MAX_DEPTH or not _is_composite(each)
            )
            picked: Sequence[str] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4)) if names else []
            for index, name in enumerate(picked):
                alias = f"{type_.name}_{name}_{index}"
                text = self.field(draw, name, type_.fields[name], depth, alias)
                parts += [text] * draw(st.sampled_from([1, 1, 1, 2]))
        if type_.name in self.fragments and draw(st.booleans()):
            parts.append(f"...{self.fragments[type_.name]}{draw(_CONDITIONS)}")
        if not isinstance(type_, GraphQLObjectType):
            possible = self.schema.get_possible_types(type_)
            for each in draw(st.lists(st.sampled_from(possible), unique=True, max_size=2)):
                parts.append(f"... on {each.name}{draw(_CONDITIONS)} {self.selections(draw, each, depth + 1)}")
        return "{ " + " ".join(parts) + " }"


@st.composite
def _documents(
    draw: DrawFn, schema: GraphQLSchema, choose: Literals, keyword: str, root: GraphQLObjectType
) -> str:
    """Generate an operation, with a fragment and two variables if it uses them."""
    composite = sorted(
        name
        for name, each in schema.type_map.items()
        if isinstance(each, Composite) and each is not root and not name.startswith("__")
    )
    on = schema.type_map[draw(st.sampled_from(composite))]
    assert isinstance(on, Composite)
    fragment = _Operations(schema, choose).selections(draw, on, _MAX_DEPTH - 1)
    text = _Operations(schema, choose, {on.name: "Shared"}).selections(draw, root)
    if "...Shared" in text:
        text += f" fragment Shared on {on.name} {fragment}"
    used = [variable for name, variable in _VARIABLES.items() if f"${name}" in text]
    declared = f"({', '.join(used)})" if used else ""
    return f"{keyword} {declared} {text}"


def queries(schema: GraphQLSchema, choose: Literals) -> SearchStrategy[str]:
    """Generate queries."""
    assert schema.query_type is not None
    return _documents(schema, choose, "query", schema.query_type)


def mutations(schema: GraphQLSchema, choose: Literals) -> SearchStrategy[str]:
    """Generate mutations."""
    assert schema.mutation_type is not None
    return _documents(schema, choose, "mutation", schema.mutation_type)


def select_everything(schema: GraphQLSchema, type_: Composite, levels: int) -> str:
    """Return a selection set of every field without required arguments, with this number of levels.

    Where several types have a field with one name and different types, only the first one is selected.
    """
    types = [type_] if isinstance(type_, GraphQLObjectType) else schema.get_possible_types(type_)
    parts, types_by_name = ["__typename"], dict[str, str]()
    for each in types:
        for name, definition in each.fields.items():
            below = get_named_type(definition.type)
            if (isinstance(below, Composite) and levels == 1) or any(
                map(is_required_argument, definition.args.values())
            ):
                continue
            if types_by_name.setdefault(name, str(definition.type)) == str(definition.type):
                selection = (
                    f" {select_everything(schema, below, levels - 1)}" if isinstance(below, Composite) else ""
                )
                parts.append(f"... on {each.name} {{ {name}{selection} }}")
    return "{ " + " ".join(parts) + " }"
