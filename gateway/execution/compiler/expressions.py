"""Writes the text of a generated function: the dict display of an object, and the statements before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    get_nullable_type,
)

from gateway.execution.compiler.decoding import FieldLayout, ObjectLayout
from gateway.execution.compiler.leaves import write_leaf
from gateway.execution.compiler.selection import SelectedField, SelectedObjects
from gateway.execution.compiler.source_text import CodeBlock, CodeBlocks, GeneratedModule, Mode
from gateway.execution.fields import DocumentField, RowField

_MAX_NESTING = 8
"""How many objects and lists are nested in one function. Python allows 20 nested loops."""


class ResolverNeeded(Exception):
    """A field's resolver needs its source, which compiled code has in decoded form only."""


@dataclass(frozen=True, slots=True)
class SourceVariables:
    """The variables of generated code for the source of fields: a row, or an object in its document."""

    row_variable: str
    """The variable of the row."""
    resolver_source: str | None
    """Code for the source that resolvers take; None if there is no such code."""
    layout: ObjectLayout | None = None
    """The decoded fields; None if none are."""
    decoded_variable: str = ""
    """The variable of the decoded object."""


class ValueCode(NamedTuple):
    """Code for the value of a field."""

    code: str
    is_decoded: bool = False
    """Whether msgspec has checked its type."""
    build_source: Callable[[str], SourceVariables] | None = None
    """Takes a variable of the value, or of an item of it, and returns the source of the fields below.

    None if the value was not decoded.
    """


class FunctionBuilder(Protocol):
    """Adds functions to a plan; see `gateway.execution.compiler.functions`."""

    module: GeneratedModule

    def get_function(self, objects: SelectedObjects, mode: Mode) -> str:
        """Return the name of the function that takes one of these objects."""

    def write_decoded_call(self, objects: SelectedObjects, source: SourceVariables, mode: Mode) -> str:
        """Return code that calls a function with a decoded object."""


def _require_resolver_source(source: SourceVariables) -> str:
    if source.resolver_source is None:
        raise ResolverNeeded
    return source.resolver_source


class ExpressionWriter:
    """Writes the text of one function."""

    def __init__(self, functions: FunctionBuilder, mode: Mode) -> None:
        self._functions = functions
        self._module = functions.module
        self._bind = functions.module.bind
        self._mode = mode

    def write_object(
        self, type_: str, fields: Sequence[SelectedField | str], source: SourceVariables, blocks: CodeBlocks
    ) -> str:
        """Return code for the response data of an object.

        Calls for other rows go to `blocks.unguarded`. Raises ResolverNeeded if only a careful function works.
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
        """Return code for the response data of a value."""
        return self._write_data(type_, ValueCode(value), below, CodeBlocks(block, block))

    def _write_resolved(self, selected: SelectedField, source: SourceVariables) -> ValueCode:
        if selected.stage_index is not None:
            return ValueCode(f"found[{selected.stage_index}]({_require_resolver_source(source)})")
        if isinstance(selected.field, RowField) and not self._mode.is_careful:
            return ValueCode(f"{self._bind(selected.field.row_resolver)}({source.row_variable})")
        return ValueCode(selected.write_resolver_call(_require_resolver_source(source), self._bind))

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
        is_list = isinstance(get_nullable_type(selected.type), GraphQLList)
        resolver_source = (
            None
            if is_list or source.resolver_source is None
            else selected.write_resolver_call(source.resolver_source, self._bind)
        )
        return ValueCode(
            code,
            is_decoded=True,
            build_source=partial(SourceVariables, source.row_variable, resolver_source, field_layout.layout),
        )

    def _write_data(
        self, type_: GraphQLOutputType, value: ValueCode, below: SelectedObjects | None, blocks: CodeBlocks
    ) -> str:
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLList):
            return self._write_list(type_, inner.of_type, value, below, blocks)
        if below is None:
            return write_leaf(type_, value.code, self._bind)
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
        """Return `await ` if the function of these objects is a coroutine function."""
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
        """Return code for an object in the document of a row, inline or as a call."""
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
        """Return whether a list of this type is written in chunks."""
        is_of_rows = isinstance(type_, GraphQLNonNull) and not isinstance(type_.of_type, GraphQLList)
        return self._mode.is_chunked and is_of_rows and not objects.is_in_document and not objects.has_lists


def _is_unguarded(value: ValueCode, below: SelectedObjects | None) -> bool:
    """Return whether the value's objects are rows, which have their own functions."""
    return below is not None and value.build_source is None
