"""What comes before execution, done once for each document and not in each request."""

from collections.abc import Iterator

from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from gateway.execution.document_cache import ExecutableDocument


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
