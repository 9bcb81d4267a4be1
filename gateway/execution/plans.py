"""Plans: a root field with all that is selected below it, compiled."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from graphql import GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues

from gateway.execution.arguments import Arguments
from gateway.execution.projection import Compiler, NotPlain, Stage
from gateway.execution.selection import Collect, Sources
from gateway.execution.slices import SIZE, Slices, pause, slices


class Plan:
    """A root field with all that is selected below it, compiled."""

    def __init__(self, executor: Executor[Any], type_: GraphQLOutputType, details: FieldDetailsList) -> None:
        compiler = Compiler(executor)
        self._completer = compiler.completer(type_, details)
        self.stages = compiler.stages
        self._arguments = [
            Arguments(executor.schema, stage.definition, stage.field, stage.node) for stage in compiler.stages
        ]
        self.attributes = compiler.attributes
        """What is read of the objects that the field's value consists of; None for all."""

    async def complete(self, context: Any, variables: VariableValues, value: object) -> object:  # noqa: ANN401
        """The response data of the field's value. Raises whatever keeps it from being plain.

        `context` is the operation's: see the package for what it has to offer.
        """
        sources: list[list[object]] = [[] for _ in self.stages]
        found: list[Callable[[object], object]] = [_nothing for _ in self.stages]
        rows = 0
        if self._completer.collect is not None:
            self._completer.collect(value, sources)
        # A stage comes after those above it, and so after all that are to tell its sources.
        for index, stage in enumerate(self.stages):
            if sources[index]:
                arguments = stage.field.arguments_of(self._arguments[index].values(variables))
                found[index], count = await _answers(context, stage, arguments, sources[index])
                rows += count
                if stage.collect is not None:
                    await _collect(stage.collect, found[index], sources[index], sources)
        if rows > SIZE:
            return await self._completer.project_in_slices()(value, Slices(found))
        return self._completer.project(value, found)


async def _collect(
    collect: Collect, found: Callable[[object], object], of: Sequence[object], sources: Sources
) -> None:
    """Collect the sources below what was found of these; the loop gets its turn where that is much."""
    for source in of:
        value = found(source)
        if not (type(value) is list and len(value) > SIZE):
            collect(value, sources)
            continue
        for part in slices(value):
            collect(part, sources)
            await pause()


def _nothing(_source: object) -> object:
    raise NotPlain


async def _answers(
    context: Any,  # noqa: ANN401 (the operation's)
    stage: Stage,
    arguments: object,
    sources: Sequence[object],
) -> tuple[Callable[[object], object], int]:
    """What gives a batched field's values: one batch for all requests that differ only in their key.

    Also how many rows those are, where they are lists.
    """
    request, shape = stage.field.request, stage.field.shape
    batches: dict[tuple[Any, tuple[Hashable, ...]], dict[Hashable, None]] = {}
    for part in slices(sources):
        for source in part:
            asked = request(source, arguments)
            if asked is not None:
                batches.setdefault((asked.batch, asked.arguments), {})[asked.key] = None
        if len(sources) > SIZE:
            await pause()
    found = {
        (batch, further): await context.load_many(batch, [*keys], further, stage.attributes)
        for (batch, further), keys in batches.items()
    }

    def answer(source: object) -> object:
        asked = request(source, arguments)
        if asked is None:
            return shape(None, source, arguments)
        return shape(found[asked.batch, asked.arguments].get(asked.key), source, arguments)

    lists = (value for each in found.values() for value in each.values())
    return answer, sum(len(value) for value in lists if type(value) is list)
