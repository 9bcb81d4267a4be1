"""A selection over plain data, compiled.

Each object that is more than a part of another one's document has a generated function, which gives its response
data from the row, and from what the stages found. What turns out not to be plain within an object is given by its
careful function, which reads every field as a resolver would; that one is only generated when it is needed.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from graphql import GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor

from gateway.execution.code import Block, Module, Place
from gateway.execution.collection import Collection
from gateway.execution.display import Display
from gateway.execution.fields import Local
from gateway.execution.selection import Attributes, Collect, NotPlain, Objects, Stage, Survey

__all__ = ["Compiler", "NotPlain", "Stage"]

Found = Sequence[Callable[[Any], Any]]
"""For each stage, what gives the value of its field for a source."""
Project = Callable[[Any, Found], Any]

_SURPRISES = (NotPlain, LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What straight code raises for data that is not as it should be."""


class Completer(NamedTuple):
    """How a value becomes response data, and which sources it has for the stages below."""

    project: Project
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
        module = Module({"refuse": _refuse, "SURPRISES": _SURPRISES})
        project = Projection(module).completing(type_, below)
        collection = Collection(module)
        collect = collection.collecting(type_, below)
        module.load()
        for stage, name in collection.of_stages.items():
            self.stages[stage].collect = cast(Collect, module.names[name])
        return Completer(
            cast(Project, module.names[project]), cast(Collect, module.names[collect]) if collect else None
        )


def _refuse(_value: object) -> Any:  # noqa: ANN401 (it never returns)
    raise NotPlain


class Projection:
    """The generated functions of one plan that give response data."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def completing(self, type_: GraphQLOutputType, below: Objects | None) -> str:
        """The name of a function of a value of this type."""
        name, block = self.module.name("p"), Block()
        result = Display(self, is_careful=False).complete(type_, "x", below, block)
        self.module.add([f"def {name}(x, found):", *block.lines, f" return {result}"])
        return name

    def function(self, objects: Objects, *, is_careful: bool) -> str:
        """The name of the function of objects, given whole."""
        name = objects.functions.get((is_careful, ""))
        if name is None:
            name = self._function(objects, Local("s"), is_careful=is_careful)
            if objects.tell_type is not None:
                call, name = name, self.module.name("f")
                self.module.add([f"def {name}(s, found):", f" return {call}(s, found)"])
            objects.functions[is_careful, ""] = name
        return name

    def call(self, objects: Objects, local: Local) -> str:
        """Code that calls the function of objects that are given by a local variable."""
        function = self._function(objects, local, is_careful=False)
        return f"{function}({', '.join((*local.variables, 'found'))})"

    def _function(self, objects: Objects, local: Local, *, is_careful: bool) -> str:
        """Code for the function of the type that the objects are of."""
        functions = {
            type_: self._careful(objects, type_) if is_careful else self._straight(objects, type_, local)
            for type_ in objects.entries
        }
        if objects.tell_type is None:
            return next(iter(functions.values()))
        table = self.module.name("t")
        members = ", ".join(f"{type_!r}: {name}" for type_, name in functions.items())
        self.module.add([f"{table} = {{{members}}}"])
        return f"{table}[{self.module.bind(objects.tell_type)}({local.whole})]"

    def _straight(self, objects: Objects, type_: str, local: Local) -> str:
        name = self.module.name("f")
        display, place = Display(self, is_careful=False), Place(Block(depth=2), Block())
        result = display.of(type_, objects.entries[type_], local, place)
        now = [*(f"  {line}" for line in display.head), *place.now.lines]
        if display.is_straight:
            careful = self.module.bind(self._careful_when_needed(objects, type_))
            now = [
                " try:",
                *now,
                f"  r = {result}",
                " except SURPRISES:",
                f"  return {careful}({local.whole}, found)",
            ]
        else:
            now = [line.removeprefix(" ") for line in (*now, f"  r = {result}")]
        missing = [f" if {local.name} is None: refuse(None)"] if local.check(()) is None else []
        header = f"def {name}({', '.join((*local.variables, 'found'))}):"
        self.module.add([header, *missing, *now, *place.later.lines, " return r"])
        return name

    def _careful_when_needed(self, objects: Objects, type_: str) -> Project:
        @cache
        def compiled() -> Project:
            name = self._careful(objects, type_)
            self.module.load()
            return cast(Project, self.module.names[name])

        def careful(source: object, found: Found) -> object:
            return compiled()(source, found)

        return careful

    def _careful(self, objects: Objects, type_: str) -> str:
        name = objects.functions.get((True, type_))
        if name is None:
            name = objects.functions[True, type_] = self.module.name("g")
            block = Block()
            result = Display(self, is_careful=True).of(
                type_, objects.entries[type_], Local("s"), Place(block, block)
            )
            missing = " if s is None: refuse(None)"
            self.module.add([f"def {name}(s, found):", missing, *block.lines, f" return {result}"])
        return name
