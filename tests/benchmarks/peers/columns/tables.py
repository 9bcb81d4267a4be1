"""The tables of the columns peer, and their rows from the stored documents."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, MetaData, Table, insert, select

from gateway.database.column_types import CollatedText, Instant, JsonText, create_enum_type
from gateway.database.database import Database
from gateway.database.tables import Integration, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.enums import UseCaseKey
from gateway.settings import Settings

_METADATA = MetaData()
_KEYS = {"id": "_id", "source_id": "id", "preferred_visiting_reasons": "preferred_visiting_reasons"}
"""The keys of documents that are not the camel case of their columns."""


def _create_texts(*names: str) -> Sequence[Column[Any]]:
    return [Column(name, CollatedText) for name in names]


def _create_instants(*names: str) -> Sequence[Column[Any]]:
    return [Column(name, Instant) for name in names]


def _create_json(*names: str) -> Sequence[Column[Any]]:
    return [Column(name, JsonText, nullable=False) for name in names]


def _create_parent(table: Table, name: str) -> Column[Any]:
    return Column(name, CollatedText, ForeignKey(table.c.id))


def _create_table(name: str, *columns: Column[Any]) -> Table:
    """Create a table whose rows have an id, a version, and who created and last updated them."""
    return Table(
        f"columns_{name}",
        _METADATA,
        Column("id", CollatedText, primary_key=True),
        *columns,
        Column("version", Integer, nullable=False),
        *_create_instants("created_at", "updated_at"),
        *_create_texts("created_by", "updated_by"),
    )


INTEGRATION = _create_table(
    "integration",
    *_create_texts("team_id", "logical_id", "name", "status", "access", "timezone", "provider", "scope"),
    *_create_texts("token_type", "auth_type", "auth_user_email", "auth_user_name"),
    *_create_instants("expires_at", "connected_at", "renewed_at"),
)
Index("columns_integration_created", INTEGRATION.c.team_id, INTEGRATION.c.created_at.desc(), INTEGRATION.c.id)

USE_CASE_GROUP = _create_table(
    "use_case_group",
    _create_parent(INTEGRATION, "integration_id"),
    *_create_texts("name", "slug", "sheet_link", "assistant_id", "timezone", "start_time"),
)

USE_CASE = _create_table(
    "use_case",
    _create_parent(INTEGRATION, "integration_id"),
    _create_parent(USE_CASE_GROUP, "group_id"),
    Column("key", create_enum_type(UseCaseKey)),
    *_create_texts("logical_id", "display_name", "assistant_id", "status", "timezone", "type", "name"),
    *_create_texts("sheet_link"),
    *_create_json("scheduler_names"),
)
Index("columns_use_case_created", USE_CASE.c.integration_id, USE_CASE.c.created_at, USE_CASE.c.id)
Index("columns_use_case_group_key", USE_CASE.c.group_id, USE_CASE.c.key, unique=True)

ACTION_IDENTITY = ("use_case_id", "action_type", "context", "days_window")
"""The primary key of an action. An upsert finds the stored actions by it."""

ACTION = Table(
    "columns_action",
    _METADATA,
    Column("use_case_id", CollatedText, ForeignKey(USE_CASE.c.id), primary_key=True),
    Column("action_type", CollatedText, primary_key=True),
    Column("context", CollatedText, primary_key=True),
    Column("days_window", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    *_create_texts("logical_id", "template_name", "status"),
    *_create_json("report_emails"),
    Column("schedule", JsonText),
)

PRACTITIONER = _create_table(
    "practitioner",
    _create_parent(INTEGRATION, "integration_id"),
    *_create_texts("logical_id", "source_id", "organization_id", "npi", "name", "gender", "avatar", "summary"),
    *_create_texts("qualification", "education", "supervisor_id", "status"),
    *_create_json("languages", "specialties", "locations", "working_hours", "preferred_visiting_reasons"),
)
Index("columns_practitioner_created", PRACTITIONER.c.integration_id, PRACTITIONER.c.created_at, PRACTITIONER.c.id)


def get_key(name: str) -> str:
    """Return the key of a column in the documents."""
    return _KEYS.get(name) or re.sub("_(.)", lambda found: found[1].upper(), name)


async def fill(database_url: str) -> None:
    """Create the tables in a loaded database, and fill them from its documents."""
    database = Database(Settings(database_url=database_url))
    try:
        await database.run_sync(_fill)
    finally:
        await database.dispose()


def _fill(connection: Connection) -> None:
    _METADATA.create_all(connection)
    for table, rows in (
        (INTEGRATION, _read_rows(connection, INTEGRATION, Integration)),
        (USE_CASE_GROUP, _read_groups(connection)),
        (USE_CASE, _read_rows(connection, USE_CASE, UseCase)),
        (ACTION, _read_actions(connection)),
        (PRACTITIONER, _read_rows(connection, PRACTITIONER, ResourceRecord)),
    ):
        if found := [*rows]:
            connection.execute(insert(table), found)


def _read_rows(
    connection: Connection, table: Table, source: type[Integration | UseCase | ResourceRecord]
) -> Iterator[Mapping[str, object]]:
    """Yield the values of documents by column. Columns without a key have the value of the stored row."""
    for stored in connection.execute(select(*source.__table__.columns)).mappings():
        document = stored["document"]
        values = {**document, **document["config"]}
        yield {
            name: stored[name] if name in ("version", "group_id", "key") else values.get(get_key(name))
            for name in table.columns.keys()  # noqa: SIM118 (iterating yields the columns)
        }


def _read_groups(connection: Connection) -> Iterator[Mapping[str, object]]:
    for stored in connection.execute(select(*UseCaseGroup.__table__.columns)).mappings():
        start_time = stored["start_time"]
        yield {**stored, "start_time": start_time and start_time.isoformat("seconds")}


def _read_actions(connection: Connection) -> Iterator[Mapping[str, object]]:
    for stored in connection.execute(select(*UseCase.__table__.columns)).mappings():
        for position, action in enumerate(stored["document"]["config"]["actions"]):
            values = {name: action.get(get_key(name)) for name in ACTION.columns.keys()}  # noqa: SIM118 (as above)
            yield {**values, "use_case_id": stored["id"], "position": position}
