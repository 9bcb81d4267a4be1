"""The statements of the columns peer that read. Both databases run the same ones, in their own dialect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Table

from gateway.database.column_types import Instant, JsonText
from tests.benchmarks.documents import TEAM
from tests.benchmarks.peers.columns.tables import (
    ACTION,
    INTEGRATION,
    PRACTITIONER,
    USE_CASE,
    USE_CASE_GROUP,
    get_key,
)

_INTEGRATION = (
    *("id", "name", "status", "version", "created_at", "updated_at", "logical_id", "access", "timezone"),
    *("provider", "auth_user_email"),
)
_AUDIT = ("created_at", "created_by", "updated_at", "updated_by")
_INTEGRATION_CONFIG = (
    *("scope", "token_type", "expires_at", "connected_at", "renewed_at"),
    *("provider", "auth_type", "auth_user_email", "auth_user_name"),
)
_INTEGRATION_DOCUMENT = (*_AUDIT, "id", "logical_id", "name", "status", "access", "timezone")
_USE_CASE_CONFIG = ("display_name", "assistant_id", "status", "timezone", "type", "name", "sheet_link")
_USE_CASE_DOCUMENT = (*_AUDIT, "id", "logical_id", "integration_id", "scheduler_names")
_ACTION_DOCUMENT = (
    *("logical_id", "action_type", "template_name", "context", "report_emails", "days_window"),
    *("status", "schedule"),
)
_GROUP = ("name", "slug", "sheet_link", "assistant_id", "timezone", "start_time")
_CONFIG = (
    *("source_id", "organization_id", "npi", "name", "gender", "avatar", "summary", "qualification", "education"),
    *("supervisor_id", "status", "languages", "specialties", "locations", "working_hours"),
    "preferred_visiting_reasons",
)
"""The columns of a practitioner's `config`, in the order of the rows of an export."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The SQL of a database: functions that build JSON, and templates of parameters, JSON values and instants."""

    list: str
    """The statement of the list workload, as this database runs it fastest."""
    object: str
    array: str
    parameter: str
    json: str
    instant: str

    def select(self, table: Table, names: Iterable[str], alias: str) -> str:
        """Return columns as a row has them: instants as text, JSON as its text."""
        return ", ".join(self._get_value(table, name, alias, json="{}") for name in names)

    def build_object(self, members: Mapping[str, str]) -> str:
        listed = ", ".join(f"'{key}', {value}" for key, value in members.items())
        return f"{self.object}({listed})"

    def build_members(self, table: Table, names: Iterable[str], alias: str) -> dict[str, str]:
        """Return the members of an object that has these columns with the keys of the documents."""
        return {get_key(name): self._get_value(table, name, alias, json=self.json) for name in names}

    def build_array(self, item: str, rows: str) -> str:
        return self.json.format(f"(SELECT coalesce({self.array}({item}), '[]') FROM {rows})")

    def _get_value(self, table: Table, name: str, alias: str, *, json: str) -> str:
        column_type = table.c[name].type
        template = self.instant if isinstance(column_type, Instant) else "{}"
        return (json if isinstance(column_type, JsonText) else template).format(f"{alias}.{name}")


class Export(NamedTuple):
    """The statements of an export. Its head is JSON of the integration and its use cases."""

    practitioners: str
    """Its first row begins with the head, all others with null."""
    head: str
    """For an integration without practitioners."""


class Statements:
    """The statements of a dialect. Each has one parameter, the id of what it reads; `list` has none."""

    def __init__(self, dialect: Dialect) -> None:
        self.list = dialect.list
        self.get = f"""
            SELECT {dialect.select(INTEGRATION, _INTEGRATION, "i")} FROM columns_integration AS i
            WHERE i.team_id = '{TEAM}' AND i.id = {dialect.parameter}
        """
        self.export = _build_export(
            dialect,
            dialect.build_object({"id": "i.id", "name": "i.name"}),
            dialect.build_object({"id": "u.id"}),
            ("id", "logical_id", "created_at", "updated_at", *_CONFIG),
        )
        self.document = _build_export(
            dialect,
            _build_document(dialect, INTEGRATION, _INTEGRATION_DOCUMENT, _INTEGRATION_CONFIG, "i"),
            _build_use_case(dialect),
            ("id", "logical_id", *_AUDIT, *_CONFIG),
        )
        self.stored_group = _build_stored_group(dialect)


def _build_export(dialect: Dialect, integration: str, use_case: str, columns: Iterable[str]) -> Export:
    use_cases = f"""(
        SELECT * FROM columns_use_case WHERE integration_id = {dialect.parameter} ORDER BY created_at, id
    ) AS u"""
    of_team = f"columns_integration AS i WHERE i.team_id = '{TEAM}' AND i.id = {dialect.parameter}"
    head = dialect.build_object(
        {
            "integration": f"(SELECT {integration} FROM {of_team})",
            "use_cases": dialect.build_array(use_case, use_cases),
        }
    )
    practitioners = f"""
        SELECT
          CASE WHEN p.id = (
            SELECT id FROM columns_practitioner WHERE integration_id = {dialect.parameter}
            ORDER BY created_at, id LIMIT 1
          ) THEN {head} END,
          {dialect.select(PRACTITIONER, columns, "p")}
        FROM columns_practitioner AS p
        WHERE p.integration_id = {dialect.parameter} AND EXISTS (SELECT i.id FROM {of_team})
        ORDER BY p.created_at, p.id
    """
    return Export(practitioners, f"SELECT {head}")


def _build_document(
    dialect: Dialect,
    table: Table,
    names: Iterable[str],
    config: Iterable[str],
    alias: str,
    **others: str,
) -> str:
    """Return a document; `others` are further members of its `config`."""
    members = dialect.build_members(table, config, alias)
    return dialect.build_object(
        {
            "teamId": f"'{TEAM}'",
            **dialect.build_members(table, names, alias),
            "config": dialect.build_object({**members, **others}),
        }
    )


def _build_use_case(dialect: Dialect) -> str:
    action = dialect.build_object(dialect.build_members(ACTION, _ACTION_DOCUMENT, "a"))
    rows = "(SELECT * FROM columns_action WHERE use_case_id = u.id ORDER BY position) AS a"
    actions = dialect.build_array(action, rows)
    return _build_document(dialect, USE_CASE, _USE_CASE_DOCUMENT, _USE_CASE_CONFIG, "u", actions=actions)


def _build_stored_group(dialect: Dialect) -> str:
    """Return a statement for a group as JSON, with the keys and documents of its use cases."""
    use_case = dialect.build_object({"key": "u.key", "document": _build_use_case(dialect)})
    use_cases = "(SELECT * FROM columns_use_case WHERE group_id = g.id ORDER BY created_at, id) AS u"
    members = dialect.build_members(USE_CASE_GROUP, _GROUP, "g")
    group = dialect.build_object({**members, "useCases": dialect.build_array(use_case, use_cases)})
    return f"SELECT {group} FROM columns_use_case_group AS g WHERE g.id = {dialect.parameter}"
