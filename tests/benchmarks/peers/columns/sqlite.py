"""The columns peer on SQLite, whose statements run on the event loop."""

from collections.abc import Iterator, Sequence

import orjson

from gateway.domain.calendar import instants
from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.peers.columns.answers import Row
from tests.benchmarks.peers.columns.statements import Dialect
from tests.benchmarks.peers.columns.upserts import ListedUseCase, Upsert
from tests.benchmarks.peers.databases import SqliteDatabase

_LIST = f"""
SELECT i.id, i.name, u.id, u.display_name, u.status,
  a.logical_id, a.action_type, a.template_name, a.context, a.days_window, a.status
FROM (
  SELECT id, name, created_at FROM columns_integration WHERE team_id = '{TEAM}'
  ORDER BY created_at DESC, id LIMIT 50
) AS i
LEFT JOIN columns_use_case AS u ON u.id IN (
  SELECT id FROM columns_use_case WHERE integration_id = i.id ORDER BY created_at, id LIMIT 6
)
LEFT JOIN columns_action AS a ON a.use_case_id = u.id
ORDER BY i.created_at DESC, i.id, u.created_at, u.id, a.position
"""

DIALECT = Dialect(
    list=_LIST, object="json_object", array="json_group_array", parameter="?1", json="json({})", instant="{}"
)

_UPDATE_GROUP = f"""
UPDATE columns_use_case_group SET
  name = ?3, sheet_link = ?4, assistant_id = ?5, timezone = ?6, start_time = ?7,
  version = version + 1, updated_at = ?8, updated_by = '{USER}'
WHERE id = ?2 AND integration_id = ?1
RETURNING slug
"""
_UPDATE_USE_CASE = f"""
UPDATE columns_use_case SET
  sheet_link = ?3, assistant_id = ?4, timezone = ?5, status = ?6,
  version = version + 1, updated_at = ?7, updated_by = '{USER}'
WHERE group_id = ?1 AND key = ?2
RETURNING id, key, display_name, status
"""
_DELETE_ACTIONS = """
DELETE FROM columns_action WHERE use_case_id = ?1 AND (action_type, context, days_window) NOT IN (
  SELECT value->>0, value->>1, value->>2 FROM json_each(?2)
)
"""
_UPSERT_ACTION = """
INSERT INTO columns_action (
  use_case_id, position, action_type, context, days_window, template_name, logical_id, status, report_emails
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'action_' || lower(hex(randomblob(16))), 'active', '[]')
ON CONFLICT (use_case_id, action_type, context, days_window)
  DO UPDATE SET position = excluded.position, template_name = excluded.template_name
RETURNING logical_id, action_type, template_name, context, days_window, status
"""
_NO_ACTION = (None,) * 6


class SqliteColumns(SqliteDatabase):
    """Returns rows."""

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        return self._fetch(statement, *values)

    async def upsert(self, upsert: Upsert) -> Sequence[Row]:
        """Update a group, its use cases and their actions in a transaction, and return a row for each action."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return [*self._upsert(upsert, instants.format_instant(instants.now()))]

    def _upsert(self, upsert: Upsert, at: str) -> Iterator[Row]:
        shared = (upsert.sheet_link, upsert.assistant_id, upsert.timezone)
        ids = (upsert.integration_id, upsert.group_id)
        for (slug,) in self._fetch(_UPDATE_GROUP, *ids, upsert.name, *shared, upsert.start_time, at):
            for entry in upsert.use_cases:
                values = (upsert.group_id, entry.key, *shared, entry.status, at)
                for id, *use_case in self._fetch(_UPDATE_USE_CASE, *values):
                    for action in [*self._upsert_actions(id, entry)] or [_NO_ACTION]:
                        yield (slug, id, *use_case, *action)

    def _upsert_actions(self, use_case_id: str, entry: ListedUseCase) -> Iterator[Row]:
        identities = [action[:3] for action in entry.actions]
        self._fetch(_DELETE_ACTIONS, use_case_id, orjson.dumps(identities).decode())
        for position, action in enumerate(entry.actions):
            yield from self._fetch(_UPSERT_ACTION, use_case_id, position, *action)

    def _fetch(self, statement: str, *values: object) -> Sequence[Row]:
        return self._connection.execute(statement, values).fetchall()
