"""Generates the functions of a plan that build response data.

A row's function takes the row and the lookup functions of the stages. For the selection
`{ id config { npi supervisor { version } } }` it is, in short::

    def f1(s, found):
     if s is None: refuse(None)
     try:
      d = decode(s.document_json.encode())
      o6 = {'npi': d.f0, 'supervisor': None}
      r = {'id': v if type(v := s.id) is str else refuse(v), 'config': o6}
     except DATA_ERRORS as e:
      return careful(s, found, e)
     o6['supervisor'] = None if (v := found[0](s)) is None else f5(v, found)
     return r

`careful` reads each field as its resolver does. It is generated when the first malformed document needs it.
Calls for other rows follow the `try`, so that an error there is not taken for a malformed document of this row.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, NoReturn, cast

from graphql import Executor, GraphQLOutputType
from msgspec.json import Decoder

from gateway.execution._private import FieldDetailsList
from gateway.execution.compiler.chunked_output import ChunkedStageResults, write_chunks
from gateway.execution.compiler.decoding import build_layout
from gateway.execution.compiler.expressions import (
    ExpressionWriter,
    ResolverNeeded,
    SourceVariables,
)
from gateway.execution.compiler.selection import (
    CollectFunction,
    ColumnCollector,
    SelectedField,
    SelectedObjects,
    SelectionTreeBuilder,
    Stage,
    TypeResolver,
)
from gateway.execution.compiler.source_collection import CollectFunctionBuilder
from gateway.execution.compiler.source_text import CodeBlock, CodeBlocks, GeneratedModule, Mode
from gateway.execution.fallbacks import FallbackNeeded

StageResults = Sequence[Callable[[Any], Any]]
"""For each stage, the function that returns the value of its field for a source."""
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
"""The errors of a malformed document in a row's function; those of msgspec are ValueErrors.

ColumnNotFetched is not among them, since it is a defect of the code.
"""


class CompiledSelection(NamedTuple):
    """The functions of a plan."""

    build_data: ResponseFunction
    compile_chunked: Callable[[], ChunkedResponseFunction]
    """Returns a coroutine function that writes the rows in chunks."""
    collect: CollectFunction | None


class Compiler:
    """Compiles the selection of one root field, for all executions of its operation."""

    def __init__(self, executor: Executor[Any], report_row_error: Callable[[Exception], None]) -> None:
        self._report_row_error = report_row_error
        self._tree_builder = SelectionTreeBuilder(executor)
        self.stages: list[Stage] = self._tree_builder.stages
        self.columns: frozenset[str] | None = frozenset()
        """The columns that are read of the rows in the value, down to the first stages; None for any."""

    def compile_selection(self, type_: GraphQLOutputType, details: FieldDetailsList) -> CompiledSelection:
        """Compile a selection below values of a type. Raises FallbackNeeded if it does not compile."""
        columns = ColumnCollector()
        below = self._tree_builder.build_objects(type_, details, columns)
        self.columns = columns.get_names()
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


def _refuse(_value: object) -> NoReturn:
    raise FallbackNeeded


class ResponseFunctionBuilder:
    """Generates the functions of one plan that build response data."""

    def __init__(self, module: GeneratedModule, report_row_error: Callable[[Exception], None]) -> None:
        self.module, self._report_row_error = module, report_row_error

    def add_value_function(self, type_: GraphQLOutputType, below: SelectedObjects | None, mode: Mode) -> str:
        """Add a function that takes a value of this type; return the function's name."""
        name, block = self.module.create_name("p"), CodeBlock()
        result = ExpressionWriter(self, mode).write_value(type_, "x", below, block)
        self.module.add_lines([f"{_get_def_keyword(mode)} {name}(x, found):", *block.lines, f" return {result}"])
        return name

    def get_function(self, objects: SelectedObjects, mode: Mode) -> str:
        """Return the name of the function that takes one of these objects; add it if needed.

        It is a coroutine function only if there are lists of rows below the objects.
        """
        mode = mode._replace(is_chunked=mode.is_chunked and objects.has_lists)
        name = objects.function_names.get((mode, ""))
        if name is None:
            add_function = self._add_careful_function if mode.is_careful else self._add_fast_function
            functions = {type_: add_function(objects, type_, mode) for type_ in objects.fields_by_type}
            name = objects.function_names[mode, ""] = self._add_type_dispatch(objects.resolve_type, functions)
        return name

    def _add_type_dispatch(self, resolve_type: TypeResolver | None, functions: Mapping[str, str]) -> str:
        """Add a function that calls the function of the source's type; return its name."""
        if resolve_type is None:
            return next(iter(functions.values()))
        name, table = self.module.create_name("f"), self.module.create_name("t")
        members = ", ".join(f"{type_!r}: {function}" for type_, function in functions.items())
        call = f" return {table}[{self.module.bind(resolve_type)}(s)](s, found)"
        self.module.add_lines([f"{table} = {{{members}}}", f"def {name}(s, found):", call])
        return name

    def _add_fast_function(self, objects: SelectedObjects, type_: str, mode: Mode) -> str:
        """Add the function of rows of a type; return its name.

        If an object of the document may be of several types, add a function for each, and one that selects it.
        """
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
        """Add a function that takes a decoded object; return code that calls it."""
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
