"""Operations that were executed before: from the text of a document straight to its plans.

An operation whose root fields all have plans needs no parsing, validation or execution the next time: its
variables are coerced, its root fields' resolvers are called, and what they give is projected. Whatever does not go
well is nobody's business here: the operation is then executed the ordinary way, from its beginning, which tells
what is wrong. So only queries are known: to repeat their beginning does no harm.
"""

from asyncio import create_task, gather, wait
from collections import OrderedDict
from collections.abc import Coroutine, Hashable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, ClassVar, cast

from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    OperationType,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from gateway.exchanges import Operation, current
from gateway.execution.arguments import Arguments, Variables
from gateway.execution.executor import Plan, PlanningExecutor
from gateway.execution.projection import NotPlain

_MAX_KNOWN = 512
_MAX_CHARACTERS = 4_000_000
"""Of the texts of all documents that are known."""

_MAX_VARIANTS = 16
"""Of one operation, by what its conditions read."""

Name = tuple[GraphQLSchema, str, str | None]
"""A schema, the text of a document, and the operation of it that is meant."""


class RootField:
    """A root field of a known operation."""

    def __init__(
        self,
        executor: PlanningExecutor,
        response_key: str,
        definition: GraphQLField,
        details: FieldDetailsList,
        plan: Plan,
    ) -> None:
        field: StrawberryField = definition.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        query_type = executor.schema.query_type
        assert query_type is not None  # noqa: S101 (it has this field)
        nodes = [detail.node for detail in details]
        path = Path(None, response_key, query_type.name)
        self.response_key, self.plan = response_key, plan
        self._is_nullable = not isinstance(definition.type, GraphQLNonNull)
        self._field, self._arguments = field, Arguments(executor.schema, definition, field, nodes[0])
        self._info = executor.build_resolve_info(definition, nodes, query_type, path)._replace(context=None)
        resolver = field.base_resolver
        self._info_name = resolver.info_parameter.name if resolver and resolver.info_parameter else None

    @staticmethod
    def is_direct(field: object) -> bool:
        """Whether nothing stands between a field and its resolver, which takes arguments and maybe an info."""
        resolver = field.base_resolver if isinstance(field, StrawberryField) else None
        return (
            isinstance(field, StrawberryField)
            and resolver is not None
            and not (field.extensions or field.permission_classes or resolver.self_parameter)
            and resolver.root_parameter is None
            and resolver.parent_parameter is None
        )

    async def complete(self, context: Any, variables: VariableValues) -> object:  # noqa: ANN401 (the operation's)
        """The field's response data. Raises whatever keeps it from being plain."""
        arguments = self._arguments.values(variables)
        raw = self._info._replace(context=context, variable_values=cast(Any, variables.coerced))
        info = Info(_raw_info=raw, _field=self._field)
        if self._info_name is not None:
            arguments[self._info_name] = info
        value = self._field.get_result(None, info=info, args=[], kwargs=arguments)
        if isawaitable(value):
            value = await value
        if value is not None:
            return await self.plan.complete(context, variables, value)
        if self._is_nullable:
            return None
        raise NotPlain


class KnownOperation:
    """An operation with plans, for one set of values of the variables that its conditions read."""

    def __init__(self, fields: list[RootField], noted: Operation) -> None:
        self._fields, self._noted = fields, noted
        self._attributes = _all_of([field.plan.attributes for field in fields])
        self._may_read_once = len(fields) == 1 and not fields[0].plan.stages
        self._reads_once = False

    async def data(self, context: Any, variables: VariableValues) -> dict[str, Any]:  # noqa: ANN401
        """The operation's data. Raises whatever keeps it from being plain."""
        current.get().operation = self._noted
        context.expect(self._attributes, once=self._reads_once)
        try:
            if len(self._fields) == 1:
                (field,) = self._fields
                return {field.response_key: await field.complete(context, variables)}
            found = await _together([field.complete(context, variables) for field in self._fields])
            return {field.response_key: value for field, value in zip(self._fields, found, strict=True)}
        finally:
            self._may_read_once = self._may_read_once and context.reads <= 1
            self._reads_once = self._may_read_once and context.reads == 1


async def _together(fields: Sequence[Coroutine[Any, Any, object]]) -> Sequence[object]:
    """What fields give that run at once, so that they load together; none runs on when one fails."""
    # Not a TaskGroup: in Python 3.11 and 3.12 it leaves a mark of its own cancellation on the task around it.
    tasks = [create_task(field) for field in fields]
    try:
        return await gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await wait(tasks)


def _all_of(attributes: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """All attributes that any reads; None when one reads all there are."""
    return None if None in attributes else frozenset[str]().union(*filter(None, attributes))


@dataclass(slots=True)
class _Known:
    """A document's operation: its variables, and what is known of it by the values that its conditions read."""

    variables: Variables
    conditions: Sequence[str]
    operations: dict[tuple[Hashable, ...], KnownOperation]


class KnownOperations:
    """What is known of the operations that were asked, those asked last."""

    def __init__(self) -> None:
        self._known: OrderedDict[Name, _Known] = OrderedDict()
        self._characters = 0

    async def answer(
        self,
        name: Name,
        variables: dict[str, Any],
        context: Any,  # noqa: ANN401 (the operation's)
    ) -> dict[str, Any] | None:
        """The data of a known operation; None for another, and where its plans cannot give it."""
        known = self._known.get(name)
        if known is None:
            return None
        self._known.move_to_end(name)
        values = known.variables.values(variables)
        if values is None:
            return None
        operation = known.operations.get(tuple([values.coerced.get(name) for name in known.conditions]))
        if operation is None:
            return None
        try:
            return await operation.data(context, values)
        except Exception:  # noqa: BLE001 (whatever it is, the ordinary way meets it again and says it)
            return None

    def learn(self, executor: PlanningExecutor) -> None:
        """Know from now on the operation that an executor is about to execute, if it has plans."""
        operation = _operation(executor)
        if operation is None or executor.name is None:
            return
        known = self._known.get(executor.name)
        if known is None:
            variables = Variables(executor.schema, executor.operation.variable_definitions or ())
            known = _Known(variables, executor.condition_names(), {})
            self._known[executor.name] = known
            self._characters += len(executor.name[1])
        if len(known.operations) < _MAX_VARIANTS:
            known.operations[executor.conditions] = operation
        while len(self._known) > _MAX_KNOWN or self._characters > _MAX_CHARACTERS:
            (_, text, _), _ = self._known.popitem(last=False)
            self._characters -= len(text)


def _operation(executor: PlanningExecutor) -> KnownOperation | None:
    """The operation of an executor as plans; None where a root field has none."""
    query_type = executor.schema.query_type
    if query_type is None or executor.operation.operation is not OperationType.QUERY:
        return None
    collected = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, query_type, executor.operation
    )
    fields = []
    for response_key, details in collected.grouped_field_set.items():
        definition = query_type.fields.get(details[0].node.name.value)
        plan = None if definition is None else executor.plan(definition.type, details)
        if definition is None or plan is None:
            return None
        if not RootField.is_direct(definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)):
            return None
        fields.append(RootField(executor, response_key, definition, details, plan))
    return KnownOperation(fields, executor.noted)


class CompilingExecutor(PlanningExecutor):
    """The executor that knows again what it has executed."""

    _executed: ClassVar = KnownOperations()

    @classmethod
    async def known(
        cls,
        schema: GraphQLSchema,
        query: str,
        operation_name: str | None,
        variables: dict[str, Any],
        context: Any,  # noqa: ANN401
    ) -> dict[str, Any] | None:
        """The data of an operation that was executed before; None when it is to be executed."""
        return await cls._executed.answer((schema, query, operation_name), variables, context)

    def execute_operation(
        self, serially: bool | None = None
    ) -> AwaitableOrValue[ExecutionResult | ExperimentalIncrementalExecutionResults]:
        """Execute the operation, and know it from now on."""
        current.get().operation = self.noted
        if getattr(self.context_value, "compiles_selections", False):
            self._executed.learn(self)
        return super().execute_operation(serially)
