"""Compiled selections of rows: exact for any document, and decoded directly if it is well-formed."""

from copy import deepcopy
from functools import cache
from typing import Any

import orjson
import pytest
import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from structlog.testing import capture_logs

from gateway.domain.lenient_reading import Document, Json
from gateway.execution import BatchedField, encode_json
from gateway.execution.compiler.selection import is_compilable
from gateway.schema.connected_integrations import ConnectedIntegration
from gateway.schema.fields import KeyField, get_row
from gateway.schema.integrations import Integration
from gateway.schema.resource_records import ResourceRecord
from gateway.schema.scalars import SCALARS
from gateway.schema.use_cases import UseCase
from gateway.schema.webhooks import IncomingWebhook, OutgoingWebhook
from tests.support.compiling import compile_response, execute_uncompiled
from tests.support.factories import connected, record, use_case, webhook


@strawberry.type
class Query:
    records: list[ResourceRecord]
    use_cases: list[UseCase]
    integrations: list[Integration]


SCHEMA = strawberry.Schema(
    query=Query,
    types=[ConnectedIntegration, IncomingWebhook, OutgoingWebhook],
    config=StrawberryConfig(scalar_map=SCALARS),
    # Parsing and validating a query takes ten times as long as executing it.
    extensions=[cache(ParserCache), cache(ValidationCache)],
)


def select_all(type_: GraphQLNamedType, *, renamed: bool) -> str:
    """Return a selection of all compilable fields of a type."""
    if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
        possible = SCHEMA._schema.get_possible_types(type_)
        each = (f"... on {one.name} {select_all(one, renamed=renamed)}" for one in possible)
        return "{ __typename " + " ".join(each) + " }"
    assert isinstance(type_, GraphQLObjectType)
    parts = ["__typename"] if renamed else []
    for name, definition in type_.fields.items():
        field = definition.extensions["strawberry-definition"]
        time_dependent = {"nextRunAt", "tokenState", "createdBy", "updatedBy"}
        if is_compilable(field) and not isinstance(field, BatchedField) and name not in time_dependent:
            below = get_named_type(definition.type)
            is_object = isinstance(below, GraphQLObjectType | GraphQLUnionType)
            selection = select_all(below, renamed=renamed) if is_object else ""
            parts.append(f"{type_.name}_{name}: {name} {selection}" if renamed else f"{name} {selection}")
    return "{ " + " ".join(parts) + " }"


SLOTS: Json = [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]
PRACTITIONER: Document = {
    "type": "practitioners",
    "name": "A",
    "npi": None,
    "status": "inactive",
    "languages": ["Polish", ""],
    "specialties": [{"name": "Cardiology", "code": "207RC0000X"}, {}],
    "locations": [{"locationId": "1", "locationName": "Here"}],
    "workingHours": {"mon": SLOTS, "tue": [], "wed": SLOTS},
    "preferred_visiting_reasons": ["x", "y"],
}
APPOINTMENT: Document = {
    "bookingStatus": "failed",
    "appointmentType": "FU Tele",
    "start": "2025-03-09T08:00:00.000Z",
    "end": "2025-03-09T08:00:00+02:00",
    "utmSource": "there",
}
ACTION: Document = {
    "logicalId": "1",
    "actionType": "call",
    "reportEmails": ["a@example.org"],
    "daysWindow": 3,
    "status": "active",
    "schedule": {"field": "oneTime", "triggerAt": "2025-03-09T08:00:00.000Z"},
}
OUTGOING: Document = {"type": "webhook-outgoing", "event": "sendMessage", "urls": ["https://example.org"]}
ROWS: dict[str, tuple[str, Any]] = {
    "practitioner": ("records", record("a", "i", PRACTITIONER)),
    "appointment": ("records", record("a", "i", APPOINTMENT)),
    "patient": ("records", record("a", "i", {"type": "patients", "birthDate": "2001-02-03"})),
    "reason": ("records", record("a", "i", {"type": "visiting_reasons", "durationMinutes": 30})),
    "location": ("records", record("a", "i", {"type": "locations", "timezone": "America/Chicago"})),
    "other": ("records", record("a", "i", {"type": "unknown", "deep": [{"er": None}]})),
    "use case": ("useCases", use_case("a", "i", actions=[ACTION, {"logicalId": "2", "schedule": None}])),
    "connected": ("integrations", connected("a", timezone="America/Chicago")),
    "outgoing": ("integrations", webhook({"_id": "a", **OUTGOING})),
    "incoming": ("integrations", webhook({"_id": "a", "channel": ["#a"], "scriptEnabled": True})),
}
"""Well-formed rows, each with the root field that returns it."""

JUNK_TEXTS = [
    "",
    "active",
    "08:00",
    "2025-02-30",
    "2025-02-30T00:00:00Z",
    "2025-03-09T24:00:00.000Z",
    " 2025-03-09T08:00:00Z ",
]
JUNK = st.recursive(
    st.sampled_from([None, True, False, 0, 7, 2**40, 1.5, *JUNK_TEXTS]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["field", "start"]), inner),
    max_leaves=4,
)


def _list_keys(value: Any) -> list[tuple[Any, Any]]:
    """Return each container in a document with each of its keys."""
    keys = [*value] if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [pair for key_ in keys for pair in ((value, key_), *_list_keys(value[key_]))]


@st.composite
def spoiled_documents(draw: DrawFn, document: Json) -> Json:
    """Generate a document with a few changed or missing values."""
    document = deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        container, key_ = draw(st.sampled_from(_list_keys(document)))
        if isinstance(container, dict) and draw(st.booleans()):
            del container[key_]
        else:
            container[key_] = draw(JUNK)
    return document


@cache
def build_query(field: str, *, renamed: bool) -> str:
    """Return a query for all fields of a root field."""
    assert SCHEMA._schema.query_type is not None
    type_ = get_named_type(SCHEMA._schema.query_type.fields[field].type)
    return f"{{ {field} {select_all(type_, renamed=renamed)} }}"


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("name", ROWS)
def test_well_formed_documents_are_decoded_without_reading(
    name: str, renamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    field, row = ROWS[name]
    query = build_query(field, renamed=renamed)
    expected = execute_uncompiled(SCHEMA, query, [row])
    monkeypatch.setattr(KeyField, "read", None)
    assert encode_json(compile_response.__wrapped__(SCHEMA, query)([row], [])) == encode_json(expected)


HALVES = {
    "practitioner": "records { config { ... on PractitionerConfig { workingHours { mon { start } } } } }",
    "use case": "useCases { config { actions { schedule { triggerAt } } } }",
}
"""Selections of objects that need keys which are not selected."""


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_random_documents_have_the_same_response_as_on_the_normal_executor(name: str, data: st.DataObject) -> None:
    field, row = ROWS[name]
    well_formed = row.document
    queries = [build_query(field, renamed=False), build_query(field, renamed=True)]
    if name in HALVES:
        queries.append(f"{{ {HALVES[name]} }}")
    try:
        row.document = data.draw(spoiled_documents(well_formed))
        for query in queries:
            with capture_logs():
                projected = compile_response(SCHEMA, query)([row], [])
                assert encode_json(projected) == encode_json(execute_uncompiled(SCHEMA, query, [row]))
    finally:
        row.document = well_formed


def test_only_a_faulty_row_is_read_leniently(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    original = KeyField.read

    def record_read(self: KeyField, source: Any) -> object:
        read.append(source)
        return original(self, source)

    monkeypatch.setattr(KeyField, "read", record_read)
    rows = [record(str(n), "i", {**PRACTITIONER, "name": 7 if n == 5 else "A"}) for n in range(20)]
    project = compile_response.__wrapped__(
        SCHEMA, "{ records { id config { ... on PractitionerConfig { name } } } }"
    )
    with capture_logs() as logged:
        projected = project(rows, [])
    assert orjson.loads(encode_json(projected[4:6])) == [
        {"id": "4", "config": {"name": "A"}},
        {"id": "5", "config": {"name": None}},
    ]
    assert [(each["id"], each["key"]) for each in logged] == [("5", "name")]
    assert {get_row(source).id for source in read} == {"5"}
