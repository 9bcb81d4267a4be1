"""Every field of the schema that takes arguments, and the shortest ways from the root to it."""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedOutputType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_wrapping_type,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A field on the way to another, and the type of its object that has the next field."""

    owner: str
    name: str
    field: GraphQLField
    type: GraphQLObjectType

    @property
    def has_condition(self) -> bool:
        return get_named_type(self.field.type) is not self.type

    @property
    def coordinate(self) -> str:
        return f"{self.owner}.{self.name}"


@dataclass(frozen=True, slots=True)
class Position:
    """A field of an object type, and the way to it: below one object, or below each object of a list."""

    path: tuple[Step, ...]
    owner: str
    name: str
    field: GraphQLField
    is_plural: bool

    @property
    def coordinate(self) -> str:
        return f"{self.owner}.{self.name}"

    @property
    def label(self) -> str:
        return ".".join([*(step.name for step in self.path), self.name])


def find_positions(schema: GraphQLSchema, detours: Collection[str]) -> Iterator[Position]:
    """Yield each root field, and each other field with arguments: below one object and below a list of them.

    `detours` are coordinates of root fields that lead to every type; no way begins with them.
    """
    root = schema.query_type
    assert root is not None
    seen = {(root.name, False)}
    queue: deque[tuple[tuple[Step, ...], GraphQLObjectType, bool]] = deque([((), root, False)])
    while queue:
        path, owner, is_plural = queue.popleft()
        for name, field in owner.fields.items():
            if field.args or owner is root:
                yield Position(path, owner.name, name, field, is_plural)
            if f"{owner.name}.{name}" in detours:
                continue
            is_list = is_plural or _is_list(field)
            for type_ in _list_object_types(schema, get_named_type(field.type)):
                if (type_.name, is_list) not in seen:
                    seen.add((type_.name, is_list))
                    queue.append(((*path, Step(owner.name, name, field, type_)), type_, is_list))


def _is_list(field: GraphQLField) -> bool:
    type_ = field.type
    while is_wrapping_type(type_):
        if isinstance(type_, GraphQLList):
            return True
        type_ = type_.of_type
    return False


def _list_object_types(schema: GraphQLSchema, type_: GraphQLNamedOutputType) -> list[GraphQLObjectType]:
    if isinstance(type_, GraphQLObjectType):
        return [type_]
    if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
        return [*schema.get_possible_types(type_)]
    return []
