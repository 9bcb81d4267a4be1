"""Upserts of a thousand new appointments, as the graph takes them in and as the rows that come of them."""

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


def workload(graphs: str, floors: str) -> Workload:
    """Each turn brings a week's appointments, of one integration through the graph, of another as bare rows."""
    return Workload(
        f"upsert of {SIZE:,} appointments",
        "rows",
        UPSERT,
        lambda turn: {"integrationId": graphs, "records": [_record(each) for each in documents(graphs, turn)]},
        connections=1,
        rows=lambda turn: {"rows": [row(each) for each in documents(floors, turn)]},
    )


def documents(integration_id: str, turn: int) -> Iterator[Document]:
    """The appointments of a turn: those of a hundred turns follow each other for two years."""
    years, week = divmod(turn, _UPSERTS)
    appointments = Appointments(integration_id, _FIRST_SERIES + years, _UPSERTS * SIZE)
    return map(appointments.document, range(week * SIZE, (week + 1) * SIZE))


def _record(document: Document) -> Document:
    """The document as the graph's input."""
    config = _config(document)
    config.pop("type")
    config["bookingStatus"] = BookingStatus(config["bookingStatus"]).name
    if "appointmentType" in config:
        config["appointmentType"] = AppointmentType(config["appointmentType"]).name
    return {
        "logicalId": document["logicalId"],
        "createdAt": document["createdAt"],
        "config": {"appointment": config},
    }


def _config(document: Document) -> Document:
    """What the graph stores of it: what an appointment does not say, its document does not name."""
    config = document["config"]
    assert isinstance(config, dict)
    return {key: value for key, value in config.items() if value is not None}


def row(document: Document) -> list[Json]:
    """What the graph stores of an appointment, in the order of `COLUMNS`, but that its id is the document's."""
    document = {**document, "config": _config(document)}
    logical_id = str(document["logicalId"])
    values = {
        "team_id": TEAM,
        "id": document["_id"],
        "integration_id": document["integrationId"],
        "version": 1,
        "document": orjson.dumps(document).decode(),
        **read_record_columns(document, logical_id, BEGIN),
    }
    return [_plain(values[column]) for column in COLUMNS]


def _plain(value: object) -> Json:
    match value:
        case datetime():
            return format_instant(value)
        case Enum():
            return str(value.value)
        case str() | int() | None:
            return value
        case _:
            raise TypeError(value)
