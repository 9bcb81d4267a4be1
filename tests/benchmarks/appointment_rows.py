"""Appointments as an import would store them, inserted by a statement of the database: ten million in minutes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.domain.records.appointments import APPOINTMENTS
from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS as STATISTICS
from tests.benchmarks.appointments import (
    BEGIN,
    CHOICES,
    DAYS_TO_VISIT,
    PATIENT,
    PRIME,
    SECONDS,
    Appointments,
    Choice,
    RandomNumber,
)
from tests.benchmarks.documents import TEAM, USER, build_object_id

_CHUNK = 1_000_000
"""Rows in one transaction."""

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class _DialectSql:
    """The SQL of a database: 16 hexadecimal digits, JSON, and instants and their text from Unix seconds."""

    digits: str
    instant: str
    instant_text: str
    json: str


_TEXT_ON_SQLITE = "strftime('%Y-%m-%dT%H:%M:%S.000Z', {}, 'unixepoch')"
_DIALECTS = {
    "sqlite": _DialectSql("format('%016x', {})", _TEXT_ON_SQLITE, _TEXT_ON_SQLITE, "{}"),
    "postgresql": _DialectSql(
        "lpad(to_hex({}), 16, '0')",
        "to_timestamp({})",
        """to_char(to_timestamp({}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')""",
        "({})::json",
    ),
}


async def insert_appointments(database: Database, appointments: Appointments) -> None:
    """Insert all appointments into an existing integration."""
    for first in range(0, appointments.count, _CHUNK):
        end = min(first + _CHUNK, appointments.count)
        await database.run_sync(partial(_insert, appointments, range(first, end)))


def _insert(appointments: Appointments, indexes: range, connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # This skips the check of the foreign key for each row.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    connection.exec_driver_sql(_build_insert(appointments, indexes, _DIALECTS[connection.dialect.name]))


def _build_insert(appointments: Appointments, indexes: range, dialect: _DialectSql) -> str:
    columns = _build_columns(appointments, dialect)
    numbers = f"SELECT row_index + 1 FROM indexes WHERE row_index < {indexes[-1]}"
    return f"""
        INSERT INTO resource_record ({", ".join(columns)})
        WITH RECURSIVE indexes(row_index) AS (
          SELECT CAST({indexes.start} AS bigint) UNION ALL {numbers}
        ),
        drawn AS MATERIALIZED (SELECT {", ".join(_build_drawn_columns(appointments, dialect))} FROM indexes)
        SELECT {", ".join(columns.values())} FROM drawn
    """


def _build_drawn_columns(appointments: Appointments, dialect: _DialectSql) -> Iterator[str]:
    """Yield the drawn values as columns, named after the keys of the document."""
    created = f"({int(BEGIN.timestamp())} + row_index * {SECONDS} / {appointments.count})"
    visit = f"({created} + (1 + {_draw(DAYS_TO_VISIT)}) * {_DAY})"
    digits = dialect.digits.format(f"{appointments.get_number(0)} + row_index")
    yield f"""'{build_object_id("appointment", 0)[:-16]}' || {digits} AS "_id\""""
    yield "CAST(row_index AS text) AS id"
    yield f"""'Ada Example-' || (1000 + {_draw(PATIENT)}) AS "patientName\""""
    yield f"{created} AS created"
    yield f"{visit} AS visit"
    for key, choice in CHOICES.items():
        yield f'{_choose(choice)} AS "{key}"'


def _draw(random_number: RandomNumber) -> str:
    return f"row_index * {random_number.factor} % {PRIME} % {random_number.choices}"


def _choose(choice: Choice) -> str:
    drawn = [f"WHEN {number} THEN '{value}'" for number, value in enumerate(choice.values) if value is not None]
    return f"CASE {_draw(choice.random_number)} {' '.join(drawn)} END"


def _build_columns(appointments: Appointments, dialect: _DialectSql) -> Mapping[str, str]:
    return {
        "team_id": f"'{TEAM}'",
        "id": '"_id"',
        "integration_id": f"'{appointments.integration_id}'",
        "logical_id": '"_id"',
        "type": f"'{APPOINTMENTS.type.value}'",
        "document": dialect.json.format(_build_document(appointments, dialect)),
        "search_text": f"lower({_build_search_text()})",
        "start": dialect.instant.format("visit"),
        "booking_status": '"bookingStatus"',
        "appointment_type": '"appointmentType"',
        **{each.column: f"""coalesce("{each.key}", '{each.blank_value}')""" for each in STATISTICS.breakdowns},
        "version": "1",
        "created_at": dialect.instant.format("created"),
        "created_by": f"'{USER}'",
        "updated_at": dialect.instant.format("created"),
        "updated_by": f"'{USER}'",
    }


def _build_search_text() -> str:
    drawn = [key for key in APPOINTMENTS.searched_keys if key in ("id", "patientName", *CHOICES)]
    return " || ".join(['"_id"', *(f"""coalesce('\n' || "{key}", '')""" for key in drawn)])


def _build_document(appointments: Appointments, dialect: _DialectSql) -> str:
    created, visit = (dialect.instant_text.format(name) for name in ("created", "visit"))
    config = {
        "type": f"'{APPOINTMENTS.type.value}'",
        "id": "id",
        "start": visit,
        "patientName": '"patientName"',
        **{key: f'"{key}"' for key in CHOICES},
    }
    members = {
        "teamId": f"'{TEAM}'",
        "createdBy": f"'{USER}'",
        "updatedBy": f"'{USER}'",
        "createdAt": created,
        "updatedAt": created,
        "_id": '"_id"',
        "logicalId": '"_id"',
        "integrationId": f"'{appointments.integration_id}'",
    }
    texts, config_texts = (
        {key: f"""coalesce('"' || {text} || '"', 'null')""" for key, text in each.items()}
        for each in (members, config)
    )
    return _build_object({**texts, "config": _build_object(config_texts)})


def _build_object(members: Mapping[str, str]) -> str:
    """Return the SQL expression of a JSON object from those of its members."""
    listed = " || ',' || ".join(f"""'"{key}":' || {text}""" for key, text in members.items())
    return f"'{{' || {listed} || '}}'"
