"""Generated functions that collect the sources of stages."""

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.execution.compiler.expressions import whole_value
from gateway.execution.compiler.selection import Entry, Objects
from gateway.execution.compiler.source_text import Block, Module


class Collection:
    """The functions of one plan that collect; `of_stages` are those over what a stage found."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self.of_stages: dict[int, str] = {}

    def collecting(self, type_: GraphQLOutputType, below: Objects | None) -> str | None:
        """The name of a function that collects from a value of this type; None where there is nothing."""
        if below is None or not below.collects:
            return None
        name, block = self._module.name("c"), Block()
        self._collect(type_, "x", below, block)
        self._module.add([f"def {name}(x, sources):", *block.lines])
        return name

    def _collect(self, type_: GraphQLOutputType, value: str, below: Objects, block: Block) -> None:
        if not isinstance(type_, GraphQLNonNull):
            name = self._module.name("x")
            block.add(f"{name} = {value}")
            self._collect(GraphQLNonNull(type_), name, below, block.inner(f"if {name} is not None:"))
        elif isinstance(type_.of_type, GraphQLList):
            item = self._module.name("x")
            self._collect(type_.of_type.of_type, item, below, block.inner(f"for {item} in {value}:"))
        else:
            block.add(f"{self._function(below)}({value}, sources)")

    def _function(self, objects: Objects) -> str:
        functions = {
            type_: self._of_type([entry for entry in entries if not isinstance(entry, str) and entry.collects])
            for type_, entries in objects.entries.items()
        }
        if objects.tell_type is None:
            return next(iter(functions.values()))
        name, table = self._module.name("c"), self._module.name("t")
        members = ", ".join(f"{type_!r}: {function}" for type_, function in functions.items())
        call = f" {table}[{self._module.bind(objects.tell_type)}(s)](s, sources)"
        self._module.add([f"{table} = {{{members}}}", f"def {name}(s, sources):", call])
        return name

    def _of_type(self, entries: list[Entry]) -> str:
        name, block = self._module.name("c"), Block()
        for entry in entries:
            if entry.stage is not None:
                block.add(f"sources[{entry.stage}].append(s)")
                # What is below is collected from what was found, when it was.
                below = self.collecting(entry.type, entry.below)
                if below is not None:
                    self.of_stages[entry.stage] = below
            elif entry.below is not None:
                self._collect(entry.type, whole_value(entry, "s", self._module.bind), entry.below, block)
        self._module.add([f"def {name}(s, sources):", *block.lines, " return"])
        return name
