"""Root types and the executable schema."""

from collections.abc import Iterable, Sequence
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, Source, specified_rules, validate
from strawberry.extensions import AddValidationRules
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from gateway.domain.calendar import instants
from gateway.errors import LimitExceeded
from gateway.execution import (
    CompilingExecutor,
    DocumentLimits,
    DocumentPreparation,
    ExecutableDocument,
    LeafFormat,
    get_graphql_schema,
    install_input_converters,
    set_leaf_format,
)
from gateway.schema import enums as _enums  # noqa: F401 (adds descriptions to the enums)
from gateway.schema import widgets
from gateway.schema.audit import AuditQueries
from gateway.schema.connected_integrations import ConnectedIntegration
from gateway.schema.context import Context
from gateway.schema.errors import (
    StorableTextRule,
    ambiguous_operation,
    find_unstorable_variable,
    raise_exceeded,
    to_client_errors,
)
from gateway.schema.exports import ExportQueries, ImportMutations
from gateway.schema.input_errors import InputErrors
from gateway.schema.inputs import to_document_value
from gateway.schema.integration_mutations import IntegrationMutations
from gateway.schema.integrations import IntegrationQueries
from gateway.schema.nodes import NodeQueries
from gateway.schema.rate_limits import RateLimitQueries
from gateway.schema.resource_records import ResourceRecordMutations, ResourceRecordQueries
from gateway.schema.scalars import SCALARS
from gateway.schema.statistics import StatisticsQueries
from gateway.schema.use_case_groups import UseCaseGroupMutations, UseCaseGroupQueries
from gateway.schema.use_cases import UseCaseMutations, UseCaseQueries
from gateway.schema.users import UserQueries
from gateway.schema.webhooks import IncomingWebhook, OutgoingWebhook


@strawberry.type(description="Queries. All fields of one operation read one snapshot of the database.")
class Query(
    UserQueries,
    NodeQueries,
    IntegrationQueries,
    UseCaseGroupQueries,
    UseCaseQueries,
    ResourceRecordQueries,
    ExportQueries,
    StatisticsQueries,
    AuditQueries,
    RateLimitQueries,
):
    pass


@strawberry.type(
    description="Mutations. Each field is one transaction, and is done completely or not at all. With the header "
    "`Idempotency-Key` a repeated request is done once. Its answer has the objects as they are now, and null for "
    "those that were deleted since."
)
class Mutation(
    UseCaseGroupMutations,
    IntegrationMutations,
    UseCaseMutations,
    ResourceRecordMutations,
    ImportMutations,
):
    pass


class Schema(strawberry.Schema):
    """Strawberry schema that closes the operation's snapshot and adds a code to every error."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute an operation and return its result.

        Raises Exceeded before execution when a limit is exceeded, and OperationAborted when the database did not
        read or write for it; then no later mutation was executed.
        """
        assert query is not None  # noqa: S101 (the web layer refuses a request without a query)
        assert context_value is not None  # noqa: S101 (every operation has a context)
        if (unstorable := find_unstorable_variable(variable_values)) is not None:
            return PreExecutionError(data=None, errors=[unstorable])
        document: ExecutableDocument | None = None
        async with context_value:
            try:
                document = context_value.document = context_value.budget.get_document(query)
                if context_value.viewer.is_for_widgets:
                    widgets.require_allowed(get_graphql_schema(self), document)
                data = await self._execute_compiled(document, operation_name, variable_values, context_value)
                if data is not None:
                    return ExecutionResult(data=data, errors=None)
                if document.is_ambiguous(operation_name):
                    return PreExecutionError(data=None, errors=[ambiguous_operation()])
                rest = (root_value, operation_name, allowed_operation_types, operation_extensions)
                result = await super().execute(query, variable_values, context_value, *rest)
            except GraphQLSyntaxError as error:
                result = PreExecutionError(data=None, errors=[error])
        raise_exceeded(result)
        context_value.raise_if_aborted()
        inputs = InputErrors(get_graphql_schema(self), document, operation_name, variable_values)
        result.errors = to_client_errors(result, inputs)
        return result

    def validate_document(self, text: str, limits: DocumentLimits) -> Sequence[GraphQLError]:
        """Return the errors that a document has with any variables: syntax, limits and validation."""
        try:
            limits.compute_parsing_cost(text)
            return validate(
                get_graphql_schema(self), limits.parse(Source(text)), [*specified_rules, StorableTextRule]
            )
        except GraphQLSyntaxError as error:
            return [error]
        except LimitExceeded as exceeded:
            return [GraphQLError(str(exceeded))]

    async def _execute_compiled(
        self,
        document: ExecutableDocument,
        operation_name: str | None,
        variable_values: dict[str, Any] | None,
        context: Context,
    ) -> dict[str, Any] | None:
        """Return the data from the operation's compiled selection; None when the executor has to run."""
        operation = document.operations.get(operation_name)
        if operation is None or self.execution_context_class is not CompilingExecutor:
            return None
        data = await operation.execute_compiled(variable_values or {}, context)
        if data is None:
            await context.close_snapshot()
        return data

    def process_errors(self, errors: list[GraphQLError], execution_context: object = None) -> None:
        """Do nothing: `to_client_errors` logs the unexpected errors."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[ConnectedIntegration, IncomingWebhook, OutgoingWebhook],
    extensions=[lambda: AddValidationRules([StorableTextRule]), DocumentPreparation],
    execution_context_class=CompilingExecutor,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)
set_leaf_format(schema, "ResourceRecordInput", LeafFormat(to_document_value, {"DateTime": instants.is_formatted}))
install_input_converters(schema)
