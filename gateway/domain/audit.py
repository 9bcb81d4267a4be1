"""The audit log: its actions, the events that become entries, and filters of entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from gateway.domain.integration_filters import InstantFilter
from gateway.domain.paging import SortKey, SortOrder
from gateway.domain.statement_arguments import StatementArguments

MAX_PATHS = 100
"""The maximum number of paths of an entry."""

NEWEST_FIRST = SortOrder((SortKey("at", descending=True), SortKey("id", descending=True)))


class AuditAction(StrEnum):
    """What was done, as the audit log names it, with a description. `gateway/docs/audit.md` lists the actions."""

    description: str

    def __new__(cls, name: str, description: str) -> Self:
        member = str.__new__(cls, name)
        member._value_, member.description = name, description
        return member

    INTEGRATION_CREATE = "integration.create", "A connected integration or a webhook was created."
    INTEGRATION_UPDATE = "integration.update", "A connected integration or a webhook was changed."
    INTEGRATION_DELETE = "integration.delete", "An integration was deleted with all that belongs to it."
    INTEGRATION_IMPORT = "integration.import", "The mutation `importIntegration` wrote an export document."
    INTEGRATION_EXPORT = "integration.export", "An integration was exported without secrets."
    USE_CASE_GROUP_CREATE = "use_case_group.create", "A group was created, perhaps with use cases."
    USE_CASE_GROUP_UPDATE = "use_case_group.update", "A group or its use cases were changed by an upsert."
    USE_CASE_GROUP_DELETE = "use_case_group.delete", "A group was deleted with its use cases."
    USE_CASE_UPDATE = "use_case.update", "A single use case was changed."
    USE_CASE_DELETE = "use_case.delete", "A single use case was deleted."
    RECORDS_UPSERT = "resource_record.upsert", "Records of an integration were created or changed."
    RECORDS_DELETE = "resource_record.delete", "Records of an integration were deleted."
    SECRET_READ = "secret.read", "Secrets of an integration were read."
    SECRET_EXPORT = "secret.export", "An integration was exported with its secrets."
    SECRET_ROTATE = "secret.rotate", "The stored secrets were encrypted with a new key."
    SESSION_CREATE = "session.create", "A browser signed in with the key."
    SESSION_DELETE = "session.delete", "A browser signed out."
    SESSION_REFUSE = "session.refuse", "A browser tried to sign in with a wrong, expired, revoked or widget key."
    KEY_CREATE = "key.create", "A key was created."
    KEY_REVOKE = "key.revoke", "A key was revoked."
    IMPORT_BEGIN = "import.begin", "The command `gateway import` began to write a file."
    IMPORT_END = "import.end", "The command `gateway import` has read the file to its end."
    STATISTICS_REPAIR = "statistics.repair", "The command `gateway statistics verify --repair` corrected counts."
    MIGRATION_DOWNGRADE = "migration.downgrade", "The command `gateway migrate --down-to` began to delete data."


class AuditEvent(NamedTuple):
    """Something that becomes an entry of the audit log."""

    action: AuditAction
    subject: str
    """The type and the id of what it was done to, such as `integration 65e5…`."""
    changed_paths: tuple[str, ...] = ()
    """Keys that were changed, or secrets that were read. Never their values."""


@dataclass(frozen=True, slots=True)
class AuditFilter(StatementArguments):
    """Conditions on entries of the audit log. None is no condition."""

    actions: tuple[str, ...] | None = None
    subject: str | None = None
    user_id: str | None = None
    key_id: str | None = None
    at: InstantFilter | None = None


def limit_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Return at most `MAX_PATHS` paths. If there are more, the last one says how many are left out."""
    found = (*paths,)
    if len(found) <= MAX_PATHS:
        return found
    return (*found[: MAX_PATHS - 1], f"and {len(found) - MAX_PATHS + 1} more")
