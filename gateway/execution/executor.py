"""The executor: completes root fields by their plans, and by the normal path where a plan cannot."""

from collections.abc import Hashable, Iterator
from functools import cached_property, partial
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationType,
)
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.extensions import SchemaExtension

from gateway.errors import Exceeded
from gateway.execution._private import (
    BaseExecutor,
    FieldDetailsList,
    collect_fields,
    get_definition,
    get_graphql_schema,
)
from gateway.execution.compiler import Plan
from gateway.execution.document_cache import ExecutableDocument
from gateway.execution.fallbacks import FallbackNeeded, FallbackReason, classify_error
from gateway.execution.operations import CompiledOperation, ExecutableOperation, RootField
from gateway.execution.root_fields import list_root_fields


class CompilingExecutor(BaseExecutor):
    """An executor that charges the cost of an operation, and compiles its selections.

    The operation belongs to an `ExecutableDocument`, which stores its plans.
    """

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,  # noqa: ANN401 (anything)
        context_value: Any = None,  # noqa: ANN401 (anything)
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *rest: Any,  # noqa: ANN401 (passed on)
        **options: Any,  # noqa: ANN401 (passed on)
    ) -> list[GraphQLError] | Executor[Any]:
        """Return the executor of an operation; its variables are coerced by coercers built once for each type."""
        arguments = (root_value, context_value, raw_variable_values, operation_name, *rest)
        executable = ExecutableDocument.from_node(document)
        if executable is not None and operation_name in executable.operations:
            values = executable.operations[operation_name].coerce_variables(
                raw_variable_values or {}, context_value
            )
            if values is not None:
                executor = super().build(schema, executable.copy_without_variables(), *arguments, **options)
                assert isinstance(executor, Executor)  # noqa: S101 (only variables could have failed)
                executor.variable_values = values
                return executor
        return super().build(schema, document, *arguments, **options)

    def execute_operation(
        self, serially: bool | None = None
    ) -> AwaitableOrValue[ExecutionResult | ExperimentalIncrementalExecutionResults]:
        """Charge the cost of the operation, compile it for later requests, and execute it."""
        if self.context_value is not None:
            operation = self._executable_operation
            operation.charge(self.context_value, self.variable_values)
            mutation_type = self.schema.mutation_type
            if self.operation.operation is OperationType.MUTATION and mutation_type is not None:
                self.context_value.begin_mutations(partial(list_root_fields, self, mutation_type))
            if not operation.is_compiled_for(self._condition_values):
                compiled = self._compile_operation()
                if compiled is not None:
                    operation.store_compiled(self._condition_values, compiled)
        return super().execute_operation(serially)

    @property
    def _executable_document(self) -> ExecutableDocument:
        document = ExecutableDocument.from_node(self.operation)
        assert document is not None  # noqa: S101 (nothing else is executed, and the context holds it)
        return document

    @cached_property
    def _executable_operation(self) -> ExecutableOperation:
        name = self.operation.name
        return self._executable_document.operations[None if name is None else name.value]

    @cached_property
    def _condition_values(self) -> tuple[Hashable, ...]:
        return self._executable_operation.get_condition_values(self.variable_values)

    def _compile_operation(self) -> CompiledOperation | None:
        """Return the plans of all root fields; None for a mutation, and where a root field has no plan."""
        query_type = self.schema.query_type
        if query_type is None or self.operation.operation is not OperationType.QUERY:
            return None
        collected = collect_fields(self.schema, self.fragments, self.variable_values, query_type, self.operation)
        fields = []
        for response_key, details in collected.grouped_field_set.items():
            name = details[0].node.name.value
            definition = query_type.fields.get(name)
            if definition is None or not RootField.is_direct(get_definition(definition)):
                return None
            coordinate = f"{query_type.name}.{name}"
            plan = self.get_plan(definition.type, details, coordinate)
            if plan is None:
                return None
            fields.append(RootField(self, response_key, coordinate, definition, details, plan))
        return CompiledOperation(fields, self._executable_document.fallbacks)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,  # noqa: ANN401 (the resolver's result)
        position_context: Any = None,  # noqa: ANN401 (graphql-core's)
    ) -> AwaitableOrValue[Any]:
        """Return the response data of a value: by its plan if it is a root field's value."""
        arguments = (return_type, field_details_list, info, path, result, position_context)
        is_root_value = path.prev is None and result is not None and not isinstance(result, Exception)
        if not is_root_value or self.context_value is None or info.field_name.startswith("__"):
            return super().complete_value(*arguments)
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        plan = self.get_plan(return_type, field_details_list, coordinate)
        if plan is None:
            fallbacks = self._executable_document.fallbacks
            fallbacks.report(coordinate, FallbackReason.NOT_COMPILABLE, None)
            return super().complete_value(*arguments)
        return self._complete_with_plan(coordinate, plan, *arguments)

    async def _complete_with_plan(self, coordinate: str, plan: Plan, *arguments: Any) -> Any:  # noqa: ANN401
        try:
            return await plan.complete(self.context_value, self.variable_values, arguments[4])
        except Exceeded:
            raise
        except Exception as error:  # noqa: BLE001 (the normal path meets it again and formats it)
            self._executable_document.fallbacks.report(coordinate, classify_error(error), error)
            completed = super().complete_value(*arguments)
            return await completed if isawaitable(completed) else completed

    def get_plan(self, type_: GraphQLOutputType, details: FieldDetailsList, coordinate: str) -> Plan | None:
        """Return the plan of a root field; None if its selection does not compile.

        The document stores plans by the nodes of the field and by the values of variables in `@skip` and
        `@include`. A plan must not refer to this executor, which lives for one request.
        """
        document = self._executable_document
        key = (type_, *(id(detail.node) for detail in details), self._condition_values)
        if key not in document.plans:
            report_row_error = partial(document.fallbacks.report, coordinate, FallbackReason.ROW_DATA)
            try:
                plan = Plan(self, type_, details, report_row_error)
            except (FallbackNeeded, RecursionError, GraphQLError):
                plan = None
            document.store_plan(key, plan)
            return plan
        return document.plans[key]


class DocumentPreparation(SchemaExtension):
    """Uses the parsed document of the context; validates it and computes its costs the first time only."""

    def on_parse(self) -> Iterator[None]:
        if self._document is not None:
            self.execution_context.graphql_document = self._document.node
        yield

    def on_validate(self) -> Iterator[None]:
        document = self._document
        if document is None:
            yield
            return
        # Strawberry validates while this yields, unless it finds errors or an empty list here.
        self.execution_context.pre_execution_errors = document.errors
        yield
        if document.errors is None:
            document.errors = self.execution_context.pre_execution_errors or []
            if not document.errors:
                document.prepare_operations(get_graphql_schema(self.execution_context.schema))

    @property
    def _document(self) -> ExecutableDocument | None:
        """The document; None when the schema introspects itself, which happens without a context."""
        return getattr(self.execution_context.context, "document", None)
