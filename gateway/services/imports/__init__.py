"""Imports: whole export documents, resource records by the line, and webhooks."""

from gateway.services.imports import records, rows, webhooks
from gateway.services.imports.documents import Imported, by_operator, by_viewer

__all__ = ["Imported", "by_operator", "by_viewer", "records", "rows", "webhooks"]
