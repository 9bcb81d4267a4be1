"""What is selected: a tree of fields, the batched ones of which are stages of a plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from gateway.execution.compiler.source_text import Manner
from gateway.execution.fields import READS, BatchedField, DocumentField, PlainField

Sources = Sequence[list[Any]]
"""For each stage, the sources that it is asked for."""
Collect = Callable[[Any, Sources], None]
TellType = Callable[[Any], str]
"""Gives the name of a value's type."""


class NotPlain(Exception):
    """Here is something that a compiled selection cannot give exactly."""


class Attributes:
    """The attributes that are read of the objects which a value consists of."""

    def __init__(self) -> None:
        self._names: set[str] | None = set()

    def add(self, names: Iterable[str] | None) -> None:
        """These too, or, with None, nobody knows which."""
        self._names = None if names is None or self._names is None else self._names | {*names}

    def known(self) -> frozenset[str] | None:
        """All of them, perhaps with others; None for any."""
        return None if self._names is None else frozenset(self._names)


@dataclass(slots=True)
class Stage:
    """A batched field of a plan, answered for all its sources at once."""

    field: BatchedField
    definition: GraphQLField
    node: FieldNode
    above: int
    """The place of the stage that it is below; -1 for those below the root field alone."""
    attributes: frozenset[str] | None = frozenset()
    """What is read of the objects that its values consist of, down to the next stages; None for anything."""
    collect: Collect | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """A field where it is selected, which is one key of an object of the response."""

    key: str
    type: GraphQLOutputType
    field: StrawberryField
    stage: int | None
    """Which stage finds its values, if one does."""
    below: "Objects | None"
    """What is selected of its objects; None for a leaf."""

    @property
    def collects(self) -> bool:
        """Whether sources of stages are found at it, or below it before the next stage."""
        return self.stage is not None or (self.below is not None and self.below.collects)


@dataclass(slots=True, eq=False)
class Objects:
    """What is selected of objects in one place, for each type that they may be of."""

    entries: Mapping[str, Sequence[Entry | str]]
    """By the name of the type; a text is the response key of `__typename`."""
    tell_type: TellType | None
    """What tells an object's type, or a row the type of a part of its document, where it may be of several."""
    collects: bool
    is_inside: bool = False
    """Whether they are parts of the document of the row above."""
    functions: dict[tuple[Manner, str], str] = field(default_factory=dict)
    """The names of generated functions that take them whole, by their manner and type."""

    @property
    def has_lists(self) -> bool:
        """Whether there are lists of rows below them."""
        below = (e for each in self.entries.values() for e in each if not isinstance(e, str) and e.below)
        return any(_is_list(e.type, e.below) or (e.below is not None and e.below.has_lists) for e in below)


def _is_list(type_: GraphQLOutputType, below: Objects | None) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList) and below is not None and not below.is_inside


class Survey:
    """Finds out what is selected in one operation, and which stages that takes."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self.stages: list[Stage] = []
        self._above = -1

    def objects(
        self, type_: GraphQLOutputType, details: FieldDetailsList, attributes: Attributes
    ) -> Objects | None:
        """What is selected below a value of a type; None for leaves. Raises NotPlain where it does not compile."""
        named, tell_type = get_named_type(type_), None
        if isinstance(named, GraphQLObjectType):
            possible: Sequence[GraphQLObjectType] = [named]
        elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            possible = self._executor.schema.get_possible_types(named)
            tell_type = _tell_type(possible)
            attributes.add(getattr(tell_type, READS, None))
        else:
            return None
        entries = {each.name: self._entries(each, details, attributes) for each in possible}
        collects = any(not isinstance(e, str) and e.collects for each in entries.values() for e in each)
        return Objects(entries, tell_type, collects)

    def _entries(
        self, type_: GraphQLObjectType, details: FieldDetailsList, attributes: Attributes
    ) -> Sequence[Entry | str]:
        collected = self._executor.collect_subfields(type_, details)
        if collected.new_defer_usages:
            raise NotPlain
        return [
            key if fields[0].node.name.value == "__typename" else self._entry(type_, key, fields, attributes)
            for key, fields in collected.grouped_field_set.items()
        ]

    def _entry(
        self, type_: GraphQLObjectType, key: str, details: FieldDetailsList, attributes: Attributes
    ) -> Entry:
        node = details[0].node
        definition = type_.fields[node.name.value]
        field_ = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not (isinstance(field_, StrawberryField) and is_plain(field_)):
            # A field of the introspection, or more than a function of its source.
            raise NotPlain
        attributes.add(read_for(field_))
        if not isinstance(field_, BatchedField):
            below = self.objects(definition.type, details, attributes)
            if below is not None:
                below.is_inside = isinstance(field_, DocumentField)
            return Entry(key, definition.type, field_, None, below)
        stage, below_it = Stage(field_, definition, node, self._above), Attributes()
        above, self._above = self._above, len(self.stages)
        place = self._above
        self.stages.append(stage)
        below = self.objects(definition.type, details, below_it)
        stage.attributes = below_it.known()
        self._above = above
        return Entry(key, definition.type, field_, place, below)


def is_plain(field_: StrawberryField) -> bool:
    """Whether a field is no more than a function of its source, or batched."""
    resolver = field_.base_resolver
    if isinstance(field_, BatchedField | PlainField) or resolver is None:
        return True
    return not (
        resolver.is_async or resolver.arguments or resolver.info_parameter or resolver.parent_parameter is None
    )


def read_for(field_: StrawberryField) -> Iterable[str] | None:
    """The attributes that a field reads, of its source or of the row which that is a part of; None for any."""
    declared: Iterable[str] | None = field_.metadata.get(READS)
    if field_.base_resolver or isinstance(field_, BatchedField | PlainField):
        return declared
    return (field_.python_name, *(declared or ()))


def _tell_type(possible: Sequence[GraphQLObjectType]) -> TellType:
    """The `resolve_type` that the classes of all these types have of one and the same ancestor."""
    classes = [each.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin for each in possible]
    shared = {getattr(getattr(each, "resolve_type", None), "__func__", None) for each in classes}
    if len(shared) != 1 or None in shared:
        raise NotPlain
    tell_type: TellType = classes[0].resolve_type
    return tell_type
