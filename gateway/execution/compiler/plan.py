"""Plans: a root field with all that is selected below it, compiled."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from graphql import GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues

from gateway.execution.compiler.chunked_output import SIZE, Slices, pause, slices
from gateway.execution.compiler.functions import Compiler, NotPlain, Stage
from gateway.execution.compiler.selection import Attributes, Collect, Sources
from gateway.execution.fields import Batch
from gateway.execution.inputs.arguments import Arguments


class Plan:
    """A root field with all that is selected below it, compiled."""

    def __init__(self, executor: Executor[Any], type_: GraphQLOutputType, details: FieldDetailsList) -> None:
        compiler = Compiler(executor)
        self._completer = compiler.completer(type_, details)
        self.stages = compiler.stages
        by_depth = groupby(sorted(range(len(self.stages)), key=self._depth), self._depth)
        self._levels = [[*level] for _, level in by_depth]
        self._arguments = [
            Arguments(executor.schema, stage.definition, stage.field, stage.node) for stage in compiler.stages
        ]
        self.attributes = compiler.attributes
        """What is read of the objects that the field's value consists of; None for all."""

    def _depth(self, index: int) -> int:
        """How many stages a stage is below."""
        above = self.stages[index].above
        return 0 if above < 0 else self._depth(above) + 1

    def _asking(self, index: int, variables: VariableValues, sources: Sequence[object]) -> "_Asking":
        stage = self.stages[index]
        arguments = stage.field.arguments_of(self._arguments[index].values(variables))
        return _Asking(index, stage, arguments, sources)

    async def complete(self, context: Any, variables: VariableValues, value: object) -> object:  # noqa: ANN401
        """The response data of the field's value. Raises whatever keeps it from being plain.

        `context` is the operation's: see the package for what it has to offer.
        """
        sources: list[list[object]] = [[] for _ in self.stages]
        found: list[Callable[[object], object]] = [_nothing for _ in self.stages]
        rows = 0
        if self._completer.collect is not None:
            self._completer.collect(value, sources)
        # Stages come after those above them, which are to tell their sources, and side by side they ask together.
        for level in self._levels:
            asking = [self._asking(index, variables, sources[index]) for index in level if sources[index]]
            answers, count = await _answers(context, asking)
            rows += count
            for each, answer in zip(asking, answers, strict=True):
                found[each.place] = answer
                if each.stage.collect is not None:
                    await _collect(each.stage.collect, answer, each.sources, sources)
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


class _Asking(NamedTuple):
    """A stage that is to be answered."""

    place: int
    stage: Stage
    arguments: object
    sources: Sequence[object]


_Name: TypeAlias = tuple[Batch, tuple[Hashable, ...]]
"""A batch and what its requests have in common."""


async def _answers(
    context: Any,  # noqa: ANN401 (the operation's)
    asking: Sequence[_Asking],
) -> tuple[Sequence[Callable[[object], object]], int]:
    """What gives the values of each of these stages: one batch for all requests that differ only in their key.

    Also how many rows those are, where they are lists.
    """
    batches: dict[_Name, dict[Hashable, None]] = defaultdict(dict)
    attributes: dict[_Name, Attributes] = defaultdict(Attributes)
    for each in asking:
        for name, keys in (await _requests(each)).items():
            batches[name] |= keys
            attributes[name].add(each.stage.attributes)
    found = {
        (batch, further): await context.load_many(batch, [*keys], further, attributes[batch, further].known())
        for (batch, further), keys in batches.items()
    }
    lists = (value for each in found.values() for value in each.values())
    rows = sum(len(value) for value in lists if type(value) is list)
    return [_answer(each, found) for each in asking], rows


async def _requests(asking: _Asking) -> dict[_Name, dict[Hashable, None]]:
    """The keys of a stage's requests."""
    request, arguments = asking.stage.field.request, asking.arguments
    batches: dict[_Name, dict[Hashable, None]] = {}
    for part in slices(asking.sources):
        for source in part:
            asked = request(source, arguments)
            if asked is not None:
                batches.setdefault((asked.batch, asked.arguments), {})[asked.key] = None
        if len(asking.sources) > SIZE:
            await pause()
    return batches


def _answer(asking: _Asking, found: Mapping[_Name, Mapping[Hashable, object]]) -> Callable[[object], object]:
    request, shape, arguments = asking.stage.field.request, asking.stage.field.shape, asking.arguments

    def answer(source: object) -> object:
        asked = request(source, arguments)
        if asked is None:
            return shape(None, source, arguments)
        value = found[asked.batch, asked.arguments].get(asked.key)
        if isinstance(value, Exception):
            raise value
        return shape(value, source, arguments)

    return answer
