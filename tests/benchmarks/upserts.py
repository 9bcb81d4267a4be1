"""Upserts of a thousand new appointments, as GraphQL input and as database rows."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum

import orjson

from gateway.domain.calendar.instants import format_instant
from gateway.domain.enums import AppointmentType, BookingStatus
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.records import read_record_columns
from tests.benchmarks.appointments import BEGIN, Appointments
from tests.benchmarks.documents import TEAM
from tests.benchmarks.peers.rows import COLUMNS
from tests.benchmarks.workloads import Workload

UPSERT = """
mutation ($integrationId: ID!, $records: [ResourceRecordInput!]!) {
  upsertResourceRecords(integrationId: $integrationId, records: $records) { errors { code message path } }
}
"""

SIZE = 1_000
_UPSERTS = 100
_FIRST_SERIES = 10_000


def build_workload(gateway_integration_id: str, floor_integration_id: str) -> Workload:
    """Build a workload whose iterations write a week of appointments: by GraphQL, and as rows for the floor."""
    return Workload(
        f"upsert of {SIZE:,} appointments",
        "rows",
        UPSERT,
        lambda number: {
            "integrationId": gateway_integration_id,
            "records": [_build_input(each) for each in build_documents(gateway_integration_id, number)],
        },
        connections=1,
        rows=lambda number: {"rows": [build_row(each) for each in build_documents(floor_integration_id, number)]},
    )


def build_documents(integration_id: str, number: int) -> Iterator[Document]:
    """Build the appointments of an iteration: a week of two years that a hundred iterations fill."""
    years, week = divmod(number, _UPSERTS)
    appointments = Appointments(integration_id, _FIRST_SERIES + years, _UPSERTS * SIZE)
    return map(appointments.build_document, range(week * SIZE, (week + 1) * SIZE))


def _build_input(document: Document) -> Document:
    """Return a document as GraphQL input."""
    config = _remove_nulls(document)
    config.pop("type")
    config["sourceId"] = config.pop("id")
    config["bookingStatus"] = BookingStatus(config["bookingStatus"]).name
    if "appointmentType" in config:
        config["appointmentType"] = AppointmentType(config["appointmentType"]).name
    return {
        "logicalId": document["logicalId"],
        "createdAt": document["createdAt"],
        "config": {"appointment": config},
    }


def _remove_nulls(document: Document) -> Document:
    """Return the config as the gateway stores it, without keys that are null."""
    config = document["config"]
    assert isinstance(config, dict)
    return {key: value for key, value in config.items() if value is not None}


def build_row(document: Document) -> list[Json]:
    """Return the stored row of an appointment in the order of `COLUMNS`, with the id of the document."""
    document = {**document, "config": _remove_nulls(document)}
    logical_id = str(document["logicalId"])
    values = {
        "team_id": TEAM,
        "id": document["_id"],
        "integration_id": document["integrationId"],
        "version": 1,
        "document": orjson.dumps(document).decode(),
        **read_record_columns(document, logical_id, BEGIN),
    }
    return [_to_json(values[column]) for column in COLUMNS]


def _to_json(value: object) -> Json:
    match value:
        case datetime():
            return format_instant(value)
        case Enum():
            return str(value.value)
        case str() | int() | None:
            return value
        case _:
            raise TypeError(value)
