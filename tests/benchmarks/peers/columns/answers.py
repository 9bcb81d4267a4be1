"""The responses of the columns peer, composed from rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

import orjson
from orjson import Fragment

from gateway.domain import schedules
from gateway.domain.calendar import timezones
from gateway.domain.lenient_reading import Json
from tests.benchmarks.documents import TEAM

Row = Sequence[Any]


def build_integration(row: Row) -> bytes:
    id, name, status, version, created_at, updated_at, logical_id, access, timezone, provider, email = row
    return encode(
        "integration",
        {
            "id": id,
            "name": name,
            "enabled": status == "active",
            "version": version,
            "createdAt": created_at,
            "updatedAt": updated_at,
            "logicalId": logical_id,
            "status": status.upper(),
            "access": access.upper(),
            "timezone": timezone,
            "config": {"provider": provider.upper(), "authUserEmail": email},
        },
    )


def build_list(rows: Iterable[Row]) -> bytes:
    """Build a list of integrations from a row for each action, in the order of integrations and use cases."""
    nodes: list[object] = []
    use_cases: list[object] = []
    actions: list[object] = []
    last_id = last_use_case_id = None
    for (
        id,
        name,
        use_case_id,
        display_name,
        status,
        action_id,
        type,
        template,
        context,
        days,
        action_status,
    ) in rows:
        if id != last_id:
            use_cases, last_id = [], id
            nodes.append({"id": id, "name": name, "useCases": {"nodes": use_cases}})
        if use_case_id is not None and use_case_id != last_use_case_id:
            actions, last_use_case_id = [], use_case_id
            config = {"displayName": display_name, "status": status.upper(), "actions": actions}
            use_cases.append({"id": use_case_id, "config": config})
        if action_id is not None:
            actions.append(
                {
                    "logicalId": action_id,
                    "actionType": type.upper(),
                    "templateName": template,
                    "context": context,
                    "daysWindow": days,
                    "status": action_status.upper(),
                }
            )
    return encode("integrations", {"nodes": nodes})


def build_export(head: str, rows: Iterable[Row]) -> bytes:
    """Build an export from its head, which is JSON, and a row for each practitioner."""
    others = orjson.loads(head)
    records = [
        {
            "id": id,
            "logicalId": logical_id,
            "type": "PRACTITIONERS",
            "createdAt": created_at,
            "updatedAt": updated_at,
            "config": {
                "sourceId": source_id,
                "organizationId": organization_id,
                "npi": npi,
                "name": name,
                "gender": gender,
                "avatar": avatar,
                "summary": summary,
                "qualification": qualification,
                "education": education,
                "supervisorId": supervisor_id,
                "status": status.upper(),
                "languages": Fragment(languages),
                "specialties": Fragment(specialties),
                "locations": Fragment(locations),
                "workingHours": Fragment(hours),
                "preferredVisitingReasons": Fragment(reasons),
            },
        }
        for (
            _,
            id,
            logical_id,
            created_at,
            updated_at,
            source_id,
            organization_id,
            npi,
            name,
            gender,
            avatar,
            summary,
            qualification,
            education,
            supervisor_id,
            status,
            languages,
            specialties,
            locations,
            hours,
            reasons,
        ) in rows
    ]
    return encode(
        "integrationExport",
        {"integration": others["integration"], "useCases": others["use_cases"], "resourceRecords": records},
    )


def build_document(head: str, rows: Iterable[Row]) -> bytes:
    """Build an export document. Practitioners do not have the keys that are null."""
    others = orjson.loads(head)
    integration_id = others["integration"]["_id"]
    records = [
        {
            "teamId": TEAM,
            "createdBy": created_by,
            "updatedBy": updated_by,
            "createdAt": created_at,
            "updatedAt": updated_at,
            "_id": id,
            "logicalId": logical_id,
            "integrationId": integration_id,
            "config": _drop_nulls(
                {
                    "type": "practitioners",
                    "id": source_id,
                    "organizationId": organization_id,
                    "npi": npi,
                    "name": name,
                    "gender": gender,
                    "avatar": avatar,
                    "summary": summary,
                    "qualification": qualification,
                    "education": education,
                    "supervisorId": supervisor_id,
                    "status": status,
                    "languages": Fragment(languages),
                    "specialties": Fragment(specialties),
                    "locations": Fragment(locations),
                    "workingHours": Fragment(hours),
                    "preferred_visiting_reasons": Fragment(reasons),
                }
            ),
        }
        for (
            _,
            id,
            logical_id,
            created_at,
            created_by,
            updated_at,
            updated_by,
            source_id,
            organization_id,
            npi,
            name,
            gender,
            avatar,
            summary,
            qualification,
            education,
            supervisor_id,
            status,
            languages,
            specialties,
            locations,
            hours,
            reasons,
        ) in rows
    ]
    return encode("integrationExport", {"document": {**others, "resource_records": records}})


def _drop_nulls(config: Mapping[str, object]) -> Mapping[str, object]:
    """Return the config without the keys that are null."""
    if None not in config.values():
        return config
    return {key: value for key, value in config.items() if value is not None}


def build_stored_group(text: str, now: datetime) -> bytes:
    """Build a group with the next runs of its daily schedules after `now`."""
    group = orjson.loads(text)
    at, zone = time.fromisoformat(group["startTime"]), timezones.get_zone(group["timezone"])
    use_cases = []
    for use_case in group["useCases"]:
        document = use_case["document"]
        config = document["config"]
        for action in config["actions"]:
            action["actionType"], action["status"] = action["actionType"].upper(), action["status"].upper()
            action["schedule"] = _build_schedule(schedules.renew_schedule(action["schedule"], at, zone, now))
        config["status"], config["type"] = config["status"].upper(), config["type"].upper()
        use_cases.append(
            {
                "id": document["_id"],
                "key": use_case["key"],
                "schedulerNames": document["schedulerNames"],
                "config": config,
            }
        )
    return encode("useCaseGroup", {**group, "useCases": use_cases})


def _build_schedule(schedule: Json) -> Json:
    return {**schedule, "field": str(schedule["field"]).upper()} if isinstance(schedule, dict) else None


def encode(field: str, value: object) -> bytes:
    return orjson.dumps({"data": {field: value}})
