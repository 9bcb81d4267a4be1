"""The tables, as SQLAlchemy's declarative classes; they are also the types of the rows that are read.

Each primary and foreign key begins with `team_id`. So a row of one team cannot refer to another team's, and the
tables can be distributed by team. Only `cursor_key` and `secret_key` belong to no team. A row that comes from a
document, or goes into one, stores it in `document`: unchanged, but secrets are null there. Its other columns are
derived from the document in the same write: SQL filters, orders, joins and counts by them.
"""

from gateway.database.tables.base import Base, HasAuditColumns, HasDocument, TextConversion
from gateway.database.tables.cursors import CursorKey
from gateway.database.tables.day_counts import DayCount, DaySeries
from gateway.database.tables.idempotency import IdempotencyEntry
from gateway.database.tables.integrations import Integration
from gateway.database.tables.resource_records import ResourceRecord, TypeCount
from gateway.database.tables.secret_keys import SecretKey
from gateway.database.tables.teams import ApiKey, AuditEntry, BrowserSession, Team, User
from gateway.database.tables.use_cases import UseCase, UseCaseGroup

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Base",
    "BrowserSession",
    "CursorKey",
    "DayCount",
    "DaySeries",
    "HasAuditColumns",
    "HasDocument",
    "IdempotencyEntry",
    "Integration",
    "ResourceRecord",
    "SecretKey",
    "Team",
    "TextConversion",
    "TypeCount",
    "UseCase",
    "UseCaseGroup",
    "User",
]
