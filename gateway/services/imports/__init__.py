"""Imports of export documents, of resource records from JSON Lines, and of webhooks."""

from gateway.services.imports import records, rows, webhooks
from gateway.services.imports.documents import ImportResult, import_as_operator, import_as_viewer

__all__ = ["ImportResult", "import_as_operator", "import_as_viewer", "records", "rows", "webhooks"]
