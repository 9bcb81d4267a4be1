"""The floor's statements for PostgreSQL, through asyncpg's pool."""

from datetime import datetime
from typing import Any, cast

import orjson

from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.peers import dashboard_postgresql
from tests.benchmarks.peers.databases import PostgresqlDatabase
from tests.benchmarks.peers.rows import COLUMNS, INSTANTS, WRITTEN, build_insert

_INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
_CREATED_AT, _UPDATED_AT = _INSTANT.format("created_at"), _INSTANT.format("updated_at")

_GET = f"""
SELECT json_build_object('data', json_build_object('integration', json_build_object(
  'id', id, 'name', name, 'enabled', enabled, 'version', version,
  'createdAt', {_CREATED_AT}, 'updatedAt', {_UPDATED_AT},
  'logicalId', logical_id, 'status', CASE WHEN enabled THEN 'ACTIVE' ELSE 'INACTIVE' END,
  'access', upper(access), 'timezone', timezone,
  'config', json_build_object('provider', upper(provider), 'authUserEmail', document#>>'{{config,authUserEmail}}')
)))::text
FROM integration WHERE team_id = '{TEAM}' AND id = $1
"""

_ACTION = """json_build_object(
  'logicalId', a."logicalId", 'actionType', upper(coalesce(a."actionType", 'sms')),
  'templateName', a."templateName", 'context', a.context, 'daysWindow', coalesce(a."daysWindow", 7),
  'status', upper(a.status)
)"""
_ACTIONS = """json_to_recordset({}) AS a(
  "logicalId" text, "actionType" text, "templateName" text, context text, "daysWindow" int, status text
)"""

# From rows: the server builds an object from a row faster than from a list of keys and values.
_LIST = f"""
SELECT json_build_object('data', json_build_object('integrations', json_build_object(
  'nodes', coalesce(json_agg(node), '[]')
)))::text
FROM (
  SELECT id, name, json_build_object('nodes', coalesce((
    SELECT json_agg(use_case) FROM (
      SELECT u.id, config
      FROM (
        SELECT id, document FROM use_case WHERE team_id = i.team_id AND integration_id = i.id
        ORDER BY created_at, id LIMIT 6
      ) AS u, LATERAL (
        SELECT "displayName", upper(status) AS status, coalesce((
          SELECT json_agg(action) FROM (
            SELECT "logicalId", upper(coalesce("actionType", 'sms')) AS "actionType", "templateName", context,
              coalesce("daysWindow", 7) AS "daysWindow", upper(status) AS status
            FROM {_ACTIONS.format("c.actions")}
          ) AS action
        ), '[]') AS actions
        FROM json_to_record(u.document->'config') AS c("displayName" text, status text, actions json)
      ) AS config
    ) AS use_case
  ), '[]')) AS "useCases"
  FROM (
    SELECT team_id, id, name FROM integration WHERE team_id = '{TEAM}' ORDER BY created_at DESC, id LIMIT 50
  ) AS i
) AS node
"""

_RECORD = f"""json_build_object(
  'id', r.id, 'logicalId', r.logical_id, 'type', upper(r.type),
  'createdAt', {_CREATED_AT}, 'updatedAt', {_UPDATED_AT},
  'config', json_build_object(
    'sourceId', c.id, 'organizationId', c."organizationId", 'npi', c.npi, 'name', c.name, 'gender', c.gender,
    'avatar', c.avatar, 'summary', c.summary, 'qualification', c.qualification, 'education', c.education,
    'supervisorId', c."supervisorId", 'status', upper(coalesce(c.status, 'active')),
    'languages', coalesce(c.languages, '[]'), 'specialties', coalesce(c.specialties, '[]'),
    'locations', coalesce(c.locations, '[]'), 'workingHours', c."workingHours",
    'preferredVisitingReasons', coalesce(c.preferred_visiting_reasons, '[]')
  )
)"""
_RECORDS = """resource_record AS r, json_to_record(r.document->'config') AS c(
  id text, "organizationId" text, npi text, name text, gender text, avatar text, summary text,
  qualification text, education text, "supervisorId" text, status text, languages json, specialties json,
  locations json, "workingHours" json, preferred_visiting_reasons json
)"""

_EXPORT = f"""
SELECT json_build_object('data', json_build_object('integrationExport', json_build_object(
  'integration', json_build_object('id', i.id, 'name', i.name),
  'useCases', coalesce((
    SELECT json_agg(json_build_object('id', u.id) ORDER BY u.created_at, u.id) FROM use_case AS u
    WHERE u.team_id = i.team_id AND u.integration_id = i.id
  ), '[]'),
  'resourceRecords', coalesce((
    SELECT json_agg({_RECORD} ORDER BY r.created_at, r.id) FROM {_RECORDS}
    WHERE r.team_id = i.team_id AND r.integration_id = i.id
  ), '[]')
)))::text
FROM integration AS i WHERE i.team_id = '{TEAM}' AND i.id = $1
"""

_DOCUMENT = f"""
SELECT json_build_object('data', json_build_object('integrationExport', json_build_object('document',
  json_build_object(
    'integration', i.document::jsonb #- '{{config,accessToken}}' #- '{{config,refreshToken}}',
    'use_cases', coalesce((
      SELECT json_agg(u.document ORDER BY u.created_at, u.id) FROM use_case AS u
      WHERE u.team_id = i.team_id AND u.integration_id = i.id
    ), '[]'),
    'resource_records', coalesce((
      SELECT json_agg(r.document ORDER BY r.created_at, r.id) FROM resource_record AS r
      WHERE r.team_id = i.team_id AND r.integration_id = i.id
    ), '[]')
  )
)))::text
FROM integration AS i WHERE i.team_id = '{TEAM}' AND i.id = $1
"""

_STORED_ACTION = """json_build_object(
  'logicalId', coalesce(stored->>'logicalId', 'action_' || gen_random_uuid()),
  'actionType', lower(action->>'actionType'), 'templateName', action->'templateName',
  'context', action->'context', 'reportEmails', coalesce(stored->'reportEmails', '[]'),
  'daysWindow', action->'day', 'status', coalesce(stored->>'status', 'active'), 'schedule', stored->'schedule'
)"""
_STORED_ACTIONS = f"""
  SELECT coalesce(json_agg({_STORED_ACTION} ORDER BY place), '[]')
  FROM json_array_elements(entry->'actions') WITH ORDINALITY AS a(action, place)
  LEFT JOIN json_array_elements(document#>'{{config,actions}}') AS s(stored)
    ON stored->>'actionType' = lower(action->>'actionType') AND stored->>'context' = action->>'context'
    AND stored->>'daysWindow' = action->>'day'
"""
_STORED_CONFIG = f"""json_build_object(
  'displayName', document#>'{{config,displayName}}', 'assistantId', g.assistant_id,
  'status', CASE WHEN (entry->>'enabled')::boolean THEN 'active' ELSE 'inactive' END, 'timezone', g.timezone,
  'type', document#>'{{config,type}}', 'name', document#>'{{config,name}}', 'sheetLink', g.sheet_link,
  'actions', ({_STORED_ACTIONS})
)"""
_UPSERT = f"""
WITH input AS (SELECT $2::json AS input, date_trunc('milliseconds', now()) AS at),
parent AS MATERIALIZED (
  SELECT id FROM integration WHERE team_id = '{TEAM}' AND id = $1 AND kind = 'connected' FOR NO KEY UPDATE
),
changed_group AS (
  UPDATE use_case_group AS g SET
    name = input->>'name', sheet_link = input->>'sheetLink', assistant_id = input->>'assistantId',
    timezone = input->>'timezone', start_time = (input->>'startTime')::time,
    version = version + 1, updated_at = at, updated_by = '{USER}'
  FROM input, parent WHERE g.team_id = '{TEAM}' AND g.id = input->>'groupId' AND g.integration_id = parent.id
  RETURNING g.*
),
changed AS (
  UPDATE use_case AS u SET
    version = u.version + 1, updated_at = at, updated_by = '{USER}',
    status = CASE WHEN (entry->>'enabled')::boolean THEN 'active' ELSE 'inactive' END,
    document = json_build_object(
      'teamId', document->'teamId', 'createdBy', document->'createdBy', 'updatedBy', '{USER}',
      'createdAt', document->'createdAt', 'updatedAt', {_INSTANT.format("at")}, '_id', document->'_id',
      'logicalId', document->'logicalId', 'integrationId', document->'integrationId',
      'schedulerNames', document->'schedulerNames', 'config', {_STORED_CONFIG}
    )
  FROM changed_group AS g, input, json_array_elements(input->'useCases') WITH ORDINALITY AS entries(entry, place)
  WHERE u.team_id = g.team_id AND u.group_id = g.id AND u.key = entry->>'useCase'
  RETURNING u.id, u.key, u.status, u.document, place
)
SELECT json_build_object('data', json_build_object('upsertUseCaseGroup', json_build_object(
  'outcome', 'UPDATED',
  'group', json_build_object(
    'id', g.id, 'name', g.name, 'slug', g.slug, 'sheetLink', g.sheet_link, 'assistantId', g.assistant_id,
    'timezone', g.timezone, 'startTime', g.start_time
  ),
  'useCases', (SELECT json_agg(json_build_object('outcome', 'UPDATED', 'useCase', json_build_object(
    'id', u.id, 'key', u.key, 'config', json_build_object(
      'displayName', document#>'{{config,displayName}}', 'status', upper(u.status),
      'sheetLink', document#>'{{config,sheetLink}}',
      'actions', (SELECT json_agg({_ACTION}) FROM {_ACTIONS.format("document#>'{{config,actions}}'")})
    )
  )) ORDER BY u.place) FROM changed AS u),
  'errors', '[]'::json
)))::text
FROM changed_group AS g
"""


class PostgresqlFloor(PostgresqlDatabase):
    """Answers with the texts that statements build."""

    async def answer(self, kind: str, variables: Document) -> bytes:
        match kind:
            case "rows":
                return await self._insert(variables["rows"])
            case "list":
                found = await self._pool.fetchval(_LIST)
            case "upsert":
                text = orjson.dumps(variables["input"]).decode()
                found = await self._pool.fetchval(_UPSERT, variables["integrationId"], text)
            case "dashboard":
                statement, values = dashboard_postgresql.build_statement(variables)
                found = await self._pool.fetchval(statement, *values)
            case _:
                statement = {"get": _GET, "export": _EXPORT, "document": _DOCUMENT}[kind]
                found = await self._pool.fetchval(statement, variables["id"])
        return str(found).encode()

    async def _insert(self, rows: Json) -> bytes:
        values = []
        for row in cast(list[list[Any]], rows):
            for place in INSTANTS:
                row[place] = datetime.fromisoformat(row[place])
            values += row
        await self._pool.execute(build_insert(len(values) // len(COLUMNS)), *values)
        return WRITTEN
