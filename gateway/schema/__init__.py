"""GraphQL words in, GraphQL words out; no business."""

from collections.abc import Iterable, Sequence
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, parse, specified_rules, validate
from strawberry.extensions import AddValidationRules, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from gateway.execution import CompilingExecutor, make_quick
from gateway.schema import enums as _enums  # noqa: F401 (describes them)
from gateway.schema.connected_integrations import ConnectedIntegration
from gateway.schema.context import Context
from gateway.schema.errors import StorableTextRule, coded, unstorable_variable
from gateway.schema.exports import ExportQueries, ImportMutations
from gateway.schema.integration_mutations import IntegrationMutations
from gateway.schema.integrations import IntegrationQueries
from gateway.schema.nodes import NodeQueries
from gateway.schema.resource_records import ResourceRecordMutations, ResourceRecordQueries
from gateway.schema.scalars import SCALARS
from gateway.schema.statistics import StatisticsQueries
from gateway.schema.use_case_groups import UseCaseGroupMutations, UseCaseGroupQueries
from gateway.schema.use_cases import UseCaseMutations, UseCaseQueries
from gateway.schema.users import UserQueries
from gateway.schema.webhooks import IncomingWebhook, OutgoingWebhook

_CACHED_DOCUMENTS = 128


@strawberry.type(description="What can be read. All fields of one operation see one snapshot.")
class Query(
    UserQueries,
    NodeQueries,
    IntegrationQueries,
    UseCaseGroupQueries,
    UseCaseQueries,
    ResourceRecordQueries,
    ExportQueries,
    StatisticsQueries,
):
    pass


@strawberry.type(description="What can be changed. Each field is one transaction, done or refused as a whole.")
class Mutation(
    UseCaseGroupMutations,
    IntegrationMutations,
    UseCaseMutations,
    ResourceRecordMutations,
    ImportMutations,
):
    pass


def _extensions() -> list[Any]:
    return [
        lambda: AddValidationRules([StorableTextRule]),
        lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=_CACHED_DOCUMENTS),
    ]


class Schema(strawberry.Schema):
    """Strawberry's schema, which ends the operation's snapshot and gives every error its code."""

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
        if (error := unstorable_variable(variable_values)) is not None:
            return PreExecutionError(data=None, errors=[error])
        try:
            data = await self._known(query, operation_name, variable_values, context_value)
            if data is not None:
                return ExecutionResult(data=data, errors=None)
            result = await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        finally:
            if context_value is not None:
                await context_value.finish()
        result.errors = coded(result)
        return result

    def faults(self, document: str) -> Sequence[GraphQLError]:
        """Everything for which a document would not be executed."""
        try:
            return validate(self._schema, parse(document), [*specified_rules, StorableTextRule])
        except GraphQLSyntaxError as error:
            return [error]

    async def _known(
        self,
        query: str | None,
        operation_name: str | None,
        variable_values: dict[str, Any] | None,
        context: Context | None,
    ) -> dict[str, Any] | None:
        """The data of an operation that was executed before; None when it has to be executed."""
        executor = self.execution_context_class
        if (
            query is None
            or context is None
            or not context.compiles_selections
            or executor is not CompilingExecutor
        ):
            return None
        data = await CompilingExecutor.known(self._schema, query, operation_name, variable_values or {}, context)
        if data is None:
            await context.close()
        return data

    def process_errors(self, errors: list[GraphQLError], execution_context: object = None) -> None:
        """Nothing: `coded` logs what is ours to mend, and only that."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[ConnectedIntegration, IncomingWebhook, OutgoingWebhook],
    extensions=_extensions(),
    execution_context_class=CompilingExecutor,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)
make_quick(concrete.definition for concrete in schema.schema_converter.type_map.values())
