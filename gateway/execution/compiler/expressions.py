"""A generated function's text: the dictionary display of an object, and whatever has to be said before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.execution.compiler.decoding import Part, Shape
from gateway.execution.compiler.leaves import leaf
from gateway.execution.compiler.selection import Entry, Objects
from gateway.execution.compiler.source_text import Block, Manner, Module, Place
from gateway.execution.fields import Bind, DocumentField, PlainField, RowField

_MAX_DEPTH = 8
"""How many objects and lists are written into each other; Python nests no more than 20 loops."""


class Unread(Exception):
    """A field has to be read of something that was only decoded."""


@dataclass(frozen=True, slots=True)
class Local:
    """What generated code has of the source of fields: a row, or a part of the document of a row."""

    row: str
    """The variable of the row."""
    whole: str | None
    """Code for the source as resolvers take it; None where there is none."""
    shape: Shape | None = None
    """What of it was decoded, if anything."""
    name: str = ""
    """The variable of that."""


class Value(NamedTuple):
    """Code for the value of a field."""

    code: str
    is_decoded: bool = False
    """Whether it has the type that it should have."""
    local: Callable[[str], Local] | None = None
    """What a variable of it, or of one of its items, is to the fields below, where those were decoded."""


class Functions(Protocol):
    """The generated functions of a plan."""

    module: Module

    def function(self, objects: Objects, manner: Manner) -> str:
        """The name of the function of objects, given whole."""

    def decoded(self, objects: Objects, local: Local, manner: Manner) -> str:
        """Code that calls the function of objects that were decoded."""


def whole_value(entry: Entry, whole: str, bind: Bind) -> str:
    """Code for the value of a field that has no stage, as a resolver gives it."""
    field = entry.field
    if isinstance(field, PlainField):
        return f"{bind(field.read)}({whole})"
    if field.base_resolver is None:
        return f"{whole}.{field.python_name}"
    return f"{bind(field.base_resolver.wrapped_func)}({whole})"


def _whole(local: Local) -> str:
    if local.whole is None:
        raise Unread
    return local.whole


class Display:
    """The text of one function."""

    def __init__(self, functions: Functions, manner: Manner) -> None:
        self._functions = functions
        self._module = functions.module
        self._bind = functions.module.bind
        self._manner = manner

    def of(self, type_: str, entries: Sequence[Entry | str], local: Local, place: Place) -> str:
        """Code for the response data of an object; calls of other rows' functions come later, out of harm's way.

        So what goes wrong in another function is never taken for a fault of this one. Raises Unread.
        """
        items, late = [], []
        for entry in entries:
            if isinstance(entry, str):
                items.append(f"{entry!r}: {type_!r}")
                continue
            part = None if local.shape is None else local.shape.parts.get(entry)
            value = self._read(entry, local) if part is None else self._decoded(entry, part, local)
            data = value.code if part and part.is_data else self._data(entry.type, value, entry.below, place)
            if place.is_split and _is_late(value, entry.below):
                late.append(f"[{entry.key!r}] = {data}")
                data = "None"
            items.append(f"{entry.key!r}: {data}")
        display = f"{{{', '.join(items)}}}"
        if not late:
            return display
        name = self._module.name("o")
        place.now.add(f"{name} = {display}")
        for line in late:
            place.later.add(f"{name}{line}")
        return name

    def complete(self, type_: GraphQLOutputType, value: str, below: Objects | None, block: Block) -> str:
        """Code for the response data of a value that is no field of an object."""
        return self._data(type_, Value(value), below, Place(block, block))

    def _read(self, entry: Entry, local: Local) -> Value:
        if entry.stage is not None:
            return Value(f"found[{entry.stage}]({_whole(local)})")
        if isinstance(entry.field, RowField) and not self._manner.is_careful:
            return Value(f"{self._bind(entry.field.of_row)}({local.row})")
        return Value(whole_value(entry, _whole(local), self._bind))

    def _decoded(self, entry: Entry, part: Part, local: Local) -> Value:
        field = entry.field
        assert isinstance(field, DocumentField)  # noqa: S101 (others have no part)
        assert field.decoding is not None  # noqa: S101
        code = f"{local.name}.{part.attribute}"
        if field.decoding.code is not None:
            code = field.decoding.code(code, self._bind)
        if part.missing is not None:
            code = f"({self._bind(part.missing)} if (v := {code}) is None else v)"
        if part.shape is None:
            return Value(code, is_decoded=True)
        is_list = isinstance(_nullable(entry.type), GraphQLList)
        whole = None if is_list or local.whole is None else whole_value(entry, local.whole, self._bind)
        return Value(code, is_decoded=True, local=partial(Local, local.row, whole, part.shape))

    def _data(self, type_: GraphQLOutputType, value: Value, below: Objects | None, place: Place) -> str:
        inner = _nullable(type_)
        if isinstance(inner, GraphQLList):
            return self._list(type_, inner.of_type, value, below, place)
        if below is None:
            return leaf(type_, value.code, self._bind)
        if value.local is not None:
            return self._inside(type_, self._variable("c", value.code, place.now), value.local, below, place)
        function = f"{self._awaiting(below)}{self._function(below)}"
        if isinstance(type_, GraphQLNonNull):
            return f"{function}({value.code}, found)"
        first, again = (value.code, value.code) if value.code.isidentifier() else (f"v := {value.code}", "v")
        return f"None if ({first}) is None else {function}({again}, found)"

    def _function(self, objects: Objects) -> str:
        return self._functions.function(objects, self._manner._replace(is_careful=objects.is_inside))

    def _awaiting(self, objects: Objects) -> str:
        """What stands before a call of the function of these objects."""
        return "await " if self._manner.in_slices and objects.has_lists else ""

    def _variable(self, letter: str, code: str, block: Block) -> str:
        if code.isidentifier():
            return code
        name = self._module.name(letter)
        block.add(f"{name} = {code}")
        return name

    def _inside(
        self, type_: GraphQLOutputType, name: str, local_of: Callable[[str], Local], below: Objects, place: Place
    ) -> str:
        """Code for an object inside the document of a row, which is written in where that goes."""
        local, is_null = local_of(name), not isinstance(type_, GraphQLNonNull)
        if place.depth >= _MAX_DEPTH:
            call = f"{self._awaiting(below)}{self._functions.decoded(below, local, self._manner)}"
            return f"None if {name} is None else {call}" if is_null else call
        ((type_name, entries),) = below.entries.items()
        if not is_null:
            return self.of(type_name, entries, local, place.within())
        data = self._module.name("o")
        place.now.add(f"{data} = None")
        block = place.now.inner(f"if {name} is not None:")
        block.add(f"{data} = {self.of(type_name, entries, local, place.within(block))}")
        return data

    def _list(
        self,
        type_: GraphQLOutputType,
        item_type: GraphQLOutputType,
        value: Value,
        below: Objects | None,
        place: Place,
    ) -> str:
        is_null = not isinstance(type_, GraphQLNonNull)
        block = place.later if _is_late(value, below) else place.now
        values = self._variable("l", value.code, block)
        if not value.is_decoded:
            or_null = f"{values} is not None and " if is_null else ""
            block.add(f"if {or_null}type({values}) is not list and type({values}) is not tuple: refuse({values})")
        data, item = self._module.name("o"), self._module.name("x")
        if is_null:
            block.add(f"{data} = None")
            block = block.inner(f"if {values} is not None:")
        if below is not None and self._is_written(item_type, below):
            block.add(f"{data} = await written({self._function(below)}, {values}, found)")
            return data
        loop = Block(depth=block.depth + 1)
        item_value = Value(item, value.is_decoded, value.local)
        item_data = self._data(item_type, item_value, below, place.within(loop))
        if not loop.lines and ":=" not in item_data:
            block.add(f"{data} = [{item_data} for {item} in {values}]")
            return data
        loop.add(f"{data}.append({item_data})")
        block.add(f"{data} = []")
        block.add(f"for {item} in {values}:")
        block.lines += loop.lines
        return data

    def _is_written(self, type_: GraphQLOutputType, objects: Objects) -> bool:
        """Whether a list of this type is a list of rows to be written slice by slice."""
        is_of_rows = isinstance(type_, GraphQLNonNull) and not isinstance(type_.of_type, GraphQLList)
        return self._manner.in_slices and is_of_rows and not objects.is_inside and not objects.has_lists


def _nullable(type_: GraphQLOutputType) -> GraphQLOutputType:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _is_late(value: Value, below: Objects | None) -> bool:
    """Whether a value's objects are given whole to a function of their own."""
    return below is not None and value.local is None
