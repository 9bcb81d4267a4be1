""""""

from gateway.database import diagnostics, migrations
from gateway.database.bulk_statements import to_columns
from gateway.database.column_types import CollatedText, Instant, TextList
from gateway.database.database import DATABASE_ERRORS, Database
from gateway.database.fair_queue import TeamId
from gateway.database.prepared_statements import prepared, prepared_by_dialect
from gateway.database.reading import Reader, Snapshot
from gateway.database.rows import ColumnNames, get_values, new_row, with_changes
from gateway.database.tables import (
    ApiKey,
    AuditEntry,
    Base,
    BrowserSession,
    DayCount,
    DaySeries,
    HasDocument,
    Integration,
    ResourceRecord,
    Team,
    UseCase,
    UseCaseGroup,
    User,
)
from gateway.database.writing import UniqueViolation, Writer

__all__ = [
    "DATABASE_ERRORS",
    "ApiKey",
    "AuditEntry",
    "Base",
    "BrowserSession",
    "CollatedText",
    "ColumnNames",
    "Database",
    "DayCount",
    "DaySeries",
    "HasDocument",
    "Instant",
    "Integration",
    "Reader",
    "ResourceRecord",
    "Snapshot",
    "Team",
    "TeamId",
    "TextList",
    "UniqueViolation",
    "UseCase",
    "UseCaseGroup",
    "User",
    "Writer",
    "diagnostics",
    "get_values",
    "migrations",
    "new_row",
    "prepared",
    "prepared_by_dialect",
    "to_columns",
    "with_changes",
]
