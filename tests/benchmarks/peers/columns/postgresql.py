"""The columns peer on PostgreSQL, through asyncpg's pool."""

from collections.abc import Sequence

from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.peers.columns.answers import Row
from tests.benchmarks.peers.columns.statements import Dialect
from tests.benchmarks.peers.columns.upserts import Upsert
from tests.benchmarks.peers.databases import PostgresqlDatabase

_LIST = f"""
WITH i AS (
  SELECT id, name, created_at FROM columns_integration WHERE team_id = '{TEAM}'
  ORDER BY created_at DESC, id LIMIT 50
),
u AS (
  SELECT id, integration_id, display_name, status,
    row_number() OVER (PARTITION BY integration_id ORDER BY created_at, id) AS number
  FROM columns_use_case WHERE integration_id IN (SELECT id FROM i)
)
SELECT i.id, i.name, u.id, u.display_name, u.status,
  a.logical_id, a.action_type, a.template_name, a.context, a.days_window, a.status
FROM i
LEFT JOIN u ON u.integration_id = i.id AND u.number <= 6
LEFT JOIN columns_action AS a ON a.use_case_id = u.id
ORDER BY i.created_at DESC, i.id, u.number, a.position
"""

DIALECT = Dialect(
    list=_LIST,
    object="json_build_object",
    array="json_agg",
    parameter="$1",
    json="{}",
    instant="""to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
)

_UPSERT = f"""
WITH parent AS MATERIALIZED (
  SELECT id FROM columns_integration WHERE team_id = '{TEAM}' AND id = $1 FOR NO KEY UPDATE
),
g AS (
  UPDATE columns_use_case_group AS g SET
    name = $3, sheet_link = $4, assistant_id = $5, timezone = $6, start_time = $7,
    version = version + 1, updated_at = date_trunc('milliseconds', now()), updated_by = '{USER}'
  FROM parent WHERE g.id = $2 AND g.integration_id = parent.id
  RETURNING g.id, g.slug, g.updated_at
),
u AS (
  UPDATE columns_use_case AS u SET
    sheet_link = $4, assistant_id = $5, timezone = $6, status = listed.status,
    version = version + 1, updated_at = g.updated_at, updated_by = '{USER}'
  FROM g, unnest($8::text[], $9::text[]) WITH ORDINALITY AS listed(key, status, number)
  WHERE u.group_id = g.id AND u.key = listed.key
  RETURNING u.id, u.key, u.display_name, u.status, listed.number
),
listed AS MATERIALIZED (
  SELECT u.id AS use_case_id, a.* FROM u
  JOIN unnest($10::text[], $11::text[], $12::text[], $13::int[], $14::text[]) WITH ORDINALITY
    AS a(key, action_type, context, days_window, template_name, position) USING (key)
),
removed AS (
  DELETE FROM columns_action AS a USING u WHERE a.use_case_id = u.id
  AND (a.use_case_id, a.action_type, a.context, a.days_window)
    NOT IN (SELECT use_case_id, action_type, context, days_window FROM listed)
),
a AS (
  INSERT INTO columns_action AS a (
    use_case_id, action_type, context, days_window, position, logical_id, template_name, status, report_emails
  )
  SELECT use_case_id, action_type, context, days_window, position, 'action_' || gen_random_uuid(), template_name,
    'active', '[]'
  FROM listed
  ON CONFLICT (use_case_id, action_type, context, days_window)
    DO UPDATE SET position = excluded.position, template_name = excluded.template_name
  RETURNING a.*
)
SELECT g.slug, u.id, u.key, u.display_name, u.status,
  a.logical_id, a.action_type, a.template_name, a.context, a.days_window, a.status
FROM g CROSS JOIN u LEFT JOIN a ON a.use_case_id = u.id
ORDER BY u.number, a.position
"""


class PostgresqlColumns(PostgresqlDatabase):
    """Returns rows."""

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        found: Sequence[Row] = await self._pool.fetch(statement, *values)
        return found

    async def upsert(self, upsert: Upsert) -> Sequence[Row]:
        """Update a group, its use cases and their actions, and return a row for each action."""
        use_cases = upsert.use_cases
        listed = [(use_case.key, *action) for use_case in use_cases for action in use_case.actions]
        actions = zip(*listed, strict=True) if listed else ((), (), (), (), ())
        return await self.fetch(
            _UPSERT,
            upsert.integration_id,
            upsert.group_id,
            upsert.name,
            upsert.sheet_link,
            upsert.assistant_id,
            upsert.timezone,
            upsert.start_time,
            [use_case.key for use_case in use_cases],
            [use_case.status for use_case in use_cases],
            *actions,
        )
