"""The entries of the audit log."""

from sqlalchemy import select

from gateway.database.database import Database
from gateway.database.tables import AuditEntry
from tests.support.gateway import Gateway
from tests.support.sessions import open_session

Entry = tuple[str, str, str, list[str]]
"""User, action, subject and changed paths."""


async def read_entries(database: Database) -> list[AuditEntry]:
    """Return all entries, the oldest first."""
    async with open_session(database) as session:
        return [*await session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))]


async def read_audit_log(gateway: Gateway) -> list[Entry]:
    """Return the entries of requests, the oldest first. Those of commands, such as of new keys, are left out."""
    return [describe(entry) for entry in await read_entries(gateway.database) if entry.request_id is not None]


def describe(entry: AuditEntry) -> Entry:
    return entry.user_id, entry.action, entry.subject, entry.changed_paths or []
