"""The floor's statements for SQLite, which run on the event loop."""

from typing import cast

import orjson

from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.peers import dashboard_sqlite
from tests.benchmarks.peers.databases import SqliteDatabase
from tests.benchmarks.peers.rows import COLUMNS, INSERT, WRITTEN

_GET = f"""
SELECT json_object('data', json_object('integration', json_object(
  'id', id, 'name', name, 'enabled', json(iif(enabled, 'true', 'false')), 'version', version,
  'createdAt', created_at, 'updatedAt', updated_at,
  'logicalId', logical_id, 'status', iif(enabled, 'ACTIVE', 'INACTIVE'),
  'access', upper(access), 'timezone', timezone,
  'config', json_object('provider', upper(provider), 'authUserEmail', document->>'$.config.authUserEmail')
)))
FROM integration WHERE team_id = '{TEAM}' AND id = :id
"""

_ACTIONS = """(
  SELECT json_group_array(json_object(
    'logicalId', value->>'$.logicalId', 'actionType', upper(coalesce(value->>'$.actionType', 'sms')),
    'templateName', value->>'$.templateName', 'context', value->>'$.context',
    'daysWindow', coalesce(value->>'$.daysWindow', 7), 'status', upper(value->>'$.status')
  ))
  FROM json_each({}.document, '$.config.actions')
)"""

_LIST = f"""
SELECT json_object('data', json_object('integrations', json_object('nodes', json_group_array(json_object(
  'id', i.id, 'name', i.name, 'useCases', json_object('nodes', (
    SELECT json_group_array(json_object('id', u.id, 'config', json_object(
      'displayName', u.document->>'$.config.displayName', 'status', upper(u.document->>'$.config.status'),
      'actions', json({_ACTIONS.format("u")})
    )))
    FROM (
      SELECT id, document FROM use_case WHERE team_id = i.team_id AND integration_id = i.id
      ORDER BY created_at, id LIMIT 6
    ) AS u
  ))
)))))
FROM (
  SELECT team_id, id, name FROM integration WHERE team_id = '{TEAM}' ORDER BY created_at DESC, id LIMIT 50
) AS i
"""

_TEXTS = (
    "organizationId",
    "npi",
    "name",
    "gender",
    "avatar",
    "summary",
    "qualification",
    "education",
    "supervisorId",
)
_LISTS = ("languages", "specialties", "locations")
_CONFIG = ", ".join(
    (
        "'sourceId', document->>'$.config.id'",
        *(f"'{key}', document->>'$.config.{key}'" for key in _TEXTS),
        "'status', upper(coalesce(document->>'$.config.status', 'active'))",
        *(f"'{key}', coalesce(document->'$.config.{key}', json('[]'))" for key in _LISTS),
        "'workingHours', document->'$.config.workingHours'",
        "'preferredVisitingReasons', coalesce(document->'$.config.preferred_visiting_reasons', json('[]'))",
    )
)

_EXPORT = f"""
SELECT json_object('data', json_object('integrationExport', json_object(
  'integration', json_object('id', i.id, 'name', i.name),
  'useCases', (SELECT json_group_array(json_object('id', id)) FROM (
    SELECT id FROM use_case WHERE team_id = i.team_id AND integration_id = i.id ORDER BY created_at, id
  )),
  'resourceRecords', (SELECT json_group_array(json_object(
    'id', id, 'logicalId', logical_id, 'type', upper(type), 'createdAt', created_at, 'updatedAt', updated_at,
    'config', json_object({_CONFIG})
  )) FROM (
    SELECT id, logical_id, type, created_at, updated_at, document FROM resource_record
    WHERE team_id = i.team_id AND integration_id = i.id ORDER BY created_at, id
  ))
)))
FROM integration AS i WHERE i.team_id = '{TEAM}' AND i.id = :id
"""

_DOCUMENT = f"""
SELECT json_object('data', json_object('integrationExport', json_object('document', json_object(
  'integration', json_remove(i.document, '$.config.accessToken', '$.config.refreshToken'),
  'use_cases', (SELECT json_group_array(json(document)) FROM (
    SELECT document FROM use_case WHERE team_id = i.team_id AND integration_id = i.id ORDER BY created_at, id
  )),
  'resource_records', (SELECT json_group_array(json(document)) FROM (
    SELECT document FROM resource_record WHERE team_id = i.team_id AND integration_id = i.id
    ORDER BY created_at, id
  ))
))))
FROM integration AS i WHERE i.team_id = '{TEAM}' AND i.id = :id
"""

_CHANGED_GROUP = f"""
UPDATE use_case_group SET
  name = :input->>'$.name', sheet_link = :input->>'$.sheetLink', assistant_id = :input->>'$.assistantId',
  timezone = :input->>'$.timezone', start_time = :input->>'$.startTime' || '.000000',
  version = version + 1, updated_at = :at, updated_by = '{USER}'
WHERE team_id = '{TEAM}' AND id = :input->>'$.groupId' AND integration_id = :integrationId
"""

_CHANGED_ACTIONS = """(
  SELECT json_group_array(json_object(
    'logicalId', coalesce(stored.value->>'$.logicalId', 'action_' || lower(hex(randomblob(16)))),
    'actionType', lower(entry.value->>'$.actionType'), 'templateName', entry.value->>'$.templateName',
    'context', entry.value->>'$.context',
    'reportEmails', coalesce(stored.value->'$.reportEmails', json('[]')),
    'daysWindow', entry.value->>'$.day', 'status', coalesce(stored.value->>'$.status', 'active'),
    'schedule', stored.value->'$.schedule'
  ))
  FROM json_each(listed.value, '$.actions') AS entry
  LEFT JOIN json_each(use_case.document, '$.config.actions') AS stored
    ON stored.value->>'$.actionType' = lower(entry.value->>'$.actionType')
    AND stored.value->>'$.context' = entry.value->>'$.context'
    AND stored.value->>'$.daysWindow' = entry.value->>'$.day'
)"""

_CHANGED_USE_CASES = f"""
UPDATE use_case SET
  version = version + 1, updated_at = :at, updated_by = '{USER}',
  status = iif(listed.value->>'$.enabled', 'active', 'inactive'),
  document = json_set(
    document, '$.updatedBy', '{USER}', '$.updatedAt', :at,
    '$.config.assistantId', :input->>'$.assistantId', '$.config.timezone', :input->>'$.timezone',
    '$.config.sheetLink', :input->>'$.sheetLink',
    '$.config.status', iif(listed.value->>'$.enabled', 'active', 'inactive'),
    '$.config.actions', json({_CHANGED_ACTIONS})
  )
FROM json_each(:input, '$.useCases') AS listed
WHERE team_id = '{TEAM}' AND group_id = :input->>'$.groupId' AND use_case.key = listed.value->>'$.useCase'
"""

_CHANGED = f"""
SELECT json_object('data', json_object('upsertUseCaseGroup', json_object(
  'outcome', 'UPDATED',
  'group', json_object(
    'id', g.id, 'name', g.name, 'slug', g.slug, 'sheetLink', g.sheet_link, 'assistantId', g.assistant_id,
    'timezone', g.timezone, 'startTime', substr(g.start_time, 1, 8)
  ),
  'useCases', (SELECT json_group_array(json_object('outcome', 'UPDATED', 'useCase', json_object(
    'id', u.id, 'key', u.key, 'config', json_object(
      'displayName', u.document->>'$.config.displayName', 'status', upper(u.status),
      'sheetLink', u.document->>'$.config.sheetLink', 'actions', json({_ACTIONS.format("u")})
    )
  ))) FROM (
    SELECT u.* FROM json_each(:input, '$.useCases') AS listed
    JOIN use_case AS u ON u.team_id = g.team_id AND u.group_id = g.id AND u.key = listed.value->>'$.useCase'
    ORDER BY listed.key
  ) AS u),
  'errors', json('[]')
)))
FROM use_case_group AS g WHERE g.team_id = '{TEAM}' AND g.id = :input->>'$.groupId'
"""


class SqliteFloor(SqliteDatabase):
    """Answers with the texts that statements build."""

    async def open(self) -> None:
        await super().open()
        self._connection.text_factory = bytes

    async def answer(self, kind: str, variables: Document) -> bytes:
        if kind == "upsert":
            return self._upsert(variables)
        if kind == "rows":
            return self._insert(variables["rows"])
        if kind == "dashboard":
            return self._text(*dashboard_sqlite.build_statement(variables))
        statement = {"get": _GET, "list": _LIST, "export": _EXPORT, "document": _DOCUMENT}[kind]
        return self._text(statement, variables)

    def _upsert(self, variables: Document) -> bytes:
        """Run three statements in a transaction, because SQLite cannot read and write in one."""
        parameters: Document = {
            "integrationId": variables["integrationId"],
            "input": orjson.dumps(variables["input"]).decode(),
            "at": instants.format_instant(instants.now()),
        }
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(_CHANGED_GROUP, parameters)
            self._connection.execute(_CHANGED_USE_CASES, parameters)
            return self._text(_CHANGED, parameters)

    def _insert(self, rows: Json) -> bytes:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                f"{INSERT} ({', '.join('?' * len(COLUMNS))})", cast(list[list[Json]], rows)
            )
        return WRITTEN

    def _text(self, statement: str, parameters: Document) -> bytes:
        found: bytes = self._connection.execute(statement, parameters).fetchone()[0]
        return found
