"""A selection over plain data, compiled.

Each object that is more than a part of another one's document has a generated function, which gives its response
data from the row, and from what the stages found. What turns out not to be plain within an object is given by its
careful function, which reads every field as a resolver would; that one is only generated when it is needed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, cast

from graphql import Executor, GraphQLList, GraphQLNonNull, GraphQLOutputType
from msgspec.json import Decoder

from gateway.errors import ColumnNotFetched
from gateway.execution._private import FieldDetailsList
from gateway.execution.compiler.chunked_output import ChunkedStageResults, write_chunks
from gateway.execution.compiler.decoding import build_layout
from gateway.execution.compiler.expressions import (
    ExpressionWriter,
    ResolverNeeded,
    SourceVariables,
    write_resolver_value,
)
from gateway.execution.compiler.selection import (
    CollectFunction,
    ReadAttributes,
    SelectedField,
    SelectedObjects,
    SelectionTreeBuilder,
    Stage,
    TypeResolver,
)
from gateway.execution.compiler.source_text import CodeBlock, CodeBlocks, GeneratedModule, Mode
from gateway.execution.fallbacks import FallbackNeeded

StageResults = Sequence[Callable[[Any], Any]]
"""For each stage, what gives the value of its field for a source."""
ResponseFunction = Callable[[Any, StageResults], Any]
ChunkedResponseFunction = Callable[[Any, ChunkedStageResults], Awaitable[Any]]

_DATA_ERRORS = (
    FallbackNeeded,
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""What straight code raises for data that is not as it should be; what msgspec raises is a ValueError."""


class CompiledSelection(NamedTuple):
    """How a value becomes response data, and which sources it has for the stages below."""

    build_data: ResponseFunction
    compile_chunked: Callable[[], ChunkedResponseFunction]
    """Gives what does the same for very many rows."""
    collect: CollectFunction | None


class Compiler:
    """Compiles what is selected in one operation; what it makes holds for every execution of that."""

    def __init__(self, executor: Executor[Any], report_row_error: Callable[[Exception], None]) -> None:
        self._report_row_error = report_row_error
        self._tree_builder = SelectionTreeBuilder(executor)
        self.stages: list[Stage] = self._tree_builder.stages
        self.attributes: frozenset[str] | None = frozenset()
        """What is read of the objects that the value consists of, down to the first stages; None for anything."""

    def compile_selection(self, type_: GraphQLOutputType, details: FieldDetailsList) -> CompiledSelection:
        """How values of a type are completed in one place. Raises NotPlain where that cannot be compiled."""
        attributes = ReadAttributes()
        below = self._tree_builder.build_objects(type_, details, attributes)
        self.attributes = attributes.get_names()
        module = GeneratedModule({"refuse": _refuse, "write_chunks": write_chunks, "DATA_ERRORS": _DATA_ERRORS})
        response_functions = ResponseFunctionBuilder(module, self._report_row_error)
        function_name = response_functions.add_value_function(type_, below, Mode())
        collect_functions = CollectFunctionBuilder(module)
        collect_name = collect_functions.add_value_function(type_, below)
        module.load()
        for stage, name in collect_functions.names_by_stage.items():
            self.stages[stage].collect = cast(CollectFunction, module.namespace[name])

        @cache
        def compile_chunked() -> ChunkedResponseFunction:
            name = response_functions.add_value_function(type_, below, Mode(is_chunked=True))
            module.load()
            return cast(ChunkedResponseFunction, module.namespace[name])

        return CompiledSelection(
            cast(ResponseFunction, module.namespace[function_name]),
            compile_chunked,
            cast(CollectFunction, module.namespace[collect_name]) if collect_name else None,
        )


def _refuse(_value: object) -> Any:  # noqa: ANN401 (it never returns)
    raise FallbackNeeded


class ResponseFunctionBuilder:
    """The generated functions of one plan that give response data."""

    def __init__(self, module: GeneratedModule, report_row_error: Callable[[Exception], None]) -> None:
        self.module, self._report_row_error = module, report_row_error

    def add_value_function(self, type_: GraphQLOutputType, below: SelectedObjects | None, mode: Mode) -> str:
        """The name of a function of a value of this type."""
        name, block = self.module.create_name("p"), CodeBlock()
        result = ExpressionWriter(self, mode).write_value(type_, "x", below, block)
        self.module.add_lines([f"{_get_def_keyword(mode)} {name}(x, found):", *block.lines, f" return {result}"])
        return name

    def get_function(self, objects: SelectedObjects, mode: Mode) -> str:
        """The name of the function of objects, given whole; it is no coroutine where no lists are below them."""
        mode = mode._replace(is_chunked=mode.is_chunked and objects.has_lists)
        name = objects.function_names.get((mode, ""))
        if name is None:
            add_function = self._add_careful_function if mode.is_careful else self._add_fast_function
            functions = {type_: add_function(objects, type_, mode) for type_ in objects.fields_by_type}
            name = objects.function_names[mode, ""] = self._add_type_dispatch(objects.resolve_type, functions)
        return name

    def _add_type_dispatch(self, resolve_type: TypeResolver | None, functions: Mapping[str, str]) -> str:
        """The name of a function that calls that of the source's type."""
        if resolve_type is None:
            return next(iter(functions.values()))
        name, table = self.module.create_name("f"), self.module.create_name("t")
        members = ", ".join(f"{type_!r}: {function}" for type_, function in functions.items())
        call = f" return {table}[{self.module.bind(resolve_type)}(s)](s, found)"
        self.module.add_lines([f"{table} = {{{members}}}", f"def {name}(s, found):", call])
        return name

    def _add_fast_function(self, objects: SelectedObjects, type_: str, mode: Mode) -> str:
        """The name of the function of the rows of a type, which their own type may tell from each other."""
        fields = objects.fields_by_type[type_]
        for index, entry in enumerate(fields):
            below = None if isinstance(entry, str) or entry.stage_index is not None else entry.objects
            if isinstance(entry, str) or below is None or not (below.is_in_document and below.resolve_type):
                continue
            functions = {}
            for type_name, selected in below.fields_by_type.items():
                narrowed = replace(
                    below, fields_by_type={type_name: selected}, resolve_type=None, function_names={}
                )
                narrowed_fields = [*fields[:index], replace(entry, objects=narrowed), *fields[index + 1 :]]
                functions[type_name] = self._add_row_function(objects, type_, narrowed_fields, mode)
            return self._add_type_dispatch(below.resolve_type, functions)
        return self._add_row_function(objects, type_, fields, mode)

    def _add_row_function(
        self, objects: SelectedObjects, type_: str, fields: Sequence[SelectedField | str], mode: Mode
    ) -> str:
        layout = build_layout(type_, fields)
        name, blocks = self.module.create_name("f"), CodeBlocks(CodeBlock(depth=2), CodeBlock())
        source = SourceVariables("s", "s", layout, "d")
        try:
            result = ExpressionWriter(self, mode).write_object(type_, fields, source, blocks)
        except ResolverNeeded:
            return self._add_careful_function(objects, type_, mode)
        guarded = [*blocks.guarded.lines, f"  r = {result}"]
        if layout.field_layouts:
            careful = self.module.bind(self._build_lazy_careful(objects, type_, mode))
            decode = self.module.bind(Decoder(layout.struct).decode)
            head = [" try:", f"  d = {decode}(s.document_json.encode())"]
            await_keyword = "await " if mode.is_chunked else ""
            guarded = [
                *head,
                *guarded,
                " except DATA_ERRORS as e:",
                f"  return {await_keyword}{careful}(s, found, e)",
            ]
        else:
            guarded = [line.removeprefix(" ") for line in guarded]
        header = [f"{_get_def_keyword(mode)} {name}(s, found):", " if s is None: refuse(None)"]
        self.module.add_lines([*header, *guarded, *blocks.unguarded.lines, " return r"])
        return name

    def write_decoded_call(self, objects: SelectedObjects, source: SourceVariables, mode: Mode) -> str:
        """Code that calls the function of objects that were decoded."""
        mode = mode._replace(is_chunked=mode.is_chunked and objects.has_lists)
        ((type_, fields),) = objects.fields_by_type.items()
        name, block = self.module.create_name("f"), CodeBlock()
        source, variable = replace(source, decoded_variable="d"), source.decoded_variable
        result = ExpressionWriter(self, mode).write_object(type_, fields, source, CodeBlocks(block, block))
        self.module.add_lines(
            [f"{_get_def_keyword(mode)} {name}(d, s, found):", *block.lines, f" return {result}"]
        )
        return f"{name}({variable}, {source.row_variable}, found)"

    def _build_lazy_careful(self, objects: SelectedObjects, type_: str, mode: Mode) -> Callable[..., object]:
        @cache
        def compile_once() -> ResponseFunction:
            name = self._add_careful_function(objects, type_, mode)
            self.module.load()
            return cast(ResponseFunction, self.module.namespace[name])

        def build_carefully(source: object, found: StageResults, error: Exception) -> object:
            if isinstance(error, ColumnNotFetched):
                raise error  # A defect of the code, not of the row.
            self._report_row_error(error)
            return compile_once()(source, found)

        return build_carefully

    def _add_careful_function(self, objects: SelectedObjects, type_: str, mode: Mode) -> str:
        mode = mode._replace(is_careful=True)
        name = objects.function_names.get((mode, type_))
        if name is None:
            name = objects.function_names[mode, type_] = self.module.create_name("g")
            block = CodeBlock()
            result = ExpressionWriter(self, mode).write_object(
                type_, objects.fields_by_type[type_], SourceVariables("s", "s"), CodeBlocks(block, block)
            )
            header = [f"{_get_def_keyword(mode)} {name}(s, found):", " if s is None: refuse(None)"]
            self.module.add_lines([*header, *block.lines, f" return {result}"])
        return name


def _get_def_keyword(mode: Mode) -> str:
    return "async def" if mode.is_chunked else "def"


class CollectFunctionBuilder:
    """The functions of one plan that collect; `of_stages` are those over what a stage found."""

    def __init__(self, module: GeneratedModule) -> None:
        self._module = module
        self.names_by_stage: dict[int, str] = {}

    def add_value_function(self, type_: GraphQLOutputType, below: SelectedObjects | None) -> str | None:
        """The name of a function that collects from a value of this type; None where there is nothing."""
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
                # What is below is collected from what was found, when it was.
                below = self.add_value_function(entry.type, entry.objects)
                if below is not None:
                    self.names_by_stage[entry.stage_index] = below
            elif entry.objects is not None:
                self._write_collect(
                    entry.type, write_resolver_value(entry, "s", self._module.bind), entry.objects, block
                )
        self._module.add_lines([f"def {name}(s, sources):", *block.lines, " return"])
        return name
