"""A selection over plain data, compiled.

An object's fields become one generated function, a dictionary display over its source; lists, nulls and abstract
types are closures around it. Where batched fields stand below, a second function collects their sources.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from gateway.execution.fields import BatchedField, PlainField

Found = Sequence[Callable[[Any], Any]]
"""For each stage, what gives the value of its field for a source."""
Sources = Sequence[list[Any]]
"""For each stage, the sources that it is asked for."""
Project = Callable[[Any, Found], Any]
Collect = Callable[[Any, Sources], None]


class NotPlain(Exception):
    """Here is something that a compiled selection cannot give exactly."""


class Completer(NamedTuple):
    """How a value becomes response data, and which sources it has for the stages below."""

    project: Project
    collect: Collect | None


@dataclass(slots=True)
class Stage:
    """A batched field of a plan, answered for all its sources at once."""

    field: BatchedField
    definition: GraphQLField
    node: FieldNode
    collect: Collect | None = None


@dataclass(slots=True)
class _Display:
    """A dictionary display in the making."""

    names: dict[str, object]
    entries: list[str] = field(default_factory=list)
    collecting: list[str] = field(default_factory=list)

    def bind(self, value: object) -> str:
        name = f"n{len(self.names)}"
        self.names[name] = value
        return name


def _refuse(_value: object) -> Any:  # noqa: ANN401 (it never returns)
    raise NotPlain


_GLOBALS = {"refuse": _refuse, "NotPlain": NotPlain}

_LEAVES = {
    "String": "v if type(v := {}) is str else refuse(v)",
    "ID": "v if type(v := {}) is str else refuse(v)",
    "Boolean": "v if type(v := {}) is bool else refuse(v)",
    "Int": "v if type(v := {}) is int and -2147483648 <= v <= 2147483647 else refuse(v)",
}
"""Code that takes a leaf as it is when its serializer would, by the name of its type."""


class Compiler:
    """Compiles what is selected in one operation; what it makes holds for every execution of that."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self.stages: list[Stage] = []

    def completer(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        """How values of a type are completed in one place. Raises NotPlain where that cannot be compiled."""
        if isinstance(type_, GraphQLNonNull):
            return self._non_null(type_.of_type, details)
        project, collect = self._non_null(type_, details)
        return Completer(
            lambda value, found: None if value is None else project(value, found),
            collect and (lambda value, sources: None if value is None else collect(value, sources)),
        )

    def _non_null(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        if isinstance(type_, GraphQLList):
            return _list(self.completer(type_.of_type, details))
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, details)
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._abstract(type_, details)
        display = _Display(dict(_GLOBALS))
        leaf = eval(f"lambda x, found: {_leaf(type_, 'x', display)}", display.names)  # noqa: S307 (our own text)
        return Completer(leaf, None)

    def _abstract(self, type_: GraphQLInterfaceType | GraphQLUnionType, details: FieldDetailsList) -> Completer:
        possible = self._executor.schema.get_possible_types(type_)
        completers = {each.name: self._object(each, details) for each in possible}
        name_of = _name_of(type_, possible)

        def project(value: object, found: Found) -> object:
            return completers[name_of(value)].project(value, found)

        def collect(value: object, sources: Sources) -> None:
            below = completers[name_of(value)].collect
            if below is not None:
                below(value, sources)

        return Completer(project, collect if any(each.collect for each in completers.values()) else None)

    def _object(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Completer:
        collected = self._executor.collect_subfields(type_, details)
        if collected.new_defer_usages:
            raise NotPlain
        display = _Display(dict(_GLOBALS))
        for response_key, fields in collected.grouped_field_set.items():
            self._field(type_, response_key, fields, display)
        code = f"def project(s, found):\n if s is None: raise NotPlain\n return {{{', '.join(display.entries)}}}\n"
        if display.collecting:
            code += "def collect(s, sources):\n" + "".join(f" {line}\n" for line in display.collecting)
        exec(code, display.names)  # noqa: S102 (our own text: names come from the schema and are quoted)
        return Completer(
            cast(Project, display.names["project"]), cast("Collect | None", display.names.get("collect"))
        )

    def _field(
        self, type_: GraphQLObjectType, response_key: str, details: FieldDetailsList, display: _Display
    ) -> None:
        name = details[0].node.name.value
        if name == "__typename":
            display.entries.append(f"{response_key!r}: {type_.name!r}")
            return
        definition = type_.fields[name]
        field_ = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(field_, StrawberryField):
            # A field of the introspection.
            raise NotPlain
        stage = None
        if isinstance(field_, BatchedField):
            source = f"found[{len(self.stages)}](s)"
            display.collecting.append(f"sources[{len(self.stages)}].append(s)")
            stage = Stage(field_, definition, details[0].node)
            self.stages.append(stage)
        else:
            source = _source(field_, display)
        leaf = _leaf_entry(definition.type, source, display)
        if leaf is not None:
            display.entries.append(f"{response_key!r}: {leaf}")
            return
        project, collect = self.completer(definition.type, details)
        display.entries.append(f"{response_key!r}: {display.bind(project)}({source}, found)")
        if stage is not None:
            # What is below is collected from what was found, when it was.
            stage.collect = collect
        elif collect is not None:
            display.collecting.append(f"{display.bind(collect)}({source}, sources)")


def _list(item: Completer) -> Completer:
    project, collect = item

    def project_all(values: object, found: Found) -> list[object]:
        if not isinstance(values, list | tuple):
            raise NotPlain
        return [project(value, found) for value in values]

    def collect_all(values: Sequence[object], sources: Sources) -> None:
        for value in values:
            collect(value, sources)  # type: ignore[misc]  # given only where there is one

    return Completer(project_all, collect and collect_all)


def _leaf_entry(type_: GraphQLOutputType, source: str, display: _Display) -> str | None:
    """Code that completes a leaf; None for what is no leaf."""
    if isinstance(type_, GraphQLNonNull):
        inner = type_.of_type
        return _leaf(inner, source, display) if isinstance(inner, GraphQLScalarType | GraphQLEnumType) else None
    if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
        return f"None if (w := {source}) is None else {_leaf(type_, 'w', display)}"
    return None


def _leaf(type_: GraphQLOutputType, value: str, display: _Display) -> str:
    """Code that completes a leaf that must not be null."""
    if isinstance(type_, GraphQLEnumType):
        return f"{display.bind(_words(type_))}[{value}]"
    if not isinstance(type_, GraphQLScalarType):
        raise NotPlain
    template = _LEAVES.get(type_.name)
    return f"{display.bind(_serializer(type_))}({value})" if template is None else template.format(value)


def _serializer(type_: GraphQLScalarType) -> Callable[[object], object]:
    """What a scalar of our own makes of a value, which must not be null."""
    serialize = type_.serialize

    def complete(value: object) -> object:
        if value is None:
            raise NotPlain
        return serialize(value)

    return complete


def _words(type_: GraphQLEnumType) -> Mapping[object, str]:
    """Each member of an enum to its GraphQL name."""
    wrapped = type_.wrapped_cls  # type: ignore[attr-defined]  # Strawberry's enums have the class they were made of
    return {wrapped(value.value): name for name, value in type_.values.items()}


def _source(field_: StrawberryField, display: _Display) -> str:
    """Code for the value of a field of the source `s`. Raises NotPlain for what is more than a function of it."""
    if isinstance(field_, PlainField):
        return field_.expression("s", display.bind)
    resolver = field_.base_resolver
    if resolver is None:
        return f"s.{field_.python_name}"
    if resolver.is_async or resolver.arguments or resolver.info_parameter or resolver.parent_parameter is None:
        raise NotPlain
    return f"{display.bind(resolver.wrapped_func)}(s)"


def _name_of(
    type_: GraphQLInterfaceType | GraphQLUnionType, possible: Sequence[GraphQLObjectType]
) -> Callable[[Any], str]:
    """How to tell the type of a value: in the interface's own words, or by the one type that claims it."""
    if isinstance(type_, GraphQLInterfaceType):
        resolve = type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].resolve_type
        if resolve is None:
            raise NotPlain
        return cast(Callable[[Any], str], resolve)
    claims = [(each.name, each.is_type_of) for each in possible]

    def claimed(value: object) -> str:
        for name, claim in claims:
            if claim is not None and claim(value, None):  # type: ignore[arg-type]  # ours need no info
                return name
        raise NotPlain

    return claimed
