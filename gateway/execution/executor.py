"""The executor: root fields answered by their plans, and by the ordinary path whenever a plan cannot."""

from collections.abc import Hashable, Iterator
from functools import cached_property
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationType,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.executor import Executor
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext, validate_document
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gateway.execution.compiler import Plan
from gateway.execution.compiler.functions import FallbackNeeded
from gateway.execution.document_cache import ExecutableDocument
from gateway.execution.operations import CompiledOperation, ExecutableOperation, RootField


class CompilingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, which charges an operation's price, looks for plans, and keeps what it has executed.

    The operation stands in an `ExecutableDocument`, which is where its plans are kept.
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
        *rest: Any,  # noqa: ANN401 (as they come)
        **options: Any,  # noqa: ANN401 (as they come)
    ) -> list[GraphQLError] | Executor[Any]:
        """The executor of an operation, whose variables are coerced by what is known of their types."""
        ordinary = (root_value, context_value, raw_variable_values, operation_name, *rest)
        executable = ExecutableDocument.from_node(document)
        if executable is not None and operation_name in executable.operations:
            values = executable.operations[operation_name].coerce_variables(raw_variable_values or {})
            if values is not None:
                executor = super().build(schema, executable.copy_without_variables(), *ordinary, **options)
                assert isinstance(executor, Executor)  # noqa: S101 (its variables are all there is to refuse)
                executor.variable_values = values
                return executor
        return super().build(schema, document, *ordinary, **options)

    def execute_operation(
        self, serially: bool | None = None
    ) -> AwaitableOrValue[ExecutionResult | ExperimentalIncrementalExecutionResults]:
        """Execute the operation, and know it from now on."""
        if self.context_value is not None:
            self._executable_operation.charge(self.context_value, self.variable_values)
        if self._is_compiling and not self._executable_operation.is_compiled_for(self._condition_values):
            known = self._compile_operation()
            if known is not None:
                self._executable_operation.store_compiled(self._condition_values, known)
        return super().execute_operation(serially)

    @property
    def _executable_document(self) -> ExecutableDocument:
        document = ExecutableDocument.from_node(self.operation)
        assert document is not None  # noqa: S101 (nothing else is executed, and the context has it)
        return document

    @cached_property
    def _executable_operation(self) -> ExecutableOperation:
        name = self.operation.name
        return self._executable_document.operations[None if name is None else name.value]

    @cached_property
    def _condition_values(self) -> tuple[Hashable, ...]:
        return self._executable_operation.get_condition_values(self.variable_values)

    @cached_property
    def _is_compiling(self) -> bool:
        return bool(getattr(self.context_value, "compiles_selections", False))

    def _compile_operation(self) -> CompiledOperation | None:
        """The operation as plans; None where a root field has none."""
        query_type = self.schema.query_type
        if query_type is None or self.operation.operation is not OperationType.QUERY:
            return None
        collected = collect_fields(self.schema, self.fragments, self.variable_values, query_type, self.operation)
        fields = []
        for response_key, details in collected.grouped_field_set.items():
            definition = query_type.fields.get(details[0].node.name.value)
            plan = None if definition is None else self.get_plan(definition.type, details)
            if definition is None or plan is None:
                return None
            if not RootField.is_direct(definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)):
                return None
            fields.append(RootField(self, response_key, definition, details, plan))
        return CompiledOperation(fields)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,  # noqa: ANN401 (whatever a resolver gives)
        position_context: Any = None,  # noqa: ANN401 (as graphql-core has it)
    ) -> AwaitableOrValue[Any]:
        """Complete a value, by its plan if it is that of a root field that has one."""
        may_have_plan = path.prev is None and result is not None and not isinstance(result, Exception)
        plan = self.get_plan(return_type, field_details_list) if may_have_plan and self._is_compiling else None
        if plan is None:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        return self._complete_with_plan(
            plan, return_type, field_details_list, info, path, result, position_context
        )

    async def _complete_with_plan(self, plan: Plan, *ordinary: Any) -> Any:  # noqa: ANN401
        try:
            return await plan.complete(self.context_value, self.variable_values, ordinary[4])
        except Exception:  # noqa: BLE001 (whatever it is, the ordinary path meets it again and says it exactly)
            completed = super().complete_value(*ordinary)
            return await completed if isawaitable(completed) else completed

    def get_plan(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Plan | None:
        """The plan of a root field of this type; None where it has none.

        It holds for the values of the variables that conditions read, and is kept by the nodes of its field.
        """
        plans = self._executable_document.plans
        key = (type_, *(id(detail.node) for detail in details), self._condition_values)
        if key not in plans:
            try:
                plan = Plan(self, type_, details)
            except (FallbackNeeded, RecursionError, GraphQLError):
                plan = None
            self._executable_document.store_plan(key, plan)
            return plan
        return plans[key]


class DocumentPreparation(SchemaExtension):
    """Takes the document that the context has read as parsed, and validates and prices it the first time."""

    def on_parse(self) -> Iterator[None]:
        if self._document is not None:
            self.execution_context.graphql_document = self._document.node
        yield

    def on_validate(self) -> Iterator[None]:
        document, schema = self._document, self.execution_context.schema
        if document is None:
            yield
            return
        if document.errors is None:
            rules = self.execution_context.validation_rules
            document.errors = validate_document(schema._schema, document.node, rules)  # noqa: SLF001 (as Strawberry)
            if not document.errors:
                document.prepare_operations(schema._schema)  # noqa: SLF001
        self.execution_context.pre_execution_errors = document.errors
        yield

    @property
    def _document(self) -> ExecutableDocument | None:
        """None where the schema asks itself, without a context: for its introspection."""
        return getattr(self.execution_context.context, "document", None)
