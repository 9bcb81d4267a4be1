"""Plans: a root field with all that is selected below it, compiled."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from graphql import Executor, GraphQLOutputType, VariableValues

from gateway.execution._private import FieldDetailsList
from gateway.execution.compiler.chunked_output import CHUNK_SIZE, ChunkedStageResults, pause, split_chunks
from gateway.execution.compiler.functions import Compiler
from gateway.execution.compiler.selection import CollectFunction, ReadAttributes, Stage, StageSources
from gateway.execution.fallbacks import FallbackNeeded
from gateway.execution.fields import BatchLoader
from gateway.execution.inputs import FieldArguments


class Plan:
    """A root field with all that is selected below it, compiled."""

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
        self.attributes = compiler.attributes
        """What is read of the objects that the field's value consists of; None for all."""

    def _get_depth(self, index: int) -> int:
        """How many stages a stage is below."""
        parent_index = self.stages[index].parent_index
        return 0 if parent_index < 0 else self._get_depth(parent_index) + 1

    def _build_stage_call(self, index: int, variables: VariableValues, sources: Sequence[object]) -> "_StageCall":
        stage = self.stages[index]
        arguments = stage.field.resolve_arguments(self._arguments[index].coerce(variables))
        return _StageCall(index, stage, arguments, sources)

    async def complete(self, context: Any, variables: VariableValues, value: object) -> object:  # noqa: ANN401
        """The response data of the field's value. Raises whatever keeps it from being plain.

        `context` is the operation's: see the package for what it has to offer.
        """
        sources: list[list[object]] = [[] for _ in self.stages]
        found: list[Callable[[object], object]] = [_raise_fallback for _ in self.stages]
        rows = 0
        if self._selection.collect is not None:
            self._selection.collect(value, sources)
        # Stages come after those above them, which are to tell their sources, and side by side they ask together.
        for level in self._levels:
            asking = [
                self._build_stage_call(index, variables, sources[index]) for index in level if sources[index]
            ]
            answers, count = await _load_stages(context, asking)
            rows += count
            for each, answer in zip(asking, answers, strict=True):
                found[each.stage_index] = answer
                if each.stage.collect is not None:
                    await _collect_sources(each.stage.collect, answer, each.sources, sources)
        if rows > CHUNK_SIZE:
            return await self._selection.compile_chunked()(value, ChunkedStageResults(found))
        return self._selection.build_data(value, found)


async def _collect_sources(
    collect: CollectFunction, found: Callable[[object], object], parents: Sequence[object], sources: StageSources
) -> None:
    """Collect the sources below what was found of these; the loop gets its turn where that is much."""
    for source in parents:
        value = found(source)
        if not (type(value) is list and len(value) > CHUNK_SIZE):
            collect(value, sources)
            continue
        for part in split_chunks(value):
            collect(part, sources)
            await pause()


def _raise_fallback(_source: object) -> object:
    raise FallbackNeeded


class _StageCall(NamedTuple):
    """A stage that is to be answered."""

    stage_index: int
    stage: Stage
    arguments: object
    sources: Sequence[object]


_BatchKey: TypeAlias = tuple[BatchLoader, tuple[Hashable, ...]]
"""A batch and what its requests have in common."""


async def _load_stages(
    context: Any,  # noqa: ANN401 (the operation's)
    calls: Sequence[_StageCall],
) -> tuple[Sequence[Callable[[object], object]], int]:
    """What gives the values of each of these stages: one batch for all requests that differ only in their key.

    Also how many rows those are, where they are lists.
    """
    batches: dict[_BatchKey, dict[Hashable, None]] = defaultdict(dict)
    attributes: dict[_BatchKey, ReadAttributes] = defaultdict(ReadAttributes)
    for each in calls:
        for name, keys in (await _group_requests(each)).items():
            batches[name] |= keys
            attributes[name].add(each.stage.attributes)
    found = {
        (batch, further): await context.load_many(batch, [*keys], further, attributes[batch, further].get_names())
        for (batch, further), keys in batches.items()
    }
    lists = (value for each in found.values() for value in each.values())
    rows = sum(len(value) for value in lists if type(value) is list)
    return [_build_lookup(each, found) for each in calls], rows


async def _group_requests(call: _StageCall) -> dict[_BatchKey, dict[Hashable, None]]:
    """The keys of a stage's requests."""
    build_request, arguments = call.stage.field.build_request, call.arguments
    batches: dict[_BatchKey, dict[Hashable, None]] = {}
    for part in split_chunks(call.sources):
        for source in part:
            asked = build_request(source, arguments)
            if asked is not None:
                batches.setdefault((asked.loader, asked.arguments), {})[asked.key] = None
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
