"""What is selected: a tree of fields, the batched ones of which are stages of a plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    Executor,
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
from strawberry.types.field import StrawberryField

from gateway.execution._private import FieldDetailsList, get_definition
from gateway.execution.compiler.source_text import Mode
from gateway.execution.fallbacks import FallbackNeeded
from gateway.execution.fields import READ_ATTRIBUTES, BatchedField, DocumentField, PlainField

StageSources = Sequence[list[Any]]
"""For each stage, the sources that it is asked for."""
CollectFunction = Callable[[Any, StageSources], None]
TypeResolver = Callable[[Any], str]
"""Gives the name of a value's type."""


class ReadAttributes:
    """The attributes that are read of the objects which a value consists of."""

    def __init__(self) -> None:
        self._names: set[str] | None = set()

    def add(self, names: Iterable[str] | None) -> None:
        """These too, or, with None, nobody knows which."""
        self._names = None if names is None or self._names is None else self._names | {*names}

    def get_names(self) -> frozenset[str] | None:
        """All of them, perhaps with others; None for any."""
        return None if self._names is None else frozenset(self._names)


@dataclass(slots=True)
class Stage:
    """A batched field of a plan, answered for all its sources at once."""

    field: BatchedField
    definition: GraphQLField
    node: FieldNode
    parent_index: int
    """The place of the stage that it is below; -1 for those below the root field alone."""
    attributes: frozenset[str] | None = frozenset()
    """What is read of the objects that its values consist of, down to the next stages; None for anything."""
    collect: CollectFunction | None = None


@dataclass(slots=True, eq=False)
class SelectedField:
    """A field where it is selected, which is one key of an object of the response."""

    response_key: str
    type: GraphQLOutputType
    field: StrawberryField
    stage_index: int | None
    """Which stage finds its values, if one does."""
    objects: "SelectedObjects | None"
    """What is selected of its objects; None for a leaf."""

    @property
    def has_stages(self) -> bool:
        """Whether sources of stages are found at it, or below it before the next stage."""
        return self.stage_index is not None or (self.objects is not None and self.objects.has_stages)


@dataclass(slots=True, eq=False)
class SelectedObjects:
    """What is selected of objects in one place, for each type that they may be of."""

    fields_by_type: Mapping[str, Sequence[SelectedField | str]]
    """By the name of the type; a text is the response key of `__typename`."""
    resolve_type: TypeResolver | None
    """What tells an object's type, or a row the type of a part of its document, where it may be of several."""
    has_stages: bool
    is_in_document: bool = False
    """Whether they are parts of the document of the row above."""
    function_names: dict[tuple[Mode, str], str] = field(default_factory=dict)
    """The names of generated functions that take them whole, by their manner and type."""

    @property
    def has_lists(self) -> bool:
        """Whether there are lists of rows below them."""
        below = (e for each in self.fields_by_type.values() for e in each if not isinstance(e, str) and e.objects)
        return any(
            _is_row_list(e.type, e.objects) or (e.objects is not None and e.objects.has_lists) for e in below
        )


def _is_row_list(type_: GraphQLOutputType, below: SelectedObjects | None) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList) and below is not None and not below.is_in_document


class SelectionTreeBuilder:
    """Finds out what is selected in one operation, and which stages that takes."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self.stages: list[Stage] = []
        self._parent_index = -1

    def build_objects(
        self, type_: GraphQLOutputType, details: FieldDetailsList, attributes: ReadAttributes
    ) -> SelectedObjects | None:
        """What is selected below a value of a type; None for leaves. Raises NotPlain where it does not compile."""
        named, resolve_type = get_named_type(type_), None
        if isinstance(named, GraphQLObjectType):
            possible: Sequence[GraphQLObjectType] = [named]
        elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            possible = self._executor.schema.get_possible_types(named)
            resolve_type = _get_type_resolver(possible)
            attributes.add(getattr(resolve_type, READ_ATTRIBUTES, None))
        else:
            return None
        fields_by_type = {each.name: self._build_fields(each, details, attributes) for each in possible}
        has_stages = any(not isinstance(e, str) and e.has_stages for each in fields_by_type.values() for e in each)
        return SelectedObjects(fields_by_type, resolve_type, has_stages)

    def _build_fields(
        self, type_: GraphQLObjectType, details: FieldDetailsList, attributes: ReadAttributes
    ) -> Sequence[SelectedField | str]:
        collected = self._executor.collect_subfields(type_, details)
        if collected.new_defer_usages:
            raise FallbackNeeded
        return [
            key if fields[0].node.name.value == "__typename" else self._build_field(type_, key, fields, attributes)
            for key, fields in collected.grouped_field_set.items()
        ]

    def _build_field(
        self, type_: GraphQLObjectType, key: str, details: FieldDetailsList, attributes: ReadAttributes
    ) -> SelectedField:
        node = details[0].node
        definition = type_.fields[node.name.value]
        field_ = get_definition(definition)
        if not (isinstance(field_, StrawberryField) and is_compilable(field_)):
            # A field of the introspection, or more than a function of its source.
            raise FallbackNeeded
        attributes.add(get_read_attributes(field_))
        if not isinstance(field_, BatchedField):
            below = self.build_objects(definition.type, details, attributes)
            if below is not None:
                below.is_in_document = isinstance(field_, DocumentField)
            return SelectedField(key, definition.type, field_, None, below)
        stage, stage_attributes = Stage(field_, definition, node, self._parent_index), ReadAttributes()
        parent_index, self._parent_index = self._parent_index, len(self.stages)
        stage_index = self._parent_index
        self.stages.append(stage)
        below = self.build_objects(definition.type, details, stage_attributes)
        stage.attributes = stage_attributes.get_names()
        self._parent_index = parent_index
        return SelectedField(key, definition.type, field_, stage_index, below)


def is_compilable(field_: StrawberryField) -> bool:
    """Whether a field is no more than a function of its source, or batched."""
    resolver = field_.base_resolver
    if isinstance(field_, BatchedField | PlainField) or resolver is None:
        return True
    return not (
        resolver.is_async or resolver.arguments or resolver.info_parameter or resolver.parent_parameter is None
    )


def get_read_attributes(field_: StrawberryField) -> Iterable[str] | None:
    """The attributes that a field reads, of its source or of the row which that is a part of; None for any."""
    declared: Iterable[str] | None = field_.metadata.get(READ_ATTRIBUTES)
    if field_.base_resolver or isinstance(field_, BatchedField | PlainField):
        return declared
    return (field_.python_name, *(declared or ()))


def _get_type_resolver(possible: Sequence[GraphQLObjectType]) -> TypeResolver:
    """The `resolve_type` that the classes of all these types have of one and the same ancestor."""
    classes = [get_definition(each).origin for each in possible]
    shared = {getattr(getattr(each, "resolve_type", None), "__func__", None) for each in classes}
    if len(shared) != 1 or None in shared:
        raise FallbackNeeded
    resolve_type: TypeResolver = classes[0].resolve_type
    return resolve_type
