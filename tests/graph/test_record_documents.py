"""Configs of resource records: lenient reading, types by kind, and derived columns."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from structlog.testing import capture_logs

import gateway.domain.records as domain_records
import gateway.schema.records as schema_records
from gateway.database.tables import ResourceRecord
from gateway.domain.calendar.instants import format_instant
from gateway.domain.enums import BookingStatus, Permission, ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records import KINDS_BY_MEMBER, get_kind, read_record_columns
from gateway.domain.records.catalogue import RECORD_COLUMNS, RECORD_KINDS
from gateway.domain.records.kind import RecordKind
from gateway.domain.statistics.catalogue import (
    APPOINTMENT_STATISTICS,
    MAX_VALUE_LENGTH,
    STATISTICS,
    STATISTICS_COLUMNS,
)
from gateway.schema import schema
from tests.support.examples import example
from tests.support.factories import AT, connected, record, set_document, store
from tests.support.gateway import Gateway

FIELDS = {
    "practitioners": """organizationId npi name gender avatar summary qualification education supervisorId
        supervisor { id } status languages specialties { name code } locations { locationId locationName }
        workingHours { mon { start end } tue { start end } sun { start end } } preferredVisitingReasons""",
    "locations": "name status timezone address phone",
    "appointments": """appointmentType bookingStatus errorMessage start end patientId patientName practitionerId
        practitionerName locationId locationName visitingReasonId visitingReasonName source utmSource utmMedium
        utmCampaign patient { id } practitioner { id } location { id } visitingReason { id }""",
    "patients": "firstName lastName birthDate gender phone email status bookingStatus source",
    "organizations": "name status",
    "visiting_reasons": "name code description durationMinutes appointmentTypes status",
}


def list_modules(package: Any) -> list[str]:
    return sorted(
        {module.name for module in iter_modules([str(Path(package.__file__).parent)])}
        - {"catalogue", "kind", "lines"}
    )


async def fetch_config(gateway: Gateway, type: str, config: Document, fields: str) -> Any:
    """Return the config of a record of this type, as a query returns it."""
    client = await gateway.client(permissions=[Permission.READ_RECORDS])
    name = ResourceType(type).name.title().replace("_", "").removesuffix("s") + "Config"
    await store(gateway.database, connected("clinic"), record("r", "clinic", {**config, "type": type}))
    query = '{ resourceRecord(id: "r") { type config { __typename ... on %s { sourceId %s } } } }' % (name, fields)  # noqa: UP031
    found = (await client.data(query))["resourceRecord"]
    assert (found["type"], found["config"].pop("__typename")) == (ResourceType(type).name, name)
    return found["config"]


def test_every_module_of_records_is_in_the_catalogue() -> None:
    kinds = {
        name: [value for value in vars(import_module(f"gateway.domain.records.{name}")).values() if is_kind(value)]
        for name in list_modules(domain_records)
    }
    assert all(len(found) == 1 for found in kinds.values())
    assert {kind.type for (kind,) in kinds.values()} == {kind.type for kind in RECORD_KINDS} == set(ResourceType)
    assert list_modules(schema_records) == list_modules(domain_records)


def is_kind(value: object) -> bool:
    return isinstance(value, RecordKind)


def test_every_kind_has_a_type_and_an_input() -> None:
    printed = schema.introspect()["__schema"]["types"]
    types = {type_["name"]: type_ for type_ in printed}
    names = {type_["name"] for type_ in types["ResourceConfig"]["possibleTypes"]}
    assert {f"{name[0].upper()}{name[1:]}Config" for name in KINDS_BY_MEMBER} == names
    assert {field["name"] for field in types["ResourceConfigInput"]["inputFields"]} == set(KINDS_BY_MEMBER)


async def test_the_example_of_the_documents_is_readable(gateway: Gateway) -> None:
    document = example("export.response")["resource_records"][0]
    text, slots, id = "<string>", [{"start": "<string>", "end": "<string>"}], "5eb7cf5a86d9755df3a6c593"
    names = ("organizationId", "npi", "name", "gender", "avatar", "summary", "qualification", "education")
    assert await fetch_config(gateway, "practitioners", document["config"], FIELDS["practitioners"]) == {
        "sourceId": text,
        **dict.fromkeys(names, text),
        "supervisorId": id,
        "supervisor": None,
        "status": "ACTIVE",
        "languages": [text],
        "specialties": [{"name": text, "code": text}],
        "locations": [{"locationId": text, "locationName": text}],
        "workingHours": {"mon": slots, "tue": slots, "sun": slots},
        "preferredVisitingReasons": [id],
    }


EMPTY: dict[str, dict[str, Any]] = {
    "practitioners": {
        "languages": [],
        "specialties": [],
        "locations": [],
        "workingHours": {"mon": [], "tue": [], "sun": []},
        "preferredVisitingReasons": [],
    },
    "appointments": {"bookingStatus": "PENDING"},
    "patients": {"bookingStatus": "SUCCESSFUL"},
    "visiting_reasons": {"appointmentTypes": []},
}


@pytest.mark.parametrize("type", FIELDS)
async def test_an_empty_document_reads_as_active_and_empty(gateway: Gateway, type: str) -> None:
    found = await fetch_config(gateway, type, {}, FIELDS[type])
    expected = EMPTY.get(type, {}) | ({} if type == "appointments" else {"status": "ACTIVE"})
    assert found == {**dict.fromkeys(found), **expected}


@pytest.mark.parametrize("type", FIELDS)
async def test_a_faulty_value_is_null_or_the_default_and_is_logged(gateway: Gateway, type: str) -> None:
    keys = [word for word in FIELDS[type].replace("{", " ").replace("}", " ").split() if word != "supervisor"]
    faulty: Document = {key: {"faulty": True} for key in (*keys, "id", "preferred_visiting_reasons")}
    with capture_logs() as logs:
        found = await fetch_config(gateway, type, faulty, FIELDS[type])
    expected = EMPTY.get(type, {}) | ({} if type == "appointments" else {"status": "INACTIVE"})
    expected |= {"bookingStatus": "PENDING"} if "bookingStatus" in expected else {}
    assert found == {**dict.fromkeys(found), **expected}
    assert {entry["id"] for entry in logs if entry["event"] == "row.faulty"} == {"r"}


async def test_faulty_entries_of_a_list_are_dropped(gateway: Gateway) -> None:
    config: Document = {
        "languages": ["de", 7, None],
        "specialties": [{"name": "Heart"}, "Lung"],
        "workingHours": {"mon": [{"start": "08:00"}, {"start": 8, "end": 9}, {"start": "10", "end": "11"}]},
        "preferred_visiting_reasons": ["a", {}],
    }
    fields = "languages specialties { name code } workingHours { mon { start end } } preferredVisitingReasons"
    assert await fetch_config(gateway, "practitioners", config, fields) == {
        "sourceId": None,
        "languages": ["de"],
        "specialties": [{"name": "Heart", "code": None}],
        "workingHours": {"mon": [{"start": "10", "end": "11"}]},
        "preferredVisitingReasons": ["a"],
    }


async def test_a_time_zone_that_does_not_exist_is_null(gateway: Gateway) -> None:
    assert await fetch_config(gateway, "locations", {"timezone": "<string>"}, "timezone") == {
        "sourceId": None,
        "timezone": None,
    }


async def test_a_config_of_an_unknown_type_is_returned_as_stored(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(
        gateway.database,
        connected("clinic"),
        record("a", "clinic", {"type": "invoices", "total": 1.5, "lines": [{"x": None}]}),
        record("b", "clinic", {"type": 7}),
        build_record("c", {}),
        build_record("d", {"config": "odd"}),
    )
    query = """{ integration(id: "clinic") { ... on ConnectedIntegration { resourceRecords(type: OTHER) {
      nodes { id type config { ... on OtherConfig { type raw } } } } } } }"""
    nodes = (await client.data(query))["integration"]["resourceRecords"]["nodes"]
    assert [(node["id"], node["type"], node["config"]) for node in nodes] == [
        ("a", "OTHER", {"type": "invoices", "raw": {"type": "invoices", "total": 1.5, "lines": [{"x": None}]}}),
        ("b", "OTHER", {"type": "", "raw": {"type": 7}}),
        ("c", "OTHER", {"type": "", "raw": {}}),
        ("d", "OTHER", {"type": "", "raw": "odd"}),
    ]


def build_record(id: str, document: Document) -> ResourceRecord:
    row = record(id, "clinic")
    set_document(row, document, read_record_columns(document, id, AT))
    return row


def test_columns_are_derived_from_the_document() -> None:
    config: Document = {
        "type": "appointments",
        "id": "EXT",
        "patientName": "Émile",
        "start": "2025-03-09T08:00:00-05:00",
        "bookingStatus": "failed",
        "appointmentType": "FU Tele",
        "source": " Web ",
        "utmSource": "",
        "utmMedium": 7,
    }
    columns = read_record_columns({"_id": "ABC", "config": config}, "logical", AT)
    assert {name: str(value) for name, value in columns.items() if not name.endswith(("_at", "_by"))} == {
        **{breakdown.column: breakdown.blank_value for breakdown in APPOINTMENT_STATISTICS.breakdowns},
        "logical_id": "logical",
        "type": "appointments",
        "source_id": "None",
        "search_text": "abc\next\némile\n web ",
        "start": "2025-03-09T13:00:00.000Z",
        "booking_status": str(BookingStatus.FAILED),
        "appointment_type": "FU Tele",
        "source": "Web",
        "utm_source": "direct",
        "utm_medium": "not set",
    }
    assert (columns["created_at"], columns["created_by"]) == (format_instant(AT), None)
    assert tuple(columns) == RECORD_COLUMNS


def test_records_of_referenced_kinds_have_a_source_id() -> None:
    found = {
        kind.type.value: read_record_columns({"config": {"type": kind.type.value, "id": "X"}}, "logical", AT)
        for kind in RECORD_KINDS
    }
    assert {type for type, columns in found.items() if columns["source_id"] == "X"} == {
        *("patients", "practitioners", "locations", "visiting_reasons")
    }
    assert {columns["source_id"] for columns in found.values()} == {"X", None}


_COUNTED = {statistics.type for statistics in STATISTICS}


@pytest.mark.parametrize("kind", [kind for kind in RECORD_KINDS if kind.type not in _COUNTED])
def test_only_records_of_a_dashboard_fill_its_columns(kind: RecordKind) -> None:
    config: Document = {"type": kind.type.value, "start": "2025-03-09T08:00:00Z", "source": "web", "id": "X"}
    columns = read_record_columns({"_id": "A", "config": config}, "logical", AT)
    assert {columns[name] for name in ("start", "appointment_type", *STATISTICS_COLUMNS)} == {None}
    assert columns["search_text"] == "a\nx"
    assert get_kind(kind.type.value) is kind


def test_the_columns_of_the_patients_dashboard_are_filled() -> None:
    config: Document = {"type": "patients", "start": "2025-03-09T08:00:00Z", "source": " Web ", "utmSource": "x"}
    columns = read_record_columns({"_id": "A", "config": config}, "logical", AT)
    counted = ("start", "appointment_type", *STATISTICS_COLUMNS)
    filled = {name: columns[name] for name in counted if columns[name] is not None}
    assert filled == {"booking_status": BookingStatus.SUCCESSFUL, "source": "Web"}


def test_long_values_with_the_same_beginning_stay_distinct() -> None:
    breakdown = APPOINTMENT_STATISTICS.breakdowns[0]
    one, other = (breakdown.get_bucket("ä" * 200 + end) for end in "xy")
    assert one != other
    assert len(one) == len(other) == MAX_VALUE_LENGTH
    assert breakdown.get_bucket("ä" * MAX_VALUE_LENGTH) == "ä" * MAX_VALUE_LENGTH
