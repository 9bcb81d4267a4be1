"""Plans: the compiled selection of a root field.

A plan completes the value of a root field in three steps: collect the sources of batched fields, load the batches
level by level, and build the response data.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from graphql import Executor, GraphQLOutputType, VariableValues

from gateway.execution._private import FieldDetailsList
from gateway.execution.compiler.chunked_output import CHUNK_SIZE, ChunkedStageResults, pause, split_chunks
from gateway.execution.compiler.functions import Compiler
from gateway.execution.compiler.selection import CollectFunction, ColumnCollector, Stage, StageSources
from gateway.execution.fallbacks import FallbackNeeded
from gateway.execution.fields import BatchLoader
from gateway.execution.inputs import FieldArguments


class Plan:
    """The compiled selection of a root field. Raises FallbackNeeded if the selection does not compile."""

    def __init__(
        self,
        executor: Executor[Any],
        type_: GraphQLOutputType,
        details: FieldDetailsList,
        report_row_error: Callable[[Exception], None],
    ) -> None:
        compiler = Compiler(executor, report_row_error)
        self._selection = compiler.compile_selection(type_, details)
        self.stages = compiler.stages
        by_depth = groupby(sorted(range(len(self.stages)), key=self._get_depth), self._get_depth)
        self._levels = [[*level] for _, level in by_depth]
        self._arguments = [
            FieldArguments(executor.schema, stage.definition, stage.field, stage.node) for stage in compiler.stages
        ]
        self.columns = compiler.columns
        """The columns that are read of the rows in the field's value; None for any."""

    def _get_depth(self, index: int) -> int:
        """Return the number of stages above a stage."""
        parent_index = self.stages[index].parent_index
        return 0 if parent_index < 0 else self._get_depth(parent_index) + 1

    def _build_stage_call(
        self,
        index: int,
        context: Any,  # noqa: ANN401 (the operation's)
        variables: VariableValues,
        sources: Sequence[object],
    ) -> "_StageCall":
        stage = self.stages[index]
        arguments = stage.field.resolve_arguments(self._arguments[index].coerce(variables), context)
        return _StageCall(index, stage, arguments, sources)

    async def complete(self, context: Any, variables: VariableValues, value: object) -> object:  # noqa: ANN401
        """Return the response data of a value. Raises any exception if the normal executor has to answer.

        See `gateway.execution` for the attributes that `context` must have.
        """
        sources: list[list[object]] = [[] for _ in self.stages]
        found: list[Callable[[object], object]] = [_raise_fallback for _ in self.stages]
        row_count = 0
        if self._selection.collect is not None:
            self._selection.collect(value, sources)
        # A stage's sources come from the stage above it. Stages of one level load together.
        for level in self._levels:
            calls = [
                self._build_stage_call(index, context, variables, sources[index])
                for index in level
                if sources[index]
            ]
            lookups, count = await _load_stages(context, calls)
            row_count += count
            for call, look_up in zip(calls, lookups, strict=True):
                found[call.stage_index] = look_up
                if call.stage.collect is not None:
                    await _collect_sources(call.stage.collect, look_up, call.sources, sources)
        average = context.answer.average_row_bytes
        if row_count > CHUNK_SIZE or average:
            results = ChunkedStageResults(found, average, context.answer.check)
            return await self._selection.compile_chunked()(value, results)
        return self._selection.build_data(value, found)


async def _collect_sources(
    collect: CollectFunction, look_up: Callable[[object], object], parents: Sequence[object], sources: StageSources
) -> None:
    """Collect the sources of the stages below; yield to the event loop between chunks of long lists."""
    for source in parents:
        value = look_up(source)
        if not (type(value) is list and len(value) > CHUNK_SIZE):
            collect(value, sources)
            continue
        for part in split_chunks(value):
            collect(part, sources)
            await pause()


def _raise_fallback(_source: object) -> object:
    raise FallbackNeeded


class _StageCall(NamedTuple):
    """A stage with the sources and arguments of one execution."""

    stage_index: int
    stage: Stage
    arguments: object
    sources: Sequence[object]


_BatchKey: TypeAlias = tuple[BatchLoader, tuple[Hashable, ...]]
"""The loader of a batch, and the arguments that its requests share."""


async def _load_stages(
    context: Any,  # noqa: ANN401 (the operation's)
    calls: Sequence[_StageCall],
) -> tuple[Sequence[Callable[[object], object]], int]:
    """Load the stages, one batch for all requests that differ only in their key.

    Return a lookup function for each stage, and the number of rows in all loaded lists.
    """
    batches: dict[_BatchKey, dict[Hashable, None]] = defaultdict(dict)
    columns: dict[_BatchKey, ColumnCollector] = defaultdict(ColumnCollector)
    for call in calls:
        for batch_key, keys in (await _group_requests(call)).items():
            batches[batch_key] |= keys
            columns[batch_key].add(call.stage.columns)
    found = {
        (loader, arguments): await context.load_many(
            loader, [*keys], arguments, columns[loader, arguments].get_names()
        )
        for (loader, arguments), keys in batches.items()
    }
    lists = (value for values in found.values() for value in values.values())
    row_count = sum(len(value) for value in lists if type(value) is list)
    return [_build_lookup(call, found) for call in calls], row_count


async def _group_requests(call: _StageCall) -> dict[_BatchKey, dict[Hashable, None]]:
    """Return the keys of a stage's requests by batch, without duplicates."""
    build_request, arguments = call.stage.field.build_request, call.arguments
    batches: dict[_BatchKey, dict[Hashable, None]] = {}
    for part in split_chunks(call.sources):
        for source in part:
            request = build_request(source, arguments)
            if request is not None:
                batches.setdefault((request.loader, request.arguments), {})[request.key] = None
        if len(call.sources) > CHUNK_SIZE:
            await pause()
    return batches


def _build_lookup(
    call: _StageCall, found: Mapping[_BatchKey, Mapping[Hashable, object]]
) -> Callable[[object], object]:
    build_request, build_value, arguments = (
        call.stage.field.build_request,
        call.stage.field.build_value,
        call.arguments,
    )

    def look_up(source: object) -> object:
        request = build_request(source, arguments)
        if request is None:
            return build_value(None, source, arguments)
        value = found[request.loader, request.arguments].get(request.key)
        if isinstance(value, Exception):
            raise value
        return build_value(value, source, arguments)

    return look_up
