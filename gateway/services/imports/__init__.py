"""Imports of export documents, of resource records from JSON Lines, and of webhooks."""

from gateway.services.imports import records, rows, webhooks
from gateway.services.imports.documents import ImportResult, import_as_operator, import_as_viewer
from gateway.services.imports.runs import ImportRun

__all__ = ["ImportResult", "ImportRun", "import_as_operator", "import_as_viewer", "records", "rows", "webhooks"]
