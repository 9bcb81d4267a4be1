"""The selection of a root field as a tree. Each batched field in it is a stage of the plan."""

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
from gateway.execution.fields import READ_COLUMNS, BatchedField, Binder, DocumentField, PlainField

StageSources = Sequence[list[Any]]
"""For each stage, the sources whose values it loads."""
CollectFunction = Callable[[Any, StageSources], None]
TypeResolver = Callable[[Any], str]
"""Returns the name of a value's type."""


class ColumnCollector:
    """Collects the columns that are read of the rows in a value."""

    def __init__(self) -> None:
        self._names: set[str] | None = set()

    def add(self, names: Iterable[str] | None) -> None:
        """Add names, or None for unknown ones."""
        self._names = None if names is None or self._names is None else self._names | {*names}

    def get_names(self) -> frozenset[str] | None:
        """Return the names, some of which rows may not have; None if any attribute may be read."""
        return None if self._names is None else frozenset(self._names)


@dataclass(slots=True)
class Stage:
    """A batched field of a plan, loaded for all its sources at once."""

    field: BatchedField
    definition: GraphQLField
    node: FieldNode
    parent_index: int
    """The index of the stage above it; -1 if there is none."""
    columns: frozenset[str] | None = frozenset()
    """The columns that are read of the rows in its values, down to the next stages; None for any."""
    collect: CollectFunction | None = None


@dataclass(slots=True, eq=False)
class SelectedField:
    """A selected field, which is one key of an object in the response."""

    response_key: str
    type: GraphQLOutputType
    field: StrawberryField
    stage_index: int | None
    """The stage that loads its values; None if it is not batched."""
    objects: "SelectedObjects | None"
    """The selection below it; None for a leaf."""

    @property
    def has_stages(self) -> bool:
        """Whether the field is a stage, or has stages below it."""
        return self.stage_index is not None or (self.objects is not None and self.objects.has_stages)

    def write_resolver_call(self, source: str, bind: Binder) -> str:
        """Return code that resolves the field, given code for its source. The field must not be batched."""
        field = self.field
        if isinstance(field, PlainField):
            return f"{bind(field.read)}({source})"
        if field.base_resolver is None:
            return f"{source}.{field.python_name}"
        return f"{bind(field.base_resolver.wrapped_func)}({source})"


@dataclass(slots=True, eq=False)
class SelectedObjects:
    """A selection of objects, for each type that they may have."""

    fields_by_type: Mapping[str, Sequence[SelectedField | str]]
    """The fields by the type's name. A str is the response key of `__typename`."""
    resolve_type: TypeResolver | None
    """Takes an object, or the row of an object in a document, and returns its type. None for a single type."""
    has_stages: bool
    is_in_document: bool = False
    """Whether the objects are parts of a row's document."""
    function_names: dict[tuple[Mode, str], str] = field(default_factory=dict)
    """The generated functions that take such an object, by mode and type."""

    @property
    def has_lists(self) -> bool:
        """Whether there are lists of rows below the objects."""
        below = (e for each in self.fields_by_type.values() for e in each if not isinstance(e, str) and e.objects)
        return any(
            _is_row_list(e.type, e.objects) or (e.objects is not None and e.objects.has_lists) for e in below
        )


def _is_row_list(type_: GraphQLOutputType, below: SelectedObjects | None) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList) and below is not None and not below.is_in_document


class SelectionTreeBuilder:
    """Builds the selection tree and the stages of a root field."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self.stages: list[Stage] = []
        self._parent_index = -1

    def build_objects(
        self, type_: GraphQLOutputType, details: FieldDetailsList, columns: ColumnCollector
    ) -> SelectedObjects | None:
        """Return the selection below a value of a type; None for leaves.

        Raises FallbackNeeded if the selection does not compile.
        """
        named, resolve_type = get_named_type(type_), None
        if isinstance(named, GraphQLObjectType):
            possible: Sequence[GraphQLObjectType] = [named]
        elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            possible = self._executor.schema.get_possible_types(named)
            resolve_type = _get_type_resolver(possible)
            columns.add(getattr(resolve_type, READ_COLUMNS, None))
        else:
            return None
        fields_by_type = {each.name: self._build_fields(each, details, columns) for each in possible}
        has_stages = any(not isinstance(e, str) and e.has_stages for each in fields_by_type.values() for e in each)
        return SelectedObjects(fields_by_type, resolve_type, has_stages)

    def _build_fields(
        self, type_: GraphQLObjectType, details: FieldDetailsList, columns: ColumnCollector
    ) -> Sequence[SelectedField | str]:
        collected = self._executor.collect_subfields(type_, details)
        if collected.new_defer_usages:
            raise FallbackNeeded
        return [
            key if fields[0].node.name.value == "__typename" else self._build_field(type_, key, fields, columns)
            for key, fields in collected.grouped_field_set.items()
        ]

    def _build_field(
        self, type_: GraphQLObjectType, key: str, details: FieldDetailsList, columns: ColumnCollector
    ) -> SelectedField:
        node = details[0].node
        definition = type_.fields[node.name.value]
        field_ = get_definition(definition)
        if not (isinstance(field_, StrawberryField) and is_compilable(field_)):
            # A field of introspection, or one that needs more than its source.
            raise FallbackNeeded
        columns.add(get_read_columns(field_))
        if not isinstance(field_, BatchedField):
            below = self.build_objects(definition.type, details, columns)
            if below is not None:
                below.is_in_document = isinstance(field_, DocumentField)
            return SelectedField(key, definition.type, field_, None, below)
        stage, stage_columns = Stage(field_, definition, node, self._parent_index), ColumnCollector()
        parent_index, self._parent_index = self._parent_index, len(self.stages)
        stage_index = self._parent_index
        self.stages.append(stage)
        below = self.build_objects(definition.type, details, stage_columns)
        stage.columns = stage_columns.get_names()
        self._parent_index = parent_index
        return SelectedField(key, definition.type, field_, stage_index, below)


def is_compilable(field_: StrawberryField) -> bool:
    """Return whether a field is batched, or a function of its source alone."""
    resolver = field_.base_resolver
    if isinstance(field_, BatchedField | PlainField) or resolver is None:
        return True
    return not (
        resolver.is_async or resolver.arguments or resolver.info_parameter or resolver.parent_parameter is None
    )


def get_read_columns(field_: StrawberryField) -> Iterable[str] | None:
    """Return the columns of a row that a field reads; None for any."""
    declared: Iterable[str] | None = field_.metadata.get(READ_COLUMNS)
    if field_.base_resolver or isinstance(field_, BatchedField | PlainField):
        return declared
    return (field_.python_name, *(declared or ()))


def _get_type_resolver(possible: Sequence[GraphQLObjectType]) -> TypeResolver:
    """Return the `resolve_type` that the classes of all these types inherit from one ancestor.

    Raises FallbackNeeded if there is none.
    """
    classes = [get_definition(each).origin for each in possible]
    shared = {getattr(getattr(each, "resolve_type", None), "__func__", None) for each in classes}
    if len(shared) != 1 or None in shared:
        raise FallbackNeeded
    resolve_type: TypeResolver = classes[0].resolve_type
    return resolve_type
