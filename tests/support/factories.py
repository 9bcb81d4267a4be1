"""Rows for the databases of tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import select

from gateway import services
from gateway.database.database import Database
from gateway.database.keyring import Keyring
from gateway.database.tables import Base, Integration, ResourceRecord, Team, UseCase, UseCaseGroup, User
from gateway.domain.calendar import timezones
from gateway.domain.calendar.instants import format_instant
from gateway.domain.enums import UseCaseKey
from gateway.domain.integrations import IntegrationColumns, read_connected_columns, read_webhook_columns
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records import read_record_columns
from gateway.domain.secret_keys import parse_keys
from gateway.domain.use_cases import KNOWN_USE_CASES, read_use_case_columns
from tests import SECRET_KEY
from tests.support.gateway import TEAM, USER
from tests.support.sessions import open_session

KEYRING = Keyring(partial(parse_keys, SECRET_KEY))
"""The keys of the tests."""

AT = datetime(2025, 3, 9, 12, tzinfo=UTC)
"""The default creation time of rows."""

ZONES = (
    "America/Chicago",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "UTC",
)
"""Time zones with unusual starts of days."""


async def store(database: Database, *rows: Base) -> None:
    """Write these rows, their teams, and the counts of their records."""
    teams = {team_id for row in rows if isinstance(team_id := getattr(row, "team_id", None), str)}
    zones: dict[tuple[str, str], str | None] = {}
    async with open_session(database) as session:
        known = set(await session.scalars(select(Team.id)))
        session.add_all(Team(id=id, name=id, created_at=AT) for id in sorted(teams - known))
        await session.flush()
        session.add_all(rows)
        await session.flush()
        for key in sorted({(row.team_id, row.integration_id) for row in rows if isinstance(row, ResourceRecord)}):
            zones[key] = (await session.get_one(Integration, key)).timezone
    async with database.write() as writer:
        for key, zone in zones.items():
            await services.day_counts.recount(writer, *key, timezones.get_zone(zone))


def set_document(row: Any, document: Document, columns: Mapping[str, object]) -> None:
    """Give a row a document, and the columns that are derived from it."""
    row.document = document
    for name, value in columns.items():
        setattr(row, name, value)


def user(id: str, username: str | None, *, team_id: str = TEAM) -> User:
    return User(team_id=team_id, id=id, username=username, name=None, created_at=AT)


def webhook(document: Document, *, team_id: str = TEAM) -> Integration:
    """Return a webhook with this document, incoming by default."""
    document = {"type": "webhook-incoming", **document}
    return _build_integration(team_id, str(document["_id"]), document, read_webhook_columns(document, AT))


def connected(id: str, *, team_id: str = TEAM, **keys: Json) -> Integration:
    """Return a connected integration of the tests' user, with these keys in its document."""
    config: Document = {"provider": "microsoft", "authType": "oauth"}
    document: Document = {
        "_id": id,
        "name": id,
        "status": "active",
        "createdBy": USER,
        "config": config,
        **keys,
    }
    return _build_integration(team_id, id, document, read_connected_columns(document, f"integration_{id}", AT))


def _build_integration(team_id: str, id: str, document: Document, columns: IntegrationColumns) -> Integration:
    encrypted = services.secrets.encrypt_document(KEYRING, team_id, id, columns["kind"], document)
    row = Integration(team_id=team_id, id=id, secrets=encrypted["secrets"], version=1)
    set_document(row, encrypted["document"], columns)
    return row


def use_case_group(
    id: str, integration_id: str, *, team_id: str = TEAM, at: datetime = AT, **columns: str | time | None
) -> UseCaseGroup:
    """Return a group without use cases; its id is its slug."""
    return UseCaseGroup(
        team_id=team_id,
        id=id,
        integration_id=integration_id,
        version=1,
        created_at=at,
        created_by=USER,
        updated_at=at,
        updated_by=USER,
        **{"name": id, "slug": id, **columns},
    )


def use_case(
    id: str,
    integration_id: str,
    *,
    team_id: str = TEAM,
    group: tuple[str, UseCaseKey] | None = None,
    at: datetime = AT,
    **config: Json,
) -> UseCase:
    """Return an active use case without actions. `group` is its group and key; the default is a lab reminder."""
    group_id, key = group or (None, UseCaseKey.LAB_REMINDER)
    known = KNOWN_USE_CASES[key]
    document: Document = {
        "teamId": team_id,
        "createdBy": USER,
        "createdAt": format_instant(at),
        "updatedAt": format_instant(at),
        "_id": id,
        "logicalId": f"use_case_{id}",
        "integrationId": integration_id,
        "schedulerNames": [],
        "config": {
            "status": "active",
            "type": known.type.value,
            "name": known.name,
            "actions": [],
            **config,
        },
    }
    row = UseCase(team_id=team_id, id=id, integration_id=integration_id, group_id=group_id, version=1)
    set_document(row, document, read_use_case_columns(document, f"use_case_{id}", at))
    return row


def record(
    id: str,
    integration_id: str,
    config: Document | None = None,
    *,
    team_id: str = TEAM,
    at: datetime = AT,
) -> ResourceRecord:
    """Return a resource record with this config, created at `at`; an appointment by default."""
    document: Document = {
        "teamId": team_id,
        "createdBy": USER,
        "updatedBy": USER,
        "createdAt": format_instant(at),
        "updatedAt": format_instant(at),
        "_id": id,
        "logicalId": f"resource_record_{id}",
        "integrationId": integration_id,
        "config": {"type": "appointments", **(config or {})},
    }
    row = ResourceRecord(team_id=team_id, id=id, integration_id=integration_id, version=1)
    set_document(row, document, read_record_columns(document, f"resource_record_{id}", at))
    return row
