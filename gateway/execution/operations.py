"""Operations of a document: what they cost, and those that were executed before, straight to their plans.

An operation whose root fields all have plans needs no parsing, validation or execution the next time: its
variables are coerced, its root fields' resolvers are called, and what they give is projected. Whatever does not go
well is nobody's business here: the operation is then executed the ordinary way, from its beginning, which tells
what is wrong. So only queries are known: to repeat their beginning does no harm.
"""

from asyncio import create_task, gather, wait
from collections.abc import Callable, Coroutine, Hashable, Sequence
from inspect import isawaitable
from typing import Any, cast

from graphql import GraphQLError, GraphQLField, GraphQLNonNull, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from gateway.errors import Overloaded
from gateway.execution.compiler import Plan
from gateway.execution.compiler.functions import FallbackNeeded
from gateway.execution.inputs import FieldArguments, NotCoercible, OperationVariables
from gateway.execution.limits import OperationCost
from gateway.telemetry import RecordedOperation, current_request

_CONTEXT_INDEX = GraphQLResolveInfo._fields.index("context")
_VARIABLE_VALUES_INDEX = GraphQLResolveInfo._fields.index("variable_values")

_MAX_VARIANTS = 16
"""Of one operation, by what its conditions read."""


class RootField:
    """A root field of a known operation."""

    def __init__(
        self,
        executor: Executor[Any],
        response_key: str,
        definition: GraphQLField,
        details: FieldDetailsList,
        plan: Plan,
    ) -> None:
        field: StrawberryField = definition.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        resolver = field.base_resolver
        assert resolver is not None  # noqa: S101 (only direct fields come here)
        query_type = executor.schema.query_type
        assert query_type is not None  # noqa: S101 (it has this field)
        nodes = [detail.node for detail in details]
        path = Path(None, response_key, query_type.name)
        self.response_key, self.plan = response_key, plan
        self._is_nullable = not isinstance(definition.type, GraphQLNonNull)
        self._field, self._arguments = field, FieldArguments(executor.schema, definition, field, nodes[0])
        info = executor.build_resolve_info(definition, nodes, query_type, path)
        # Without what leads to this one execution: its context, and helpers that nothing with a plan asks for.
        self._info = info._replace(context=None, async_helpers=cast(Any, None))
        self._resolve = cast(Callable[..., object], resolver.wrapped_func)
        self._info_argument = resolver.info_parameter.name if resolver.info_parameter else None

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
        arguments = self._arguments.coerce(variables)
        # What `_replace` does, in a third of the time.
        raw: list[Any] = [*self._info]
        raw[_CONTEXT_INDEX], raw[_VARIABLE_VALUES_INDEX] = context, variables.coerced
        info = Info(_raw_info=type(self._info)._make(raw), _field=self._field)
        if self._info_argument is not None:
            arguments[self._info_argument] = info
        value = self._resolve(**arguments)
        if isawaitable(value):
            value = await value
        if value is not None:
            return await self.plan.complete(context, variables, value)
        if self._is_nullable:
            return None
        raise FallbackNeeded


class CompiledOperation:
    """An operation with plans, for one set of values of the variables that its conditions read."""

    def __init__(self, fields: list[RootField]) -> None:
        self._fields = fields
        self._attributes = _merge_attributes([field.plan.attributes for field in fields])
        self._may_be_single_statement = len(fields) == 1 and not fields[0].plan.stages
        self._is_single_statement = False

    async def execute(self, context: Any, variables: VariableValues) -> dict[str, Any]:  # noqa: ANN401
        """The operation's data. Raises whatever keeps it from being plain."""
        context.expect(self._attributes, once=self._is_single_statement)
        try:
            if len(self._fields) == 1:
                (field,) = self._fields
                return {field.response_key: await field.complete(context, variables)}
            found = await _gather_or_cancel([field.complete(context, variables) for field in self._fields])
            return {field.response_key: value for field, value in zip(self._fields, found, strict=True)}
        finally:
            self._may_be_single_statement = self._may_be_single_statement and context.reads <= 1
            self._is_single_statement = self._may_be_single_statement and context.reads == 1


async def _gather_or_cancel(fields: Sequence[Coroutine[Any, Any, object]]) -> Sequence[object]:
    """What fields give that run at once, so that they load together; none runs on when one fails."""
    # Not a TaskGroup: in Python 3.11 and 3.12 it leaves a mark of its own cancellation on the task around it.
    tasks = [create_task(field) for field in fields]
    try:
        return await gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await wait(tasks)


def _merge_attributes(attributes: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """All attributes that any reads; None when one reads all there are."""
    return None if None in attributes else frozenset[str]().union(*filter(None, attributes))


class ExecutableOperation:
    """An operation of a valid document: its price, and how it is answered where that is known.

    What is known of it is told apart by the values of the variables that its conditions read.
    """

    def __init__(
        self,
        operation_record: RecordedOperation,
        variables: OperationVariables,
        conditions: Sequence[str],
        cost: OperationCost,
    ) -> None:
        self._operation_record, self._variables = operation_record, variables
        self._conditions, self._cost = conditions, cost
        self._compiled: dict[tuple[Hashable, ...], CompiledOperation] = {}

    async def execute_compiled(self, variables: dict[str, Any], context: Any) -> dict[str, Any] | None:  # noqa: ANN401
        """The data, where it is known; None where it is not, and where its plans cannot give it.

        Raises what the context does when it is charged the price.
        """
        if not self._compiled:
            return None
        values = self.coerce_variables(variables)
        if values is None:
            return None
        compiled = self._compiled.get(self.get_condition_values(values))
        if compiled is None:
            return None
        self.charge(context, values)
        try:
            return await compiled.execute(context, values)
        except Overloaded:
            raise  # To try again would be to wait again.
        except Exception:  # noqa: BLE001 (whatever it is, the ordinary way meets it again and says it)
            return None

    def coerce_variables(self, raw_values: dict[str, Any]) -> VariableValues | None:
        """The values of its variables; None where they are not what they should be."""
        try:
            return self._variables.coerce(raw_values)
        except (NotCoercible, GraphQLError):
            return None

    def get_condition_values(self, variables: VariableValues) -> tuple[Hashable, ...]:
        """The values of the variables that `@skip` and `@include` read."""
        return tuple([variables.coerced.get(name) for name in self._conditions])

    def charge(self, context: Any, variables: VariableValues) -> None:  # noqa: ANN401
        """Note that it is what is asked, and charge its price. Raises what the context does then."""
        current_request.get().operation = self._operation_record
        context.charge(self._cost.evaluate(variables.coerced))

    def is_compiled_for(self, conditions: tuple[Hashable, ...]) -> bool:
        """Whether it is known how it is answered where its conditions read these values."""
        return conditions in self._compiled

    def store_compiled(self, conditions: tuple[Hashable, ...], compiled: CompiledOperation) -> None:
        """Know from now on how it is answered where its conditions read these values."""
        if len(self._compiled) < _MAX_VARIANTS:
            self._compiled[conditions] = compiled
