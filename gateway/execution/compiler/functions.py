"""A selection over plain data, compiled.

Each object that is more than a part of another one's document has a generated function, which gives its response
data from the row, and from what the stages found. What turns out not to be plain within an object is given by its
careful function, which reads every field as a resolver would; that one is only generated when it is needed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, cast

from graphql import GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor
from msgspec.json import Decoder

from gateway.execution.compiler.chunked_output import Slices, written
from gateway.execution.compiler.collection import Collection
from gateway.execution.compiler.decoding import shape_of
from gateway.execution.compiler.expressions import Display, Local, Unread
from gateway.execution.compiler.selection import (
    Attributes,
    Collect,
    Entry,
    NotPlain,
    Objects,
    Stage,
    Survey,
    TellType,
)
from gateway.execution.compiler.source_text import Block, Manner, Module, Place

__all__ = ["Compiler", "NotPlain", "Stage"]

Found = Sequence[Callable[[Any], Any]]
"""For each stage, what gives the value of its field for a source."""
Project = Callable[[Any, Found], Any]
ProjectInSlices = Callable[[Any, Slices], Awaitable[Any]]

_SURPRISES = (NotPlain, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
"""What straight code raises for data that is not as it should be; what msgspec raises is a ValueError."""


class Completer(NamedTuple):
    """How a value becomes response data, and which sources it has for the stages below."""

    project: Project
    project_in_slices: Callable[[], ProjectInSlices]
    """Gives what does the same for very many rows."""
    collect: Collect | None


class Compiler:
    """Compiles what is selected in one operation; what it makes holds for every execution of that."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._survey = Survey(executor)
        self.stages: list[Stage] = self._survey.stages
        self.attributes: frozenset[str] | None = frozenset()
        """What is read of the objects that the value consists of, down to the first stages; None for anything."""

    def completer(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        """How values of a type are completed in one place. Raises NotPlain where that cannot be compiled."""
        attributes = Attributes()
        below = self._survey.objects(type_, details, attributes)
        self.attributes = attributes.known()
        module = Module({"refuse": _refuse, "written": written, "SURPRISES": _SURPRISES})
        projection = Projection(module)
        project = projection.completing(type_, below, Manner())
        collection = Collection(module)
        collect = collection.collecting(type_, below)
        module.load()
        for stage, name in collection.of_stages.items():
            self.stages[stage].collect = cast(Collect, module.names[name])

        @cache
        def project_in_slices() -> ProjectInSlices:
            name = projection.completing(type_, below, Manner(in_slices=True))
            module.load()
            return cast(ProjectInSlices, module.names[name])

        return Completer(
            cast(Project, module.names[project]),
            project_in_slices,
            cast(Collect, module.names[collect]) if collect else None,
        )


def _refuse(_value: object) -> Any:  # noqa: ANN401 (it never returns)
    raise NotPlain


class Projection:
    """The generated functions of one plan that give response data."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def completing(self, type_: GraphQLOutputType, below: Objects | None, manner: Manner) -> str:
        """The name of a function of a value of this type."""
        name, block = self.module.name("p"), Block()
        result = Display(self, manner).complete(type_, "x", below, block)
        self.module.add([f"{_def(manner)} {name}(x, found):", *block.lines, f" return {result}"])
        return name

    def function(self, objects: Objects, manner: Manner) -> str:
        """The name of the function of objects, given whole; it is no coroutine where no lists are below them."""
        manner = manner._replace(in_slices=manner.in_slices and objects.has_lists)
        name = objects.functions.get((manner, ""))
        if name is None:
            make = self._careful if manner.is_careful else self._straight
            functions = {type_: make(objects, type_, manner) for type_ in objects.entries}
            name = objects.functions[manner, ""] = self._told(objects.tell_type, functions)
        return name

    def _told(self, tell_type: TellType | None, functions: Mapping[str, str]) -> str:
        """The name of a function that calls that of the source's type."""
        if tell_type is None:
            return next(iter(functions.values()))
        name, table = self.module.name("f"), self.module.name("t")
        members = ", ".join(f"{type_!r}: {function}" for type_, function in functions.items())
        call = f" return {table}[{self.module.bind(tell_type)}(s)](s, found)"
        self.module.add([f"{table} = {{{members}}}", f"def {name}(s, found):", call])
        return name

    def _straight(self, objects: Objects, type_: str, manner: Manner) -> str:
        """The name of the function of the rows of a type, which their own type may tell from each other."""
        entries = objects.entries[type_]
        for place, entry in enumerate(entries):
            below = None if isinstance(entry, str) or entry.stage is not None else entry.below
            if isinstance(entry, str) or below is None or not (below.is_inside and below.tell_type):
                continue
            functions = {}
            for told, selected in below.entries.items():
                only = replace(below, entries={told: selected}, tell_type=None, functions={})
                fields = [*entries[:place], replace(entry, below=only), *entries[place + 1 :]]
                functions[told] = self._of_rows(objects, type_, fields, manner)
            return self._told(below.tell_type, functions)
        return self._of_rows(objects, type_, entries, manner)

    def _of_rows(self, objects: Objects, type_: str, entries: Sequence[Entry | str], manner: Manner) -> str:
        shape = shape_of(type_, entries)
        name, place = self.module.name("f"), Place(Block(depth=2), Block())
        local = Local("s", "s", shape, "d")
        try:
            result = Display(self, manner).of(type_, entries, local, place)
        except Unread:
            return self._careful(objects, type_, manner)
        now = [*place.now.lines, f"  r = {result}"]
        if shape.parts:
            careful = self.module.bind(self._careful_when_needed(objects, type_, manner))
            decode = self.module.bind(Decoder(shape.struct).decode)
            head = [" try:", f"  d = {decode}(s.document_json.encode())"]
            awaiting = "await " if manner.in_slices else ""
            now = [*head, *now, " except SURPRISES:", f"  return {awaiting}{careful}(s, found)"]
        else:
            now = [line.removeprefix(" ") for line in now]
        header = [f"{_def(manner)} {name}(s, found):", " if s is None: refuse(None)"]
        self.module.add([*header, *now, *place.later.lines, " return r"])
        return name

    def decoded(self, objects: Objects, local: Local, manner: Manner) -> str:
        """Code that calls the function of objects that were decoded."""
        manner = manner._replace(in_slices=manner.in_slices and objects.has_lists)
        ((type_, entries),) = objects.entries.items()
        name, block = self.module.name("f"), Block()
        local, variable = replace(local, name="d"), local.name
        result = Display(self, manner).of(type_, entries, local, Place(block, block))
        self.module.add([f"{_def(manner)} {name}(d, s, found):", *block.lines, f" return {result}"])
        return f"{name}({variable}, {local.row}, found)"

    def _careful_when_needed(self, objects: Objects, type_: str, manner: Manner) -> Project:
        @cache
        def compiled() -> Project:
            name = self._careful(objects, type_, manner)
            self.module.load()
            return cast(Project, self.module.names[name])

        def careful(source: object, found: Found) -> object:
            return compiled()(source, found)

        return careful

    def _careful(self, objects: Objects, type_: str, manner: Manner) -> str:
        manner = manner._replace(is_careful=True)
        name = objects.functions.get((manner, type_))
        if name is None:
            name = objects.functions[manner, type_] = self.module.name("g")
            block = Block()
            result = Display(self, manner).of(type_, objects.entries[type_], Local("s", "s"), Place(block, block))
            header = [f"{_def(manner)} {name}(s, found):", " if s is None: refuse(None)"]
            self.module.add([*header, *block.lines, f" return {result}"])
        return name


def _def(manner: Manner) -> str:
    return "async def" if manner.in_slices else "def"
