"""A generated function's text: the dictionary display of an object, and whatever has to be said before it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.execution.code import Block, Module, Place
from gateway.execution.fields import Local, PlainField, Value
from gateway.execution.leaves import Bind, leaf
from gateway.execution.selection import Entry, Objects

_MAX_DEPTH = 8
"""How many objects and lists are written into each other; Python nests no more than 20 loops."""


class Functions(Protocol):
    """The generated functions of a plan."""

    module: Module

    def function(self, objects: Objects, *, is_careful: bool) -> str:
        """The name of the function of objects, given whole."""

    def call(self, objects: Objects, local: Local) -> str:
        """Code that calls the function of objects that are given by a local variable."""


def whole_value(entry: Entry, whole: str, bind: Bind) -> str:
    """Code for the value of a field that has no stage, as a resolver gives it."""
    field = entry.field
    if isinstance(field, PlainField):
        return f"{bind(field.read)}({whole})"
    if field.base_resolver is None:
        return f"{whole}.{field.python_name}"
    return f"{bind(field.base_resolver.wrapped_func)}({whole})"


class Display:
    """The text of one function. A straight one asks fields for their straight code; a careful one never does."""

    def __init__(self, functions: Functions, *, is_careful: bool) -> None:
        self._functions = functions
        self._module = functions.module
        self.bind = functions.module.bind
        self._is_careful = is_careful
        self._once: dict[str, str] = {}
        self.is_straight = False
        """Whether there is straight code in it."""

    @property
    def head(self) -> Sequence[str]:
        """The lines that come first."""
        return [f"{name} = {expression}" for expression, name in self._once.items()]

    def once(self, expression: str) -> str:
        """A variable that holds what `expression` makes of the function's parameters."""
        return self._once.setdefault(expression, self._module.name("d"))

    def of(self, type_: str, entries: Sequence[Entry | str], local: Local, place: Place) -> str:
        """Code for the response data of an object; calls of other functions come later, out of harm's way.

        So what goes wrong in another function is never taken for a fault of this one.
        """
        items, late = [], []
        for entry in entries:
            if isinstance(entry, str):
                items.append(f"{entry!r}: {type_!r}")
                continue
            value = self._value(entry, local)
            data = self._data(entry.type, value, entry.below, place)
            if place.is_split and _calls(value, entry.below, place):
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

    def _value(self, entry: Entry, local: Local) -> Value:
        if entry.stage is not None:
            return Value(f"found[{entry.stage}]({local.whole})")
        if isinstance(entry.field, PlainField) and not self._is_careful:
            value = entry.field.straight(local, self)
            if value is not None:
                self.is_straight = True
                if entry.below is not None:
                    entry.below.is_inside = value.local is not None
                return value
        return Value(whole_value(entry, local.whole, self.bind))

    def _data(self, type_: GraphQLOutputType, value: Value, below: Objects | None, place: Place) -> str:
        inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(inner, GraphQLList):
            return self._list(type_, inner.of_type, value, below, place)
        if below is None:
            return leaf(type_, value.code, self.bind)
        if value.local is not None:
            return self._inside(type_, self._variable("c", value.code, place.now), value.local, below, place)
        function = self._functions.function(below, is_careful=self._is_careful and below.is_inside)
        if isinstance(type_, GraphQLNonNull):
            return f"{function}({value.code}, found)"
        first, again = (value.code, value.code) if value.code.isidentifier() else (f"v := {value.code}", "v")
        return f"None if ({first}) is None else {function}({again}, found)"

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
        if _calls(Value(name, local_of), below, place):
            place.now.add(f"if not ({f'{name} is None or ' if is_null else ''}{local.check(())}): refuse({name})")
            call = self._functions.call(below, local)
            return f"None if {name} is None else {call}" if is_null else call
        (entries,) = below.entries.items()
        fields = [entry for entry in entries[1] if not isinstance(entry, str)]
        check = local.check([entry.field for entry in fields if isinstance(entry.type, GraphQLNonNull)])
        refusal = f"if not ({check}): refuse({name})"
        if not is_null:
            place.now.add(refusal)
            return self.of(*entries, local, place.within())
        data = self._module.name("o")
        place.now.add(f"{data} = None")
        block = place.now.inner(f"if {name} is not None:")
        block.add(refusal)
        block.add(f"{data} = {self.of(*entries, local, place.within(block))}")
        return data

    def _list(
        self,
        type_: GraphQLOutputType,
        item_type: GraphQLOutputType,
        value: Value,
        below: Objects | None,
        place: Place,
    ) -> str:
        is_late, is_null = _calls(value, below, place), not isinstance(type_, GraphQLNonNull)
        block = place.later if is_late else place.now
        values = self._variable("l", value.code, block if value.local is None else place.now)
        or_null = f"{values} is not None and " if is_null else ""
        check = f"if {or_null}type({values}) is not list and type({values}) is not tuple: refuse({values})"
        (block if value.local is None else place.now).add(check)
        data, item = self._module.name("o"), self._module.name("x")
        if is_null:
            block.add(f"{data} = None")
            block = block.inner(f"if {values} is not None:")
        loop = Block(depth=block.depth + 1)
        item_data = self._data(item_type, Value(item, value.local), below, place.within(loop))
        if not loop.lines and ":=" not in item_data:
            block.add(f"{data} = [{item_data} for {item} in {values}]")
            return data
        loop.add(f"{data}.append({item_data})")
        block.add(f"{data} = []")
        block.add(f"for {item} in {values}:")
        block.lines += loop.lines
        return data


def _calls(value: Value, below: Objects | None, place: Place) -> bool:
    """Whether a value's objects have a function of their own."""
    if below is None:
        return False
    return value.local is None or below.tell_type is not None or place.depth >= _MAX_DEPTH
