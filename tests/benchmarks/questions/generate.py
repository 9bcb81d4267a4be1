"""Questions: operations that use every argument of the schema, in every way that the samples give."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from graphql import GraphQLArgument, GraphQLSchema, get_nullable_type, is_required_argument

from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.questions.arguments import CURSOR, Sample, Samples, list_samples
from tests.benchmarks.questions.positions import Position, Step, find_positions
from tests.benchmarks.questions.selections import View, list_views

_PAGE_ARGUMENTS = ("first", "after", "last", "before", "offset")
_ROOT = "Query"


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its variables. Its name has the way to the field, the optional arguments, and the selection.

    Questions that differ in arguments alone have the same query, as those of one page of an application have.
    """

    name: str
    query: str
    variables: Mapping[str, Json]
    records: int = 0
    """The number of records that are part of the answer, beside the returned rows."""
    is_plural: bool = False
    """Whether it is about each clinic of a list."""
    cursors: "Question | None" = None
    """A question for the cursor in the middle of the same list, which variables that are `CURSOR` need."""


@dataclass(frozen=True, slots=True)
class SampleTable:
    """What the generator has to know of the arguments and the data."""

    values: Samples
    path_arguments: Mapping[str, Document]
    """Optional arguments of fields on the way to others, by coordinate."""
    detours: frozenset[str]
    """Root fields that lead to every type."""
    exclusive: frozenset[frozenset[str]]
    """Pairs of arguments that the gateway refuses together."""


def generate_questions(schema: GraphQLSchema, table: SampleTable) -> list[Question]:
    """Return questions for each root field, and each other field with arguments.

    Each argument is there alone with each of its values. Pairs of arguments are there for lists and root fields,
    with their first values, and with the first two of a list's filter. Raises MissingSample.
    """
    found: dict[str, Question] = {}
    for position in find_positions(schema, table.detours):
        for question in _Generator(table, position).generate():
            found.setdefault(question.name, question)
    return [*found.values()]


Given = Mapping[str, Sample]


class _Generator:
    """The questions of one field in one position."""

    def __init__(self, table: SampleTable, position: Position) -> None:
        self._table, self._position = table, position
        arguments = position.field.args
        samples = {
            name: list_samples(table.values, argument.type, f"{position.coordinate}({name}:)", name)
            for name, argument in arguments.items()
        }
        self._required = {name: samples[name] for name, each in arguments.items() if is_required_argument(each)}
        self._optional = {name: each for name, each in samples.items() if name not in self._required}
        if position.is_plural:
            # A cursor belongs to one list.
            self._optional = {
                name: each for name, each in self._optional.items() if each and each[0].value != CURSOR
            }

    def generate(self) -> Iterator[Question]:
        views = list_views(self._position.field)
        base = {name: samples[0] for name, samples in self._required.items()}
        for name, samples in self._required.items():
            for sample in samples[1:]:
                yield self._build({**base, name: sample}, views[0])
        for view in views:
            yield self._build(base, view)
        for given in self._list_given():
            for view in views:
                if not view.is_part and (view.is_page or given.keys().isdisjoint(_PAGE_ARGUMENTS)):
                    yield self._build({**base, **given}, view)

    def _list_given(self) -> Iterator[Given]:
        """Yield the optional arguments of each question."""
        for name, samples in self._optional.items():
            yield from ({name: sample} for sample in samples)
        is_list = not set(_PAGE_ARGUMENTS).isdisjoint(self._optional)
        if not (is_list or self._position.owner == _ROOT):
            return
        for names in combinations(self._optional, 2):
            # A filter of a list changes which index has the page.
            counts = (2 if is_list and name not in _PAGE_ARGUMENTS else 1 for name in names)
            first = (self._optional[name][:count] for name, count in zip(names, counts, strict=True))
            for pair in product(*first):
                if not self._is_refused(names, pair):
                    yield dict(zip(names, pair, strict=True))

    def _is_refused(self, names: Sequence[str], samples: Sequence[Sample]) -> bool:
        given = {*names, *(key for sample in samples for key in sample.also)}
        return any(frozenset(pair) in self._table.exclusive for pair in combinations(given, 2))

    def _build(self, given: Given, view: View) -> Question:
        position, variables = self._position, _Variables()
        path = [self._write_step(step, variables) for step in position.path]
        values = {name: sample.value for name, sample in given.items()}
        also = {name: value for sample in given.values() for name, value in sample.also.items()}
        values = {**also, **values}
        call = variables.write(position.name, position.field.args, values)
        shown = {name: sample for name, sample in given.items() if name not in self._required}
        shown |= {name: each for name, each in given.items() if each is not self._required.get(name, [None])[0]}
        text = ", ".join(f"{name}: {sample.text}" for name, sample in shown.items())
        name = position.label + (f"({text})" if text else "") + (f".{view.name}" if view.name else "")
        return Question(
            name,
            variables.nest(path, f"{call}{view.selection}"),
            variables.values,
            sum(sample.records for sample in given.values()),
            position.is_plural,
            self._build_cursors(values) if CURSOR in values.values() else None,
        )

    def _build_cursors(self, values: Mapping[str, Json]) -> Question:
        """Return the question for the cursor after as many entries as `offset` skips, where the list has it."""
        position, variables = self._position, _Variables()
        path = [self._write_step(step, variables) for step in position.path]
        filters = {name: value for name, value in values.items() if name not in _PAGE_ARGUMENTS}
        offset = {name: each[0].value for name, each in self._optional.items() if name == "offset"}
        call = variables.write(position.name, position.field.args, {**filters, "first": 1, **offset})
        query = variables.nest(path, f"{call} {{ pageInfo {{ endCursor }} }}")
        return Question(f"cursors of {position.label}", query, variables.values)

    def _write_step(self, step: Step, variables: "_Variables") -> tuple[str, str]:
        """Return the call of a field on the way, and the condition for the type of its object."""
        values = {
            name: list_samples(self._table.values, argument.type, f"{step.coordinate}({name}:)", name)[0].value
            for name, argument in step.field.args.items()
            if is_required_argument(argument)
        }
        values |= self._table.path_arguments.get(step.coordinate, {})
        call = variables.write(step.name, step.field.args, values)
        return call, f"... on {step.type.name}" if step.has_condition else ""


class _Variables:
    """The variables of an operation, and its parts that use them."""

    def __init__(self) -> None:
        self.values: dict[str, Json] = {}
        self._definitions: dict[str, str] = {}

    def write(self, name: str, arguments: Mapping[str, GraphQLArgument], values: Mapping[str, Json]) -> str:
        """Return a field with a variable for each of these arguments. Those without a value stay absent."""
        passed = []
        for key, argument in arguments.items():
            variable = f"{name}_{key}" if key in self._definitions else key
            type_ = argument.type if is_required_argument(argument) else get_nullable_type(argument.type)
            self._definitions[variable] = f"${variable}: {type_}"
            passed.append(f"{key}: ${variable}")
            if key in values:
                self.values[variable] = values[key]
        return f"{name}({', '.join(passed)})" if passed else name

    def nest(self, path: Sequence[tuple[str, str]], inner: str) -> str:
        """Return the operation with the fields of the path around the inner one."""
        for call, condition in reversed(path):
            inner = f"{call} {{ {condition} {{ {inner} }} }}" if condition else f"{call} {{ {inner} }}"
        definitions = f"query ({', '.join(self._definitions.values())}) " if self._definitions else ""
        return f"{definitions}{{ {inner} }}"
