"""Appointments as the rows that an import makes of them, made by the database itself: ten million in minutes."""

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
    Chance,
    Choice,
)
from tests.benchmarks.documents import TEAM, USER, object_id

_CHUNK = 1_000_000
"""Rows of a transaction."""

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How a database says 16 hexadecimal digits, instants and their text, of seconds since 1970, and JSON."""

    digits: str
    instant: str
    instant_text: str
    json: str


_TEXT_ON_SQLITE = "strftime('%Y-%m-%dT%H:%M:%S.000Z', {}, 'unixepoch')"
_SPELLINGS = {
    "sqlite": _Spelling("format('%016x', {})", _TEXT_ON_SQLITE, _TEXT_ON_SQLITE, "{}"),
    "postgresql": _Spelling(
        "lpad(to_hex({}), 16, '0')",
        "to_timestamp({})",
        """to_char(to_timestamp({}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')""",
        "({})::json",
    ),
}


async def fill(database: Database, appointments: Appointments) -> None:
    """Add all of them; their integration is there."""
    for first in range(0, appointments.count, _CHUNK):
        end = min(first + _CHUNK, appointments.count)
        await database.run_sync(partial(_add, appointments, range(first, end)))


def _add(appointments: Appointments, places: range, connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Their integration need not be looked for once for each of them.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    connection.exec_driver_sql(_insertion(appointments, places, _SPELLINGS[connection.dialect.name]))


def _insertion(appointments: Appointments, places: range, spelling: _Spelling) -> str:
    columns = _columns(appointments, spelling)
    return f"""
        INSERT INTO resource_record ({", ".join(columns)})
        WITH RECURSIVE places(place) AS (
          SELECT CAST({places.start} AS bigint) UNION ALL SELECT place + 1 FROM places WHERE place < {places[-1]}
        ),
        drawn AS MATERIALIZED (SELECT {", ".join(_drawn(appointments, spelling))} FROM places)
        SELECT {", ".join(columns.values())} FROM drawn
    """


def _drawn(appointments: Appointments, spelling: _Spelling) -> Iterator[str]:
    """What the columns are made of; names are those of the document."""
    made = f"({int(BEGIN.timestamp())} + place * {SECONDS} / {appointments.count})"
    visit = f"({made} + (1 + {_draw(DAYS_TO_VISIT)}) * {_DAY})"
    digits = spelling.digits.format(f"{appointments.number(0)} + place")
    yield f"""'{object_id("appointment", 0)[:-16]}' || {digits} AS "_id\""""
    yield "CAST(place AS text) AS id"
    yield f"""'Ada Example-' || (1000 + {_draw(PATIENT)}) AS "patientName\""""
    yield f"{made} AS made"
    yield f"{visit} AS visit"
    for key, choice in CHOICES.items():
        yield f'{_choose(choice)} AS "{key}"'


def _draw(chance: Chance) -> str:
    return f"place * {chance.factor} % {PRIME} % {chance.choices}"


def _choose(choice: Choice) -> str:
    drawn = [f"WHEN {number} THEN '{value}'" for number, value in enumerate(choice.values) if value is not None]
    return f"CASE {_draw(choice.chance)} {' '.join(drawn)} END"


def _columns(appointments: Appointments, spelling: _Spelling) -> Mapping[str, str]:
    return {
        "team_id": f"'{TEAM}'",
        "id": '"_id"',
        "integration_id": f"'{appointments.integration_id}'",
        "logical_id": '"_id"',
        "type": f"'{APPOINTMENTS.type.value}'",
        "document": spelling.json.format(_document(appointments, spelling)),
        "search_text": f"lower({_search_text()})",
        "start": spelling.instant.format("visit"),
        "booking_status": '"bookingStatus"',
        "appointment_type": '"appointmentType"',
        **{each.column: f"""coalesce("{each.key}", '{each.blank_value}')""" for each in STATISTICS.breakdowns},
        "version": "1",
        "created_at": spelling.instant.format("made"),
        "created_by": f"'{USER}'",
        "updated_at": spelling.instant.format("made"),
        "updated_by": f"'{USER}'",
    }


def _search_text() -> str:
    drawn = [key for key in APPOINTMENTS.searched_keys if key in ("id", "patientName", *CHOICES)]
    return " || ".join(['"_id"', *(f"""coalesce('\n' || "{key}", '')""" for key in drawn)])


def _document(appointments: Appointments, spelling: _Spelling) -> str:
    made, visit = (spelling.instant_text.format(name) for name in ("made", "visit"))
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
        "createdAt": made,
        "updatedAt": made,
        "_id": '"_id"',
        "logicalId": '"_id"',
        "integrationId": f"'{appointments.integration_id}'",
    }
    texts, config_texts = (
        {key: f"""coalesce('"' || {text} || '"', 'null')""" for key, text in each.items()}
        for each in (members, config)
    )
    return _object({**texts, "config": _object(config_texts)})


def _object(members: Mapping[str, str]) -> str:
    """The text of a JSON object, given that of its members."""
    listed = " || ',' || ".join(f"""'"{key}":' || {text}""" for key, text in members.items())
    return f"'{{' || {listed} || '}}'"
