"""A generated function's text: the dictionary display of an object, and whatever has to be said before it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLScalarType

from gateway.execution._private import get_definition
from gateway.execution.compiler.decoding import FieldLayout, ObjectLayout
from gateway.execution.compiler.selection import SelectedField, SelectedObjects
from gateway.execution.compiler.source_text import CodeBlock, CodeBlocks, GeneratedModule, Mode
from gateway.execution.fallbacks import FallbackNeeded
from gateway.execution.fields import Binder, DocumentField, PlainField, RowField

_MAX_NESTING = 8
"""How many objects and lists are written into each other; Python nests no more than 20 loops."""

_IS_TEXT = "type({0}) is str"
_TYPE_TESTS = {
    "String": _IS_TEXT,
    "ID": _IS_TEXT,
    "Boolean": "type({0}) is bool",
    "Int": "type({0}) is int and -2147483648 <= {1} <= 2147483647",
}
"""When a leaf is left as it is, by the name of its type: code of its value, first and again."""


class ResolverNeeded(Exception):
    """A field has to be read of something that was only decoded."""


@dataclass(frozen=True, slots=True)
class SourceVariables:
    """What generated code has of the source of fields: a row, or a part of the document of a row."""

    row_variable: str
    """The variable of the row."""
    resolver_source: str | None
    """Code for the source as resolvers take it; None where there is none."""
    layout: ObjectLayout | None = None
    """What of it was decoded, if anything."""
    decoded_variable: str = ""
    """The variable of that."""


class ValueCode(NamedTuple):
    """Code for the value of a field."""

    code: str
    is_decoded: bool = False
    """Whether it has the type that it should have."""
    build_source: Callable[[str], SourceVariables] | None = None
    """What a variable of it, or of one of its items, is to the fields below, where those were decoded."""


class FunctionBuilder(Protocol):
    """The generated functions of a plan."""

    module: GeneratedModule

    def get_function(self, objects: SelectedObjects, mode: Mode) -> str:
        """The name of the function of objects, given whole."""

    def write_decoded_call(self, objects: SelectedObjects, source: SourceVariables, mode: Mode) -> str:
        """Code that calls the function of objects that were decoded."""


def write_resolver_value(selected: SelectedField, resolver_source: str, bind: Binder) -> str:
    """Code for the value of a field that has no stage, as a resolver gives it."""
    field = selected.field
    if isinstance(field, PlainField):
        return f"{bind(field.read)}({resolver_source})"
    if field.base_resolver is None:
        return f"{resolver_source}.{field.python_name}"
    return f"{bind(field.base_resolver.wrapped_func)}({resolver_source})"


def _require_resolver_source(source: SourceVariables) -> str:
    if source.resolver_source is None:
        raise ResolverNeeded
    return source.resolver_source


class ExpressionWriter:
    """The text of one function."""

    def __init__(self, functions: FunctionBuilder, mode: Mode) -> None:
        self._functions = functions
        self._module = functions.module
        self._bind = functions.module.bind
        self._mode = mode

    def write_object(
        self, type_: str, fields: Sequence[SelectedField | str], source: SourceVariables, blocks: CodeBlocks
    ) -> str:
        """Code for the response data of an object; calls of other rows' functions come later, out of harm's way.

        So what goes wrong in another function is never taken for a fault of this one. Raises Unread.
        """
        items, unguarded_lines = [], []
        for entry in fields:
            if isinstance(entry, str):
                items.append(f"{entry!r}: {type_!r}")
                continue
            part = None if source.layout is None else source.layout.field_layouts.get(entry)
            value = (
                self._write_resolved(entry, source) if part is None else self._write_decoded(entry, part, source)
            )
            data = (
                value.code
                if part and part.is_response_data
                else self._write_data(entry.type, value, entry.objects, blocks)
            )
            if blocks.is_split and _is_unguarded(value, entry.objects):
                unguarded_lines.append(f"[{entry.response_key!r}] = {data}")
                data = "None"
            items.append(f"{entry.response_key!r}: {data}")
        display = f"{{{', '.join(items)}}}"
        if not unguarded_lines:
            return display
        name = self._module.create_name("o")
        blocks.guarded.add_line(f"{name} = {display}")
        for line in unguarded_lines:
            blocks.unguarded.add_line(f"{name}{line}")
        return name

    def write_value(
        self, type_: GraphQLOutputType, value: str, below: SelectedObjects | None, block: CodeBlock
    ) -> str:
        """Code for the response data of a value that is no field of an object."""
        return self._write_data(type_, ValueCode(value), below, CodeBlocks(block, block))

    def _write_resolved(self, selected: SelectedField, source: SourceVariables) -> ValueCode:
        if selected.stage_index is not None:
            return ValueCode(f"found[{selected.stage_index}]({_require_resolver_source(source)})")
        if isinstance(selected.field, RowField) and not self._mode.is_careful:
            return ValueCode(f"{self._bind(selected.field.row_resolver)}({source.row_variable})")
        return ValueCode(write_resolver_value(selected, _require_resolver_source(source), self._bind))

    def _write_decoded(
        self, selected: SelectedField, field_layout: FieldLayout, source: SourceVariables
    ) -> ValueCode:
        field = selected.field
        assert isinstance(field, DocumentField)  # noqa: S101 (others have no part)
        assert field.decoding is not None  # noqa: S101
        code = f"{source.decoded_variable}.{field_layout.attribute}"
        if field.decoding.build_expression is not None:
            code = field.decoding.build_expression(code, self._bind)
        if field_layout.default is not None:
            code = f"({self._bind(field_layout.default)} if (v := {code}) is None else v)"
        if field_layout.layout is None:
            return ValueCode(code, is_decoded=True)
        is_list = isinstance(_strip_non_null(selected.type), GraphQLList)
        resolver_source = (
            None
            if is_list or source.resolver_source is None
            else write_resolver_value(selected, source.resolver_source, self._bind)
        )
        return ValueCode(
            code,
            is_decoded=True,
            build_source=partial(SourceVariables, source.row_variable, resolver_source, field_layout.layout),
        )

    def _write_data(
        self, type_: GraphQLOutputType, value: ValueCode, below: SelectedObjects | None, blocks: CodeBlocks
    ) -> str:
        inner = _strip_non_null(type_)
        if isinstance(inner, GraphQLList):
            return self._write_list(type_, inner.of_type, value, below, blocks)
        if below is None:
            return _write_leaf(type_, value.code, self._bind)
        if value.build_source is not None:
            return self._write_nested_object(
                type_, self._assign_variable("c", value.code, blocks.guarded), value.build_source, below, blocks
            )
        function = f"{self._get_await_keyword(below)}{self._get_function(below)}"
        if isinstance(type_, GraphQLNonNull):
            return f"{function}({value.code}, found)"
        first, again = (value.code, value.code) if value.code.isidentifier() else (f"v := {value.code}", "v")
        return f"None if ({first}) is None else {function}({again}, found)"

    def _get_function(self, objects: SelectedObjects) -> str:
        return self._functions.get_function(objects, self._mode._replace(is_careful=objects.is_in_document))

    def _get_await_keyword(self, objects: SelectedObjects) -> str:
        """What stands before a call of the function of these objects."""
        return "await " if self._mode.is_chunked and objects.has_lists else ""

    def _assign_variable(self, letter: str, code: str, block: CodeBlock) -> str:
        if code.isidentifier():
            return code
        name = self._module.create_name(letter)
        block.add_line(f"{name} = {code}")
        return name

    def _write_nested_object(
        self,
        type_: GraphQLOutputType,
        name: str,
        build_source: Callable[[str], SourceVariables],
        below: SelectedObjects,
        blocks: CodeBlocks,
    ) -> str:
        """Code for an object inside the document of a row, which is written in where that goes."""
        source, is_nullable = build_source(name), not isinstance(type_, GraphQLNonNull)
        if blocks.depth >= _MAX_NESTING:
            call = (
                f"{self._get_await_keyword(below)}{self._functions.write_decoded_call(below, source, self._mode)}"
            )
            return f"None if {name} is None else {call}" if is_nullable else call
        ((type_name, entries),) = below.fields_by_type.items()
        if not is_nullable:
            return self.write_object(type_name, entries, source, blocks.nest())
        data = self._module.create_name("o")
        blocks.guarded.add_line(f"{data} = None")
        block = blocks.guarded.open_inner(f"if {name} is not None:")
        block.add_line(f"{data} = {self.write_object(type_name, entries, source, blocks.nest(block))}")
        return data

    def _write_list(
        self,
        type_: GraphQLOutputType,
        item_type: GraphQLOutputType,
        value: ValueCode,
        below: SelectedObjects | None,
        blocks: CodeBlocks,
    ) -> str:
        is_nullable = not isinstance(type_, GraphQLNonNull)
        block = blocks.unguarded if _is_unguarded(value, below) else blocks.guarded
        values = self._assign_variable("l", value.code, block)
        if not value.is_decoded:
            or_null = f"{values} is not None and " if is_nullable else ""
            block.add_line(
                f"if {or_null}type({values}) is not list and type({values}) is not tuple: refuse({values})"
            )
        data, item = self._module.create_name("o"), self._module.create_name("x")
        if is_nullable:
            block.add_line(f"{data} = None")
            block = block.open_inner(f"if {values} is not None:")
        if below is not None and self._is_chunked_list(item_type, below):
            block.add_line(f"{data} = await write_chunks({self._get_function(below)}, {values}, found)")
            return data
        loop = CodeBlock(depth=block.depth + 1)
        item_value = ValueCode(item, value.is_decoded, value.build_source)
        item_data = self._write_data(item_type, item_value, below, blocks.nest(loop))
        if not loop.lines and ":=" not in item_data:
            block.add_line(f"{data} = [{item_data} for {item} in {values}]")
            return data
        loop.add_line(f"{data}.append({item_data})")
        block.add_line(f"{data} = []")
        block.add_line(f"for {item} in {values}:")
        block.lines += loop.lines
        return data

    def _is_chunked_list(self, type_: GraphQLOutputType, objects: SelectedObjects) -> bool:
        """Whether a list of this type is a list of rows to be written slice by slice."""
        is_of_rows = isinstance(type_, GraphQLNonNull) and not isinstance(type_.of_type, GraphQLList)
        return self._mode.is_chunked and is_of_rows and not objects.is_in_document and not objects.has_lists


def _strip_non_null(type_: GraphQLOutputType) -> GraphQLOutputType:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _is_unguarded(value: ValueCode, below: SelectedObjects | None) -> bool:
    """Whether a value's objects are given whole to a function of their own."""
    return below is not None and value.build_source is None


def _write_leaf(type_: GraphQLOutputType, value: str, bind: Binder) -> str:
    """Code for the response data of a leaf, given code for its value; it raises for what is not sure."""
    is_non_null = isinstance(type_, GraphQLNonNull)
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    first, again = (value, value) if value.isidentifier() else (f"v := {value}", "v")
    if isinstance(named, GraphQLEnumType):
        member_name = f"{bind(_map_enum_names(named))}[{again}]"
        return (
            f"{bind(_map_enum_names(named))}[{value}]"
            if is_non_null
            else f"None if ({first}) is None else {member_name}"
        )
    if not isinstance(named, GraphQLScalarType):
        raise FallbackNeeded
    type_test = _IS_TEXT if named.serialize is str else _TYPE_TESTS.get(named.name)
    if type_test is None:
        null = f"refuse({again})" if is_non_null else "None"
        return f"{null} if ({first}) is None else {bind(named.serialize)}({again})"
    condition = type_test.format(first, again)
    return f"{again} if {condition if is_non_null else f'{condition} or {again} is None'} else refuse({again})"


def _map_enum_names(type_: GraphQLEnumType) -> Mapping[object, str]:
    """Each member of an enum, and what documents say for it, to its GraphQL name."""
    class_ = get_definition(type_).wrapped_cls
    stored = {value.value: name for name, value in type_.values.items()}
    return {**stored, **{class_(value): name for value, name in stored.items()}}
