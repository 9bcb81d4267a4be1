"""What `gateway import` cannot read: it is stored, and a warning has its path."""

import json
from collections.abc import Iterator
from typing import cast

import pytest
from strawberry.types.base import StrawberryContainer, StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition

from gateway.database.tables import Integration, ResourceRecord, UseCase
from gateway.domain import unreadable_values
from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Json, LenientObject
from gateway.domain.unreadable_values import Shape, find_unreadable
from gateway.schema.fields import KeyField
from gateway.schema.root_types import schema
from tests.support.examples import DOCUMENTS, export, record
from tests.support.gateway import TEAM
from tests.support.import_command import Run, read_counts, read_rows, write, write_lines


def _describe(name: str) -> str:
    return f"This must be {name}, and is ignored. It was stored nevertheless."


_INSTANT = _describe("an instant such as `2024-01-31T08:00:00.000Z`")


def test_a_webhook_with_values_that_cannot_be_read_is_stored_with_warnings(run: Run, database_url: str) -> None:
    webhook = {
        "_id": "w",
        "type": "webhook-outgoing",
        "teamId": TEAM,
        "name": 5,
        "enabled": "yes",
        "channel": "#general",
        "urls": ["https://a.example", 1],
        "retryCount": 2**31,
        "_createdAt": {"$date": 1},
        "_updatedAt": "yesterday",
        "_createdBy": {"username": "a"},
        "unknown": {"of": ["any", "kind"]},
    }
    result = run("import", write("webhooks.json", {"integrations": [webhook]}))
    assert (result.exit_code, read_counts(result, "webhooks.json")) == (0, [1, 0, 0, 0])
    assert sorted(result.stderr.splitlines()) == sorted(
        f"webhooks.json: integrations.0.{path}: {message}"
        for path, message in {
            "name": _describe("a text"),
            "enabled": _describe("true or false"),
            "channel": _describe("a list"),
            "urls.1": _describe("a text"),
            "retryCount": _describe("a whole number of 32 bits"),
            "_createdAt": _INSTANT,
            "_updatedAt": _INSTANT,
            "_createdBy": _describe("the id of a user, or an object with its `_id`"),
        }.items()
    )
    (row,) = read_rows(database_url, Integration)
    assert row.document == webhook
    assert json.loads(run("export", "w").stdout)["integration"] == webhook


def test_each_row_of_an_export_document_is_read_by_its_kind(run: Run, database_url: str) -> None:
    document = export(1, 2, teamId=TEAM, createdAt=[], timezone="Mars/Olympus", config={"expiresAt": "soon"})
    actions = [{"schedule": {"triggerAt": 1}, "reportEmails": "a@b"}, "call"]
    document["use_cases"][0] |= {"schedulerNames": {}, "config": {"actions": actions}}
    document["resource_records"][0] |= {"updatedAt": "", "config": {"type": "patients", "birthDate": "1990-02-30"}}
    document["resource_records"][1] |= {"config": [], "createdBy": {"_id": "u"}}
    result = run("import", write("export.json", document))
    assert (result.exit_code, read_counts(result, "export.json")) == (0, [4, 0, 0, 0])
    assert sorted(line.split(": ")[1] for line in result.stderr.splitlines()) == [
        "integration.config.expiresAt",
        "integration.createdAt",
        "integration.timezone",
        "resource_records.0.config.birthDate",
        "resource_records.0.updatedAt",
        "resource_records.1.config",
        "resource_records.1.createdBy",
        "use_cases.0.config.actions.0.reportEmails",
        "use_cases.0.config.actions.0.schedule.triggerAt",
        "use_cases.0.config.actions.1",
        "use_cases.0.schedulerNames",
    ]
    assert [row.document for row in read_rows(database_url, UseCase)] == document["use_cases"]
    stored = {row.id: row.document for row in read_rows(database_url, ResourceRecord)}
    assert stored == {each["_id"]: each for each in document["resource_records"]}


def test_a_line_with_values_that_cannot_be_read_is_stored_with_warnings(run: Run, database_url: str) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    visit = {"type": "appointments", "patientName": ["A"], "start": "2024-13-01T00:00:00Z", "end": 1}
    documents = [record(0, teamId=TEAM, config=visit, createdAt="never"), record(1, teamId=TEAM)]
    refused = record(2, teamId=TEAM, integrationId="elsewhere", createdAt="never")
    result = run("import", write_lines("records.jsonl", *documents, refused))
    assert (result.exit_code, read_counts(result, "records.jsonl")) == (1, [2, 0, 0, 1])
    warnings = [line for line in result.stderr.splitlines() if "stored nevertheless" in line]
    assert sorted(warnings) == [
        f"records.jsonl:1: config.end: {_INSTANT}",
        f"records.jsonl:1: config.patientName: {_describe('a text')}",
        f"records.jsonl:1: config.start: {_INSTANT}",
        f"records.jsonl:1: createdAt: {_INSTANT}",
    ]
    assert [row.document for row in read_rows(database_url, ResourceRecord)] == documents


def test_a_refused_row_has_no_warning(run: Run) -> None:
    good = {"_id": "a", "type": "webhook-incoming", "teamId": TEAM, "channel": 1}
    result = run("import", write("list.json", [{**good, "type": "other"}, {**good, "_id": ""}, good]))
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["0.type", "1._id", "2.channel"]


@pytest.mark.parametrize("name", ["integrations.get.response", "integrations.list.response"])
def test_the_documented_webhooks_have_no_warning(run: Run, name: str) -> None:
    assert run("import", DOCUMENTS / f"{name}.json", "--team", TEAM).stderr == ""


_NESTED = {
    "ProviderConfig": unreadable_values.CONNECTED_INTEGRATION["config"].members,
    "UseCaseConfig": unreadable_values.USE_CASE["config"].members,
}
_SHAPES = {
    "IncomingWebhook": unreadable_values.WEBHOOK,
    "OutgoingWebhook": unreadable_values.WEBHOOK,
    "ConnectedIntegration": unreadable_values.CONNECTED_INTEGRATION,
    "UseCase": unreadable_values.USE_CASE,
    "UseCaseAction": unreadable_values.ACTION,
    "Schedule": unreadable_values.SCHEDULE,
    "ResourceRecord": unreadable_values.RECORD,
    "AppointmentConfig": unreadable_values.APPOINTMENT,
    "LocationConfig": unreadable_values.LOCATION,
    "OrganizationConfig": unreadable_values.ORGANIZATION,
    "PatientConfig": unreadable_values.PATIENT,
    "PractitionerConfig": unreadable_values.PRACTITIONER,
    "Specialty": unreadable_values.SPECIALTY,
    "PractitionerLocation": unreadable_values.PRACTITIONER_LOCATION,
    "WorkingHours": unreadable_values.WORKING_HOURS,
    "VisitingReasonConfig": unreadable_values.VISITING_REASON,
    **_NESTED,
}
_GUARANTEED = {"TimeSlot"}
"""Types whose values the list around them checks."""

_VALUES: tuple[Json, ...] = (
    *(None, True, 0, 1.5, 2**31, -(2**31), "", "x", "2024-01-31T08:00:00Z", "2024-01-31", "UTC", {}, []),
    *cast(list[Json], [[1], ["x"], [None], [{}], [{"start": 1}], [{"start": "1", "end": "2"}]]),
)


class _Checked(LenientObject[None]):
    """An object that notes whether a value could not be read."""

    __slots__ = ("is_faulty",)

    def __init__(self, key: str, value: Json) -> None:
        super().__init__({key: value}, None)
        self.is_faulty = False

    def _log_faulty(self, key: str) -> None:  # noqa: ARG002 (the signature of the base)
        self.is_faulty = True


def _iterate_key_fields() -> Iterator[tuple[str, KeyField]]:
    for name, each in schema.schema_converter.type_map.items():
        if isinstance(each.definition, StrawberryObjectDefinition) and not each.definition.is_interface:
            yield from ((name, field) for field in each.definition.fields if isinstance(field, KeyField))


def _get_shape(type_name: str) -> Shape:
    shape = _SHAPES[type_name]
    assert shape is not None
    return shape


def test_each_field_of_a_document_has_its_warning() -> None:
    """The warnings agree with what the fields of the graph read. An unknown word of an enum has none."""
    found = {(name, field.key): field for name, field in _iterate_key_fields() if name not in _GUARANTEED}
    assert len(found) > 100
    for (name, key), field in found.items():
        shape = _get_shape(name)
        assert key in shape, f"{name}.{key} has no entry in unreadable_values.py"
        for value in _VALUES:
            if _has_words(field) and (isinstance(value, str) or value == ["x"]):
                continue
            warnings = [*find_unreadable({key: value}, Shape({key: shape[key]}), ())]
            assert bool(warnings) == _is_faulty(field, value), (name, key, value)


def _has_words(field: KeyField) -> bool:
    """Return whether the field has members of an enum."""
    type_ = field.type
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    return isinstance(type_, StrawberryEnumDefinition)


def _is_faulty(field: KeyField, value: Json) -> bool:
    checked = _Checked(field.key, value)
    field.reader(checked, field.key)
    return checked.is_faulty


def test_each_record_kind_of_the_graph_has_its_shape() -> None:
    assert {*unreadable_values.RECORD_CONFIGS} == {each.value for each in ResourceType} - {
        ResourceType.OTHER.value
    }
