"""Operations of a document: what they cost, and how a compiled one is answered.

An operation whose root fields all have plans is compiled. Later requests skip parsing, validation and
graphql-core's execution: they coerce the variables, call the root fields' resolvers, and complete the values by
the plans. If anything fails there, the operation runs again on the normal executor, which formats the error.
So only queries are compiled: to repeat one does no harm.
"""

from asyncio import create_task, gather, wait
from collections.abc import Callable, Coroutine, Hashable, Sequence
from inspect import isawaitable
from typing import Any, cast

from graphql import Executor, GraphQLError, GraphQLField, GraphQLNonNull, GraphQLResolveInfo, VariableValues
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from gateway.execution._private import FieldDetailsList, build_info, get_definition
from gateway.execution.compiler import Plan
from gateway.execution.fallbacks import FallbackLog, FallbackNeeded, FallbackReason, classify_error
from gateway.execution.inputs import FieldArguments, NotCoercible, OperationVariables
from gateway.execution.limits import OperationCost
from gateway.telemetry import RecordedOperation, current_request

_CONTEXT_INDEX = GraphQLResolveInfo._fields.index("context")
_VARIABLE_VALUES_INDEX = GraphQLResolveInfo._fields.index("variable_values")

MAX_VARIANTS = 16
"""How many compiled variants of an operation are stored, by the values of variables in `@skip` and `@include`."""


class RootField:
    """A root field of a compiled operation."""

    def __init__(
        self,
        executor: Executor[Any],
        response_key: str,
        coordinate: str,
        definition: GraphQLField,
        details: FieldDetailsList,
        plan: Plan,
    ) -> None:
        field: StrawberryField = get_definition(definition)
        resolver = field.base_resolver
        assert resolver is not None  # noqa: S101 (see `is_direct`)
        query_type = executor.schema.query_type
        assert query_type is not None  # noqa: S101 (it has this field)
        nodes = [detail.node for detail in details]
        path = Path(None, response_key, query_type.name)
        self.response_key, self.coordinate, self.plan = response_key, coordinate, plan
        self._is_nullable = not isinstance(definition.type, GraphQLNonNull)
        self._field, self._arguments = field, FieldArguments(executor.schema, definition, field, nodes[0])
        info = executor.build_resolve_info(definition, nodes, query_type, path)
        # Without references to this request: its context, and helpers that no resolver with a plan uses.
        self._info = info._replace(context=None, async_helpers=cast(Any, None))
        self._resolve = cast(Callable[..., object], resolver.wrapped_func)
        self._info_argument = resolver.info_parameter.name if resolver.info_parameter else None

    @staticmethod
    def is_direct(field: object) -> bool:
        """Return whether Strawberry calls a field's resolver with nothing but its arguments and an info."""
        resolver = field.base_resolver if isinstance(field, StrawberryField) else None
        return (
            isinstance(field, StrawberryField)
            and resolver is not None
            and not (field.extensions or field.permission_classes or resolver.self_parameter)
            and resolver.root_parameter is None
            and resolver.parent_parameter is None
        )

    async def complete(self, context: Any, variables: VariableValues) -> object:  # noqa: ANN401 (the operation's)
        """Return the field's response data. Raises any exception if the normal executor has to answer."""
        arguments = self._arguments.coerce(variables)
        # As `_replace` does, in a third of the time.
        raw: list[Any] = [*self._info]
        raw[_CONTEXT_INDEX], raw[_VARIABLE_VALUES_INDEX] = context, variables.coerced
        info = build_info(type(self._info)._make(raw), self._field)
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
    """The plans of an operation, for one set of values of the variables in `@skip` and `@include`."""

    def __init__(self, fields: list[RootField], fallbacks: FallbackLog) -> None:
        self._fields, self._fallbacks = fields, fallbacks
        self._columns = _merge_columns([field.plan.columns for field in fields])
        self._may_be_single_statement = len(fields) == 1 and not fields[0].plan.stages
        self._is_single_statement = False

    async def execute(self, context: Any, variables: VariableValues) -> dict[str, Any]:  # noqa: ANN401
        """Return the operation's data.

        Raises FallbackNeeded if the normal executor has to answer, and OperationAborted and Exceeded.
        """
        context.expect_columns(self._columns, once=self._is_single_statement)
        try:
            if len(self._fields) == 1:
                (field,) = self._fields
                return {field.response_key: await self._complete(field, context, variables)}
            values = await _gather_or_cancel([self._complete(field, context, variables) for field in self._fields])
            return {field.response_key: value for field, value in zip(self._fields, values, strict=True)}
        finally:
            self._may_be_single_statement = self._may_be_single_statement and context.reads <= 1
            self._is_single_statement = self._may_be_single_statement and context.reads == 1

    def report_fallback(self, reason: FallbackReason) -> None:
        """Report a fallback of all its root fields."""
        for field in self._fields:
            self._fallbacks.report(field.coordinate, reason, None)

    async def _complete(self, field: RootField, context: Any, variables: VariableValues) -> object:  # noqa: ANN401
        try:
            return await field.complete(context, variables)
        except Exception as error:  # whatever it is, the normal executor meets it again and formats it
            is_second_read = self._is_single_statement and context.reads > 1
            reason = FallbackReason.SECOND_READ if is_second_read else classify_error(error)
            self._fallbacks.report(field.coordinate, reason, error)
            if reason in (FallbackReason.ABORTED, FallbackReason.LIMIT_EXCEEDED):
                raise  # A second try would wait again, or read as much again.
            raise FallbackNeeded from error


async def _gather_or_cancel(fields: Sequence[Coroutine[Any, Any, object]]) -> Sequence[object]:
    """Complete fields concurrently, so that they load together; cancel the rest if one fails."""
    # Not a TaskGroup: in Python 3.11 and 3.12 it leaves a mark of its own cancellation on the task around it.
    tasks = [create_task(field) for field in fields]
    try:
        return await gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await wait(tasks)


def _merge_columns(columns: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """Return the union; None, which stands for all columns, if any is None."""
    return None if None in columns else frozenset[str]().union(*filter(None, columns))


class ExecutableOperation:
    """An operation of a valid document: its cost, and its compiled variants.

    Variants differ in the values of the variables in `@skip` and `@include`.
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
        """Return the data; None if the operation is not compiled or its plans failed.

        Raises Exceeded if the cost is refused, and OperationAborted.
        """
        if not self._compiled:
            # The normal executor checks them, too, but its objects hold the variables in cycles.
            self._check_input_cost(variables, context)
            return None
        values = self.coerce_variables(variables, context)
        if values is None:
            return None
        compiled = self._compiled.get(self.get_condition_values(values))
        if compiled is None:
            return None
        self.charge(context, values)
        try:
            return await compiled.execute(context, values)
        except FallbackNeeded:
            return None

    def coerce_variables(self, raw_values: dict[str, Any], context: Any) -> VariableValues | None:  # noqa: ANN401
        """Return the coerced variables; None if they are invalid.

        Raises Exceeded, before it coerces them, if the context refuses the cost of arguments with them.
        """
        self._check_input_cost(raw_values, context)
        try:
            return self._variables.coerce(raw_values)
        except (NotCoercible, GraphQLError):
            return None

    def _check_input_cost(self, raw_values: dict[str, Any], context: Any) -> None:  # noqa: ANN401
        if input_cost := self._cost.evaluate_inputs(raw_values):
            context.check_cost(input_cost)

    def get_condition_values(self, variables: VariableValues) -> tuple[Hashable, ...]:
        """Return the values of the variables that `@skip` and `@include` read."""
        return tuple([variables.coerced.get(name) for name in self._conditions])

    def charge(self, context: Any, variables: VariableValues) -> None:  # noqa: ANN401
        """Record the operation and charge its cost. Raises Exceeded if the context refuses the cost."""
        current_request.get().operation = self._operation_record
        context.charge(self._cost.evaluate(variables.coerced))

    def is_compiled_for(self, conditions: tuple[Hashable, ...]) -> bool:
        """Return whether there is a compiled variant for these condition values."""
        return conditions in self._compiled

    def store_compiled(self, conditions: tuple[Hashable, ...], compiled: CompiledOperation) -> None:
        """Store a compiled variant; report a fallback if there are too many."""
        if len(self._compiled) < MAX_VARIANTS:
            self._compiled[conditions] = compiled
        else:
            compiled.report_fallback(FallbackReason.TOO_MANY_VARIANTS)
