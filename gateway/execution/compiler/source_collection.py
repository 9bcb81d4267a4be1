"""Generates the functions of a plan that collect the sources of its stages.

For `{ integrations { nodes { useCases { totalCount } } } }`, where `useCases` is stage 0, they are, in short::

    def c1(s, sources):
     sources[0].append(s)
    def c0(x, sources):
     for x2 in x.nodes:
      c1(x2, sources)
"""

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.execution.compiler.selection import SelectedField, SelectedObjects
from gateway.execution.compiler.source_text import CodeBlock, GeneratedModule


class CollectFunctionBuilder:
    """Generates the functions of one plan that collect the sources of stages."""

    def __init__(self, module: GeneratedModule) -> None:
        self._module = module
        self.names_by_stage: dict[int, str] = {}
        """The functions that take a value loaded for a stage, and collect the sources of the stages below."""

    def add_value_function(self, type_: GraphQLOutputType, below: SelectedObjects | None) -> str | None:
        """Add a function that takes a value of this type; return its name, or None without stages below."""
        if below is None or not below.has_stages:
            return None
        name, block = self._module.create_name("c"), CodeBlock()
        self._write_collect(type_, "x", below, block)
        self._module.add_lines([f"def {name}(x, sources):", *block.lines])
        return name

    def _write_collect(
        self, type_: GraphQLOutputType, value: str, below: SelectedObjects, block: CodeBlock
    ) -> None:
        if not isinstance(type_, GraphQLNonNull):
            name = self._module.create_name("x")
            block.add_line(f"{name} = {value}")
            self._write_collect(GraphQLNonNull(type_), name, below, block.open_inner(f"if {name} is not None:"))
        elif isinstance(type_.of_type, GraphQLList):
            item = self._module.create_name("x")
            self._write_collect(type_.of_type.of_type, item, below, block.open_inner(f"for {item} in {value}:"))
        else:
            block.add_line(f"{self._add_objects_function(below)}({value}, sources)")

    def _add_objects_function(self, objects: SelectedObjects) -> str:
        functions = {
            type_: self._add_type_function(
                [entry for entry in entries if not isinstance(entry, str) and entry.has_stages]
            )
            for type_, entries in objects.fields_by_type.items()
        }
        if objects.resolve_type is None:
            return next(iter(functions.values()))
        name, table = self._module.create_name("c"), self._module.create_name("t")
        members = ", ".join(f"{type_!r}: {function}" for type_, function in functions.items())
        call = f" {table}[{self._module.bind(objects.resolve_type)}(s)](s, sources)"
        self._module.add_lines([f"{table} = {{{members}}}", f"def {name}(s, sources):", call])
        return name

    def _add_type_function(self, fields: list[SelectedField]) -> str:
        name, block = self._module.create_name("c"), CodeBlock()
        for entry in fields:
            if entry.stage_index is not None:
                block.add_line(f"sources[{entry.stage_index}].append(s)")
                # Sources below are collected from the loaded values.
                below = self.add_value_function(entry.type, entry.objects)
                if below is not None:
                    self.names_by_stage[entry.stage_index] = below
            elif entry.objects is not None:
                self._write_collect(
                    entry.type, entry.write_resolver_call("s", self._module.bind), entry.objects, block
                )
        self._module.add_lines([f"def {name}(s, sources):", *block.lines, " return"])
        return name
